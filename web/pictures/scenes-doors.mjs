/** The scenes of coming in and of letting others in: the doors as the server's answers open them, the first steps, links. */
const start = { domain: 'nyala.id', name: 'Nyala Wonosobo', registration: 'invite', isEmpty: false, address: 'https://nyala.id', isReachable: true };
const named = (lang) => ({ ...start, sentence: lang === 'id' ? 'Tempat mengobrol warga Wonosobo, dikelola Dinas Kominfo.' : 'Where the people of Wonosobo talk, run by their town hall.' });
const invitation = (more) => (lang) => ({ createsAccount: true, app: 'xmpp:nyala.id', greeting: lang === 'id' ? 'Hai! Yuk ngobrol di sini 👋' : 'Hi! Let us chat here 👋', inviter: { address: 'ayu@nyala.id', name: 'Ayu Lestari', isThere: true, hasFace: false }, ...more });
const group = (needsApproval) => invitation({ greeting: undefined, inviter: undefined, room: { address: 'rt05@grup.nyala.id', title: 'Warga RT 05 Mawar', members: 200, needsApproval } });
const door = (invited, more = {}) => ({ scene: 'doors', token: 'seed', answers: { '/start': named, '/start/invite/seed': invited }, ...more });
const missing = /404/u;
const steps = JSON.stringify({ address: 'http://localhost:5280', isReachable: false });
const notes = '#/chat/dimas%40nyala.id';
const press = async (page, lang, id, en) => { await page.getByRole('button', { name: lang === 'id' ? id : en }).first().click(); };
const asked = async (page) => { await page.locator('dialog').waitFor(); };

export const doorScenes = [
  { name: 'first-start', scene: 'first-start' },
  { name: 'first-welcome', ...door(invitation({ inviter: undefined, greeting: undefined })) },
  { name: 'first-steps', hash: notes, kept: { 'nyala.steps': steps }, act: (page) => page.locator('main section ol li').nth(2).waitFor() },
  { name: 'first-second', hash: notes, kept: { 'nyala.steps': steps }, act: async (page, lang) => { await press(page, lang, 'Coba sebagai orang kedua', 'Try it as a second person'); await asked(page); } },
  { name: 'first-domain', hash: notes, kept: { 'nyala.steps': steps }, act: async (page, lang) => { await press(page, lang, 'Hubungkan domain', 'Connect a domain'); await asked(page); } },
  { name: 'invite', scene: 'invite' },
  { name: 'invite-name', scene: 'invite-name', act: async (page, lang) => { await page.locator('input').first().fill('dimas_p'); await page.getByText(lang === 'id' ? 'Tersedia' : 'Available').waitFor(); } },
  { name: 'invite-taken', scene: 'invite-name', act: async (page, lang) => { await page.locator('input').first().fill('budi'); await page.getByText(lang === 'id' ? 'Sudah dipakai' : 'Taken by').waitFor(); } },
  { name: 'invite-group', ...door(group(false)) },
  { name: 'invite-group-ask', ...door(group(true)) },
  { name: 'invite-contact', ...door(invitation({ createsAccount: false })) },
  { name: 'invite-gone', ...door(undefined, { expects: missing }) },
  { name: 'invite-inside', ...door(invitation({}), { scene: 'doors-inside' }) },
  { name: 'invite-group-inside', ...door(group(false), { scene: 'doors-inside' }) },
  { name: 'invite-in-app', ...door(invitation({}), { userAgent: 'Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36 Instagram 330.0.0' }) },
  { name: 'invite-in-app-ios', ...door(invitation({}), { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 330.0.0' }) },
  { name: 'sign-in', scene: 'sign-in' },
  { name: 'stranger', ...door(undefined, { token: undefined }) },
  { name: 'stranger-wrong', scene: 'stranger', act: async (page) => { await page.locator('input').first().fill('ayu'); await page.locator('input[type=password]').fill('salah'); await page.locator('form button[type=submit]').click(); await page.locator('p.bad').filter({ hasText: /./ }).waitFor(); } },
  { name: 'stranger-open', scene: 'doors', answers: { '/start': (lang) => ({ ...named(lang), registration: 'open' }) }, act: (page) => page.locator('form').waitFor() },
  { name: 'stranger-join', scene: 'doors', answers: { '/start': (lang) => ({ ...named(lang), registration: 'open' }) }, act: (page, lang) => press(page, lang, 'Buat akun', 'Create an account') },
  { name: 'stranger-paste', ...door(undefined, { token: undefined }), act: async (page, lang) => { await press(page, lang, 'Saya punya undangan', 'I have an invitation'); await page.locator('input').fill('halo'); await page.locator('form button').click(); await page.locator('p.bad').filter({ hasText: /./ }).waitFor(); } },
  { name: 'unreachable', scene: 'doors', token: 'seed', answers: { '/start': undefined, '/start/invite/seed': undefined }, expects: missing },
  { name: 'insecure', scene: 'insecure', answers: { '/start': named } },
  { name: 'insecure-ask', scene: 'insecure', answers: { '/start': { ...start, address: 'http://10.0.0.5:5280' } } },
  { name: 'blocked-storage', scene: 'blocked' },
  { name: 'link', hash: '#/settings', act: async (page, lang) => { await press(page, lang, 'Ajak seseorang', 'Invite somebody'); await page.locator('dialog input').fill(lang === 'id' ? 'Hai! Yuk ngobrol di sini 👋' : 'Hi! Let us chat here 👋'); } },
  { name: 'link-made', hash: '#/settings', act: async (page, lang) => { await press(page, lang, 'Ajak seseorang', 'Invite somebody'); await page.locator('dialog footer button').first().click(); await page.locator('dialog img').waitFor(); } },
  { name: 'link-group', hash: '#/chat/rt05%40grup.nyala.id/info', act: async (page, lang) => { await press(page, lang, 'Tautan grup', 'Group link'); await asked(page); } },
];
