import { spawn, type ChildProcess } from 'node:child_process';
import { BINARY } from './nyala.ts';

/** `nyala run --demo`, as a person starts it. */
export class Demo {
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  static async start(language: 'id' | 'en' = 'en'): Promise<Demo> {
    const child = spawn(BINARY, ['run', '--demo', '--set', 'Listen:Http=127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: `${language}.UTF-8` } });
    return new Promise((resolve, reject) => {
      let log = '';
      child.once('exit', () => { reject(new Error(`The demo has ended:\n${log}`)); });
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data: Buffer) => {
          log += data.toString();
          const found = /http:\/\/localhost:\d+\/demo\/(?=\s)/.exec(log);
          if (found) resolve(new Demo(child, found[0]));
        });
      }
    });
  }

  /** Ctrl+C. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGINT');
    await ended;
  }
}
