/** Where a picture lies under a square window: its scale and its offset from the middle, both in parts of the window. */
export interface Frame { zoom: number; x: number; y: number }

export const MOST_ZOOM = 4;

/** Keeps the window covered by the picture. */
export function covered(frame: Frame, width: number, height: number): Frame {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, frame.zoom));
  const least = Math.min(width, height);
  const limit = (side: number): number => ((side / least) * zoom - 1) / 2;
  const within = (value: number, most: number): number => Math.min(most, Math.max(-most, value));
  return { zoom, x: within(frame.x, limit(width)), y: within(frame.y, limit(height)) };
}

/** The part of the picture under the window, in its own pixels. */
export function sourceOf(frame: Frame, width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height) / frame.zoom;
  return { x: (width - side) / 2 - frame.x * side, y: (height - side) / 2 - frame.y * side, side };
}

/** Pictures of people and groups: enough for the largest place they are shown at, small enough for every server. */
export const SIDE = 320;

/** Cuts it out; drawn anew, so nothing of where and when it was taken stays in it. */
export async function cut(picture: ImageBitmap, frame: Frame): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('Nothing can be drawn here.');
  const { x, y, side } = sourceOf(frame, picture.width, picture.height);
  pen.imageSmoothingQuality = 'high';
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => { if (blob) resolve(blob); else reject(new Error('The picture cannot be written.')); }, 'image/jpeg', 0.85);
  });
}
