import { Core } from './core.ts';
import { answer, type Call, type Reply } from './rpc.ts';

/** As much of a worker's global scope as is used; the page's types know another one. */
interface Scope {
  onmessage: ((event: { data: Call }) => void) | null;
  postMessage(reply: Reply): void;
}

const scope = globalThis as unknown as Scope;
const core = new Core();

scope.onmessage = ({ data }) => {
  void answer(core, data).then((reply) => {
    scope.postMessage(reply);
  });
};
