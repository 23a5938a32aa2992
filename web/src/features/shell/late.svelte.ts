/** True once a state has lasted `delay` milliseconds; `since` gives the moment it began, or null. A short cut is never shown. */
export function late(since: () => number | null, delay: number): { readonly now: boolean } {
  let passed = $state(false);
  $effect(() => {
    const start = since();
    passed = false;
    if (start === null) return;
    const left = start + delay - Date.now();
    if (left <= 0) { passed = true; return; }
    const timer = setTimeout(() => { passed = true; }, left);
    return () => { clearTimeout(timer); };
  });
  return { get now() { return passed; } };
}
