import type { Words } from './id';

export type Language = 'id' | 'en';
const stored = 'nyala.language';

/** The language of the app; one catalogue is in memory, loaded by `use` before the first paint. */
class I18n {
  #words = $state.raw<Words>();

  /** The words. Reading them before `use` has finished is a mistake of ours. */
  get t(): Words {
    if (this.#words === undefined) throw new Error('No catalogue is loaded');
    return this.#words;
  }

  get language(): Language {
    return this.t.lang as Language;
  }

  async use(language: Language): Promise<void> {
    this.#words = language === 'id' ? (await import('./id')).id : (await import('./en')).en;
    document.documentElement.lang = language;
  }

  /** Switches and remembers. */
  async choose(language: Language): Promise<void> {
    await this.use(language);
    localStorage.setItem(stored, language);
  }

  /** What was chosen, else English where the device asks for it first, else Indonesian. */
  static preferred(languages: readonly string[] = navigator.languages, chosen = localStorage.getItem(stored)): Language {
    if (chosen === 'id' || chosen === 'en') return chosen;
    const first = languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'id' || tag === 'ms' || tag === 'en');
    return first === 'en' ? 'en' : 'id';
  }
}

export const i18n = new I18n();
export const preferredLanguage = I18n.preferred;
