import './trusted-types';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import './features/settings/theme.svelte';
import { i18n, preferredLanguage } from './i18n/i18n.svelte';
import { LiveModel } from './model/live.svelte';
import { browserNudges } from './model/reconnect';
import { findWebSocket } from './xmpp/discovery';
import { WebSocketWire } from './xmpp/websocket';

const model = new LiveModel({
  url: (domain) => findWebSocket(domain, new URL(location.href)),
  wire: (events) => new WebSocketWire(events),
  nudges: browserNudges,
});

// Who was here before sees the kept list at once; connecting comes after.
await Promise.all([i18n.use(preferredLanguage()), model.restore()]);
const target = document.getElementById('app');
if (target !== null) mount(App, { target, props: { model, operator: location.hostname, domain: location.hostname } });
