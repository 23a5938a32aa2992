/**
 * The page's only way around its policy `require-trusted-types-for 'script'`: XML may be parsed (it never becomes part of the
 * page), and our own worker files may be loaded. To be imported before everything else.
 */

interface PolicyRules {
  createHTML(text: string, type: string, sink: string): string | null;
  createScript(): null;
  createScriptURL(url: string): string | null;
}
interface PolicyFactory {
  createPolicy(name: 'default', rules: PolicyRules): unknown;
}

const SCRIPTS: readonly RegExp[] = [/^\/sw\.js$/, /^\/assets\/[a-z]+\.worker-[\w-]+\.js$/];

/** Refusing is returning null: the browser then throws at the place that tried. */
export const rules: PolicyRules = {
  createHTML: (text, _, sink) => (sink === 'DOMParser parseFromString' ? text : null),
  createScript: () => null,
  createScriptURL: (text) => {
    const url = URL.canParse(text, location.href) ? new URL(text, location.href) : undefined;
    return url && url.origin === location.origin && SCRIPTS.some((script) => script.test(url.pathname)) ? url.href : null;
  },
};

(globalThis as { trustedTypes?: PolicyFactory }).trustedTypes?.createPolicy('default', rules);
