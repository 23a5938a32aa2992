import { foundIn } from '../../model/fold';

const NAME = 'found';

/** Marks a text wherever it stands in the messages on the page, without touching them; a browser that cannot shows them unmarked. */
export function mark(text: string): void {
  if (!('highlights' in CSS)) return;
  CSS.highlights.delete(NAME);
  if (text === '') return;
  const ranges: Range[] = [];
  for (const area of document.querySelectorAll('article .text')) {
    const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const all = node.nodeValue ?? '';
      for (let place = foundIn(all, text); place !== null; place = foundIn(all, text, place[1])) {
        const range = document.createRange();
        range.setStart(node, place[0]);
        range.setEnd(node, place[1]);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set(NAME, new Highlight(...ranges));
}
