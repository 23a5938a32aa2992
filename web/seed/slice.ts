/** A window [from, to) over `length` rows. Immutable; each step gives the next one. */
export interface Slice { readonly from: number; readonly to: number }

export const rows = 90;
export const shift = 30;

/** The last rows. */
export function newest(length: number): Slice {
  return { from: Math.max(0, length - rows), to: length };
}

/** Moves the window towards older rows; what falls out at the other side leaves it. */
export function older(slice: Slice): Slice {
  const from = Math.max(0, slice.from - shift);
  return { from, to: Math.min(slice.to, from + rows) };
}

export function newer(slice: Slice, length: number): Slice {
  const to = Math.min(length, slice.to + shift);
  return { from: Math.max(slice.from, to - rows), to };
}

/** The window with a given row in its middle. */
export function around(index: number, length: number): Slice {
  const from = Math.max(0, Math.min(index - rows / 2, length - rows));
  return { from, to: Math.min(length, from + rows) };
}
