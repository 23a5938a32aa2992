import type { Core } from './core.ts';
import type { Step } from './draft.ts';
import { OmemoError, type Problem, type State } from './types.ts';

export type Operation = keyof Core;
export type RequestOf<K extends Operation> = Parameters<Core[K]> extends [State, infer R] ? R : undefined;
export type ResultOf<K extends Operation> = Awaited<ReturnType<Core[K]>> extends Step<infer T> ? T : never;

export interface Call {
  readonly id: number;
  readonly name: Operation;
  readonly state: State;
  readonly request: unknown;
}

export type Reply = { readonly id: number } & ({ readonly step: Step<unknown> } | { readonly problem: Problem });

/** Answers one call: in the worker, and in tests without one. */
export async function answer(core: Core, call: Call): Promise<Reply> {
  try {
    const operation = core[call.name] as (this: Core, state: State, request: unknown) => Step<unknown> | Promise<Step<unknown>>;
    return { id: call.id, step: await operation.call(core, call.state, call.request) };
  } catch (error) {
    return { id: call.id, problem: problemOf(error) };
  }
}

/** Errors lose their class on the way out of a worker. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof OmemoError)) return { kind: 'failed', detail: String(error) };
  return error.detail === undefined ? { kind: error.kind } : { kind: error.kind, detail: error.detail };
}
