/** Folds case and accents so that "jose" finds "José". */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

/** Where a folded text is found in an unfolded one: from and to; null when it is not there. */
export function foundIn(text: string, query: string, from = 0): [number, number] | null {
  const wanted = folded(query);
  if (wanted === '') return null;
  let plain = '';
  // One code point may fold to none or to several.
  const places: number[] = [];
  let at = 0;
  for (const sign of text) {
    const part = folded(sign);
    for (let i = 0; i < part.length; i++) places.push(at);
    plain += part;
    at += sign.length;
  }
  const start = plain.indexOf(wanted, Math.max(0, places.findIndex((place) => place >= from)));
  if (start < 0 || (places[start] ?? 0) < from) return null;
  return [places[start] ?? 0, places[start + wanted.length] ?? text.length];
}
