import { chatsEn } from './chats.en';
import { chatsId, type ChatsWords } from './chats.id';
import { i18n } from './i18n.svelte';

/** Words for search, requests and what is rarely done to chats, in the language of the moment. */
export const chatsWords = (): ChatsWords => (i18n.language === 'id' ? chatsId : chatsEn);
