/** A framed XMPP stream over a WebSocket (RFC 7395): elements in, elements out, one end. */
export interface Wire {
  /** Connects and opens the stream to a domain. The features come as the first element. */
  open(url: string, domain: string): void;
  /** Opens the stream anew after SASL (RFC 6120 §6.4.6). */
  restart(): void;
  /** Sends at once. On a wire that has ended it does nothing: what matters is kept elsewhere until it is acknowledged. */
  send(element: Element): void;
  /** Closes the stream properly where that is possible, and ends. */
  close(): void;
  /** Drops the connection without a word, as after a failed probe; the stream stays resumable. */
  drop(): void;
}

/** What a wire tells. Nothing is told after the end. */
export interface WireEvents {
  element(element: Element): void;
  ended(condition: string | undefined): void;
}
