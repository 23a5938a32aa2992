import { attachment, chat, days, hours, me, message, minutes, moment, picture, reaction, type Chat, type Message, type SeedLanguage } from './build.ts';
import { peaks, withMedia } from './media.ts';
import { ayu, budi, citra, dewi, eka, fajar, harto, long, pictured, rtl, stranger } from './people.ts';
import { beach, cat, faces, food, hills, night, panorama, sticker, street } from './pictures.ts';

export interface SeedChat { chat: Chat; messages: Message[] }

const longText = {
  id: 'Rencana perjalanan kita ke Dieng, supaya semua orang tahu jadwalnya. Kita berkumpul hari Sabtu pukul empat pagi di depan balai warga, jadi tolong jangan terlambat karena jalan akan macet setelah matahari terbit. Bawa jaket tebal, senter, sepatu yang nyaman, dan botol minum masing-masing. ',
  en: 'The plan for our trip to Dieng, so that everyone knows the schedule. We meet on Saturday at four in the morning in front of the community hall, so please be on time, as the road gets crowded after sunrise. Bring a thick jacket, a torch, comfortable shoes and your own water bottle. ',
};

/** The chat with every kind of bubble. */
function withAyu(lang: SeedLanguage): SeedChat {
  const say = (id: string, en: string): string => (lang === 'id' ? id : en);
  const jid = ayu.jid;
  const sunrise = message(jid, me, 41 * minutes, '', { attachments: [picture(beach, 640, 480)] });
  const older: Message[] = [];
  const lines = [['Pagi!', 'Morning!'], ['Sudah sarapan?', 'Had breakfast?'], ['Belum, nanti sekalian di kantor.', 'Not yet, later at the office.'], ['Jangan lupa payung, katanya hujan.', 'Do not forget an umbrella, they say rain.'], ['Siap 🙏', 'Will do 🙏'], ['Foto kemarin bagus sekali.', 'Yesterday’s photos are lovely.'], ['Yang di pantai paling saya suka.', 'I like the one at the beach best.']] as const;
  for (let at = 0; at < 400; at++) {
    const [id, en] = lines[at % lines.length] ?? ['', ''];
    older.push(message(jid, at % 3 === 0 ? me : ayu, 9 * days - at * 20 * minutes, say(id, en)));
  }
  return {
    chat: chat(jid, ayu.name, { avatar: faces.ayu, pinned: true, online: true }),
    messages: [
      ...older,
      message(jid, ayu, days + 5 * hours, longText[lang].repeat(14).slice(0, 4000)),
      message(jid, me, days + 4.9 * hours, say('Lengkap sekali. *Terima kasih*, saya _baca_ dulu pelan-pelan ~sebentar~ 😄\n> Bawa jaket tebal\nSudah ada. Resepnya di `catatan`, petanya di https://nyala.id/peta_dieng.', 'So complete. *Thank you*, I will _read_ it slowly ~quickly~ 😄\n> Bring a thick jacket\nGot one. The recipe is in `notes`, the map at https://nyala.id/map_dieng.'), { edited: true }),
      message(jid, ayu, days + 4.8 * hours, '', { attachments: [attachment('file', say('Anggaran perjalanan Dieng November 2026 (final, sudah disetujui).xlsx', 'Budget for the Dieng trip November 2026 (final, approved).xlsx'), { size: 84_200, state: 'remote' })] }),
      message(jid, ayu, days + 4.79 * hours, '', { attachments: [attachment('location', say('Alun-alun Wonosobo', 'Wonosobo town square'), { url: 'geo:-7.358,109.903' })] }),
      message(jid, me, days + 4.7 * hours, '', { attachments: [attachment('contact', long.name, { url: `xmpp:${long.jid}` })] }),
      message(jid, ayu, 3.1 * hours, say('Ini artikel yang saya ceritakan: https://contoh.id/sarapan-jogja', 'This is the article I told you about: https://contoh.id/sarapan-jogja'), { attachments: [attachment('link', say('12 sarapan di Jogja yang buka sebelum matahari terbit', '12 breakfasts in Jogja that open before sunrise'), { url: 'https://contoh.id/sarapan-jogja', thumbnail: food })] }),
      message(jid, me, 3 * hours, '', { attachments: [attachment('voice', '', { seconds: 14, type: 'audio/ogg' })], reactions: [reaction('😂', false, ayu.name)] }),
      message(jid, ayu, 2.9 * hours, '', { attachments: [attachment('sticker', say('Senyum', 'Smile'), { url: sticker })] }),
      message(jid, me, 64 * minutes, '', { retracted: true }),
      message(jid, ayu, 62 * minutes, say('Kita jadi berangkat Sabtu?', 'Are we still leaving on Saturday?'), { starred: true }),
      message(jid, me, 60 * minutes, say('Jadi! Mobil sudah siap.', 'Yes! The car is ready.')),
      sunrise,
      message(jid, me, 40 * minutes, '', { attachments: [picture(panorama, 2400, 400)] }),
      message(jid, ayu, 38 * minutes, say('Wah, cantik sekali! Ini di mana?', 'Wow, beautiful! Where is this?'), { replyTo: { id: sunrise.id, senderName: me.name, body: say('Foto', 'Photo') }, reactions: [reaction('❤️', true, me.name, 'Citra')] }),
      message(jid, me, 37 * minutes, say('Parangtritis, kemarin sore. Nanti kita mampir ya, searah kok dengan penginapan.', 'Parangtritis, yesterday afternoon. Let us stop there, it is on the way to the guesthouse.')),
      message(jid, ayu, 12 * minutes, '', { attachments: [picture(hills, 640, 480), picture(street, 480, 640), picture(food, 480, 480), picture(night, 480, 640), picture(cat, 480, 480), picture(beach, 640, 480)], body: '' }),
      message(jid, ayu, 11 * minutes, say('Pilihan dari tahun lalu 😍', 'A few from last year 😍')),
      message(jid, me, 6 * minutes, '🏔️☕'),
      message(jid, ayu, 4 * minutes, say('Sampai ketemu jam empat pagi!', 'See you at four in the morning!')),
      message(jid, me, 4 * minutes - 30_000, say('Siap, alarm sudah dipasang.', 'Deal, the alarm is set.'), { state: 'delivered' }),
    ],
  };
}

function withTeam(lang: SeedLanguage): SeedChat {
  const say = (id: string, en: string): string => (lang === 'id' ? id : en);
  const jid = 'rt05@grup.nyala.id';
  const fresh = { unread: true } as const;
  return {
    chat: chat(jid, say('Warga RT 05 Mawar', 'Neighbours of Mawar Street'), { kind: 'group', members: 200, unread: 4, mentioned: true, pinned: true }),
    messages: [
      message(jid, harto, 26 * hours, say('Bapak Ibu, kerja bakti hari Minggu pukul 07.00. Mohon membawa sapu dan sarung tangan.', 'Dear all, we tidy the street on Sunday at 7. Please bring brooms and gloves.'), { reactions: [reaction('👍', true, ...Array.from({ length: 38 }, (_, at) => `Warga ${at + 1}`)), reaction('🙏', false, 'Citra', 'Dewi', 'Eka')] }),
      message(jid, citra, 25.9 * hours, say('Siap Pak. Saya bawa teh dan pisang goreng.', 'Will do. I bring tea and fried bananas.')),
      message(jid, citra, 25.88 * hours, say('Ada yang punya alat potong rumput?', 'Does anyone have a lawn mower?')),
      message(jid, me, 25.8 * hours, say('Saya ada, nanti saya bawa.', 'I do, I will bring it.'), { state: 'safe', readBy: 124, members: 200, reactions: [reaction('❤️', false, 'Citra', 'Budi')] }),
      message(jid, rtl, 5 * hours, 'السلام عليكم، سأحضر معي القفازات وأكياس القمامة إن شاء الله. هل الموعد ما زال في السابعة صباحًا؟'),
      message(jid, long, 4.5 * hours, say('Gerobak sampah sudah saya pinjam dari RT sebelah.', 'I borrowed the cart from the next street.')),
      message(jid, dewi, 4.4 * hours, '', { encrypted: 'failed' }),
      message(jid, me, 4 * hours, say('Saya teruskan dari pengurus: iuran bulan ini Rp 25.000.', 'Forwarded from the board: this month’s dues are Rp 25,000.'), { forwarded: true, readBy: 61, members: 200, state: 'safe' }),
      message(jid, citra, 3.4 * hours, '', { attachments: [attachment('voice', '', { seconds: 17, type: 'audio/ogg', peaks })] }),
      message(jid, harto, 2.2 * hours, '', { attachments: [picture(hills, 640, 480)], reactions: [reaction('❤️', true, me.name, 'Citra', 'Dewi')] }),
      message(jid, harto, 2.19 * hours, say('Lapangan sudah siap untuk hari Minggu.', 'The field is ready for Sunday.')),
      message(jid, me, 2.1 * hours, say('Rapi sekali, Pak. Sampai ketemu jam tujuh!', 'So tidy! See you all at seven.'), { state: 'read', members: 200 }),
      message(jid, budi, 16 * minutes, '', { ...fresh, attachments: [picture(street, 480, 640, { state: 'remote', size: 2_400_000 })] }),
      message(jid, budi, 15.6 * minutes, say('Depan rumah saya sudah bersih 😎', 'My side is clean already 😎'), fresh),
      message(jid, eka, 15 * minutes, say('@Dimas boleh pinjam alatnya hari Jumat?', '@Dimas may I borrow the mower on Friday?'), fresh),
      message(jid, eka, 14.8 * minutes, say('Cuma sebentar kok.', 'Just for a moment.'), fresh),
    ],
  };
}

function others(lang: SeedLanguage): SeedChat[] {
  const say = (id: string, en: string): string => (lang === 'id' ? id : en);
  const one = (person: { jid: string; name: string; avatar?: string }, ago: number, text: string, about: Partial<Chat> = {}, last: Partial<Message> = {}, mine = false): SeedChat => ({
    chat: chat(person.jid, person.name, { ...(person.avatar === undefined ? {} : { avatar: person.avatar }), ...about }),
    messages: [...(about.request === true ? [] : [message(person.jid, mine ? person : me, ago + 20 * minutes, say('Halo!', 'Hello!'))]), message(person.jid, mine ? me : person, ago, text, last)],
  });
  const group = (local: string, name: string, by: { jid: string; name: string }, ago: number, text: string, about: Partial<Chat> = {}, last: Partial<Message> = {}): SeedChat => one({ jid: `${local}@grup.nyala.id`, name }, ago, text, { kind: 'group', ...about }, { from: by.jid, senderName: by.name, ...last });
  return [
    one(budi, 9 * minutes, say('Motornya sudah bisa diambil sore ini.', 'The motorbike can be picked up this afternoon.'), { unread: 1 }, { unread: true }),
    one(dewi, 21 * minutes, say('Oke', 'Okay'), { typing: [dewi.name], online: true }),
    one(citra, 52 * minutes, '', { muted: true }, { attachments: [attachment('voice', '', { seconds: 37 })] }),
    one(long, 2 * hours, say('Dokumennya sudah saya tanda tangani, silakan diambil kapan saja di kantor.', 'I have signed the documents, pick them up at the office whenever you like.'), { lastSeen: moment - 2 * hours }, {}, true),
    one(rtl, 3.4 * hours, 'شكرًا جزيلاً، نلتقي غدًا إن شاء الله', {}),
    one(fajar, 4 * hours, say('Tagihan listrik bulan ini naik ya?', 'Did the electricity bill go up this month?'), { draft: say('Iya, sepertinya karena AC di kamar depan. Nanti saya cek meterannya.', 'Yes, probably because of the new air conditioner. I will check the meter.') }),
    group('keluarga', say('Keluarga Besar Hj. Siti Aminah, Cucu & Cicit Tersayang 2026 💚', 'The Great Family of Hj. Siti Aminah and All Her Grandchildren'), harto, 6 * hours, say('Arisan bulan depan di rumah siapa?', 'Whose house is it next month?'), { members: 34, unread: 128, muted: true }, {}),
    one(pictured, 7 * hours, '🐟🐟🐟', {}, {}),
    one(harto, 27 * hours, say('Terima kasih, Nak.', 'Thank you, my dear.'), { lastSeen: moment - 26 * hours }, {}, false),
    one(eka, 30 * hours, '', { markedUnread: true }, { attachments: [picture(cat, 480, 480)] }),
    group('desain', say('Tim Desain', 'Design team'), citra, 2 * days, say('Revisi logo terakhir, janji.', 'Last revision of the logo, promise.'), { members: 6 }, { attachments: [attachment('file', 'logo-final-final-3.svg', { size: 18_000 })], body: '' }),
    group('futsal', say('Futsal Kamis', 'Thursday football'), fajar, 3 * days, '', { members: 14 }, { retracted: true }),
    { chat: chat(me.jid, me.name, { kind: 'self' }), messages: [message(me.jid, me, 4 * days, say('Kata sandi wifi tamu: mangga-harum-42', 'Guest wifi password: mangga-harum-42')), message(me.jid, me, 3.5 * days, say('Beli: telur, kopi, sabun cuci, baterai AA', 'Buy: eggs, coffee, soap, AA batteries'))] },
    one({ jid: 'gita@nyala.id', name: 'Gita Savitri' }, 9 * days, say('Selamat ulang tahun! 🎂', 'Happy birthday! 🎂'), { archived: true }),
    group('sd', say('Alumni SD Negeri 3', 'Primary school friends'), eka, 30 * days, say('Reuni kapan nih?', 'When is the reunion?'), { archived: true, members: 41 }),
    one(stranger, 50 * minutes, say('Selamat! Nomor Anda terpilih. Kirim kode OTP Anda untuk mengambil hadiah.', 'Congratulations! You were chosen. Send your OTP code to claim the prize.'), { request: true, unread: 1 }, { unread: true }),
  ];
}

/** Every chat of the seed, in the language of the picture. */
export function seedChats(lang: SeedLanguage): SeedChat[] {
  return [withAyu(lang), withTeam(lang), ...others(lang), withMedia(lang)].map((each) => {
    const last = each.messages.at(-1);
    return { ...each, chat: { ...each.chat, ...(last === undefined ? {} : { last }) } };
  });
}
