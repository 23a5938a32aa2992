/** Takes the focus into what has just come over or beside the rest, and gives it back to where it was when that goes. For `{@attach}` on its first control. */
export function takesFocus(element: HTMLElement): () => void {
  const before = document.activeElement;
  // Not where the page begins with it: nobody has gone anywhere yet.
  if (navigator.userActivation.hasBeenActive) element.focus({ preventScroll: true });
  return () => {
    if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
}
