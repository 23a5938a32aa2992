/**
 * OMEMO as the rest of the app sees it: the profile `eu.siacs.conversations.axolotl` (XEP-0384 0.3, Signal protocol v3).
 * Nothing here knows stanzas, screens or IndexedDB.
 *
 * The rule that everything follows from is **store before send, and store with what was read**. An operation reads a `State`,
 * computes in the worker, and calls the caller's `commit` with its result and the `Changes` to the state. The caller writes both, its own rows
 * (the outbox, the plaintext) and the changes, **in one transaction** (`durability: 'strict'`), and only then sends or shows.
 * When `commit` rejects, or the tab dies before it is through, nothing has happened: the old state stands, the same message is
 * read again, and no key was used that left this device.
 *
 * Operations are run one after the other: the next one reads only when the commit before it has settled. `Changes.revision` guards
 * against a second tab: the transaction must find that revision in the store, or abort.
 */

/** A device: bare address and device id. */
export interface Address {
  readonly jid: string;
  /** 1 to 2^31 - 1. */
  readonly device: number;
}

/**
 * - `blind`: trusted on first use. A new device gets this while none of that person's devices was verified.
 * - `verified`: by QR code or safety words.
 * - `undecided`: new, or its key changed, after a device of that person was verified: nothing is encrypted for it until somebody decides.
 * - `distrusted`: refused.
 */
export type Trust = 'blind' | 'verified' | 'undecided' | 'distrusted';

/** What is known of somebody's device. Public; the key by which it may be looked up is [jid, device]. */
export interface DeviceRow extends Address {
  /** Its identity key, 32 bytes (X25519, without the type byte). */
  readonly identity: Uint8Array;
  readonly trust: Trust;
  /** When it was first seen, and when something of it was last decrypted; milliseconds. */
  readonly firstSeen: number;
  readonly lastSeen?: number;
  /** Its key was another one before. Shown until somebody decides anew. */
  readonly changedFrom?: Uint8Array;
}

/** Session states with a device, current and past. Secret; the bytes mean something to the core only. */
export interface SessionRow extends Address {
  readonly record: Uint8Array;
}

/** What an operation reads, in one read transaction. */
export interface State {
  /** Counts commits; 0 in an empty store. */
  readonly revision: number;
  /** Identity, device id, signed prekeys and prekeys. Secret, about 8 KB; absent until `create`. */
  readonly own?: Uint8Array;
  /** Of the addresses asked for, those that exist, in any order. */
  readonly sessions: readonly SessionRow[];
  /** Every known device of the people asked for. */
  readonly devices: readonly DeviceRow[];
}

/** What an operation would write. Whole rows: put them, by [jid, device]. */
export interface Changes {
  /** What the store must hold now; it holds one more afterwards. Anything else: abort, and `commit` rejects. */
  readonly revision: number;
  readonly own?: Uint8Array;
  readonly sessions: readonly SessionRow[];
  readonly devices: readonly DeviceRow[];
  /** Devices to forget, with their sessions. */
  readonly gone: readonly Address[];
}

export interface Store {
  read(wanted: { readonly sessions: readonly Address[]; readonly jids: readonly string[] }): Promise<State>;
}

/**
 * Writes the caller's rows and the changes in one transaction; resolves when they are on disk. Called once per operation, also when nothing
 * changes. It must not wait for another operation: that one waits for it.
 */
export type Commit<T> = (result: T, changes: Changes) => Promise<void>;

/** What others need to start a session with a device (XEP-0384 0.3 §4.3). Public keys carry their type byte 0x05: 33 bytes. */
export interface Bundle {
  readonly identity: Uint8Array;
  readonly signedPrekey: { readonly id: number; readonly key: Uint8Array; readonly signature: Uint8Array };
  readonly prekeys: readonly { readonly id: number; readonly key: Uint8Array }[];
}

export interface Me {
  readonly device: number;
  /** 32 bytes, as in `DeviceRow`. */
  readonly identity: Uint8Array;
  readonly bundle: Bundle;
}

/** `<key rid prekey>`. */
export interface SealedKey {
  readonly rid: number;
  readonly prekey: boolean;
  readonly data: Uint8Array;
}

/** `<encrypted/>`: header and payload. Without a payload it transports a key, or says nothing at all (KeyTransportElement). */
export interface Sealed {
  /** The sender's device. */
  readonly sid: number;
  readonly iv: Uint8Array;
  readonly keys: readonly SealedKey[];
  readonly payload?: Uint8Array;
}

export type ProblemKind =
  /** There is no identity yet: `create` first. */
  | 'no-identity'
  /** None of the keys is for this device. Shown as such; nothing is wrong with the session. */
  | 'not-for-this-device'
  /** A message of a session that is not (or no longer) known, or of a prekey that is used up. Heal with `start({ renew: true })`. */
  | 'no-session'
  /** Forged, damaged, or from a state that is lost. Heal as above, at most once an hour. */
  | 'bad-mac'
  /** It was decrypted before (carbon and archive bring the same message twice), or is older than what is kept. Not an error to show. */
  | 'duplicate'
  /** More than 1000 messages are missing before it. */
  | 'skipped-too-many'
  /** Not what the specification allows, or a version that is not spoken here. */
  | 'malformed'
  /** The bundle's signed prekey is not signed by its identity. */
  | 'bad-signature'
  /** Another identity key than the one that was verified. Nothing is encrypted for it until `decide`. */
  | 'identity-changed'
  /** Trust says no. */
  | 'undecided'
  | 'distrusted'
  /** The worker or the browser failed; the operation had no effect. */
  | 'failed';

export interface Problem {
  readonly kind: ProblemKind;
  /** For a log; never shown, never secret. */
  readonly detail?: string;
}

/** Per device: nothing is thrown because one of many fails. */
export interface DeviceProblem extends Address, Problem {}

export interface Encrypted {
  /** Must not be sent when `keys` is empty. */
  readonly sealed: Sealed;
  /** The key that it transports, when there was no text. */
  readonly transported?: Uint8Array;
  readonly reached: readonly Address[];
  readonly unreached: readonly DeviceProblem[];
}

/** One received `<encrypted/>`. `from` is the sender's bare address, in a room the occupant's real one. */
export interface Received extends Sealed {
  readonly from: string;
}

export interface Opened {
  readonly ok: true;
  /** Absent when it transported a key. */
  readonly text?: string;
  readonly transported?: Uint8Array;
  readonly sender: DeviceRow;
  /** The sender's device is new, or has another key than before: to be said in the conversation. */
  readonly news?: 'new-device' | 'identity-changed';
  /** Send that device an `encrypt` without text soon: it opened a session, or has sent much without an answer. */
  readonly answer: boolean;
}

export type Outcome = Opened | ({ readonly ok: false } & Problem);

export interface Decrypted {
  /** One for each message, in the order given. */
  readonly outcomes: readonly Outcome[];
  /**
   * A prekey was used: publish `own().bundle` after the commit. Nobody remembers when that fails: compare what is published with
   * `own().bundle` once per connection too.
   */
  readonly republish: boolean;
}

export interface Upkeep {
  readonly bundle: Bundle;
  /** Publish the bundle after the commit. */
  readonly republish: boolean;
}

/** What stands between us and encrypting for a device; undefined: nothing. */
export interface Readiness extends Address {
  readonly lacks?: 'no-session' | 'identity-changed' | 'undecided' | 'distrusted';
}

/** Every promise rejects with an `OmemoError` of one of the kinds above, or with what `commit` rejected with. */
export interface Omemo {
  /** Makes identity, device id (none of `taken`), a signed prekey and 100 prekeys. `identity` is that of a backup. Does nothing when there is one. */
  create(request: { readonly now: number; readonly taken: readonly number[]; readonly identity?: Uint8Array }, commit: Commit<Me>): Promise<Me>;
  own(): Promise<Me | undefined>;
  /** The secret identity key, for the backup (never sessions: a restored ratchet would use keys twice). */
  exportIdentity(): Promise<Uint8Array>;

  /**
   * Once a day and after each catch-up: a new signed prekey weekly (old ones work for 30 days more), prekeys up to 100 again when fewer
   * than 25 are left, and used prekeys that were held back during a catch-up are removed.
   */
  upkeep(request: { readonly now: number }, commit: Commit<Upkeep>): Promise<Upkeep>;

  /** Which of them can be encrypted for now; fetch the bundles of those that lack a session. */
  ready(devices: readonly Address[]): Promise<readonly Readiness[]>;
  /** Starts sessions from bundles, once a chat is opened. Devices that have one keep it, unless `renew`. */
  start(
    request: { readonly now: number; readonly bundles: readonly (Address & { readonly bundle: Bundle })[]; readonly renew?: boolean },
    commit: Commit<readonly DeviceProblem[]>,
  ): Promise<readonly DeviceProblem[]>;

  /** For all devices of the recipients and our own others. Without text: an empty message that transports a random key. */
  encrypt(request: { readonly devices: readonly Address[]; readonly text?: string }, commit: Commit<Encrypted>): Promise<Encrypted>;
  /**
   * A page of an archive or a single message, in the order of the archive. `catchingUp`: used prekeys stay until `upkeep`, since others
   * may have used the same ones while we were away.
   */
  decrypt(request: { readonly now: number; readonly messages: readonly Received[]; readonly catchingUp: boolean }, commit: Commit<Decrypted>): Promise<Decrypted>;

  /** Somebody decided about the key that was shown; rejects with `identity-changed` when it is another one by now. */
  decide(request: Address & { readonly identity: Uint8Array; readonly trust: Exclude<Trust, 'undecided'> }, commit: Commit<DeviceRow>): Promise<DeviceRow>;
  /** Forgets devices and their sessions. */
  forget(devices: readonly Address[], commit: Commit<void>): Promise<void>;

  /** Ends the worker. */
  close(): void;
}

/** What a promise of `Omemo` rejects with. */
export class OmemoError extends Error implements Problem {
  readonly kind: ProblemKind;
  readonly detail?: string;

  constructor(kind: ProblemKind, detail?: string) {
    super(detail === undefined ? kind : `${kind}: ${detail}`);
    this.name = 'OmemoError';
    this.kind = kind;
    if (detail !== undefined) this.detail = detail;
  }
}

/*
 * Elsewhere in this folder, callable from the page without the worker:
 *   open.ts          openOmemo(store: Store): Omemo — starts the worker with the first operation that computes; import it lazily
 *   fingerprint.ts   formatFingerprint(identity): 'aaaaaaaa bbbbbbbb …' (8 × 8 hex digits) · parseFingerprint(text)
 *                    verificationUri(jid, rows) · parseVerificationUri(uri): { jid, fingerprints: { device, identity }[] } | undefined
 *                    safetyWords(identity, words): six words of a list of 2048
 *   files.ts         sealFile(bytes) · openFile(bytes, secret) · buildAesgcm(httpsUrl, secret) · parseAesgcm(url) (XEP-0454)
 */
