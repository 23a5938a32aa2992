/** Checks every scene in the whole matrix by machine: nothing sticks out, axe-core is content (contrast too), targets are large enough, six font sizes, states in forced colours. */
import { readFile } from 'node:fs/promises';
import { scenes } from './scenes.mjs';
import { openStage } from './stage.mjs';

const axe = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const wanted = process.argv.slice(2);
// The theme is turned on the standing page. Then WCAG 1.4.10 and 1.4.4: reflow at 320, and text twice as large.
const looks = [
  ...[360, 1280].flatMap((width) => ['id', 'en'].map((lang) => ({ width, lang, themes: ['light', 'dark'] }))),
  { width: 320, lang: 'id', themes: ['light'] },
  ...[360, 1280].map((width) => ({ width, lang: 'id', textSize: 200, themes: ['dark'] })),
  { width: 360, lang: 'id', forcedColors: 'active', themes: ['light'] },
];

/** Runs in the page. Everything it needs is inside. */
function measure() {
  const found = [];
  const label = (element) => `${element.tagName.toLowerCase()}.${[...element.classList].filter((name) => !name.startsWith('svelte-')).join('.')} “${(element.textContent ?? '').trim().slice(0, 30)}”`;
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('[aria-hidden="true"], .unseen');
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const clipped = (element) => { for (let up = element.parentElement; up !== null && up.id !== 'app'; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible' && up.getBoundingClientRect().right <= innerWidth + 1 && !up.matches('nav, main, aside, .shell, .view')) return true; return false; };
  const sizes = new Set();
  const forced = matchMedia('(forced-colors: active)').matches;
  for (const element of document.querySelectorAll('#app *, dialog *')) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    const ownText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (ownText && !element.closest('.emoji')) sizes.add(getComputedStyle(element).fontSize);
    if (ownText && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !clipped(element)) found.push(`sticks out: ${label(element)} ${Math.round(box.left)}–${Math.round(box.right)}`);
    if (ownText && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'visible' && getComputedStyle(element).display !== 'inline' && element.clientWidth > 0 && !element.closest('svg, .filters')) found.push(`runs over: ${label(element)}`);
  }
  // What stands in a button or on a card stays in it, however large the text is.
  for (const card of document.querySelectorAll('button, label, dialog, .card')) {
    if (!shown(card) || getComputedStyle(card).overflowY !== 'visible') continue;
    const { top, bottom } = card.getBoundingClientRect();
    for (const part of card.querySelectorAll('*')) {
      const box = part.getBoundingClientRect();
      if (shown(part) && box.height > 0 && part.textContent.trim() !== '' && getComputedStyle(part).position === 'static' && (box.top < top - 2 || box.bottom > bottom + 2)) { found.push(`stands out of ${label(card)}: ${label(part)}`); break; }
    }
  }
  // Where a system chooses the colours, what is chosen and what lies over the rest is told by lines.
  if (forced) {
    const look = (element) => [element, ...element.querySelectorAll('*')].flatMap((each) => [undefined, '::after'].map((pseudo) => { const style = getComputedStyle(each, pseudo); return [style.outlineStyle, style.borderStyle, style.borderColor, style.backgroundColor, style.translate, style.opacity, style.fontWeight, style.filter].join(); })).join(';') + element.querySelectorAll('svg').length;
    for (const [on, off] of [...['pressed', 'checked', 'selected'].map((state) => [`[aria-${state}='true']`, `[aria-${state}='false']`]), ['label:has(:checked)', 'label:has(input:not(:checked))']]) {
      const others = [...document.querySelectorAll(off)].filter(shown);
      for (const chosen of document.querySelectorAll(on)) if (shown(chosen) && others.some((other) => other.className === chosen.className && other.role === chosen.role && look(other) === look(chosen))) found.push(`chosen and not look the same: ${label(chosen)}`);
    }
    for (const over of document.querySelectorAll('dialog[open], .menu')) if (over.clientWidth < innerWidth && getComputedStyle(over).borderTopStyle === 'none') found.push(`no edge: ${label(over)}`);
  }
  if (sizes.size > 6) found.push(`${sizes.size} font sizes: ${[...sizes].join(' ')}`);
  const least = matchMedia('(pointer: coarse)').matches ? 44 : 24;
  for (const element of document.querySelectorAll('button, input:not([type=file]), textarea, [role=switch]')) {
    if (!shown(element) || element.closest('article') || element.disabled) continue;
    const box = element.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight || box.width === 0) continue;
    const target = element.closest('label, .box, .search') ?? element;
    const after = getComputedStyle(element, '::after');
    const grown = after.content !== 'none' && after.position === 'absolute' ? -2 * Number.parseFloat(after.top) : 0;
    const size = target.getBoundingClientRect();
    if (size.height + grown < least - 0.5 || size.width + grown < least - 0.5) found.push(`small target ${Math.round(size.width)}×${Math.round(size.height)}: ${label(element)} ${element.getAttribute('aria-label') ?? ''}`);
  }
  return found;
}

// On a phone without an open chat the list is the page, and the list is a navigation landmark: no empty main is added for a rule.
async function problemsOf(page, { textSize, forcedColors }) {
  const own = await page.evaluate(measure);
  // Neither larger text nor the system's colours change what axe-core looks at.
  if (textSize || forcedColors) return own;
  // The default policy allows no script text; a page script over the protocol is not bound by it.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { 'landmark-one-main': { enabled: false } } }));
  return [...own, ...result.violations.flatMap((each) => each.nodes.slice(0, 3).map((node) => `axe ${each.id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`))];
}

const stage = await openStage();
let count = 0;
for (const scene of scenes.filter((each) => wanted.length === 0 || wanted.includes(each.name))) {
  const seen = new Map();
  const note = (problem, place) => { seen.set(problem, [...(seen.get(problem) ?? []), place]); };
  // A page mostly waits; those of one scene wait together.
  await Promise.all(looks.map(async ({ themes, ...look }) => {
    const name = `${look.width} ${look.lang}${look.textSize ? ` ${look.textSize} %` : ''}${look.forcedColors ? ' forced colours' : ''}`;
    try {
      const { page, problems, close } = await stage.at(scene, { ...look, theme: themes[0] });
      // A colour on its way from one theme to the other is in neither.
      await page.evaluate(() => { const still = new CSSStyleSheet(); still.replaceSync('*, *::before, *::after { transition: none !important; }'); document.adoptedStyleSheets = [still]; });
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme });
        await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted && document.getAnimations().every((each) => each.playState !== 'running'), theme);
        for (const problem of await problemsOf(page, look)) note(problem, `${name} ${theme}`);
      }
      for (const problem of problems) note(problem, name);
      await close();
    } catch (error) { note(String(error).split('\n')[0], name); }
  }));
  count += seen.size;
  process.stdout.write(`${scene.name}: ${seen.size === 0 ? 'clean' : `${seen.size} problems`}\n`);
  for (const [problem, places] of seen) process.stdout.write(`    ${problem}\n        ${places.join(', ')}\n`);
}
await stage.close();
process.exitCode = count > 0 ? 1 : 0;
