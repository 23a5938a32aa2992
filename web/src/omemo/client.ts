import { distinct, isDevice } from './address.ts';
import type { Step } from './draft.ts';
import type { Call, Operation, Reply, RequestOf, ResultOf } from './rpc.ts';
import { OmemoError, type Address, type Commit, type Omemo, type Store } from './types.ts';

/** Where operations are computed. */
export interface Runner {
  run(call: Call): Promise<Reply>;
  close(): void;
}

/** Runs one operation after the other: each reads only when what the one before it changed is on disk, or given up. */
export class OmemoClient implements Omemo {
  readonly #store: Store;
  readonly #runner: Runner;
  #last: Promise<unknown> = Promise.resolve();
  #id = 0;

  constructor(store: Store, runner: Runner) {
    this.#store = store;
    this.#runner = runner;
  }

  readonly create: Omemo['create'] = (request, commit) => this.#change('create', request, [], commit);
  readonly own: Omemo['own'] = () => this.#ask('own', undefined, []);
  readonly exportIdentity: Omemo['exportIdentity'] = () => this.#ask('exportIdentity', undefined, []);
  readonly upkeep: Omemo['upkeep'] = (request, commit) => this.#change('upkeep', request, [], commit);
  readonly ready: Omemo['ready'] = (devices) => this.#ask('ready', devices, devices);
  readonly start: Omemo['start'] = (request, commit) => this.#change('start', request, request.bundles, commit);
  readonly encrypt: Omemo['encrypt'] = (request, commit) => this.#change('encrypt', request, request.devices, commit);
  readonly decrypt: Omemo['decrypt'] = (request, commit) =>
    this.#change('decrypt', request, request.messages.map((each) => ({ jid: each.from, device: each.sid })), commit);
  readonly decide: Omemo['decide'] = (request, commit) => this.#change('decide', request, [request], commit);
  readonly forget: Omemo['forget'] = (devices, commit) => this.#change('forget', devices, [], commit);

  close(): void {
    this.#runner.close();
  }

  #ask<K extends Operation>(name: K, request: RequestOf<K>, about: readonly Address[]): Promise<ResultOf<K>> {
    return this.#inTurn(async () => (await this.#compute(name, request, about)).result);
  }

  #change<K extends Operation>(name: K, request: RequestOf<K>, about: readonly Address[], commit: Commit<ResultOf<K>>): Promise<ResultOf<K>> {
    return this.#inTurn(async () => {
      const { result, changes } = await this.#compute(name, request, about);
      await commit(result, changes);
      return result;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #compute<K extends Operation>(name: K, request: RequestOf<K>, about: readonly Address[]): Promise<Step<ResultOf<K>>> {
    const sessions = distinct(about.filter((each) => isDevice(each.device)));
    const state = await this.#store.read({ sessions, jids: [...new Set(about.map((each) => each.jid))] });
    this.#id++;
    const reply = await this.#runner.run({ id: this.#id, name, state, request });
    if ('problem' in reply) throw new OmemoError(reply.problem.kind, reply.problem.detail);
    return reply.step as Step<ResultOf<K>>;
  }
}
