/** A calm pattern of `count` heights in (0, 1], the same for the same text: what a voice note shows until its sound is decoded. */
export function peaks(text: string, count: number): number[] {
  let state = 2166136261;
  for (const sign of text) state = Math.imul(state ^ (sign.codePointAt(0) ?? 0), 16777619);
  return Array.from({ length: count }, (_, at) => {
    state = Math.imul(state ^ (state >>> 13), 1540483477) + at;
    const noise = ((state >>> 8) & 255) / 255;
    const breath = 0.55 + 0.45 * Math.sin(at * 0.55 + (state & 7) * 0.05);
    return Math.max(0.12, Math.min(1, noise * 0.6 * breath + 0.4 * breath * breath));
  });
}
