/** The same address on this machine under its other name, which a browser keeps apart; undefined where there is none. */
export function elsewhere(address: string): string | undefined {
  const url = new URL(address);
  const names: Readonly<Record<string, string>> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' };
  const other = names[url.hostname];
  if (other === undefined) return undefined;
  url.hostname = other;
  return url.href;
}

/** The browser inside another app that a page was opened in: its storage goes with it, so nobody should make an account there. */
export function insideApp(userAgent: string): 'android' | 'ios' | undefined {
  const inside = /\b(?:Instagram|FBAN|FBAV|FB_IAB|WhatsApp|musical_ly|BytedanceWebview|TikTok|Line\/|Twitter|MicroMessenger|Snapchat)/iu.test(userAgent) || /; wv\)/u.test(userAgent);
  if (!inside) return undefined;
  return /iPhone|iPad|iPod/u.test(userAgent) ? 'ios' : /Android/u.test(userAgent) ? 'android' : undefined;
}

/** An address that Android opens in Chrome, else in the browser that the person has chosen. */
export function inChrome(address: string): string {
  const url = new URL(address);
  const fallback = encodeURIComponent(url.href);
  return `intent://${url.host}${url.pathname}${url.search}#Intent;scheme=${url.protocol.slice(0, -1)};package=com.android.chrome;S.browser_fallback_url=${fallback};end`;
}

/** An address that iOS 17 and later open in Safari. */
export const inSafari = (address: string): string => `x-safari-${address}`;
