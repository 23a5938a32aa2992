import { attribute, child, children, childText, el, iq, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';
import { webAddress } from './oob.ts';

/** A place for a file (XEP-0363). */
export interface Slot {
  put: string;
  get: string;
  headers: Record<string, string>;
}

const HEADERS: readonly string[] = ['authorization', 'cookie', 'expires'];

export const slotRequest = (service: string, file: { name: string; size: number; type: string }): Element =>
  iq('get', { to: service }, el('request', NS.upload, { filename: file.name, size: file.size, 'content-type': file.type || undefined }));

/** Only the headers that §4 allows, and without line breaks; addresses must be https, or http for the same machine. */
export function readSlot(answer: Element): Slot | undefined {
  const slot = child(answer, 'slot', NS.upload);
  const put = child(slot, 'put', NS.upload);
  const to = webAddress(attribute(put, 'url'));
  const get = webAddress(attribute(child(slot, 'get', NS.upload), 'url'));
  if (!to || !get) return undefined;
  const headers: Record<string, string> = {};
  for (const header of children(put, 'header', NS.upload)) {
    const name = attribute(header, 'name') ?? '';
    if (HEADERS.includes(name.toLowerCase()) && !/[\r\n]/.test(header.textContent)) headers[name] = header.textContent;
  }
  return { put: to, get, headers };
}

/** The largest file that the service takes, in bytes, from its answer to service discovery. */
export function readMaxSize(disco: Element): number | undefined {
  for (const form of children(child(disco, 'query', NS.disco), 'x', NS.form)) {
    const field = children(form, 'field', NS.form).find((candidate) => attribute(candidate, 'var') === 'max-file-size');
    if (field) return wholeNumber(childText(field, 'value', NS.form));
  }
  return undefined;
}
