/** How many bars a voice is drawn with. */
export const BARS = 36;

/** The loudness of a sound in `BARS` steps from 0 to 100, and how long it is. */
export async function peaksOf(blob: Blob): Promise<{ peaks: number[]; seconds: number }> {
  const context = new OfflineAudioContext(1, 1, 16_000);
  const decoded = await context.decodeAudioData(await blob.arrayBuffer());
  return { peaks: barsOf(decoded.getChannelData(0)), seconds: decoded.duration };
}

export function barsOf(samples: Float32Array): number[] {
  const each = Math.max(1, Math.floor(samples.length / BARS));
  const loud = Array.from({ length: BARS }, (_, bar) => {
    let sum = 0;
    // Every eighth sample says as much.
    for (let at = bar * each; at < Math.min(samples.length, (bar + 1) * each); at += 8) sum += (samples[at] ?? 0) ** 2;
    return Math.sqrt((sum * 8) / each);
  });
  const most = Math.max(...loud, 0.01);
  return loud.map((value) => Math.round((value / most) * 100));
}
