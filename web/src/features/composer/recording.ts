/** The first form of sound this browser records and phones play: MP4, then Ogg Opus; null when it has neither (WebM is not played by iOS). */
export function recordable(): string | null {
  if (typeof MediaRecorder === 'undefined') return null;
  return ['audio/mp4;codecs=mp4a.40.2', 'audio/mp4', 'audio/ogg;codecs=opus'].find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}
