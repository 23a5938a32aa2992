/** Numbers as the language writes them. */
export function plural(lang: string): (value: number) => string {
  const format = new Intl.NumberFormat(lang);
  return (value) => format.format(value);
}

/** Indonesian has one form for every count; the number is passed so that both catalogues read alike. */
export function few(_count: number, other: string): string {
  return other;
}

const english = new Intl.PluralRules('en');

/** English has two. */
export function oneOrMore(count: number, one: string, other: string): string {
  return english.select(count) === 'one' ? one : other;
}
