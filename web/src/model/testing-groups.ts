import { attribute, child, children } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { JULIET, ROMEO, ROOM, roomText, type ArchivingServer } from './testing.ts';

const SELF = `<status code='110'/>`;

/** A room of the scripted server: who belongs to it, what it is, and who is in it. */
export class ScriptedRoom {
  readonly server: ArchivingServer;
  readonly jid: string;
  members = new Map<string, string>([[ROMEO, 'owner'], [JULIET, 'member']]);
  membersOnly = true;
  lists = true;
  /** It invites new members itself. */
  invites = false;
  exists = true;
  created = false;
  config = new Map<string, string[]>();
  cards: Element[] = [];
  refuses: string | undefined;

  constructor(server: ArchivingServer, jid = ROOM) {
    this.server = server;
    this.jid = jid;
    server.answer = (stanza) => this.#reply(stanza) ?? server.reply(stanza);
  }

  /** Somebody is in it, or has gone. */
  show(nick: string, occupant: string, jid: string | undefined, affiliation = this.members.get(jid ?? '') ?? 'none', more = '', type = ''): void {
    const item = `<item affiliation='${affiliation}' role='participant'${jid ? ` jid='${jid}/x'` : ''}/>`;
    this.server.tell(`<presence xmlns='${NS.client}' from='${this.jid}/${nick}' to='${ROMEO}/web'${type ? ` type='${type}'` : ''}><x xmlns='${NS.mucUser}'>${item}${more}</x><occupant-id xmlns='${NS.occupantId}' id='${occupant}'/></presence>`);
  }

  /** What becomes of somebody who is not in it. */
  announce(jid: string, affiliation: string): void {
    if (affiliation === 'none') this.members.delete(jid);
    else this.members.set(jid, affiliation);
    this.server.tell(`<message xmlns='${NS.client}' from='${this.jid}'><x xmlns='${NS.mucUser}'><item affiliation='${affiliation}' role='none' jid='${jid}'/></x></message>`);
  }

  /** The room puts Romeo out. */
  end(codes: string, affiliation: string): void {
    this.show('romeo', 'me', ROMEO, affiliation, `${SELF}${codes}`, 'unavailable');
  }

  mark(nick: string, occupant: string, of: string, kind: 'displayed' | 'received' = 'displayed'): void {
    const payload = kind === 'displayed' ? `<displayed xmlns='${NS.markers}' id='${of}'/>` : `<received xmlns='${NS.receipts}' id='${of}'/>`;
    this.server.tell(roomText(nick, crypto.randomUUID(), '', occupant).replace(ROOM, this.jid).replace('<body></body>', payload));
  }

  /** Messages Romeo has sent to it, by body. */
  archived(body: string): string {
    return this.server.archives.get(this.jid)?.find((entry) => entry.xml.includes(`<body>${body}</body>`))?.id ?? '';
  }

  #reply(stanza: Element): string | undefined {
    const to = attribute(stanza, 'to') ?? '';
    if (stanza.localName === 'presence' && to.startsWith(`${this.jid}/`)) return attribute(stanza, 'type') ? undefined : this.#presence(to);
    if (stanza.localName !== 'iq' || to !== this.jid) return this.#service(stanza, to);
    const answer = (content: string): string => `<iq xmlns='${NS.client}' type='result' id='%id%' from='${this.jid}'>${content}</iq>`;
    if (this.refuses) return this.#error('iq', this.refuses);
    const admin = child(stanza, 'query', NS.mucAdmin);
    const item = child(admin, 'item', NS.mucAdmin);
    if (admin && attribute(stanza, 'type') === 'get') {
      if (!this.lists) return this.#error('iq', 'forbidden');
      const wanted = attribute(item, 'affiliation');
      const listed = [...this.members].filter(([, affiliation]) => affiliation === wanted).map(([jid]) => `<item affiliation='${wanted}' jid='${jid}'/>`);
      return answer(`<query xmlns='${NS.mucAdmin}'>${listed.join('')}</query>`);
    }
    if (admin) {
      for (const each of children(admin, 'item', NS.mucAdmin)) this.members.set(attribute(each, 'jid') ?? '', attribute(each, 'affiliation') ?? '');
      return answer('');
    }
    const owner = child(stanza, 'query', NS.mucOwner);
    if (owner) return answer(attribute(stanza, 'type') === 'get' ? FORM : this.#configure(owner));
    if (child(stanza, 'vCard', NS.vcard)) {
      this.cards.push(stanza);
      return answer('');
    }
    if (child(stanza, 'query', NS.disco)) return answer(this.#info());
    return undefined;
  }

  #configure(owner: Element): string {
    if (child(owner, 'destroy', NS.mucOwner)) this.exists = false;
    for (const field of children(child(owner, 'x', NS.form), 'field', NS.form)) this.config.set(attribute(field, 'var') ?? '', children(field, 'value', NS.form).map((value) => value.textContent));
    this.created = false;
    return '';
  }

  #info(): string {
    const features = [this.membersOnly ? 'muc_membersonly' : 'muc_open', 'muc_nonanonymous', NS.moderate, ...(this.invites ? [NS.invitesMembers] : [])].map((feature) => `<feature var='${feature}'/>`).join('');
    return `<query xmlns='${NS.disco}'><identity category='conference' type='text' name='${this.config.get('muc#roomconfig_roomname')?.[0] ?? 'Verona'}'/>${features}</query>`;
  }

  #service(stanza: Element, to: string): string | undefined {
    if (stanza.localName !== 'iq') return undefined;
    const answer = (content: string): string => `<iq xmlns='${NS.client}' type='result' id='%id%' from='${to}'>${content}</iq>`;
    if (child(stanza, 'query', NS.items)) return answer(`<query xmlns='${NS.items}'><item jid='rooms.example.org'/></query>`);
    if (child(stanza, 'query', NS.disco) && to === 'rooms.example.org') return answer(`<query xmlns='${NS.disco}'><identity category='conference' type='text'/><feature var='${NS.muc}'/></query>`);
    return undefined;
  }

  #presence(to: string): string {
    if (this.refuses) return this.#error('presence', this.refuses).replace(`from='${this.jid}'`, `from='${to}'`);
    const created = !this.exists;
    if (created) this.created = true;
    this.exists = true;
    this.server.joined.add(this.jid);
    const x = `<x xmlns='${NS.mucUser}'><item affiliation='${created ? 'owner' : (this.members.get(ROMEO) ?? 'none')}' role='moderator' jid='${ROMEO}/web'/>${SELF}${created ? "<status code='201'/>" : ''}</x>`;
    return `<presence xmlns='${NS.client}' from='${to}' to='${ROMEO}/web'>${x}<occupant-id xmlns='${NS.occupantId}' id='me'/></presence>`;
  }

  #error(name: string, condition: string): string {
    return `<${name} xmlns='${NS.client}' type='error' id='%id%' from='${this.jid}'><error type='cancel'><${condition} xmlns='${NS.stanzaErrors}'/></error></${name}>`;
  }
}

const FIELDS = ['roomname', 'persistentroom', 'publicroom', 'membersonly', 'whois', 'enablearchiving', 'lang'];
const FORM = `<query xmlns='${NS.mucOwner}'><x xmlns='${NS.form}' type='form'><field var='FORM_TYPE' type='hidden'><value>${NS.mucConfig}</value></field>${FIELDS.map((name) => `<field var='muc#roomconfig_${name}'><value>0</value></field>`).join('')}</x></query>`;

/** What Romeo has said last of a room in his bookmarks: whether to be in it. */
export function lastBookmark(server: ArchivingServer, room: string): string | undefined {
  const items = server.stanzas.flatMap((stanza) => child(child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'item', NS.pubsub) ?? []);
  return attribute(items.filter((item) => attribute(item, 'id') === room).at(-1)?.firstElementChild ?? undefined, 'autojoin');
}
