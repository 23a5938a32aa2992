const most = { width: 330, height: 400 };
const least = { width: 160, height: 110 };

/** The size in CSS pixels a picture takes in a bubble before it is loaded, so that nothing moves when it comes. A panorama is cropped to a strip one can see. */
export function shownSize(width = 4, height = 3): { width: number; height: number } {
  const scale = Math.min(most.width / width, most.height / height);
  return { width: Math.round(Math.max(least.width, width * scale)), height: Math.round(Math.max(least.height, height * scale)) };
}
