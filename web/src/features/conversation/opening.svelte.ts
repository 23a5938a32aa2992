import type { Attachment, Conversation, Message } from '../../model/types';
import { partsOf, placeOf, type Shown } from './album';

/** One picture or film of the chat, for the full view. */
export interface Seen { key: string; at: number; message: Message; attachment: Attachment }

export interface Opens {
  conversation: Conversation;
  /** A card of somebody. */
  contact(jid: string): void;
  /** It cannot be fetched, because its sender is a stranger. */
  stranger(): void;
}

export const isSeen = (attachment: Attachment): boolean => attachment.kind === 'image' || attachment.kind === 'video';

export function seenIn(messages: readonly Shown[]): Seen[] {
  return messages.flatMap(partsOf).filter((message) => message.retracted !== true)
    .flatMap((message) => message.attachments.map((attachment, at) => ({ key: message.key, at, message, attachment })).filter((each) => isSeen(each.attachment) && each.attachment.state !== 'sealed'));
}

/** What happens when somebody touches a file: it comes, stops coming, is tried again, is shown, or saved. */
export class Opening {
  readonly #on: Opens;
  #viewing = $state.raw<{ key: string; at: number } | null>(null);
  /** What was asked for, and opens when it is here. */
  #wanted = $state.raw<{ key: string; at: number } | null>(null);

  constructor(on: Opens) {
    this.#on = on;
  }

  get viewing(): { key: string; at: number } | null { return this.#viewing; }
  get wanted(): { key: string; at: number } | null { return this.#wanted; }

  close(): void { this.#viewing = null; }

  open(shown: Shown, attachment: Attachment): void {
    const place = placeOf(shown, shown.attachments.indexOf(attachment));
    if (place === null) return;
    const { part: { key }, at } = place;
    const { conversation } = this.#on;
    if (attachment.kind === 'contact') this.#on.contact((attachment.url ?? '').replace(/^xmpp:/u, ''));
    else if (attachment.state === 'uploading' || attachment.state === 'loading') conversation.cancel(key);
    else if (attachment.state === 'failed' && !attachment.sources?.length) conversation.retry(key);
    else if (attachment.state === 'remote' || attachment.state === 'failed') this.#fetch(key, at, attachment);
    else if (attachment.state === 'ready') this.#show(key, at, attachment);
  }

  /** Looks whether what was asked for has come. */
  arrived(messages: readonly Message[]): void {
    const wanted = this.#wanted;
    const attachment = wanted === null ? undefined : messages.find((message) => message.key === wanted.key)?.attachments[wanted.at];
    if (wanted === null || attachment === undefined || attachment.state === 'loading') return;
    this.#wanted = null;
    if (attachment.state === 'ready' && attachment.url !== undefined) this.#show(wanted.key, wanted.at, attachment);
  }

  #fetch(key: string, at: number, attachment: Attachment): void {
    if (this.#on.conversation.chat.request === true) { this.#on.stranger(); return; }
    this.#on.conversation.load(key, at);
    // A picture is seen where it stands; a film and a document were asked for to be opened.
    if (attachment.kind === 'video' || attachment.kind === 'file') this.#wanted = { key, at };
  }

  #show(key: string, at: number, attachment: Attachment): void {
    if (isSeen(attachment)) this.#viewing = { key, at };
    else if (attachment.url !== undefined) save(attachment.url, attachment.name);
  }
}

/** Documents are saved, never opened in the page's own origin. */
export function save(url: string, name: string): void {
  const link = Object.assign(document.createElement('a'), { href: url, download: name === '' ? 'file' : name });
  link.click();
}
