import type { FileToSend } from '../../model/types';
import { oggOf } from '../media/ogg';
import { BARS, peaksOf } from '../../model/sound';
import { recordable, type Recordable } from './recording';

/** One voice note while it is recorded: what the microphone hears, and in the end the file. */
export class VoiceRecording {
  #seconds = $state(0);
  #levels = $state.raw<readonly number[]>(Array.from({ length: BARS }, () => 0));
  #recorder: MediaRecorder | undefined;
  #end: () => void = () => undefined;
  #ended = false;
  readonly #parts: Blob[] = [];

  get seconds(): number { return this.#seconds; }
  /** How loud it was lately, 0 to 1. */
  get levels(): readonly number[] { return this.#levels; }

  /** @throws when there is no microphone, or it may not be used. */
  async start(): Promise<void> {
    const form = recordable();
    if (form === null) throw new Error('Nothing can be recorded.');
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    if (this.#ended) stream.getTracks().forEach((track) => { track.stop(); });
    else this.#record(stream, form);
  }

  /** Throws it away. */
  discard(): void {
    this.#ended = true;
    this.#end();
  }

  /** Ends it. @returns undefined when nothing was heard. */
  async finish(at: number): Promise<FileToSend | undefined> {
    const recorder = this.#recorder;
    if (recorder === undefined) {
      this.discard();
      return undefined;
    }
    const stopped = new Promise((resolve) => { recorder.addEventListener('stop', resolve, { once: true }); });
    this.discard();
    await stopped;
    return fileOf(new Blob(this.#parts, { type: recorder.mimeType }), recorder.mimeType.includes('webm'), this.#seconds, at);
  }

  #record(stream: MediaStream, form: Recordable): void {
    const sound = new AudioContext();
    const ear = new AnalyserNode(sound, { fftSize: 512 });
    sound.createMediaStreamSource(stream).connect(ear);
    const recorder = new MediaRecorder(stream, { mimeType: form.type, audioBitsPerSecond: 32_000 });
    this.#recorder = recorder;
    recorder.ondataavailable = (event) => { if (event.data.size > 0) this.#parts.push(event.data); };
    recorder.start(1000);
    const samples = new Float32Array(ear.fftSize);
    const started = performance.now();
    const timer = setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const loud = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length);
      this.#levels = [...this.#levels.slice(1), Math.min(1, loud * 5)];
      this.#seconds = (performance.now() - started) / 1000;
    }, 100);
    this.#end = () => {
      clearInterval(timer);
      if (recorder.state !== 'inactive') recorder.stop();
      stream.getTracks().forEach((track) => { track.stop(); });
      void sound.close();
      this.#end = () => undefined;
    };
  }
}

async function fileOf(recorded: Blob, isWebm: boolean, seconds: number, at: number): Promise<FileToSend | undefined> {
  if (recorded.size === 0) return undefined;
  const ogg = isWebm ? oggOf(new Uint8Array(await recorded.arrayBuffer())) : undefined;
  const type = ogg !== undefined || recorded.type.includes('ogg') ? 'audio/ogg' : 'audio/mp4';
  const blob = new Blob([ogg?.bytes ?? recorded], { type });
  const heard = await peaksOf(blob).catch(() => undefined);
  // The name says to others, too, that somebody spoke (model/attached.ts).
  const name = `voice-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}.${type === 'audio/mp4' ? 'm4a' : 'ogg'}`;
  return { blob, kind: 'voice', name, type, seconds: ogg?.seconds ?? heard?.seconds ?? seconds, ...(heard === undefined ? {} : { peaks: heard.peaks }) };
}
