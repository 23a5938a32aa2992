import type { ChatsWords } from './chats.id';
import { oneOrMore, plural } from './plural';

const n = plural('en');

/** The same words in English. */
export const chatsEn: ChatsWords = {
  findInChat: 'Search in this chat',
  findCount: (at, all) => `${n(at)} of ${n(all)}`,
  findNone: 'Not found in the messages on this device',
  previousFound: 'Previous result',
  nextFound: 'Next result',
  starredTitle: 'Starred messages',
  starredNone: 'No starred messages yet',
  starredHint: 'Star a message that you want to find again.',
  requestsTitle: 'Message requests',
  requestsNone: 'No requests',
  requestsNoneHint: 'Messages from people you do not know yet show here.',
  sameServer: 'On the same server as you',
  otherServer: (domain) => `On another server: ${domain}`,
  sharedGroups: (names) => `In a group with you: ${names}`,
  noGroups: 'No group in common',
  messageCount: (count, more) => (more ? `At least ${n(count)} messages` : oneOrMore(count, '1 message', `${n(count)} messages`)),
  looksLike: (name) => `The name looks like ${name}, but this is somebody else. Be careful.`,
  deleteRequest: 'Delete',
  clearTitle: (name) => `Clear the chat with ${name}?`,
  deleteTitle: (name) => `Delete the chat with ${name}?`,
  clearText: 'All its messages go from this device and are not fetched again. Messages that have not been sent will not be.',
  remains: 'The server, your other devices and the other side keep their copies.',
  deleteText: 'The chat leaves the list until something new comes.',
  signOutTitle: 'Sign out of this device?',
  signOutText: 'Your messages and data are removed from this device. What is stored on the server stays there.',
  signOutUnsent: (count) => oneOrMore(count, '1 message has not been sent and is lost if you sign out now.', `${n(count)} messages have not been sent and are lost if you sign out now.`),
  signOutAnyway: 'Sign out and drop them',
};
