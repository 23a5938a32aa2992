import { describe, expect, it } from 'vitest';
import { elsewhere, inChrome, insideApp, inSafari } from './places';

const ANDROID = 'Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

describe('the browser inside another app', () => {
  it.each([
    [`${ANDROID} Instagram 330.0.0`, 'android'], [`${IPHONE} Instagram 330.0.0`, 'ios'], [`${IPHONE} [FBAN/FBIOS;FBAV/470.0]`, 'ios'], [`${ANDROID} [FB_IAB/FB4A;FBAV/470.0]`, 'android'],
    [`${ANDROID} WhatsApp/2.24`, 'android'], [`${ANDROID} BytedanceWebview/d8a21c6 musical_ly`, 'android'], [ANDROID.replace('SM-A155F)', 'SM-A155F; wv)'), 'android'],
  ] as const)('is known: %s', (agent, where) => expect(insideApp(agent)).toBe(where));
  it.each([ANDROID, `${IPHONE} Version/17.5 Safari/604.1`, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36'])('is not seen in %s', (agent) => expect(insideApp(agent)).toBeUndefined());
  it('is left for Chrome and for Safari', () => {
    expect(inChrome('https://nyala.id/invite/abc')).toBe('intent://nyala.id/invite/abc#Intent;scheme=https;package=com.android.chrome;S.browser_fallback_url=https%3A%2F%2Fnyala.id%2Finvite%2Fabc;end');
    expect(inSafari('https://nyala.id/invite/abc')).toBe('x-safari-https://nyala.id/invite/abc');
  });
});

describe('the other name of this machine', () => {
  it.each([['http://localhost:5280/invite/abc', 'http://127.0.0.1:5280/invite/abc'], ['http://127.0.0.1:5280/', 'http://localhost:5280/']])('of %s', (here, there) => expect(elsewhere(here)).toBe(there));
  it('is there for nothing else', () => expect(elsewhere('https://nyala.id/')).toBeUndefined());
});
