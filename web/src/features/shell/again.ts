const failed = new Set<HTMLLinkElement>();

addEventListener('error', ({ target }) => { if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') failed.add(target); }, true);

/** Loads a part again. What loads parts asks for a style sheet only once, so those that did not come are asked for here. */
export async function again<Loaded>(part: () => Promise<Loaded>): Promise<Loaded> {
  await Promise.all([...failed].map((link) => new Promise((done, fail) => {
    const next = link.cloneNode() as HTMLLinkElement;
    failed.delete(link);
    next.onload = done;
    next.onerror = fail;
    link.replaceWith(next);
  })));
  return part();
}
