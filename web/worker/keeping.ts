type Kept = Pick<Cache, 'add' | 'match' | 'put'>;

/**
 * Keeps those files that are not kept yet, one after the other, so that a connection is free for what somebody waits for. Names
 * of assets hold the hash of their content: they are taken over from earlier builds, and from what the page has loaded already.
 */
export async function keepMissing(cache: Kept, files: readonly string[], everywhere: Pick<CacheStorage, 'match'>): Promise<void> {
  for (const file of files) {
    if (await cache.match(file)) continue;
    const isAsset = file.startsWith('/assets/');
    const same = isAsset ? await everywhere.match(file) : undefined;
    if (same) await cache.put(file, same);
    else await cache.add(new Request(file, { cache: isAsset ? 'default' : 'no-cache', priority: 'low' }));
  }
}
