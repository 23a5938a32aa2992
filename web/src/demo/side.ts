import { deleteDB } from 'idb';
import { route } from '../features/shell/route.svelte';
import { i18n } from '../i18n/i18n.svelte';
import { openDatabase } from '../model/db';
import type { LiveModel } from '../model/live.svelte';
import { browserTransfer } from '../model/transfer';
import { LinkError } from '../xmpp/errors';
import type { Call, Entry, Here, Ready, Tally } from './protocol';

const RUN = 'nyala.demo';

/** Comes in as whom the demo's page says. Only that page is listened to, and only it is told anything. */
export async function enter(model: LiveModel, page: string): Promise<void> {
  addEventListener('message', (event: MessageEvent<Entry | Call>) => {
    if (event.origin !== page || event.source !== parent || event.data.nyala !== 'call') return;
    post<Here>(page, { nyala: 'here' });
    // As a device says when it has a network again.
    dispatchEvent(new Event('online'));
  });
  const entry = await ask(page);
  if (localStorage.getItem(RUN) !== entry.run) {
    await clear();
    localStorage.setItem(RUN, entry.run);
  }
  // Whoever has chosen another one in the settings keeps it.
  if (i18n.language !== entry.language && localStorage.getItem('nyala.language') === null) await i18n.use(entry.language);
  filesFromHere(entry.origins);
  if (!(await model.restore())) await signIn(model, entry);
  route.openChat(entry.chat);
  await report(entry, page);
}

function ask(page: string): Promise<Entry> {
  return new Promise((resolve) => {
    const listen = (event: MessageEvent<Entry | Call>): void => {
      if (event.origin !== page || event.source !== parent || event.data.nyala !== 'enter') return;
      removeEventListener('message', listen);
      resolve(event.data);
    };
    addEventListener('message', listen);
    post<Ready>(page, { nyala: 'ready' });
  });
}

/** The one server has several origins here, so its files are also at this page's own. */
function filesFromHere(origins: readonly string[]): void {
  const { put, get } = browserTransfer;
  const here = (url: string): string => {
    const there = new URL(url);
    return origins.includes(there.origin) ? new URL(there.pathname + there.search, location.origin).href : url;
  };
  browserTransfer.put = (url, ...rest) => put(here(url), ...rest);
  browserTransfer.get = (url, ...rest) => get(here(url), ...rest);
}

/** What another run has left at the same address. */
async function clear(): Promise<void> {
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) if (name?.startsWith('nyala')) await deleteDB(name);
}

/** Also through a network that is cut just now. */
async function signIn(model: LiveModel, { account, password }: Entry): Promise<void> {
  for (;;) {
    try {
      await model.signIn(account, password);
      return;
    } catch (error) {
      if (error instanceof LinkError && error.reason === 'refused') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** Tells the page how far messages have come, whenever something has changed. */
async function report(entry: Entry, page: string): Promise<void> {
  const db = await openDatabase(entry.account);
  let counting: Promise<void> | undefined;
  let again = false;
  const tell = async (): Promise<void> => {
    const [chats, rows] = await Promise.all([db.getAll('chats'), db.getAllFromIndex('messages', 'at', IDBKeyRange.lowerBound(entry.since))]);
    post<Tally>(page, {
      nyala: 'tally',
      run: entry.run,
      account: entry.account,
      rooms: chats.flatMap((chat) => (chat.kind === 'group' && chat.gone === undefined ? chat.jid : [])),
      own: rows.flatMap(({ mine, id, chat, state }) => (mine ? { id, chat, state } : [])),
      theirs: rows.flatMap(({ mine, id, chat }) => (mine ? [] : { id, chat })),
    });
  };
  const count = (): void => {
    again = counting !== undefined;
    counting ??= tell().finally(() => {
      counting = undefined;
      if (again) count();
    });
  };
  // The model says on this channel, to all tabs, what has changed in the database.
  new BroadcastChannel(`nyala:${entry.account}`).onmessage = count;
  count();
}

function post<T>(page: string, message: T): void {
  parent.postMessage(message, page);
}
