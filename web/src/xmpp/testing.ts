import { fromBase64, toBase64 } from './base64.ts';
import { attribute, child, childText, parse } from './dom.ts';
import { FAST_MECHANISM, initialResponse } from './fast.ts';
import { NS } from './ns.ts';
import { deriveKeys } from './scram.ts';

/** One connection, from the server's side. */
export class ServerSocket {
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readonly received: Element[] = [];
  readonly #server: ScriptedServer;
  #deaf = false;

  constructor(server: ScriptedServer) {
    this.#server = server;
    queueMicrotask(() => {
      if (server.down) return this.cut();
      this.readyState = 1;
      this.onopen?.();
    });
  }

  /** From the client. */
  send(text: string): void {
    if (this.readyState !== 1 || this.#deaf) return;
    const element = parse(text);
    if (!element) throw new Error(`The client sent no XML: ${text}`);
    queueMicrotask(() => {
      this.received.push(element);
      void this.#server.take(this, element);
    });
  }

  close(): void {
    this.readyState = 3;
  }

  /** To the client. */
  tell(text: string): void {
    if (this.readyState === 1 && !this.#deaf) this.onmessage?.({ data: text });
  }

  /** A connection that is gone. */
  cut(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }

  /** Nothing arrives any more, in either direction, and nobody says so. */
  blackHole(): void {
    this.#deaf = true;
  }
}

/**
 * A server behind a WebSocket, in memory: it logs in by SASL2, binds, resumes, counts and acknowledges, and answers what
 * `answer` says. A test puts words into its mouth with `tell`.
 */
export class ScriptedServer {
  static readonly account = 'romeo@example.org';
  static readonly password = 'wherefore';
  readonly sockets: ServerSocket[] = [];
  /** Stanzas of the client, over all connections, as they were counted. */
  readonly stanzas: Element[] = [];
  down = false;
  sasl2 = true;
  resumable = true;
  /** Acknowledge as soon as a stanza comes. */
  acknowledges = true;
  token: string | undefined;
  streams = 0;
  handled = 0;
  /** The client's last word about how much it has handled. */
  clientHandled = 0;
  answer: (stanza: Element, server: ScriptedServer) => string | undefined = () => undefined;
  #scram: ((final: string) => string) | undefined;
  #authenticated = false;
  #pendingSession: Element | undefined;

  /** In place of the page's WebSocket. */
  install(): void {
    const open = (): ServerSocket => {
      const socket = new ServerSocket(this);
      this.sockets.push(socket);
      return socket;
    };
    globalThis.WebSocket = Object.assign(
      function WebSocket() {
        return open();
      },
      { OPEN: 1, CLOSED: 3 },
    ) as unknown as typeof WebSocket;
  }

  get socket(): ServerSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('Nobody has connected.');
    return last;
  }

  tell(text: string): void {
    this.socket.tell(text);
  }

  async take(socket: ServerSocket, element: Element): Promise<void> {
    const tell = (text: string): void => socket.tell(text);
    if (element.localName === 'open') {
      tell(`<open xmlns='${NS.framing}' version='1.0' id='x' from='example.org'/>`);
      tell(this.#features());
    } else if (element.namespaceURI === NS.sasl2 || element.namespaceURI === NS.sasl) {
      await this.#authenticate(element, tell);
    } else if (element.namespaceURI === NS.sm) {
      this.#managed(element, tell);
    } else if (element.namespaceURI === NS.client) {
      this.#stanza(element, tell);
    }
  }

  #features(): string {
    const scram = '<mechanism>SCRAM-SHA-256</mechanism>';
    const inline = `<inline><sm xmlns='${NS.sm}'/><bind xmlns='${NS.bind2}'><inline><feature var='${NS.sm}'/><feature var='${NS.carbons}'/></inline></bind><fast xmlns='${NS.fast}'><mechanism>${FAST_MECHANISM}</mechanism></fast></inline>`;
    const content = this.sasl2
      ? `<authentication xmlns='${NS.sasl2}'>${scram}${inline}</authentication>`
      : this.#authenticated
        ? `<bind xmlns='${NS.bind}'/><sm xmlns='${NS.sm}'/>`
        : `<mechanisms xmlns='${NS.sasl}'>${scram}</mechanisms>`;
    return `<stream:features xmlns:stream='${NS.stream}'>${content}</stream:features>`;
  }

  async #authenticate(element: Element, tell: (text: string) => void): Promise<void> {
    const ns = element.namespaceURI ?? '';
    const payload = ns === NS.sasl2 ? (childText(element, 'initial-response', ns) ?? element.textContent) : element.textContent;
    const bytes = fromBase64(payload) ?? new Uint8Array();
    if (element.localName !== 'response') this.#pendingSession = element;
    if (attribute(element, 'mechanism') === FAST_MECHANISM) {
      const expected = this.token ? toBase64(await initialResponse('romeo', this.token)) : '';
      if (payload !== expected) return tell(`<failure xmlns='${ns}'><not-authorized xmlns='${NS.sasl}'/></failure>`);
      return this.#succeed(tell, ns, await hashed(this.token ?? '', 'Responder'));
    }
    const text = new TextDecoder().decode(bytes);
    if (element.localName === 'response') {
      const final = this.#scram?.(text) ?? '';
      if (final === '') return tell(`<failure xmlns='${ns}'><not-authorized xmlns='${NS.sasl}'/></failure>`);
      return this.#succeed(tell, ns, new TextEncoder().encode(final));
    }
    tell(`<challenge xmlns='${ns}'>${toBase64(new TextEncoder().encode(await this.#challenge(text)))}</challenge>`);
  }

  async #challenge(first: string): Promise<string> {
    const bare = first.slice('n,,'.length);
    const nonce = `${bare.slice(bare.indexOf('r=') + 2)}server`;
    const salt = new Uint8Array(16).fill(7);
    const challenge = `r=${nonce},s=${toBase64(salt)},i=4096`;
    const keys = await deriveKeys('SCRAM-SHA-256', ScriptedServer.password, 4096, salt);
    const sign = await signer(keys.storedKey, keys.serverKey, `${bare},${challenge},c=biws,r=${nonce}`);
    this.#scram = sign;
    return challenge;
  }

  #succeed(tell: (text: string) => void, ns: string, proof: Uint8Array): void {
    this.#authenticated = true;
    if (ns === NS.sasl) return tell(`<success xmlns='${ns}'>${toBase64(proof)}</success>`);
    const request = this.#pendingSession;
    const resume = child(request, 'resume', NS.sm);
    const token = child(request, 'request-token', NS.fast) && this.token ? `<token xmlns='${NS.fast}' token='${this.token}'/>` : '';
    const additional = `<additional-data>${toBase64(proof)}</additional-data>`;
    const address = `<authorization-identifier>${ScriptedServer.account}/web</authorization-identifier>`;
    if (resume && this.resumable) {
      this.clientHandled = Number(attribute(resume, 'h'));
      return tell(`<success xmlns='${ns}'>${additional}${address}<resumed xmlns='${NS.sm}' h='${this.handled}' previd='s'/>${token}</success>`);
    }
    const failed = resume ? `<failed xmlns='${NS.sm}' h='${this.handled}'/>` : '';
    this.#begin();
    const bound = `<bound xmlns='${NS.bind2}'><enabled xmlns='${NS.sm}' id='s' resume='true'/></bound>`;
    tell(`<success xmlns='${ns}'>${additional}${address}${failed}${bound}${token}</success>`);
    tell(`<stream:features xmlns:stream='${NS.stream}'/>`);
  }

  #begin(): void {
    this.streams++;
    this.handled = 0;
    this.clientHandled = 0;
  }

  #managed(element: Element, tell: (text: string) => void): void {
    if (element.localName === 'r' && this.acknowledges) tell(`<a xmlns='${NS.sm}' h='${this.handled}'/>`);
    else if (element.localName === 'a') this.clientHandled = Number(attribute(element, 'h'));
    else if (element.localName === 'enable') {
      this.#begin();
      tell(`<enabled xmlns='${NS.sm}' id='s' resume='true'/>`);
    }
  }

  #stanza(element: Element, tell: (text: string) => void): void {
    this.handled++;
    this.stanzas.push(element);
    const id = attribute(element, 'id') ?? '';
    if (child(element, 'bind', NS.bind)) {
      return tell(`<iq xmlns='${NS.client}' type='result' id='${id}'><bind xmlns='${NS.bind}'><jid>${ScriptedServer.account}/web</jid></bind></iq>`);
    }
    const answer = this.answer(element, this);
    if (answer !== undefined) tell(answer.replaceAll('%id%', id));
    else if (element.localName === 'iq' && /get|set/.test(attribute(element, 'type') ?? '')) {
      tell(`<iq xmlns='${NS.client}' type='result' id='${id}' ${element.hasAttribute('to') ? `from='${attribute(element, 'to')}'` : ''}/>`);
    }
  }
}

async function hashed(token: string, role: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(token), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(role)));
}

/** Checks a client's proof and answers with the server's, as RFC 5802 §3 has it. */
async function signer(storedKey: string, serverKey: string, authMessage: string): Promise<(final: string) => string> {
  const mac = async (key: string): Promise<Uint8Array> => {
    const imported = await crypto.subtle.importKey('raw', fromBase64(key) ?? new Uint8Array(), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(authMessage)));
  };
  const salt = new Uint8Array(16).fill(7);
  const clientKey = await clientKeyOf(salt);
  const expected = toBase64((await mac(storedKey)).map((byte, i) => byte ^ (clientKey[i] ?? 0)));
  const signature = toBase64(await mac(serverKey));
  return (final) => (final.endsWith(`,p=${expected}`) ? `v=${signature}` : '');
}

async function clientKeyOf(salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const password = await crypto.subtle.importKey('raw', new TextEncoder().encode(ScriptedServer.password), 'PBKDF2', false, ['deriveBits']);
  const salted = await crypto.subtle.deriveBits({ name: 'PBKDF2', salt, iterations: 4096, hash: 'SHA-256' }, password, 256);
  const key = await crypto.subtle.importKey('raw', salted, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode('Client Key')));
}

/** Waits until it is so; the time ends only what hangs, also on a machine that does other things. */
export async function until(condition: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = Date.now() + 45_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An element from a literal, with the namespace of clients. */
export function xml(text: string): Element {
  const parsed = parse(text.replace(/^<(message|presence|iq)\b/, `<$1 xmlns='${NS.client}'`));
  if (!parsed) throw new Error(`No XML: ${text}`);
  return parsed;
}

