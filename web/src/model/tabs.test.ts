import { afterEach, expect, it } from 'vitest';
import { until } from '../xmpp/testing.ts';
import { Tabs, type Notice } from './tabs.ts';
import { Locks } from './testing.ts';

const open: Tabs[] = [];
afterEach(() => {
  for (const tab of open.splice(0)) tab.close();
});

function tab(locks: Locks, name: string, log: string[]): Tabs {
  const made = new Tabs({
    account: 'a@b',
    locks: locks as unknown as LockManager,
    lead: () => log.push(`${name} leads`),
    notice: (notice: Notice) => log.push(`${name} hears ${notice.kind}`),
    serve: (method, args) => (method === 'fail' ? Promise.reject(new Error('no')) : Promise.resolve(`${name} did ${method} ${args.join()}`)),
  });
  open.push(made);
  return made;
}

it('name one leader, and the next when it goes', async () => {
  const locks = new Locks();
  const log: string[] = [];
  const first = tab(locks, 'first', log);
  await until(() => first.leading);
  const second = tab(locks, 'second', log);
  await until(() => log.includes('first hears hello'));
  expect(second.leading).toBe(false);
  first.close();
  await until(() => second.leading);
  expect(log.filter((line) => line.endsWith('leads'))).toEqual(['first leads', 'second leads']);
});

it('ask the leader, which may be oneself', async () => {
  const locks = new Locks();
  const first = tab(locks, 'first', []);
  await until(() => first.leading);
  const second = tab(locks, 'second', []);
  expect(await second.ask('x', 1, 2)).toBe('first did x 1,2');
  expect(await first.ask('x')).toBe('first did x ');
  await expect(second.ask('fail')).rejects.toThrow('no');
});

it('never lead when they closed while they waited', async () => {
  const locks = new Locks();
  const log: string[] = [];
  const first = tab(locks, 'first', log);
  await until(() => first.leading);
  const second = tab(locks, 'second', log);
  const third = tab(locks, 'third', log);
  second.close();
  first.close();
  await until(() => third.leading);
  expect(log).not.toContain('second leads');
});
