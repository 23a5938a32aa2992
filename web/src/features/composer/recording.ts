/** A form of sound this browser records, and whether it has to be put into another container before phones play it. */
export interface Recordable { type: string; wrap: boolean }

/**
 * What iOS and the phone apps play: AAC in MP4, or Opus in Ogg. Chromium without AAC records Opus in WebM, which is put into
 * Ogg (media/ogg.ts). Null where nothing can be recorded.
 */
export function recordable(): Recordable | null {
  if (typeof MediaRecorder === 'undefined') return null;
  const forms: readonly Recordable[] = [
    { type: 'audio/mp4;codecs=mp4a.40.2', wrap: false },
    { type: 'audio/ogg;codecs=opus', wrap: false },
    { type: 'audio/webm;codecs=opus', wrap: true },
    { type: 'audio/mp4', wrap: false },
  ];
  return forms.find((form) => MediaRecorder.isTypeSupported(form.type)) ?? null;
}
