import { afterEach, beforeEach, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { ROMEO, Scene } from './testing.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  ({ server } = scene);
});

afterEach(() => scene.end());

const ITEM = (shown: boolean): string => `<item id='current'><last-seen xmlns='${NS.lastSeen}' shown='${shown}'/></item>`;
/** What the server was told, in order. */
const told = (): (string | undefined)[] =>
  server.stanzas.flatMap((stanza) => child(child(child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'item', NS.pubsub), 'last-seen', NS.lastSeen) ?? []).map((choice) => attribute(choice, 'shown'));

/** The server has this choice of the account's. */
function has(shown: boolean): void {
  const answer = server.answer;
  server.answer = (stanza, scripted) =>
    attribute(child(child(stanza, 'pubsub', NS.pubsub), 'items', NS.pubsub), 'node') === NS.lastSeen
      ? `<iq xmlns='${NS.client}' type='result' id='%id%'><pubsub xmlns='${NS.pubsub}'><items node='${NS.lastSeen}'>${ITEM(shown)}</items></pubsub></iq>`
      : answer(stanza, scripted);
}

it('who has never chosen is not seen last, and the server is told so', async () => {
  const { model } = await scene.signedIn();
  await until(() => told().length > 0, 'the server to be told');
  expect([told(), model.people.lastSeen]).toEqual([['false'], false]);
});

it('a choice reaches the server, also when there is no connection as it is made', async () => {
  const { model, nudge } = await scene.signedIn();
  await until(() => told().length === 1);
  await model.people.setLastSeen(true);
  await until(() => told().length === 2, 'the server to be told');
  server.down = true;
  server.resumable = false;
  server.socket.cut();
  await until(() => model.connection !== 'online', 'the cut');
  await model.people.setLastSeen(false);
  server.down = false;
  nudge();
  await until(() => told().length === 3, 'the server to be told later');
  expect(told()).toEqual(['false', 'true', 'false']);
});

it('what another device has chosen holds here too, at once', async () => {
  has(true);
  const { model } = await scene.signedIn();
  await until(() => model.people.lastSeen, 'the choice of another device');
  server.tell(`<message xmlns='${NS.client}' from='${ROMEO}' to='${ROMEO}'><event xmlns='${NS.pubsubEvent}'><items node='${NS.lastSeen}'>${ITEM(false)}</items></event></message>`);
  await until(() => !model.people.lastSeen, 'another choice');
  expect(told()).toEqual([]);
});
