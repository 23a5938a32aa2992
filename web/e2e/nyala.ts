import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const BINARY = process.env['NYALA_BINARY'] ?? fileURLToPath(new URL('../../artifacts/bin/Nyala.Host/release/nyala', import.meta.url));

/** A real server with data of its own, which can be killed and started again. */
export class Nyala {
  readonly port: number;
  /** Where other people's clients connect; only when asked for. */
  readonly clients: number | undefined;
  readonly #data: string;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, data: string, clients: number | undefined) {
    this.port = port;
    this.clients = clients;
    this.#data = data;
  }

  static async start({ clients = false } = {}): Promise<Nyala> {
    const nyala = new Nyala(await freePort(), await mkdtemp(join(tmpdir(), 'nyala-web-')), clients ? await freePort() : undefined);
    await nyala.run();
    return nyala;
  }

  async run(): Promise<void> {
    const child = spawn(BINARY, ['run', ...this.#options()], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (this.#log += data.toString()));
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) throw new Error(`The server has ended:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async addAccount(name: string, password: string): Promise<void> {
    await promisify(execFile)(BINARY, ['user', 'add', name, '--password', password, ...this.#options()]);
  }

  /** The link that the first start prints. */
  async firstInvite(): Promise<string> {
    for (;;) {
      const found = /https?:\/\/\S+\/invite\/[\w-]+/.exec(this.#log);
      if (found) return found[0];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A link that leads to somebody who is here. */
  async invite(from: string): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, ['invite', 'create', '--from', from, '--json', ...this.#options()]);
    return (JSON.parse(stdout) as { page: string }).page;
  }

  /** kill -9, as a power cut looks from outside. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#data, { recursive: true, force: true });
  }

  #options(): string[] {
    const off = [...(this.clients === undefined ? ['Xmpp'] : []), 'XmppTls', 'Https', 'Servers', 'ServersTls', 'Components'].map((name) => `Listen:${name}=off`);
    const clients = this.clients === undefined ? [] : [`Listen:Xmpp=127.0.0.1:${this.clients}`];
    const settings = [`Listen:Http=127.0.0.1:${this.port}`, ...clients, ...off];
    return ['--data', this.#data, '--domain', 'localhost', ...settings.flatMap((setting) => ['--set', setting])];
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
