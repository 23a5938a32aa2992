import { faces } from './pictures.ts';

const person = (local: string, name: string, avatar?: string): { jid: string; name: string; avatar?: string } => ({ jid: `${local}@nyala.id`, name, ...(avatar === undefined ? {} : { avatar }) });

export const ayu = person('ayu', 'Ayu Lestari', faces.ayu);
export const budi = person('budi', 'Budi Santoso', faces.budi);
export const citra = person('citra', 'Citra Maharani', faces.citra);
export const harto = person('harto', 'Pak Harto', faces.harto);
export const dewi = person('dewi', 'Dewi Anggraini');
export const eka = person('eka', 'Eka Putri');
export const fajar = person('fajar', 'Fajar Nugroho');
/** Sixty characters, in both scripts of reading direction, and one of pictures only. */
export const long = person('raden', 'Raden Mas Bambang Adiwinata Kusumonegoro Suryodiningrat-Putra');
export const rtl = person('layla', 'ليلى عبد الرحمن');
export const pictured = person('mochi', '😺🎀✨');
export const stranger = { jid: 'hadiah.resmi@promo.example', name: 'Hadiah Resmi Pusat' };
