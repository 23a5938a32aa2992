import { attribute, el, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';

const WRAP = 2 ** 32;

interface Sent {
  stanza: Element;
  acknowledged: (() => void) | undefined;
}

/**
 * Stream management (XEP-0198): what was sent and not acknowledged, and how much of what arrived is *handled*. A stanza
 * counts as handled when its handler has finished, so what was not committed when the page died is delivered again.
 *
 * Pure: it sends nothing and knows no clock. One object is one stream over several connections; lives in memory only,
 * because a new page starts a new session and catches up from the archive.
 */
export class StreamManagement {
  #id: string | undefined;
  #enabled = false;
  #handled = 0;
  #acknowledged = 0;
  #unacknowledged: Sent[] = [];

  /** The server's name for the stream; undefined: it cannot be resumed. */
  get id(): string | undefined {
    return this.#id;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** How many incoming stanzas are handled (modulo 2^32, §4). */
  get handled(): number {
    return this.#handled;
  }

  get waiting(): number {
    return this.#unacknowledged.length;
  }

  /** The new stream counts from zero (§3), whatever the old one had. What the old one still had is given back. */
  enable(answer: Element | undefined): Element[] {
    const left = this.#unacknowledged.map((sent) => sent.stanza);
    this.#unacknowledged = [];
    this.#handled = this.#acknowledged = 0;
    this.#enabled = answer?.localName === 'enabled';
    const resumable = this.#enabled && ['true', '1'].includes(attribute(answer, 'resume') ?? '');
    this.#id = resumable ? attribute(answer, 'id') : undefined;
    return left;
  }

  /** @returns what the server has not handled and must be sent again (§5). */
  resumed(answer: Element): Element[] {
    this.acknowledge(answer);
    return this.#unacknowledged.map((sent) => sent.stanza);
  }

  /** Call for every stanza that is sent, in order. Without stream management nothing is kept, and nobody is told. */
  sent(stanza: Element, acknowledged?: () => void): void {
    if (this.#enabled) this.#unacknowledged.push({ stanza, acknowledged });
  }

  /** Call when an incoming stanza has been handled, in the order of arrival. */
  handledOne(): void {
    this.#handled = (this.#handled + 1) % WRAP;
  }

  /** Takes `h` from `<a/>`, `<resumed/>` or `<failed/>`. A count of more than was sent is a fault of the server's: nothing is believed. */
  acknowledge(answer: Element): void {
    const h = wholeNumber(attribute(answer, 'h'));
    if (h === undefined || h >= WRAP) return;
    const count = (h - this.#acknowledged + WRAP) % WRAP;
    if (count > this.#unacknowledged.length) return;
    this.#acknowledged = h;
    for (const sent of this.#unacknowledged.splice(0, count)) sent.acknowledged?.();
  }

  /** The stream is over and cannot be resumed. */
  forget(): void {
    this.#id = undefined;
    this.#enabled = false;
    this.#unacknowledged = [];
  }

  answer(): Element {
    return el('a', NS.sm, { h: this.#handled });
  }

  static request(): Element {
    return el('r', NS.sm);
  }

  static enabling(): Element {
    return el('enable', NS.sm, { resume: 'true' });
  }

  resuming(): Element {
    return el('resume', NS.sm, { previd: this.#id, h: this.#handled });
  }
}
