const AGAIN = 2000;

/** Loads what is no part of the first paint. Where the network does not give it now, it may later: again, as long as it is wanted. */
export async function loaded<T>(load: () => Promise<T>, wanted: () => boolean, pause = AGAIN): Promise<T | undefined> {
  while (wanted()) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return undefined;
}
