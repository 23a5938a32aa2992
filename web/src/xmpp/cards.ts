import { attribute, child, children, childText } from './dom.ts';
import { parseAccount } from './jid.ts';
import { NS } from './ns.ts';
import { isPictureData, safeName } from './sharing.ts';
import { webAddress } from './oob.ts';

/** What is shown as a card although it is no file. */
export interface Place { name: string; uri: string }
export interface Preview { title: string; address: string; picture: string | undefined }

/** A place on earth: as user location (XEP-0080), or as the geo: address (RFC 5870) that phone apps send as text. */
export function readPlace(message: Element, body: string): Place | undefined {
  const written = /^geo:(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)(?:,-?\d+(?:\.\d+)?)?(?:[;?]\S{0,200})?$/.exec(body.trim());
  if (written) return place(Number(written[1]), Number(written[2]), '');
  const location = child(message, 'geoloc', NS.location);
  const part = (name: string): string => childText(location, name, NS.location)?.trim() ?? '';
  if (!location || part('lat') === '' || part('lon') === '') return undefined;
  return place(Number(part('lat')), Number(part('lon')), (part('text') || part('description') || part('locality')).slice(0, 200));
}

function place(lat: number, lon: number, name: string): Place | undefined {
  // What is no number fails both.
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return undefined;
  return { name, uri: `geo:${lat},${lon}` };
}

/** Somebody's address as the only thing one says (XEP-0147), which is how contacts are passed on. */
export function readContact(body: string): { jid: string; name: string } | undefined {
  const written = /^xmpp:([^\s?]{3,500})(?:\?(\S{0,500}))?$/.exec(body.trim());
  if (!written || /(?:^|[;&])join(?:[;&]|$)/.test(written[2] ?? '')) return undefined;
  const jid = parseAccount(decoded(written[1] ?? ''));
  const name = /(?:^|[;&])name=([^;&]+)/.exec(written[2] ?? '')?.[1];
  return jid ? { jid, name: safeName(decoded(name ?? '')) || jid } : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a sender says about links in the text (XEP-0511). Pictures elsewhere are not fetched. */
export function readPreviews(message: Element, body: string): Preview[] {
  return children(message, 'Description', NS.rdf).slice(0, 4).flatMap((description) => {
    const address = webAddress(description.getAttributeNS(NS.rdf, 'about') ?? attribute(description, 'about'));
    const title = childText(description, 'title', NS.openGraph)?.trim().slice(0, 300);
    // A card for a link that is not in the text would lead somewhere else than what one reads.
    if (!address || !title || !mentions(body, address)) return [];
    const picture = children(description, 'image', NS.openGraph).map((image) => image.textContent.trim()).find(isPictureData);
    return [{ title, address, picture }];
  });
}

function mentions(body: string, address: string): boolean {
  return body.split(/\s+/).slice(0, 2000).some((word) => webAddress(word.replace(/[.,;:!?)]+$/, '')) === address);
}
