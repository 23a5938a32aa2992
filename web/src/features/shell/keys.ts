import type { Words } from '../../i18n/id';

export interface Shortcut { keys: readonly string[]; does: string }

/** Every key of the app, the ones met first in front (Shell, ConversationView, Composer and MessageList listen to them). */
export function keysOf(t: Words): Shortcut[] {
  const s = t.shortcuts;
  return [
    { keys: ['Ctrl', 'K'], does: s.search },
    { keys: ['Alt', '↑', '↓'], does: s.chat },
    { keys: ['Enter'], does: s.send },
    { keys: ['Shift', 'Enter'], does: s.line },
    { keys: ['Ctrl', '/'], does: s.help },
    { keys: ['Alt', 'Shift', '↑', '↓'], does: s.unread },
    { keys: ['Ctrl', 'F'], does: t.findInChat },
    { keys: ['↑'], does: s.edit },
    { keys: ['Ctrl', 'Shift', 'M'], does: s.mute },
    { keys: ['Esc'], does: s.close },
    { keys: ['R', 'E', 'C', 'I', 'Del'], does: `${s.onMessage}: ${[t.reply, t.react, t.copy, t.info, t.remove].join(', ')}` },
  ];
}
