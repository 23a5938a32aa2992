import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import type { ArchivingServer } from './testing.ts';
import type { Transfer } from './transfer.ts';

/** The upload service of a scripted server, and the HTTP behind it. */
export class FileServer implements Transfer {
  readonly stored = new Map<string, Blob>();
  /** Addresses asked for, over HTTP. */
  readonly fetched: string[] = [];
  max = 1_000_000;
  slots = 0;
  /** In place of a slot. */
  refusal: string | undefined;
  /** The status of an upload; a promise holds it, 0 cuts it. */
  status: number | Promise<number> = 201;

  answer(stanza: Element): string | undefined {
    const to = attribute(stanza, 'to') ?? '';
    if (child(stanza, 'query', NS.items)) return result(to, `<query xmlns='${NS.items}'><item jid='upload.example.org'/></query>`);
    if (child(stanza, 'query', NS.disco)) return result(to, to === 'upload.example.org' ? this.#info() : `<query xmlns='${NS.disco}'/>`);
    const request = child(stanza, 'request', NS.upload);
    if (!request) return undefined;
    if (this.refusal) return `<iq xmlns='${NS.client}' type='error' id='%id%' from='${to}'><error type='cancel'><${this.refusal} xmlns='${NS.stanzaErrors}'/></error></iq>`;
    const url = `https://example.org/files/${++this.slots}/${attribute(request, 'filename')}`;
    return result(to, `<slot xmlns='${NS.upload}'><put url='${url}'><header name='Authorization'>Bearer ${this.slots}</header></put><get url='${url}'/></slot>`);
  }

  #info(): string {
    const form = `<x xmlns='${NS.form}' type='result'><field var='max-file-size'><value>${this.max}</value></field></x>`;
    return `<query xmlns='${NS.disco}'><feature var='${NS.upload}'/>${form}</query>`;
  }

  async put(url: string, headers: Record<string, string>, blob: Blob, _type: string, progress: (part: number) => void, signal: AbortSignal): Promise<number> {
    progress(0.5);
    const aborted = new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const status = await Promise.race([Promise.resolve(this.status), aborted]);
    if (status === 0) throw new Error('no answer');
    if (status === 201 && headers['Authorization']) this.stored.set(url, blob);
    return status;
  }

  async get(url: string): Promise<Response> {
    this.fetched.push(url);
    const blob = this.stored.get(url);
    return blob ? new Response(await blob.arrayBuffer()) : new Response('', { status: 404 });
  }

  install(server: ArchivingServer): void {
    server.answer = (stanza) => this.answer(stanza) ?? server.reply(stanza);
  }
}

const result = (from: string, content: string): string => `<iq xmlns='${NS.client}' type='result' id='%id%' from='${from}'>${content}</iq>`;
