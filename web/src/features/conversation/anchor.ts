/** A row whose place on the screen must not change while rows are added or dropped around it. */
export interface Anchor { key: string; top: number }

/** Where each chat was left, when it was not at its end; for as long as the page lives. */
export const leftAt = new Map<string, Anchor>();

/** What an anchor needs to know of a rendered row: its key and its edges relative to the view. */
export interface Placed { key: string; top: number; bottom: number }

/** The first row that is visible, else the last one above; null when there is none. Rows come in order. */
export function anchorOf(rows: Iterable<Placed>): Anchor | null {
  let last: Anchor | null = null;
  for (const row of rows) {
    last = { key: row.key, top: row.top };
    if (row.bottom > 0) break;
  }
  return last;
}

/** How far to scroll, in pixels, so that the anchor stands where it stood; null when it is no longer rendered. */
export function correction(anchor: Anchor, topNow: number | null): number | null {
  return topNow === null ? null : topNow - anchor.top;
}

/** What a scroll position asks for: an older or a newer page, when less than `margin` pixels remain on that side. */
export function wanted(view: { scrollTop: number; clientHeight: number; scrollHeight: number }, margin = 1200): 'older' | 'newer' | null {
  if (view.scrollTop < margin && view.scrollTop <= view.scrollHeight - view.clientHeight - view.scrollTop) return 'older';
  if (view.scrollHeight - view.clientHeight - view.scrollTop < margin) return 'newer';
  return view.scrollTop < margin ? 'older' : null;
}
