import { attribute, children, parse } from './dom.ts';
import { NS } from './ns.ts';

/**
 * Where the domain's WebSocket is (XEP-0156 §3), asked from the page's own server.
 * @param base The page's address.
 * @returns an address of the page's own origin where discovery says nothing that may be used: the policy of the page allows
 * no other, and a page that came encrypted never goes on in clear.
 */
export async function findWebSocket(domain: string, base: URL, get: typeof fetch = fetch): Promise<string> {
  const own = `${base.protocol === 'https:' ? 'wss:' : 'ws:'}//${base.host}/xmpp-websocket`;
  if (domain === base.hostname || base.hostname === '127.0.0.1' || base.hostname === 'localhost') return own;
  for (const [path, read] of [
    ['host-meta.json', readJson],
    ['host-meta', readXml],
  ] as const) {
    try {
      const answer = await get(`https://${domain}/.well-known/${path}`, { credentials: 'omit', signal: AbortSignal.timeout(5000) });
      const found = answer.ok ? read((await answer.text()).slice(0, 65_536)) : undefined;
      if (found?.startsWith('wss://') && URL.canParse(found)) return found;
    } catch {
      // The next way, and at last the page's own server.
    }
  }
  return own;
}

export function readJson(text: string): string | undefined {
  try {
    const links = (JSON.parse(text) as { links?: unknown }).links;
    if (!Array.isArray(links)) return undefined;
    const link = links.find((candidate: { rel?: unknown } | null) => candidate?.rel === NS.altWebSocket) as { href?: unknown } | undefined;
    return typeof link?.href === 'string' ? link.href : undefined;
  } catch {
    return undefined;
  }
}

export function readXml(text: string): string | undefined {
  const link = children(parse(text), 'Link', NS.xrd).find((candidate) => attribute(candidate, 'rel') === NS.altWebSocket);
  return attribute(link, 'href');
}
