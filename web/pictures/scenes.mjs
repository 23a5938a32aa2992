/** The scenes: what the seed is set to, where the app stands, and what a person does before the picture is taken. */
const ayu = '#/chat/ayu%40nyala.id';
const team = '#/chat/rt05%40grup.nyala.id';
const bubble = (page, text) => page.locator('article', { hasText: text }).last().locator('.bubble');
const words = { id: { search: 'Cari obrolan atau pesan', emoji: 'Emoji', reply: 'Balas', remove: 'Hapus', forward: 'Teruskan', edit: 'Edit', select: 'Pilih', next: 'Bunyi' }, en: { search: 'Search chats or messages', emoji: 'Emoji', reply: 'Reply', remove: 'Delete', forward: 'Forward', edit: 'Edit', select: 'Select' } };
const ready = { id: 'Mobil sudah siap', en: 'The car is ready' };

async function menuOf(page, text) {
  await bubble(page, text).scrollIntoViewIfNeeded();
  await bubble(page, text).click({ button: 'right' });
  await page.getByRole('menu').waitFor();
}

const scrollTo = async (page, text) => { await page.evaluate((wanted) => { [...document.querySelectorAll('article')].filter((row) => row.textContent.includes(wanted)).at(-1)?.scrollIntoView({ block: 'start' }); }, text); };

export const scenes = [
  { name: 'list' },
  { name: 'list-empty', scene: 'empty' },
  { name: 'list-search', act: async (page, lang) => { await page.getByRole('searchbox').first().fill(lang === 'id' ? 'si' : 'th'); await page.locator('[data-found]').first().waitFor(); } },
  { name: 'list-menu', act: async (page) => { await page.locator('[data-jid]').nth(2).click({ button: 'right' }); await page.getByRole('menu').waitFor(); } },
  { name: 'list-archived', hash: '#/archived' },
  { name: 'chat', hash: ayu },
  { name: 'chat-pictures', hash: ayu, act: (page, lang) => scrollTo(page, lang === 'id' ? 'Kita jadi berangkat' : 'Are we still leaving') },
  { name: 'chat-media', hash: ayu, act: (page, lang) => scrollTo(page, lang === 'id' ? 'Lengkap sekali' : 'So complete') },
  { name: 'chat-cards', hash: ayu, act: (page, lang) => scrollTo(page, lang === 'id' ? 'Alun-alun' : 'Wonosobo town') },
  { name: 'chat-long', hash: ayu, act: (page, lang) => scrollTo(page, lang === 'id' ? 'Rencana perjalanan' : 'The plan for our trip') },
  { name: 'group', hash: team },
  { name: 'group-top', hash: team, act: (page, lang) => scrollTo(page, lang === 'id' ? 'Bapak Ibu' : 'Dear all') },
  { name: 'offline', scene: 'offline', hash: ayu },
  { name: 'failed', scene: 'failed', hash: '#/chat/budi%40nyala.id' },
  { name: 'message-menu', hash: ayu, act: (page, lang) => menuOf(page, ready[lang]) },
  { name: 'reply', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: words[lang].reply, exact: true }).click(); await page.locator('textarea').fill(lang === 'id' ? 'Kalau bannya?\nKemarin agak kempes.\nSaya bisa bawa pompa.' : 'And the tyres?\nThey were a bit flat.\nI can bring a pump.'); } },
  { name: 'edit', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: words[lang].edit, exact: true }).click(); } },
  { name: 'remove', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: words[lang].remove, exact: true }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'forward', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: words[lang].forward, exact: true }).click(); await page.locator('dialog li button').nth(1).click(); } },
  { name: 'selection', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: words[lang].select, exact: true }).click(); await page.locator('article').last().click(); } },
  { name: 'emoji', hash: ayu, act: async (page, lang) => { await page.getByRole('button', { name: words[lang].emoji, exact: true }).click(); await page.locator('.grid').first().waitFor(); } },
  { name: 'info', hash: `${team}/info` , act: (page) => page.locator('aside h3').waitFor() },
  { name: 'message-info', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: 'Info', exact: true }).click(); await page.locator('aside ol').waitFor(); } },
  { name: 'self', hash: '#/chat/dimas%40nyala.id' },
  { name: 'long-name', hash: '#/chat/raden%40nyala.id' },
  { name: 'right-to-left', hash: '#/chat/layla%40nyala.id' },
  { name: 'request', hash: '#/chat/hadiah.resmi%40promo.example' },
  { name: 'new-chat', hash: '#/new', act: (page) => page.locator('nav li').first().waitFor() },
  { name: 'settings', hash: '#/settings', act: (page) => page.locator('fieldset').first().waitFor() },
  { name: 'first-start', scene: 'first-start' },
  { name: 'invite', scene: 'invite' },
  { name: 'invite-name', scene: 'invite-name', act: async (page, lang) => { await page.locator('input').first().fill('dimas_p'); await page.getByText(lang === 'id' ? 'Tersedia' : 'Available').waitFor(); } },
  { name: 'sign-in', scene: 'sign-in' },
  { name: 'stranger', scene: 'stranger', act: async (page) => { await page.locator('input').first().fill('ayu'); await page.locator('input[type=password]').fill('salah'); await page.locator('form button[type=submit]').click(); await page.locator('p.bad').filter({ hasText: /./ }).waitFor(); } },
];
