import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network between a browser and the server that a test can break. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #refusing = false;
  #deaf = false;
  #stall: { left: number; reached: () => void } | undefined;
  /** Connections made so far. */
  connections = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      if (this.#refusing) {
        client.resetAndDestroy();
        return;
      }
      this.connections++;
      const upstream = connect(target, '127.0.0.1');
      const pair: [Socket, Socket] = [client, upstream];
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      };
      for (const socket of pair) {
        socket.on('error', end);
        socket.on('close', end);
      }
      client.on('data', (data) => {
        this.#count(data.length);
        if (!this.#deaf) upstream.write(data);
      });
      upstream.on('data', (data) => this.#deaf || client.write(data));
    });
  }

  static async to(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Ends every connection by a reset. */
  reset(): void {
    for (const [client, upstream] of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Lets so many more bytes through from the browser, and then nothing; settles when it is so. `hear` ends it. */
  stallAfter(bytes: number): Promise<void> {
    return new Promise((reached) => (this.#stall = { left: bytes, reached }));
  }

  /** Ends every connection, and lets everything through again. */
  hear(): void {
    this.reset();
    this.#deaf = false;
  }

  #count(bytes: number): void {
    const stall = this.#stall;
    if (!stall || (stall.left -= bytes) > 0) return;
    this.#stall = undefined;
    this.#deaf = true;
    stall.reached();
  }

  /** Swallows everything in both directions for a time (ms), then resets. */
  async blackHole(time: number): Promise<void> {
    this.#deaf = true;
    await new Promise((resolve) => setTimeout(resolve, time));
    this.reset();
    this.#deaf = false;
  }

  /** Lets nobody through for a time (ms). */
  async down(time: number): Promise<void> {
    this.#refusing = true;
    this.reset();
    await new Promise((resolve) => setTimeout(resolve, time));
    this.#refusing = false;
  }

  close(): void {
    this.reset();
    this.#server.close();
  }
}
