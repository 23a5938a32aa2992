import { folded } from './fold.ts';

/** Letters and digits that are taken for others at a glance; both sides fold to the same (after UTS #39, the common ones). */
const SAME: readonly (readonly [string, string])[] = [
  ['a', 'аαɑ'], ['b', 'ЬƄ'], ['c', 'сϲ'], ['d', 'ԁ'], ['e', 'еҽ'], ['g', 'ɡ'], ['h', 'һ'], ['i', 'іıɩl1|ӏ'], ['j', 'ј'], ['k', 'κк'], ['m', 'м'], ['n', 'ո'],
  ['o', 'оοօ0ο'], ['p', 'рρ'], ['q', 'ԛ'], ['s', 'ѕ5'], ['t', 'т'], ['u', 'υս'], ['v', 'νѵ'], ['w', 'ԝω'], ['x', 'хχ'], ['y', 'уγ'], ['z', '2'],
];
const TO = new Map(SAME.flatMap(([plain, others]) => [...others].map((other) => [other, plain] as const)));

/** What a name looks like; two names of one look are easily mistaken for each other. */
export function look(name: string): string {
  const plain = [...folded(name)].map((sign) => TO.get(sign) ?? sign).join('');
  return plain.replace(/rn/gu, 'm').replace(/vv/gu, 'w').replace(/[^\p{L}\p{N}]/gu, '');
}
