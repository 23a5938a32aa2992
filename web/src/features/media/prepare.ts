import type { FileToSend } from '../../model/types';
import { peaksOf } from '../../model/sound';
import { moves, stripped } from './strip';

/** The longest side of a photo that is sent, and how well it is pressed: sharp on every phone, a tenth of what cameras make. */
const SIDE = 2048;
const QUALITY = 0.82;
/** What is this small already is not worth a second pressing. */
const SMALL_ENOUGH = 400_000;
const THUMBNAIL = 36;
/** Longer than any note. */
const MOST_TO_DECODE = 16 * 1024 * 1024;

/** Makes a file ready to be sent. What cannot be read as what it claims to be goes as a document. */
export async function prepare(file: File, original: boolean): Promise<FileToSend> {
  try {
    if (/^image\/(?:jpeg|png|webp|gif|avif)$/u.test(file.type)) return await picture(file, original);
    if (/^video\/(?:mp4|webm|quicktime)$/u.test(file.type)) return await film(file);
    if (/^audio\/(?:ogg|mp4|x-m4a|mpeg|wav|x-wav|flac|aac|webm)$/u.test(file.type)) return await sound(file);
  } catch {
    // It is a document then.
  }
  return asDocument(file);
}

function asDocument(file: File): FileToSend {
  return { blob: file, kind: 'file', name: file.name, type: file.type === '' ? 'application/octet-stream' : file.type };
}

async function picture(file: File, original: boolean): Promise<FileToSend> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const bitmap = await createImageBitmap(file);
  try {
    const { width, height } = bitmap;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const thumbnail = await thumbnailOf(bitmap, width, height);
    const about = { kind: 'image' as const, thumbnail };
    const asIs = (): FileToSend => ({ ...about, blob: new Blob([stripped(bytes, file.type)], { type: file.type }), name: file.name, type: file.type, width, height });
    if (original || moves(bytes, file.type) || (scale === 1 && file.size <= SMALL_ENOUGH && file.type !== 'image/avif')) return asIs();
    const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    const blob = await drawn(bitmap, size.width, size.height, QUALITY);
    if (scale === 1 && blob.size >= file.size) return asIs();
    return { ...about, ...size, blob, name: `${file.name.replace(/\.\w+$/u, '') || 'photo'}.jpg`, type: 'image/jpeg' };
  } finally {
    bitmap.close();
  }
}

async function drawn(source: CanvasImageSource, width: number, height: number, quality: number): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('There is nothing to draw with.');
  pen.imageSmoothingQuality = 'high';
  // JPEG knows no transparency; black would be what it leaves.
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, width, height);
  pen.drawImage(source, 0, 0, width, height);
  return new Promise((resolve, reject) => { canvas.toBlob((blob) => { if (blob === null) reject(new Error('It cannot be drawn.')); else resolve(blob); }, 'image/jpeg', quality); });
}

/** A few hundred bytes that say what comes (XEP-0264); they travel in the message itself. */
async function thumbnailOf(source: CanvasImageSource, width: number, height: number): Promise<string> {
  const scale = THUMBNAIL / Math.max(width, height);
  const blob = await drawn(source, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), 0.6);
  return dataOf(blob);
}

function dataOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => { resolve(String(reader.result)); };
    reader.onerror = () => { reject(new Error('It cannot be read.')); };
    reader.readAsDataURL(blob);
  });
}

async function film(file: File): Promise<FileToSend> {
  const url = URL.createObjectURL(file);
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, preload: 'auto' });
  try {
    await happens(video, 'loadeddata', () => { video.src = url; });
    const { videoWidth: width, videoHeight: height, duration } = video;
    if (width === 0) throw new Error('It has no picture.');
    // The first frame is black more often than not.
    await happens(video, 'seeked', () => { video.currentTime = Math.min(1, (Number.isFinite(duration) ? duration : 0) / 3); });
    return { blob: file, kind: 'video', name: file.name, type: file.type, width, height, ...(Number.isFinite(duration) ? { seconds: duration } : {}), thumbnail: await thumbnailOf(video, width, height) };
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  }
}

function happens(target: HTMLMediaElement, event: 'loadeddata' | 'seeked', begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(event, () => { resolve(); }, { once: true });
    target.addEventListener('error', () => { reject(new Error('It cannot be played.')); }, { once: true });
    begin();
  });
}

async function sound(file: File): Promise<FileToSend> {
  const about = { blob: file, kind: 'audio' as const, name: file.name, type: file.type };
  if (file.size > MOST_TO_DECODE) return about;
  const heard = await peaksOf(file).catch(() => null);
  return heard === null ? about : { ...about, seconds: heard.seconds };
}
