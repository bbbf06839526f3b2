/**
 * Format and size of an encoded image, from its first bytes.
 *
 *     PNG    89 "PNG\r\n" 1a \n | length, "IHDR", width u32 BE, height u32 BE, depth, colour type (0 grey, 2 RGB, 3 palette, 4 grey+A, 6 RGBA)
 *     JPEG   ff d8 | segments: ff marker, length u16 BE, …; in SOFn: precision, height u16, width u16, components
 *     GIF    "GIF87a" or "GIF89a", width u16 LE, height u16 LE
 *     BMP    "BM", …, at 18 width i32 LE, height i32 LE (negative: top down), planes u16, bits u16
 */

export interface ImageHeader {
  readonly format: "png" | "jpeg" | "gif" | "bmp";
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What the bytes of an image say of it; undefined for another format, or where the header is cut. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 26 && view.getUint32(0) === 0x89504e47 && view.getUint32(12) === 0x49484452) {
    const channels = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 }[bytes[25]!];
    return channels === undefined
      ? undefined
      : { format: "png", width: view.getUint32(16), height: view.getUint32(20), channels };
  }
  if (bytes.length >= 4 && view.getUint16(0) === 0xffd8) return jpegHeader(bytes, view);
  if (bytes.length >= 10 && view.getUint32(0) === 0x47494638) {
    return { format: "gif", width: view.getUint16(6, true), height: view.getUint16(8, true), channels: 3 };
  }
  if (bytes.length >= 30 && view.getUint16(0) === 0x424d) {
    const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
    return { format: "bmp", width, height, channels: view.getUint16(28, true) === 32 ? 4 : 3 };
  }
  return undefined;
}

function jpegHeader(bytes: Uint8Array, view: DataView): ImageHeader | undefined {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { format: "jpeg", height, width, channels: bytes[at + 9]! };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
