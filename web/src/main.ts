import './trusted-types';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import './features/settings/theme.svelte';
import { i18n, preferredLanguage } from './i18n/i18n.svelte';
import { LiveModel } from './model/live.svelte';
import { browserNudges } from './model/nudges';
import { WebSocketWire } from './xmpp/websocket';

const target = document.getElementById('app') ?? document.body;
const RELOADED = 'nyala.reloaded';

// A part of the app has not come. Where the network is to blame it comes when it is asked for again: to leave the page would show
// the browser's own. Where the build is gone everywhere, the page is too old. Once, so that a server without the part is no loop.
addEventListener('vite:preloadError', () => {
  if (sessionStorage.getItem(RELOADED) === import.meta.url) return;
  void isReplaced().then((is) => {
    if (!is) return;
    sessionStorage.setItem(RELOADED, import.meta.url);
    location.reload();
  });
});

/** Whether the server has another page now. What is asked keeps the service worker out of it. */
async function isReplaced(): Promise<boolean> {
  const answer = await fetch('/?now', { cache: 'no-store' }).catch(() => undefined);
  return answer?.ok === true && !(await answer.text()).includes(new URL(import.meta.url).pathname);
}

async function begin(): Promise<void> {
  await i18n.use(preferredLanguage());
  if (!isSecureContext) {
    mount((await import('./features/doors/Insecure.svelte')).default, { target });
    return;
  }
  const model = new LiveModel({ url: async (domain) => (await import('./xmpp/discovery')).findWebSocket(domain, new URL(location.href)), wire: (events) => new WebSocketWire(events), nudges: browserNudges, omemo: async (store) => (await import('./omemo/open')).openOmemo(store), seals: 'asked' });
  try {
    // Who was here before sees the kept list at once; connecting comes after.
    if (!(await inDemo(model))) await model.restore();
  } catch {
    mount((await import('./features/doors/Blocked.svelte')).default, { target });
    return;
  }
  mount(App, { target, props: { model, invited: /^\/invite\/([^/]+)$/u.exec(location.pathname)?.[1] } });
  if ('serviceWorker' in navigator && import.meta.env.PROD) {
    const { default: UpdateNotice } = await import('./features/shell/UpdateNotice.svelte');
    mount(UpdateNotice, { target: document.body, props: { settled: async () => model.me === null || (await model.unsent()) === 0 } });
  }
}

/** Whether the demo's page (`nyala run --demo`) frames this one and has said who is here; no other server names such a page. */
async function inDemo(model: LiveModel): Promise<boolean> {
  const page = document.querySelector<HTMLMetaElement>('meta[name="nyala-demo"]')?.content;
  if (page === undefined || parent === window) return false;
  await (await import('./demo/side')).enter(model, page);
  return true;
}

await begin();
