import { plural } from './plural';

const n = plural('id');

/** Kata-kata untuk daftar, pencarian, dan permintaan: dimuat bersama layarnya. */
export const chatsId = {
  findInChat: 'Cari di obrolan ini',
  findCount: (at: number, all: number): string => `${n(at)} dari ${n(all)}`,
  findNone: 'Tidak ditemukan di pesan yang ada di perangkat ini',
  previousFound: 'Hasil sebelumnya',
  nextFound: 'Hasil berikutnya',
  starredTitle: 'Pesan berbintang',
  starredNone: 'Belum ada pesan berbintang',
  starredHint: 'Beri bintang pada pesan yang ingin Anda temukan lagi.',
  requestsTitle: 'Permintaan pesan',
  requestsNone: 'Tidak ada permintaan',
  requestsNoneHint: 'Pesan dari orang yang belum Anda kenal muncul di sini.',
  sameServer: 'Di server yang sama dengan Anda',
  otherServer: (domain: string): string => `Di server lain: ${domain}`,
  sharedGroups: (names: string): string => `Satu grup dengan Anda: ${names}`,
  noGroups: 'Tidak ada grup bersama',
  messageCount: (count: number, more: boolean): string => (more ? `Sedikitnya ${n(count)} pesan` : `${n(count)} pesan`),
  looksLike: (name: string): string => `Namanya mirip ${name}, tetapi ini orang lain. Berhati-hatilah.`,
  deleteRequest: 'Hapus',
  clearTitle: (name: string): string => `Kosongkan obrolan dengan ${name}?`,
  deleteTitle: (name: string): string => `Hapus obrolan dengan ${name}?`,
  clearText: 'Semua pesannya hilang dari perangkat ini dan tidak diambil lagi dari server. Pesan yang belum terkirim tidak akan dikirim.',
  remains: 'Server, perangkat Anda yang lain, dan lawan bicara tetap menyimpan salinannya.',
  deleteText: 'Obrolan hilang dari daftar sampai ada pesan baru.',
  signOutTitle: 'Keluar dari perangkat ini?',
  signOutText: 'Pesan dan data Anda dihapus dari perangkat ini. Yang tersimpan di server tetap ada di sana.',
  signOutUnsent: (count: number): string => `${n(count)} pesan belum terkirim dan akan hilang jika Anda keluar sekarang.`,
  signOutAnyway: 'Keluar dan buang pesan itu',
};

export type ChatsWords = typeof chatsId;
