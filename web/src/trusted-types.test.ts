import { expect, it } from 'vitest';
import { rules } from './trusted-types.ts';

it('lets XML be parsed and nothing become HTML', () => {
  expect(rules.createHTML('<a/>', 'TrustedHTML', 'DOMParser parseFromString')).toBe('<a/>');
  expect(rules.createHTML('<a/>', 'TrustedHTML', 'Element innerHTML')).toBeNull();
  expect(rules.createScript()).toBeNull();
});

it('loads our own workers only', () => {
  expect(rules.createScriptURL('/sw.js')).toBe('http://localhost:5280/sw.js');
  expect(rules.createScriptURL('/assets/omemo.worker-Ab3_x-9.js')).toBe('http://localhost:5280/assets/omemo.worker-Ab3_x-9.js');
  for (const bad of ['https://evil.example/sw.js', '/files/upload.js', 'data:text/javascript,1', '/assets/x.js', '//evil/sw.js']) {
    expect(rules.createScriptURL(bad)).toBeNull();
  }
});
