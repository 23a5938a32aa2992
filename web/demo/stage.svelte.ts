import type { Call, Entry, Here, Ready, Tally } from '../src/demo/protocol';
import type { Language } from '../src/i18n/i18n.svelte';
import { count, type Count } from './count';

/** What stands behind the page, as its server tells (`/demo/state`). */
interface State {
  run: string;
  since: number;
  isCut: boolean;
  server: 'up' | 'down' | 'filling';
  kills: number;
  /** That of the story. */
  language: Language;
  sides: { account: string; password: string; origins: string[]; chat: string }[];
}

/** A frame, and how often it was begun anew. */
export interface Side {
  key: string;
  account: string;
  origin: string;
}

/** How long a frame may take to say that it is there, in ms. */
const PATIENCE = 5000;
/** And at first, when it may have no storage: nothing is lost then by asking elsewhere. */
const FIRST_PATIENCE = 2500;

/** The demo as the page sees it: what its server says of itself, and what the two apps say of their messages. */
export class Stage {
  readonly #language: Language;
  #state = $state.raw<State | null>(null);
  #gone = $state(false);
  #tallies = $state.raw<Readonly<Record<string, Tally>>>({});
  /** The run whose frames are shown; they are begun once there is somebody to answer. */
  #shown = $state('');
  #anew = $state.raw<Readonly<Record<string, number>>>({});
  /** The origins in use, by account, and those that have ever answered. */
  #origins = $state.raw<Readonly<Record<string, string>>>({});
  readonly #heard = new Set<string>();
  readonly #frames = new Map<string, HTMLIFrameElement>();
  readonly #attachments = new Map<string, (element: HTMLIFrameElement) => () => void>();
  readonly #calls = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(language: Language) {
    this.#language = language;
    const events = new EventSource('./state');
    events.onmessage = (event: MessageEvent<string>) => { this.#look(JSON.parse(event.data) as State); };
    events.onerror = () => { this.#gone = true; };
    addEventListener('message', (event: MessageEvent<unknown>) => { this.#hear(event); });
  }

  /** The page and the apps speak as the story does; a new one is told as the browser likes it. */
  get language(): Language { return this.#state?.language ?? this.#language; }
  get isCut(): boolean { return this.#state?.isCut ?? false; }
  get server(): State['server'] | 'gone' { return this.#gone ? 'gone' : (this.#state?.server ?? 'filling'); }

  readonly sides: readonly Side[] = $derived.by(() =>
    this.#shown === '' ? [] : (this.#state?.sides ?? []).map((side) => ({ account: side.account, origin: this.#originOf(side), key: `${this.#shown} ${side.account} ${String(this.#anew[side.account] ?? 0)}` })));

  /** Told by the two databases; null until both have spoken. */
  readonly count: Count | null = $derived.by(() => {
    const [one, other] = (this.#state?.sides ?? []).map(({ account }) => this.#tallies[account]);
    return one === undefined || other === undefined ? null : count(one, other);
  });

  press(button: 'cut' | 'join' | 'kill' | 'reset'): void {
    void fetch(`./${button}${button === 'reset' ? `?language=${this.#language}` : ''}`, { method: 'POST' }).catch(() => undefined);
  }

  /** For an iframe: it is that side's. The same each time, because another one would be attached anew with every change of the state. */
  frame(account: string): (element: HTMLIFrameElement) => () => void {
    const attached = this.#attachments.get(account) ?? this.#attach(account);
    this.#attachments.set(account, attached);
    return attached;
  }

  #attach = (account: string) => (element: HTMLIFrameElement): (() => void) => {
    this.#forgetCall(account);
    this.#frames.set(account, element);
    const call = (): void => { this.#call(account); };
    element.addEventListener('load', call);
    return () => {
      element.removeEventListener('load', call);
      if (this.#frames.get(account) !== element) return;
      this.#forgetCall(account);
      this.#frames.delete(account);
    };
  };

  #forgetCall(account: string): void {
    clearTimeout(this.#calls.get(account));
    this.#calls.delete(account);
  }

  #look(next: State): void {
    const before = this.#state;
    this.#state = next;
    this.#gone = false;
    if (next.run !== before?.run) this.#tallies = {};
    if (next.server === 'filling') this.#shown = '';
    if (!reachable(next)) return;
    if (this.#shown === next.run) {
      // An app that wanted a part of itself meanwhile has nothing but the browser's own page now.
      if (before !== null && !reachable(before)) for (const side of next.sides) this.#call(side.account);
    } else this.#shown = next.run;
  }

  /** Asks a frame whether somebody is there, and begins it anew where nobody is. */
  #call(account: string): void {
    const side = this.#state?.sides.find((each) => each.account === account);
    if (side === undefined || this.#calls.has(account)) return;
    const origin = this.#originOf(side);
    this.#frames.get(account)?.contentWindow?.postMessage({ nyala: 'call' } satisfies Call, origin);
    this.#calls.set(account, setTimeout(() => {
      this.#calls.delete(account);
      if (this.#state === null || !reachable(this.#state)) return;
      // A browser may let a frame of another site store nothing (127.0.0.1 is one to localhost).
      if (!this.#heard.has(origin)) this.#origins = { ...this.#origins, [account]: side.origins.find((each) => each !== origin) ?? origin };
      this.#anew = { ...this.#anew, [account]: (this.#anew[account] ?? 0) + 1 };
    }, this.#heard.has(origin) ? PATIENCE : FIRST_PATIENCE));
  }

  #originOf({ account, origins }: State['sides'][number]): string {
    return this.#origins[account] ?? origins[0] ?? '';
  }

  /** Only the two frames are listened to, each as the side that it is. */
  #hear(event: MessageEvent<unknown>): void {
    const side = this.#state?.sides.find((each) => this.#originOf(each) === event.origin && this.#frames.get(each.account)?.contentWindow === event.source);
    if (side === undefined || this.#state === null) return;
    this.#forgetCall(side.account);
    this.#heard.add(event.origin);
    const heard = event.data as Ready | Here | Tally;
    if (heard.nyala === 'ready') {
      const { run, since, language, sides } = this.#state;
      const { account, password, chat } = side;
      (event.source as Window).postMessage({ nyala: 'enter', run, since, language, account, password, chat, origins: sides.flatMap((each) => each.origins) } satisfies Entry, event.origin);
    } else if (heard.nyala === 'tally' && heard.run === this.#state.run && heard.account === side.account) {
      this.#tallies = { ...this.#tallies, [side.account]: heard };
    }
  }
}

const reachable = (state: State): boolean => state.server === 'up' && !state.isCut;
