/** Only one voice is heard at a time. */
let current: HTMLAudioElement | null = null;

export function plays(audio: HTMLAudioElement): void {
  if (current !== audio) current?.pause();
  current = audio;
}
