import { Doorway } from '../src/model/doorway';
import type { InviteLink } from '../src/model/invites';
import type { Model } from '../src/model/types';
import { code, page } from './code';

/** Lets people in without a server: links that lead nowhere, a key that opens nothing. */
export class SeedDoorway extends Doorway {
  constructor(model: Model) {
    super({
      get me() { return model.me; },
      signIn: (address, password) => model.signIn(address, password),
      startChat: (jid) => model.startChat(jid),
      joinGroup: (room) => model.startChat(room),
      online: () => Promise.resolve(),
      ask: () => Promise.resolve(),
      people: model.people,
    });
  }

  override key(): Promise<string> { return Promise.resolve('7k4q-m2xv-93hd-wt6p-c8rn'); }
  override changeKey(): Promise<void> { return Promise.resolve(); }
  override link(): Promise<InviteLink> { return Promise.resolve({ page, code, token: 'seed' }); }
}
