/** Draws PNGs (base64), each at its place and with its corners rounded, anew as one WebP, as well as it fits into so many bytes. Chromium writes it. */
export async function small(page, size, pieces, most) {
  for (const quality of [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]) {
    const data = await page.evaluate(async ([whole, parts, wanted]) => {
      const canvas = Object.assign(document.createElement('canvas'), whole);
      const drawing = canvas.getContext('2d');
      for (const { png, x, y, width, height, round } of parts) {
        const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))]));
        const shape = new Path2D();
        shape.roundRect(x, y, width, height, round);
        drawing.save();
        Object.assign(drawing, { shadowColor: 'rgb(0 0 0 / 40%)', shadowBlur: round > 0 ? 24 : 0 });
        drawing.fill(shape);
        drawing.clip(shape);
        drawing.drawImage(picture, x, y, width, height);
        drawing.restore();
      }
      return canvas.toDataURL('image/webp', wanted).split(',')[1];
    }, [size, pieces, quality]);
    const webp = Buffer.from(data, 'base64');
    if (webp.length <= most) return webp;
  }
  throw new Error(`It does not fit into ${most} bytes.`);
}
