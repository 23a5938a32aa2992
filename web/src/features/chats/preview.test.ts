import { describe, expect, it } from 'vitest';
import { id } from '../../i18n/id';
import type { Attachment, Message } from '../../model/types';
import { calledBy, previewOf } from './preview';

const message = (more: Partial<Message>): Message => ({ key: 'k', chat: 'a@b', id: 'k', from: 'a@b', senderName: 'Ayu', mine: false, at: 0, body: '', state: 'safe', reactions: [], attachments: [], encrypted: 'none', ...more });
const attachment = (kind: Attachment['kind'], more: Partial<Attachment> = {}): Attachment => ({ kind, name: '', type: '', size: 1, state: 'ready', ...more });

describe('a message in one line', () => {
  it.each([
    [{ body: '*Halo*\n_semua_' }, null, 'Halo semua'],
    [{ attachments: [attachment('image')] }, 'camera', 'Foto'],
    [{ attachments: [attachment('image'), attachment('image')] }, 'camera', '2 foto'],
    [{ body: 'Lihat', attachments: [attachment('image')] }, 'camera', 'Lihat'],
    [{ attachments: [attachment('voice', { seconds: 65 })] }, 'mic', 'Pesan suara · 1:05'],
    [{ attachments: [attachment('file', { name: 'a.pdf' })] }, 'file', 'a.pdf'],
    [{ body: 'lihat https://a.id', attachments: [attachment('link', { name: 'A' })] }, null, 'lihat https://a.id'],
    [{ retracted: true, body: 'rahasia' }, 'block', id.retracted],
    [{ retracted: true, mine: true }, 'block', id.retractedMine],
    [{ encrypted: 'failed' as const, body: 'x' }, 'lock', id.undecryptable],
  ])('of %j', (more, icon, text) => {
    expect(previewOf(id, message(more))).toMatchObject({ icon, text });
  });

  it('calls people as they are called', () => {
    expect(['Ayu Lestari', 'Pak Harto Wijaya', 'Hj. Siti', 'Budi'].map(calledBy)).toEqual(['Ayu', 'Pak Harto', 'Hj. Siti', 'Budi']);
  });
});
