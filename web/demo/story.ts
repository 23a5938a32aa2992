import { days, me, moment, type Message, type SeedLanguage } from '../seed/build.ts';
import { seedChats, type SeedChat } from '../seed/chats.ts';
import { ayu, budi, citra, dewi, eka, fajar, harto, long, pictured, rtl } from '../seed/people.ts';
import { faceOf, painted, type Painted } from './painted.ts';
import { asked, body, escaped, field, iq, kept, message, presence, publish } from './stanzas.ts';

/** One thing somebody does, so many milliseconds before the demo begins. */
export interface Step { as: string; ago: number; xml: string; file?: string }
export interface Story { accounts: string[]; steps: Step[] }

const DOMAIN = 'localhost';
const ROOMS = `rooms.${DOMAIN}`;
/** Everything is made before anybody says anything. */
const BEGIN = 40 * days;
/** So much of the longest chat is told; the rest only makes it long. */
const OLDER = 120;

// The seed is seen by Dimas. In the demo Budi has what he has, and the two are each other.
const roles: Record<string, string> = { [me.jid]: 'budi', [budi.jid]: 'dimas' };
const local = (jid: string): string => roles[jid] ?? jid.slice(0, jid.indexOf('@'));
const address = (name: string): string => `${name}@${DOMAIN}`;
const told = (text: string): string => text.replaceAll('Dimas', 'Budi');
const named: Record<string, string> = {
  budi: budi.name, dimas: me.name, ...Object.fromEntries([ayu, citra, dewi, eka, fajar, harto, long, pictured, rtl].map((person) => [local(person.jid), person.name])),
};
const nameOf = (name: string): string => named[name] ?? name;

/** The past of the demo, made from the seed that also the pictures are taken of. */
export function story(language: SeedLanguage): Story {
  const chats = seedChats(language).map(shortened);
  const names: Record<string, string> = {};
  for (const { chat } of chats) if (chat.kind === 'direct') names[local(chat.jid)] = named[local(chat.jid)] ?? chat.name;
  for (const { messages } of chats) for (const each of messages) if (each.chat.includes('@grup.')) names[local(each.from)] = nameOf(local(each.from));
  Object.assign(names, { ayu: ayu.name, budi: budi.name });
  const steps: Step[] = [...Object.entries(names).flatMap(([name, called]) => introduce(name, called)), ...acquaintances(chats, names)];
  for (const each of chats) {
    if (each.chat.kind === 'group') steps.push(...group(each));
    else steps.push(...direct(each, 'budi'));
  }
  for (const each of common(chats)) steps.push(...direct(each, 'ayu'));
  return { accounts: Object.keys(names), steps: steps.map((step, at) => ({ ...step, at })).sort((a, b) => b.ago - a.ago || a.at - b.at).map(({ as, ago, xml, file }) => ({ as, ago, xml, ...(file === undefined ? {} : { file }) })) };
}

/** Without the messages that are nothing without a file which is no picture. */
function shortened(each: SeedChat): SeedChat {
  const messages = each.messages.filter((one) => (one.body !== '' || one.retracted === true || one.attachments.some((each) => painted(each.url) !== undefined)) && one.state !== 'failed' && one.state !== 'sending').slice(-OLDER);
  const ids = new Set(messages.map((one) => one.id));
  return { ...each, messages: messages.map(({ replyTo, ...one }) => (replyTo !== undefined && ids.has(replyTo.id) ? { ...one, replyTo } : one)) };
}

/** What somebody is called, and looks like. */
function introduce(name: string, called: string): Step[] {
  const face = faceOf(name);
  const about = [publish('http://jabber.org/protocol/nick', 'current', `<nick xmlns='http://jabber.org/protocol/nick'>${escaped(called)}</nick>`, true)];
  if (face !== undefined) {
    about.push(
      publish('urn:xmpp:avatar:data', face.hash, `<data xmlns='urn:xmpp:avatar:data'>${face.bytes.toString('base64')}</data>`, true),
      publish('urn:xmpp:avatar:metadata', face.hash, `<metadata xmlns='urn:xmpp:avatar:metadata'><info id='${face.hash}' type='image/webp' bytes='${String(face.bytes.length)}'/></metadata>`, true),
    );
  }
  return about.map((xml) => ({ as: name, ago: BEGIN, xml }));
}

/** Those whom Ayu talks with too. */
const friends = [dewi, long, rtl, pictured, harto].map((person) => person.jid);
const common = (chats: readonly SeedChat[]): SeedChat[] => chats.filter(({ chat }) => friends.includes(chat.jid));

/** Who has whom in the roster, both ways; a stranger is in nobody's. */
function acquaintances(chats: readonly SeedChat[], names: Readonly<Record<string, string>>): Step[] {
  const met = chats.filter(({ chat }) => chat.kind === 'direct' && chat.request !== true).map(({ chat }) => local(chat.jid));
  const pairs: [string, string][] = [...met.map((name): [string, string] => ['budi', name]), ...friends.map((jid): [string, string] => ['ayu', local(jid)])];
  return pairs.flatMap(([one, other]) => [[one, other], [other, one]] as const).flatMap(([as, whom]) => [
    { as, ago: BEGIN, xml: iq(`<query xmlns='jabber:iq:roster'><item jid='${address(whom)}' name='${escaped(names[whom] ?? whom)}'/></query>`) },
    { as, ago: BEGIN, xml: presence(address(whom), 'subscribe') },
    { as: whom, ago: BEGIN, xml: presence(address(as), 'subscribed') },
  ]);
}

/** A chat of two as stanzas; the seed's own side is `mine`. */
function direct({ chat, messages }: SeedChat, mine: string): Step[] {
  const other = chat.kind === 'self' ? mine : local(chat.jid);
  const steps: Step[] = [];
  for (const each of messages) {
    const [as, to] = each.mine ? [mine, other] : [other, mine];
    const id = `${mine}-${each.id}`;
    steps.push(...said(each, as, address(to), id, 'chat', (wanted) => `${mine}-${wanted}`));
    for (const reaction of each.reactions) {
      const by = reaction.mine ? mine : other;
      steps.push(sign(by, ago(each) - 1, address(by === mine ? other : mine), 'chat', `${id}-reaction-${by}`, `<reactions xmlns='urn:xmpp:reactions:0' id='${id}'><reaction>${reaction.emoji}</reaction></reactions>`));
    }
    if (each.mine && each.state === 'delivered' && chat.kind === 'direct') steps.push(sign(other, ago(each) - 1, address(mine), 'chat', `${id}-received`, `<received xmlns='urn:xmpp:receipts' id='${id}'/>`));
  }
  if (chat.kind === 'self') return steps;
  const marked = (by: string, last: Message | undefined): void => {
    if (last !== undefined) steps.push(sign(by, ago(last) - 2, address(by === mine ? other : mine), 'chat', `${mine}-${last.id}-read`, `<displayed xmlns='urn:xmpp:chat-markers:0' id='${mine}-${last.id}'/>`));
  };
  marked(other, messages.findLast((each) => each.mine && each.state === 'read'));
  marked(mine, messages.findLast((each) => !each.mine && each.unread !== true));
  return steps;
}

/** A message, with what it answers, how it was changed and whether it was taken back. */
function said(each: Message, as: string, to: string, id: string, type: 'chat' | 'groupchat', idOf: (wanted: string) => string): Step[] {
  const pictures = each.attachments.flatMap((attached) => painted(attached.url) ?? []);
  if (pictures.length > 0) return pictures.map((picture, at) => shared(picture, as, to, at === 0 ? id : `${id}-${String(at)}`, type, ago(each) - at));
  const text = each.retracted === true ? '…' : told(each.body);
  const { replyTo } = each;
  const quotation = replyTo === undefined ? '' : `> ${replyTo.body}\n`;
  const reply = replyTo === undefined ? '' : `<reply xmlns='urn:xmpp:reply:0' id='${idOf(replyTo.id)}' to='${to}'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='${String([...quotation].length)}'/></fallback>`;
  const steps: Step[] = [{ as, ago: ago(each), xml: message(to, type, id, body(quotation + text) + reply + asked) }];
  if (each.edited === true) steps.push({ as, ago: ago(each) - 1, xml: message(to, type, `${id}-edited`, `${body(text)}<replace xmlns='urn:xmpp:message-correct:0' id='${id}'/>`) });
  if (each.retracted === true) {
    const what = type === 'chat' ? id : `{archive-id:${id}}`;
    steps.push(sign(as, ago(each) - 1, to, type, `${id}-retracted`, `<retract xmlns='urn:xmpp:message-retract:1' id='${what}'/>`));
  }
  return steps;
}

/** A picture (XEP-0447), as a message of its own. */
function shared(picture: Painted, as: string, to: string, id: string, type: 'chat' | 'groupchat', when: number): Step {
  const about = `<media-type>image/webp</media-type><name>${picture.file}</name><size>${String(picture.bytes.length)}</size><width>${String(picture.width)}</width><height>${String(picture.height)}</height>`;
  const sharing = `<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>${about}</file><sources><url-data xmlns='http://jabber.org/protocol/url-data' target='{file}'/></sources></file-sharing>`;
  const fallback = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback><x xmlns='jabber:x:oob'><url>{file}</url></x>";
  return { as, ago: when, file: `painted/${picture.file}`, xml: message(to, type, id, body('{file}') + sharing + fallback + asked) };
}

const sign = (as: string, when: number, to: string, type: 'chat' | 'groupchat', id: string, inside: string): Step => ({ as, ago: when, xml: message(to, type, id, inside + kept) });
const ago = (each: Message): number => moment - each.at;

/** A group: made, named, filled, entered, and then talked in. Ayu is in those of the neighbours and the family. */
function group({ chat, messages }: SeedChat): Step[] {
  const name = chat.jid.slice(0, chat.jid.indexOf('@'));
  const room = `${name}@${ROOMS}`;
  const speakers = [...new Set([...messages.map((each) => local(each.from)), 'budi', ...(['rt05', 'keluarga'].includes(name) ? ['ayu'] : [])])];
  const [owner = 'budi', ...others] = speakers;
  const enter = (as: string): Step => ({ as, ago: BEGIN, xml: presence(`${room}/${nameOf(as)}`, undefined, "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>") });
  const settings = { FORM_TYPE: 'http://jabber.org/protocol/muc#roomconfig', 'muc#roomconfig_roomname': chat.name, 'muc#roomconfig_persistentroom': '1', 'muc#roomconfig_membersonly': '1', 'muc#roomconfig_publicroom': '0', 'muc#roomconfig_whois': 'anyone' };
  const form = Object.entries(settings).map(([key, value]) => field(key, value)).join('');
  const crowd = Array.from({ length: Math.max(0, (chat.members ?? 0) - speakers.length) }, (_, at) => neighbour(at));
  const members = [...others.map((each) => [each, nameOf(each)] as const), ...crowd].map(([who, nick]) => `<item affiliation='member' jid='${address(who)}' nick='${escaped(nick)}'/>`).join('');
  const bookmark = (as: string): Step => ({ as, ago: BEGIN, xml: publish('urn:xmpp:bookmarks:1', room, `<conference xmlns='urn:xmpp:bookmarks:1' name='${escaped(chat.name)}' autojoin='true'><nick>${escaped(nameOf(as))}</nick></conference>`, false) });
  const steps: Step[] = [
    enter(owner),
    { as: owner, ago: BEGIN, xml: iq(`<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>${form}</x></query>`, room) },
    { as: owner, ago: BEGIN, xml: iq(`<query xmlns='http://jabber.org/protocol/muc#admin'>${members}</query>`, room) },
    ...others.map(enter),
    ...speakers.filter((each) => each === 'budi' || each === 'ayu').map(bookmark),
  ];
  for (const each of messages) steps.push(...said(each, local(each.from), room, each.id, 'groupchat', (wanted) => `{archive-id:${wanted}}`), ...liked(each, room, speakers));
  const read = messages.findLast((each) => each.unread !== true);
  if (read !== undefined) for (const by of speakers.filter((each) => each !== local(read.from))) steps.push(sign(by, ago(read) - 2, room, 'groupchat', `${read.id}-read-${by}`, `<displayed xmlns='urn:xmpp:chat-markers:0' id='{archive-id:${read.id}}'/>`));
  return steps;
}

/** Reactions in a group come from those of the story who are there, one each. */
function liked(each: Message, room: string, speakers: readonly string[]): Step[] {
  const free = speakers.filter((by) => by !== local(each.from));
  return each.reactions.flatMap((reaction) => free.splice(0, Math.min(reaction.from.length, reaction === each.reactions.at(-1) ? free.length : 2)).map((by) =>
    sign(by, ago(each) - 1, room, 'groupchat', `${each.id}-reaction-${by}`, `<reactions xmlns='urn:xmpp:reactions:0' id='{archive-id:${each.id}}'><reaction>${reaction.emoji}</reaction></reactions>`)));
}

const first = ['Agus', 'Bayu', 'Cahya', 'Dian', 'Endah', 'Farid', 'Galuh', 'Hana', 'Indra', 'Joko', 'Kartika', 'Lukman', 'Maya', 'Nanda', 'Okta', 'Putu', 'Rahmat', 'Sari', 'Tono', 'Wulan'];
const last = ['Wibowo', 'Hidayat', 'Kusuma', 'Lestari', 'Nugraha', 'Permata', 'Rahayu', 'Setiawan', 'Utami', 'Wijaya'];

/** One of those who only belong to a group: address and name. */
const neighbour = (at: number): readonly [string, string] => [`warga-${String(at + 1)}`, `${first[at % first.length] ?? ''} ${last[Math.floor(at / first.length) % last.length] ?? ''}`];
