import { groupsEn } from './groups.en';
import { groupsId, type GroupWords } from './groups.id';
import { i18n } from './i18n.svelte';

/** Words for groups and people, in the language of the moment. */
export const groupWords = (): GroupWords => (i18n.language === 'id' ? groupsId : groupsEn);

/** Why something was not done, in words. */
export function refusalText(words: GroupWords, refusal: string): string {
  const known: Readonly<Record<string, string>> = words.refused;
  return known[refusal] ?? words.refused.other;
}
