import { el } from './dom.ts';
import { NS } from './ns.ts';

export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone';
const STATES: readonly string[] = ['active', 'composing', 'paused', 'inactive', 'gone'];

/** Chat state notifications (XEP-0085). */
export const chatState = (state: ChatState): Element => el(state, NS.chatStates);

export function readChatState(message: Element): ChatState | undefined {
  const state = [...message.children].find((part) => part.namespaceURI === NS.chatStates)?.localName;
  return state && STATES.includes(state) ? (state as ChatState) : undefined;
}
