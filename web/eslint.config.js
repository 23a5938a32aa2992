import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

// Who may import whom: ui <- features -> model -> xmpp, omemo. `main.ts` and `App.svelte` see everything.
const zones = [
  { target: './src/xmpp', from: ['./src/model', './src/features', './src/ui', './src/i18n'], message: 'xmpp imports nothing of ours.' },
  { target: './src/omemo', from: ['./src/xmpp', './src/model', './src/features', './src/ui', './src/i18n'], message: 'omemo imports nothing of ours.' },
  { target: './src/model', from: ['./src/features', './src/ui', './src/i18n'], message: 'The model knows no screens.' },
  { target: './src/ui', from: ['./src/model', './src/xmpp', './src/omemo', './src/features'], message: 'ui knows only its props.' },
  { target: './src/features', from: ['./src/xmpp', './src/omemo'], message: 'Screens speak to the model.' },
  { target: './src/i18n', from: ['./src/model', './src/xmpp', './src/omemo', './src/features', './src/ui'], message: 'i18n stands alone.' },
];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'e2e/.results/'] },
  ...tseslint.configs.strict,
  ...svelte.configs.recommended,
  {
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.js', '.svelte', '.svelte.ts'] })],
      'import-x/extensions': ['.ts', '.js', '.svelte'],
      // What is not ours is not read for cycles: written in what the parser of the file that imports it need not understand.
      'import-x/ignore': ['/node_modules/'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'], 'svelte-eslint-parser': ['.svelte'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Never HTML from data.' },
        { property: 'outerHTML', message: 'Never HTML from data.' },
        { property: 'insertAdjacentHTML', message: 'Never HTML from data.' },
        { object: 'navigator', property: 'onLine', message: 'It is wrong too often to be asked.' },
      ],
      'svelte/no-at-html-tags': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  {
    // Also where a TypeScript file imports a component, which is then read as that file would be.
    files: ['**/*.svelte', '**/*.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  // The model's getters are what reacts; its maps behind them are looked up only.
  { files: ['src/model/*.svelte.ts', 'demo/*.svelte.ts'], rules: { 'svelte/prefer-svelte-reactivity': 'off' } },
  { files: ['**/*.test.ts', 'e2e/**'], rules: { 'max-lines-per-function': 'off' } },
);
