import { mount } from 'svelte';
import '../src/styles/tokens.css';
import '../src/styles/base.css';
import '../src/features/settings/theme.svelte';
import { preferredLanguage } from '../src/i18n/i18n.svelte';
import Demo from './Demo.svelte';
import { Stage } from './stage.svelte';

mount(Demo, { target: document.getElementById('app') ?? document.body, props: { stage: new Stage(preferredLanguage()) } });
