/** Pixels along each edge. */
const SIZE = 48;

// wingdi.h: BITMAPINFOHEADER. An icon's pictures are bitmaps without a file header, of twice their height.
const ICONDIR = 6;
const ICONDIRENTRY = 16;
const BITMAPINFOHEADER = 40;
const PIXELS = SIZE * SIZE * 4;
/** A bit for each pixel, rows padded to 4 octets: whole transparent ones, where alpha is not understood. */
const MASK = SIZE * 8;

/** The icon of the Windows program, a tunnel seen from its entrance, in the form of an `.ico` file. */
export function drawIcon(): Uint8Array<ArrayBuffer> {
  const picture = BITMAPINFOHEADER + PIXELS + MASK;
  const view = new DataView(
    new ArrayBuffer(ICONDIR + ICONDIRENTRY + picture),
  );
  view.setUint16(2, 1, true);
  view.setUint16(4, 1, true);
  view.setUint8(ICONDIR, SIZE);
  view.setUint8(ICONDIR + 1, SIZE);
  view.setUint16(ICONDIR + 4, 1, true);
  view.setUint16(ICONDIR + 6, 32, true);
  view.setUint32(ICONDIR + 8, picture, true);
  view.setUint32(ICONDIR + 12, ICONDIR + ICONDIRENTRY, true);
  const header = ICONDIR + ICONDIRENTRY;
  view.setUint32(header, BITMAPINFOHEADER, true);
  view.setInt32(header + 4, SIZE, true);
  view.setInt32(header + 8, 2 * SIZE, true);
  view.setUint16(header + 12, 1, true);
  view.setUint16(header + 14, 32, true);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const at = header + BITMAPINFOHEADER + 4 * (y * SIZE + x);
      view.setUint32(at, colourAt(x, y), true);
    }
  }
  return new Uint8Array(view.buffer);
}

/** 0xAARRGGBB: rings that get darker and whose centre climbs the further in they are. */
function colourAt(x: number, y: number): number {
  const middle = (SIZE - 1) / 2;
  for (let ring = 5; ring >= 0; ring--) {
    const radius = middle * (1 - ring / 6.5);
    const distance = Math.hypot(x - middle, y - middle - ring * 0.8);
    if (distance > radius) continue;
    const light = 220 - 40 * ring;
    return (0xff000000 | (light >> 2) << 16 | (light >> 1) << 8 | light) >>> 0;
  }
  return 0;
}
