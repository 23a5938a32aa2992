import type { Words } from '../../i18n/id';
import type { Attachment, Message } from '../../model/types';
import type { MenuItem, MenuPlace } from '../../ui/Menu.svelte';

/** What a bubble asks its conversation to do. */
export interface BubbleActions {
  menu(message: Message, place: MenuPlace, opener: HTMLElement): void;
  reply(message: Message): void;
  react(message: Message, emoji: string): void;
  toggle(message: Message): void;
  quote(id: string): void;
  retry(message: Message): void;
  open(message: Message, attachment: Attachment): void;
}

/** What the message menu and its keys may do. */
export interface MessageActions {
  reply(message: Message): void;
  copy(message: Message): void;
  edit(message: Message): void;
  forward(message: Message): void;
  star(message: Message): void;
  select(message: Message): void;
  info(message: Message): void;
  remove(message: Message): void;
}

/** Own texts that have not been taken back may be edited. */
export function editable(message: Message): boolean {
  return message.mine && message.body !== '' && message.retracted !== true && message.encrypted !== 'failed';
}

export function menuOf(t: Words, message: Message, on: MessageActions): MenuItem[] {
  const gone = message.retracted === true || message.encrypted === 'failed';
  const items: (MenuItem | false)[] = [
    !gone && { label: t.reply, icon: 'reply', act: () => { on.reply(message); } },
    !gone && message.body !== '' && { label: t.copy, icon: 'copy', act: () => { on.copy(message); } },
    editable(message) && { label: t.edit, icon: 'edit', act: () => { on.edit(message); } },
    !gone && { label: t.forward, icon: 'forward', act: () => { on.forward(message); } },
    !gone && { label: message.starred === true ? t.unstar : t.star, icon: 'star', act: () => { on.star(message); } },
    { label: t.select, icon: 'select', act: () => { on.select(message); } },
    { label: t.info, icon: 'info', act: () => { on.info(message); } },
    { label: t.remove, icon: 'trash', danger: true, act: () => { on.remove(message); } },
  ];
  return items.filter((item) => item !== false);
}
