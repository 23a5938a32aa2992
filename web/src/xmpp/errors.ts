import { attribute, child, childText } from './dom.ts';
import { NS } from './ns.ts';

/** An error that a peer answered with (RFC 6120 §8.3). */
export class StanzaError extends Error {
  readonly condition: string;
  readonly type: string;

  constructor(condition: string, type: string, text?: string) {
    super(text ?? condition);
    this.name = 'StanzaError';
    this.condition = condition;
    this.type = type;
  }

  /** Reads the error of a stanza of type error; one without a readable condition is `undefined-condition` (§8.3.3.21). */
  static of(stanza: Element): StanzaError {
    const error = child(stanza, 'error', NS.client);
    const condition = [...(error?.children ?? [])].find((part) => part.namespaceURI === NS.stanzaErrors && part.localName !== 'text');
    return new StanzaError(
      condition?.localName ?? 'undefined-condition',
      attribute(error, 'type') ?? 'cancel',
      childText(error, 'text', NS.stanzaErrors),
    );
  }
}

export type LinkFailure = 'unreachable' | 'refused' | 'ended' | 'timeout' | 'conflict' | 'protocol';

/** Why there is no connection. `refused` is the only one that waiting does not cure: name or password are wrong. */
export class LinkError extends Error {
  readonly reason: LinkFailure;

  constructor(reason: LinkFailure, detail?: string) {
    super(detail ? `${reason}: ${detail}` : reason);
    this.name = 'LinkError';
    this.reason = reason;
  }
}
