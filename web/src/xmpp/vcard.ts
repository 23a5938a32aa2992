import { child, childText, children, el, iq } from './dom.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { NS } from './ns.ts';
import { EVERYBODY, publish } from './pubsub.ts';

export interface VCard {
  name: string | undefined;
  photo: Blob | undefined;
}

/** vcard-temp (XEP-0054): names, and the pictures of rooms. */
export const vcardRequest = (to: string): Element => iq('get', { to }, el('vCard', NS.vcard));

export function readVCard(answer: Element): VCard | undefined {
  const card = child(answer, 'vCard', NS.vcard);
  if (!card) return undefined;
  const photo = child(card, 'PHOTO', NS.vcard);
  const type = childText(photo, 'TYPE', NS.vcard) ?? '';
  const bytes = fromBase64((childText(photo, 'BINVAL', NS.vcard) ?? '').replace(/\s/g, ''));
  const shown = /^image\/(png|jpeg|gif|webp)$/.test(type) && bytes && bytes.length > 0 && bytes.length <= 512 * 1024;
  return { name: childText(card, 'NICKNAME', NS.vcard) || childText(card, 'FN', NS.vcard) || undefined, photo: shown ? new Blob([bytes], { type }) : undefined };
}

/** The hash of the picture that a presence tells (XEP-0153): empty when there is none, undefined when it says nothing. */
export function readPhotoHash(presence: Element): string | undefined {
  const photo = child(child(presence, 'x', NS.vcardUpdate), 'photo', NS.vcardUpdate);
  return photo ? photo.textContent.trim().toLowerCase() : undefined;
}

export const readNick = (payload: Element | undefined): string | undefined =>
  payload?.localName === 'nick' && payload.namespaceURI === NS.nick ? payload.textContent.trim() || undefined : undefined;


/** A room's picture (XEP-0486); none takes it away. */
export function setPicture(picture: { type: string; bytes: ArrayBuffer } | undefined, to: string): Element {
  const photo = picture && el('PHOTO', NS.vcard, {}, el('TYPE', NS.vcard, {}, picture.type), el('BINVAL', NS.vcard, {}, toBase64(new Uint8Array(picture.bytes))));
  return iq('set', { to }, el('vCard', NS.vcard, {}, photo));
}

/** The own card with another name; everything else in it stays. */
export function withName(answer: Element, name: string): Element {
  const card = (child(answer, 'vCard', NS.vcard)?.cloneNode(true) as Element | undefined) ?? el('vCard', NS.vcard);
  for (const field of ['FN', 'NICKNAME']) {
    for (const old of children(card, field, NS.vcard)) old.remove();
    card.append(el(field, NS.vcard, {}, name));
  }
  return iq('set', {}, card);
}

export const publishNick = (name: string): Element => publish(NS.nick, 'current', el('nick', NS.nick, {}, name), EVERYBODY);
