import { mount } from 'svelte';
import '../src/styles/tokens.css';
import '../src/styles/base.css';
import { i18n, preferredLanguage } from '../src/i18n/i18n.svelte';
import '../src/features/settings/theme.svelte';
import Seed from './Seed.svelte';

await i18n.use(preferredLanguage());
const target = document.getElementById('app');
const asked = new URLSearchParams(location.search);
if (target !== null) mount(Seed, { target, props: { scene: asked.get('scene') ?? '', token: asked.get('token') ?? undefined } });
