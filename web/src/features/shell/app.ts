import { createContext } from 'svelte';
import type { Conversation, Model } from '../../model/types';

export interface Notice { text: string; action?: string; act?: () => void }

/** What every screen may reach: the model, the conversation that is open, and a way to say a short thing. */
export interface App { readonly model: Model; current: Conversation | null; notify(notice: Notice): void }

export const [app, provideApp] = createContext<App>();
