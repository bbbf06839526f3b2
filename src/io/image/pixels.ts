/** Images as the codecs hand them over. */

export interface ImageSize {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
}

/** `data`: [height, width, channels], row-major, 8 or 16 bits a sample. */
export interface Pixels extends ImageSize {
  readonly data: Uint8Array | Uint16Array;
}

/** Room for an image; its samples are zero. */
export const pixelsOf = (height: number, width: number, channels: number, bits: 8 | 16): Pixels => ({
  height,
  width,
  channels,
  data: bits === 8 ? new Uint8Array(height * width * channels) : new Uint16Array(height * width * channels),
});
