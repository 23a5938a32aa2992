import { i18n } from './i18n.svelte';
import { sealEn } from './seal.en';
import { sealId, type SealWords } from './seal.id';

/** Words about encryption, in the language of the moment. */
export const sealWords = (): SealWords => (i18n.language === 'id' ? sealId : sealEn);

/** Why a message cannot be read, or was not sent; undefined where it has nothing to do with encryption. */
export function sealProblem(words: SealWords, error: string | undefined): string | undefined {
  const known: Readonly<Record<string, string>> = { ...words.cannot, ...words.refused };
  return error === undefined ? undefined : known[error];
}
