/** Stanzas as text, for the story that is told before there is any document. */
export const escaped = (text: string): string => text.replace(/[&<>'"]/gu, (character) => `&#${String(character.codePointAt(0))};`);

const CLIENT = "xmlns='jabber:client'";
let ids = 0;

export const iq = (payload: string, to?: string): string => `<iq ${CLIENT} type='set' id='story-${String(++ids)}'${to === undefined ? '' : ` to='${escaped(to)}'`}>${payload}</iq>`;

export const presence = (to: string, type?: string, inside = ''): string => `<presence ${CLIENT} to='${escaped(to)}'${type === undefined ? '' : ` type='${type}'`}>${inside}</presence>`;

export const message = (to: string, type: 'chat' | 'groupchat', id: string, inside: string): string =>
  `<message ${CLIENT} type='${type}' to='${escaped(to)}' id='${escaped(id)}'><origin-id xmlns='urn:xmpp:sid:0' id='${escaped(id)}'/>${inside}</message>`;

export const body = (text: string): string => `<body>${escaped(text)}</body>`;

/** Asks to be told when it has come and when it was read (XEP-0184, XEP-0333). */
export const asked = "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>";

/** Keeps what has no body (XEP-0334). */
export const kept = "<store xmlns='urn:xmpp:hints'/>";

/** Publishes an item at the own account (XEP-0163); what others may see is open to them. */
export function publish(node: string, id: string, payload: string, forOthers: boolean): string {
  const settings = forOthers ? { access_model: 'open' } : { persist_items: 'true', max_items: 'max', send_last_published_item: 'never', access_model: 'whitelist' };
  const fields = Object.entries(settings).map(([name, value]) => field(`pubsub#${name}`, value)).join('');
  const options = `<publish-options><x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', 'http://jabber.org/protocol/pubsub#publish-options')}${fields}</x></publish-options>`;
  return iq(`<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'><item id='${escaped(id)}'>${payload}</item></publish>${options}</pubsub>`);
}

export const field = (name: string, value: string): string => `<field var='${name}'><value>${escaped(value)}</value></field>`;
