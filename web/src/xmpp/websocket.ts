import { el, parse, serialize } from './dom.ts';
import { NS } from './ns.ts';
import type { Wire, WireEvents } from './wire.ts';

/**
 * XMPP over the page's WebSocket (RFC 7395): one message is one element.
 *
 * Written here and not taken from strophe.js, of which nothing else could be used: its login knows no SASL2, its stream
 * management counts stanzas as handled before anybody has seen them, its handlers go silently when they throw, and its
 * serializer loses the namespaces of DOM elements. See docs/decisions/020-web-stream.md.
 */
export class WebSocketWire implements Wire {
  readonly #events: WireEvents;
  #socket: WebSocket | undefined;
  #domain = '';
  #ended = false;

  constructor(events: WireEvents) {
    this.#events = events;
  }

  open(url: string, domain: string): void {
    this.#domain = domain;
    try {
      this.#socket = new WebSocket(url, 'xmpp');
    } catch {
      // An address that the page's policy forbids, or that is none.
      queueMicrotask(() => this.#end(undefined));
      return;
    }
    this.#socket.onopen = () => this.restart();
    this.#socket.onmessage = (event) => this.#received(event.data);
    // An error says nothing that the close that follows does not say.
    this.#socket.onclose = () => this.#end(undefined);
  }

  restart(): void {
    this.send(el('open', NS.framing, { to: this.#domain, version: '1.0' }));
  }

  send(element: Element): void {
    if (this.#ended || this.#socket?.readyState !== WebSocket.OPEN) return;
    try {
      this.#socket.send(serialize(element));
    } catch {
      // It closes at this moment; the end is told by its own event.
    }
  }

  close(): void {
    this.send(el('close', NS.framing));
    this.drop();
  }

  drop(): void {
    this.#end(undefined);
  }

  #received(data: unknown): void {
    if (this.#ended) return;
    const element = typeof data === 'string' ? parse(data) : undefined;
    // RFC 7395 §3.3.3: what is no XML ends the stream.
    if (!element) this.#end('not-well-formed');
    else if (element.namespaceURI === NS.framing) {
      if (element.localName === 'close') this.#end(undefined);
    } else if (element.namespaceURI === NS.stream && element.localName === 'error') {
      this.#end([...element.children].find((part) => part.namespaceURI === NS.streamErrors && part.localName !== 'text')?.localName);
    } else {
      this.#events.element(element);
    }
  }

  #end(condition: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const socket = this.#socket;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        socket.close();
      } catch {
        // It was never open.
      }
    }
    this.#events.ended(condition);
  }
}
