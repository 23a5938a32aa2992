/** Remembers what has the focus. @returns what gives it back, unless something else has taken it meanwhile. */
export function heldFocus(): () => void {
  const before = document.activeElement;
  return () => { if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true }); };
}

/** Takes the focus into what has just come over or beside the rest, and gives it back when that goes. For `{@attach}` on its first control. */
export function takesFocus(element: HTMLElement): () => void {
  const giveBack = heldFocus();
  // Not where the page begins with it: nobody has gone anywhere yet.
  if (navigator.userActivation.hasBeenActive) element.focus({ preventScroll: true });
  return giveBack;
}
