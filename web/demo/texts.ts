/** What the demo's page says; the app in its frames has its own words. */
const en = {
  title: 'Two people, one server',
  people: 'Whose side is shown',
  ayu: 'Ayu',
  budi: 'Budi',
  up: 'Write something, then cut the network or kill the server. Nothing gets lost.',
  cutNow: 'The network is cut. Write on: messages wait on the device and go out by themselves.',
  down: 'The server was killed (kill -9). It is back in a moment.',
  filling: 'Filling everything with chats…',
  gone: 'The demo has ended. Start it again in the terminal.',
  cut: 'Cut network',
  join: 'Join network',
  kill: 'Kill server',
  reset: 'Reset',
  counter: 'Messages between Ayu and Budi',
  sent: 'Sent',
  safe: 'Safe on server',
  arrived: 'Arrived',
  doubled: 'Doubled',
};

export type Texts = typeof en;

const id: Texts = {
  title: 'Dua orang, satu server',
  people: 'Sisi siapa yang tampil',
  ayu: 'Ayu',
  budi: 'Budi',
  up: 'Tulis sesuatu, lalu putuskan jaringan atau matikan server. Tidak ada yang hilang.',
  cutNow: 'Jaringan terputus. Tetaplah menulis: pesan menunggu di perangkat dan terkirim otomatis.',
  down: 'Server dimatikan paksa (kill -9). Sebentar lagi kembali.',
  filling: 'Mengisi semuanya dengan obrolan…',
  gone: 'Demo sudah berakhir. Jalankan lagi di terminal.',
  cut: 'Putuskan jaringan',
  join: 'Sambungkan jaringan',
  kill: 'Matikan server',
  reset: 'Ulangi',
  counter: 'Pesan antara Ayu dan Budi',
  sent: 'Dikirim',
  safe: 'Aman di server',
  arrived: 'Sampai',
  doubled: 'Ganda',
};

export const texts = { en, id };
