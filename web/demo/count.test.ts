import { describe, expect, it } from 'vitest';
import type { Tally } from '../src/demo/protocol';
import { count } from './count';

type Side = Parameters<typeof count>[0];
const side = (account: string, more: Partial<Tally> = {}): Side => ({ account, rooms: [], own: [], theirs: [], ...more });
const [ayu, budi, room] = ['ayu@localhost', 'budi@localhost', 'rt05@rooms.localhost'];

describe('the counter', () => {
  it('counts what is written, what is safe and what is there', () => {
    const own: Tally['own'] = [
      { id: '1', chat: budi, state: 'read' },
      { id: '2', chat: budi, state: 'safe' },
      { id: '3', chat: budi, state: 'sending' },
    ];
    const theirs = [{ id: '1', chat: ayu }];
    expect(count(side(ayu, { own }), side(budi, { theirs }))).toEqual({ sent: 3, safe: 2, arrived: 1, doubled: 0 });
    expect(count(side(budi, { theirs }), side(ayu, { own }))).toEqual({ sent: 3, safe: 2, arrived: 1, doubled: 0 });
  });

  it('takes no failed message for a safe one', () => {
    expect(count(side(ayu, { own: [{ id: '1', chat: budi, state: 'failed' }] }), side(budi)).safe).toBe(0);
  });

  it('counts a group both are in, and nothing that goes to others', () => {
    const own: Tally['own'] = [
      { id: '1', chat: room, state: 'safe' },
      { id: '2', chat: 'citra@localhost', state: 'safe' },
      { id: '3', chat: 'sd@rooms.localhost', state: 'safe' },
    ];
    const rooms = [room, 'sd@rooms.localhost'];
    expect(count(side(ayu, { own, rooms }), side(budi, { rooms: [room], theirs: [{ id: '1', chat: room }] }))).toEqual({ sent: 1, safe: 1, arrived: 1, doubled: 0 });
  });

  it('does not take the same id in another chat for an arrival', () => {
    const own: Tally['own'] = [{ id: '1', chat: budi, state: 'safe' }];
    expect(count(side(ayu, { own }), side(budi, { theirs: [{ id: '1', chat: 'citra@localhost' }] })).arrived).toBe(0);
  });

  it('shows what has come twice', () => {
    const own: Tally['own'] = [{ id: '1', chat: budi, state: 'safe' }];
    const twice = [{ id: '1', chat: ayu }, { id: '1', chat: ayu }];
    expect(count(side(ayu, { own }), side(budi, { theirs: twice }))).toEqual({ sent: 1, safe: 1, arrived: 1, doubled: 1 });
  });
});
