/** What stands in the first column. */
export type Screen = 'chats' | 'archived' | 'requests' | 'starred' | 'new' | 'new-group' | 'settings';
/** What stands beside a conversation. */
export type Side = { kind: 'info' } | { kind: 'message'; key: string } | null;

interface Place { screen: Screen; chat: string | null; side: Side }

const screens: readonly string[] = ['archived', 'requests', 'starred', 'new', 'new-group', 'settings'];

/** The place a location hash names; anything unknown is the list of chats. */
export function placeOf(hash: string): Place {
  const [kind = '', first = '', second = '', third = ''] = hash.replace(/^#\//u, '').split('/').map(decoded);
  if (kind === 'chat' && first !== '') {
    const side: Side = second === 'info' ? { kind: 'info' } : second === 'message' && third !== '' ? { kind: 'message', key: third } : null;
    return { screen: 'chats', chat: first, side };
  }
  return { screen: screens.includes(kind) ? (kind as Screen) : 'chats', chat: null, side: null };
}

function decoded(part: string): string {
  try { return decodeURIComponent(part); } catch { return ''; }
}

/** Where the person is; backed by the browser's history so that back closes the last layer opened, on a phone too. */
class Route {
  #place = $state.raw<Place>(placeOf(location.hash));
  #target = $state.raw<{ key: string } | null>(null);
  /** What had the focus when this place was opened. */
  from: Element | null = null;

  constructor() {
    addEventListener('popstate', () => { this.from = document.activeElement; this.#place = placeOf(location.hash); });
  }

  get screen(): Screen { return this.#place.screen; }
  get chat(): string | null { return this.#place.chat; }
  get side(): Side { return this.#place.side; }
  /** The message a chat was opened for; a new object each time it is asked for. */
  get target(): { readonly key: string } | null { return this.#target; }

  /** Opens a chat; from chat to chat without a step in history, so that back leads to the list. */
  openChat(jid: string, message: string | null = null): void {
    this.#target = message === null ? null : { key: message };
    this.#go(`#/chat/${encodeURIComponent(jid)}`, this.#place.chat !== null);
  }

  openSide(side: Side): void {
    const { chat } = this.#place;
    if (chat === null || side === null) return;
    this.#go(`#/chat/${encodeURIComponent(chat)}/${side.kind === 'info' ? 'info' : `message/${encodeURIComponent(side.key)}`}`, this.#place.side !== null);
  }

  openScreen(screen: Screen): void {
    this.#go(screen === 'chats' ? '#/' : `#/${screen}`, false);
  }

  /** Closes the top layer, whether or not it was opened from within the app. */
  back(): void {
    if ((history.state as { depth?: number } | null)?.depth) history.back();
    else this.#go(this.#place.side !== null && this.#place.chat !== null ? `#/chat/${encodeURIComponent(this.#place.chat)}` : '#/', true);
  }

  #go(hash: string, replace: boolean): void {
    this.from = document.activeElement;
    const depth = (history.state as { depth?: number } | null)?.depth ?? 0;
    if (replace) history.replaceState({ depth }, '', hash);
    else history.pushState({ depth: depth + 1 }, '', hash);
    this.#place = placeOf(hash);
  }
}

export const route = new Route();
