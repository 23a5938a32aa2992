import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../tests/Nyala.Interop.Tests/clients/profanity_chat.py', import.meta.url));

export interface Heard { from: string; body: string; encrypted: boolean; nick: string | null }

/** Profanity in a terminal, as the interoperability tests drive it: one JSON object a line. Everything it says is encrypted. */
export class Profanity {
  readonly heard: Heard[] = [];
  readonly #process: ChildProcess;
  #ready: () => void = () => undefined;
  #joined: () => void = () => undefined;
  #log = '';

  private constructor(jid: string, password: string, port: number) {
    const env = { ...process.env, NYALA_OMEMO: '1', NYALA_XMPP: `127.0.0.1:${port}`, NYALA_PATIENCE: '90' };
    this.#process = spawn('python3', [SCRIPT, jid, password], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr?.on('data', (data: Buffer) => (this.#log += data.toString()));
    if (this.#process.stdout) createInterface({ input: this.#process.stdout }).on('line', (line) => this.#told(JSON.parse(line) as Record<string, unknown>));
  }

  static async start(jid: string, password: string, port: number): Promise<Profanity> {
    const profanity = new Profanity(jid, password, port);
    await profanity.#until((done) => (profanity.#ready = done));
    return profanity;
  }

  say(to: string, body: string): void {
    this.#ask({ to, body });
  }

  async join(room: string): Promise<void> {
    const joined = this.#until((done) => (this.#joined = done));
    this.#ask({ do: 'join', room });
    await joined;
  }

  /** Types a line as it is. */
  type(line: string): void {
    this.#ask({ do: 'type', line });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin?.end();
    await ended;
  }

  #ask(request: object): void {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
  }

  #told(event: Record<string, unknown>): void {
    if (event['ready']) this.#ready();
    else if (event['joined']) this.#joined();
    else if (typeof event['body'] === 'string') this.heard.push(event as unknown as Heard);
  }

  #until(set: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      set(resolve);
      this.#process.once('exit', () => reject(new Error(`Profanity has ended:\n${this.#log}`)));
    });
  }
}
