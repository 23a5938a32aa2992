import { doorScenes } from './scenes-doors.mjs';

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

/** A PNG file of a sky over a field, drawn in the page. */
async function drawn(page, top, bottom) {
  const data = await page.evaluate(([sky, field]) => { const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 }); const pen = canvas.getContext('2d'); const blend = pen.createLinearGradient(0, 0, 0, 480); blend.addColorStop(0, sky); blend.addColorStop(1, field); pen.fillStyle = blend; pen.fillRect(0, 0, 640, 480); pen.fillStyle = '#fff4dc'; pen.beginPath(); pen.arc(440, 150, 56, 0, 7); pen.fill(); pen.fillStyle = field; pen.beginPath(); pen.ellipse(200, 470, 360, 170, 0, 0, 7); pen.ellipse(560, 500, 320, 150, 0, 0, 7); pen.fill(); return canvas.toDataURL('image/png').split(',')[1]; }, [top, bottom]);
  return { name: 'foto.png', mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
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
  { name: 'files', hash: '#/chat/lestari%40nyala.id' },
  { name: 'files-top', hash: '#/chat/lestari%40nyala.id', act: (page) => page.evaluate(() => { document.querySelector('article')?.scrollIntoView({ block: 'start' }); }) },
  { name: 'viewer', hash: '#/chat/lestari%40nyala.id', act: async (page) => { await page.locator('.cell button').first().click(); await page.locator('dialog img').waitFor(); } },
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
  { name: 'attach', hash: ayu, act: async (page) => { await page.locator('input[type=file]').setInputFiles([await drawn(page, '#e9a36b', '#3e8f9b'), await drawn(page, '#8fc7e8', '#4c8f57')]); await page.locator('dialog img').first().waitFor(); } },
  { name: 'recording', hash: '#/chat/budi%40nyala.id', act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Rekam pesan suara' : 'Record a voice message' }).click(); await page.getByRole('timer').filter({ hasText: '0:03' }).waitFor(); } },
  { name: 'keys', act: async (page) => { await page.keyboard.press('Control+/'); await page.locator('dialog').waitFor(); } },
  { name: 'found', act: async (page, lang) => { await page.getByRole('searchbox').first().fill(lang === 'id' ? 'payung' : 'umbrella'); await page.locator('[data-found]').nth(40).click(); await page.locator('article.flash').waitFor(); } },
  { name: 'info', hash: `${team}/info` , act: (page) => page.locator('aside h3').waitFor() },
  { name: 'info-person', hash: `${ayu}/info`, act: (page) => page.locator('aside section').nth(3).waitFor() },
  { name: 'info-people', hash: `${team}/info`, act: async (page) => { await page.locator('aside li').nth(3).waitFor(); await page.locator('aside li').nth(3).scrollIntoViewIfNeeded(); } },
  { name: 'info-member', hash: `${team}/info`, act: async (page) => { await page.locator('aside li button').nth(3).click(); await page.getByRole('menu').waitFor(); } },
  { name: 'leave', hash: `${team}/info`, act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Keluar dari grup' : 'Leave group' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'block', hash: `${ayu}/info`, act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Blokir Ayu Lestari' : 'Block Ayu Lestari' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'new-group', hash: '#/new-group', act: async (page) => { await page.locator('nav li button').nth(1).click(); await page.locator('nav li button').nth(2).click(); await page.locator('nav form input:visible').first().fill('Arisan Mawar'); } },
  { name: 'mention', hash: team, act: async (page) => { await page.locator('textarea').pressSequentially('Terima kasih @'); await page.getByRole('option').first().waitFor(); } },
  { name: 'message-readers', hash: team, act: async (page, lang) => { await menuOf(page, lang === 'id' ? 'nanti saya bawa' : 'I will bring it'); await page.getByRole('menuitem', { name: 'Info', exact: true }).click(); await page.locator('aside section').first().waitFor(); } },
  { name: 'group-left', hash: team, act: async (page, lang) => { await page.locator('header .who').click(); await page.getByRole('button', { name: lang === 'id' ? 'Keluar dari grup' : 'Leave group' }).click(); await page.locator('dialog button').first().click(); await page.locator('main footer p').waitFor(); } },
  { name: 'message-info', hash: ayu, act: async (page, lang) => { await menuOf(page, ready[lang]); await page.getByRole('menuitem', { name: 'Info', exact: true }).click(); await page.locator('aside ol').waitFor(); } },
  { name: 'self', hash: '#/chat/dimas%40nyala.id' },
  { name: 'long-name', hash: '#/chat/raden%40nyala.id' },
  { name: 'right-to-left', hash: '#/chat/layla%40nyala.id' },
  { name: 'request', hash: '#/chat/hadiah.resmi%40promo.example' },
  { name: 'find', hash: ayu, act: async (page, lang) => { await page.keyboard.press('Control+f'); await page.getByRole('search').getByRole('searchbox').fill(lang === 'id' ? 'payung' : 'umbrella'); await page.locator('article.flash').waitFor(); } },
  { name: 'starred', hash: '#/starred', act: (page) => page.locator('nav h1').waitFor() },
  { name: 'requests', hash: '#/requests', act: (page) => page.locator('nav [data-jid]').first().waitFor() },
  { name: 'list-fresh', scene: 'fresh' },
  { name: 'clear', hash: ayu, act: async (page, lang) => { await page.locator('main header').getByRole('button', { name: 'Menu' }).click(); await page.getByRole('menuitem', { name: lang === 'id' ? 'Kosongkan obrolan' : 'Clear chat' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'sign-out', scene: 'offline', hash: '#/settings', act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Keluar' : 'Sign out', exact: true }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'new-chat', hash: '#/new', act: (page) => page.locator('nav li').first().waitFor() },
  { name: 'settings', hash: '#/settings', act: (page) => page.locator('fieldset').first().waitFor() },
  { name: 'settings-key', hash: '#/settings', act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Tampilkan kunci' : 'Show the key' }).click(); await page.locator('.key').scrollIntoViewIfNeeded(); await page.locator('.all').evaluate((box) => { box.scrollTop = box.scrollHeight; }); } },
  { name: 'settings-password', hash: '#/settings', act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Ganti kata sandi' : 'Change password' }).click(); await page.locator('.all').evaluate((box) => { box.scrollTop = box.scrollHeight; }); } },
  { name: 'settings-name', hash: '#/settings', act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Nama Anda' : 'Your name' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'crop', hash: '#/settings', act: async (page) => { await page.locator('.me').waitFor(); await page.locator('input[type=file]').setInputFiles(await drawn(page, '#8fc7e8', '#4c8f57')); await page.locator('dialog canvas').waitFor(); } },
  { name: 'delete', act: async (page, lang) => { await page.locator('[data-jid]').nth(2).click({ button: 'right' }); await page.getByRole('menuitem', { name: lang === 'id' ? 'Hapus obrolan' : 'Delete chat' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'add-people', hash: `#/chat/desain%40grup.nyala.id/info`, act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Tambah anggota' : 'Add people' }).click(); await page.locator('dialog li button').first().click(); } },
  { name: 'remove-member', hash: `${team}/info`, act: async (page, lang) => { await page.locator('aside li button').nth(3).click(); await page.getByRole('menuitem', { name: lang === 'id' ? 'Keluarkan dari grup' : 'Remove from the group' }).click(); await page.locator('dialog').waitFor(); } },
  { name: 'blocked', hash: `${ayu}/info`, act: async (page, lang) => { await page.getByRole('button', { name: lang === 'id' ? 'Blokir Ayu Lestari' : 'Block Ayu Lestari' }).click(); await page.locator('dialog footer button').first().click(); await page.locator('aside header button').click(); await page.locator('main footer p').waitFor(); } },
  ...doorScenes,
];
