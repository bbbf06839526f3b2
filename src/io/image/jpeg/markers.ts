/**
 * The segments of a JPEG file:
 *     ff d8, then segments  ff | marker | uint16 length, itself with it | data, entropy-coded bytes after each scan's header, ff d9
 * Source: ITU-T T.81, annex B; jdmarker.c.
 */
import { BitReader, HuffmanTable, JpegError } from "./bits.ts";
import { type Component, readScan, type ScanPart } from "./scan.ts";
import { zigzag } from "./tables.ts";

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly isProgressive: boolean;
  readonly hMax: number;
  readonly vMax: number;
  readonly components: readonly Component[];
}

export interface JpegFile {
  readonly frame: Frame;
  readonly hasJfif: boolean;
  /** The colour transform that Adobe's segment names; null without one. */
  readonly adobe: number | null;
  /** Quantization of each component, row-major. */
  readonly quantization: readonly Int32Array[];
}

/** No more samples than this in one image. */
const mostSamples = 2 ** 29;

class Segment {
  readonly #bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at + 2;
    this.end = at + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
    if (this.end < this.at || this.end > bytes.length) throw new JpegError("a segment is too short or too long");
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    if (this.at >= this.end) throw new JpegError("a segment is too short");
    return this.#bytes[this.at++]!;
  }

  short(): number {
    return (this.byte() << 8) | this.byte();
  }

  startsWith(text: string): boolean {
    return this.left >= text.length && [...text].every((c, i) => this.#bytes[this.at + i] === c.charCodeAt(0));
  }
}

function readFrame(segment: Segment, isProgressive: boolean, available: number): Frame {
  const precision = segment.byte();
  const height = segment.short();
  const width = segment.short();
  const count = segment.byte();
  if (precision !== 8 || height < 1 || width < 1 || count < 1 || height > 65500 || width > 65500)
    throw new JpegError("the frame is of an unsupported kind");
  if (count > 4 || segment.left !== 3 * count) throw new JpegError("the frame has too many components");
  if (width * height * count >= mostSamples) throw new JpegError("the image is too large");
  const read = Array.from({ length: count }, () => {
    const id = segment.byte();
    const factors = segment.byte();
    return { id, h: factors >> 4, v: factors & 15, quantization: segment.byte() };
  });
  if (read.some(({ h, v, quantization: q }) => h < 1 || h > 4 || v < 1 || v > 4 || q > 3))
    throw new JpegError("bad sampling factors");
  const hMax = Math.max(...read.map(({ h }) => h));
  const vMax = Math.max(...read.map(({ v }) => v));
  const mcusPerLine = Math.ceil(width / (8 * hMax));
  const mcuRows = Math.ceil(height / (8 * vMax));
  const blocks = read.reduce((sum, { h, v }) => sum + h * v * mcusPerLine * mcuRows, 0);
  // A block is a bit at least: what is claimed must be there before room is made for it.
  if (available * 8 < blocks) throw new JpegError("premature end");
  const components = read.map(({ id, h, v, quantization }): Component => {
    const [stride, rows] = [mcusPerLine * h, mcuRows * v];
    return {
      id,
      h,
      v,
      quantization,
      stride,
      rows,
      width: Math.ceil(Math.ceil((width * h) / hMax) / 8),
      height: Math.ceil(Math.ceil((height * v) / vMax) / 8),
      coefficients: new Int16Array(stride * rows * 64),
      predictor: 0,
    };
  });
  return { width, height, isProgressive, hMax, vMax, components };
}

/** Reads a file up to its first frame, or all of it. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #recovers: boolean;
  readonly #quantization: (Int32Array | undefined)[] = [];
  readonly #dc: (HuffmanTable | undefined)[] = [];
  readonly #ac: (HuffmanTable | undefined)[] = [];
  readonly #latched = new Map<Component, Int32Array>();
  #restartInterval = 0;
  #hasJfif = false;
  #adobe: number | null = null;

  constructor(bytes: Uint8Array, recovers: boolean) {
    this.#bytes = bytes;
    this.#recovers = recovers;
  }

  /** Where the next marker's code is, or -1 when the file ends before. */
  #nextMarker(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (at < bytes.length && bytes[at] === 0xff) at++;
    if (at < bytes.length && bytes[at] === 0) return this.#nextMarker(at);
    return at < bytes.length ? at : -1;
  }

  read(): JpegFile {
    if (this.#bytes[0] !== 0xff || this.#bytes[1] !== 0xd8) throw new JpegError("no start");
    let frame: Frame | null = null;
    let scans = 0;
    for (let at = 2; ; ) {
      const markerAt = this.#nextMarker(at);
      if (markerAt < 0) {
        if (this.#recovers && scans > 0) break;
        throw new JpegError("premature end");
      }
      const marker = this.#bytes[markerAt]!;
      at = markerAt + 1;
      if (marker === 0xd9) break;
      if (marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) continue;
      if (marker === 0xd8) throw new JpegError("a second start");
      const segment = new Segment(this.#bytes, at);
      at = segment.end;
      if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
        if (frame) throw new JpegError("a second frame");
        const available = this.#recovers ? Number.POSITIVE_INFINITY : this.#bytes.length - at;
        frame = readFrame(segment, marker === 0xc2, available);
      } else if (marker === 0xda) {
        if (!frame) throw new JpegError("a scan before its frame");
        at = this.#readScan(segment, frame);
        scans++;
      } else this.#readTables(marker, segment);
    }
    if (!frame || scans === 0) throw new JpegError("no scan");
    const quantization = frame.components.map((component) => this.#latched.get(component) ?? new Int32Array(64));
    return { frame, hasJfif: this.#hasJfif, adobe: this.#adobe, quantization };
  }

  #readTables(marker: number, segment: Segment): void {
    if (marker === 0xdb) this.#readQuantization(segment);
    else if (marker === 0xc4) this.#readHuffman(segment);
    else if (marker === 0xdd) this.#restartInterval = segment.short();
    else if (marker === 0xe0 && segment.startsWith("JFIF\0")) this.#hasJfif = true;
    else if (marker === 0xee && segment.startsWith("Adobe") && segment.left >= 12) {
      segment.at += 11;
      this.#adobe = segment.byte();
    } else if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xcc) {
      throw new JpegError("lossless and arithmetic coding are not supported");
    }
  }

  #readQuantization(segment: Segment): void {
    while (segment.left > 0) {
      const spec = segment.byte();
      if ((spec & 15) > 3) throw new JpegError("a bad quantization table");
      const table = new Int32Array(64);
      for (let k = 0; k < 64; k++) table[zigzag[k]!] = spec >> 4 ? segment.short() : segment.byte();
      this.#quantization[spec & 15] = table;
    }
  }

  #readHuffman(segment: Segment): void {
    while (segment.left > 0) {
      const spec = segment.byte();
      const counts = Array.from({ length: 16 }, () => segment.byte());
      const total = counts.reduce((a, b) => a + b, 0);
      if (total > 256 || total > segment.left || (spec & 0xef) > 3) throw new JpegError("a bad Huffman table");
      const symbols = Array.from({ length: total }, () => segment.byte());
      const isDc = spec < 16;
      if (isDc && symbols.some((symbol) => symbol > 15)) throw new JpegError("a bad Huffman table");
      (isDc ? this.#dc : this.#ac)[spec & 15] = new HuffmanTable({ counts, symbols });
    }
  }

  /** Reads a scan; where its data end. */
  #readScan(segment: Segment, frame: Frame): number {
    const count = segment.byte();
    if (count < 1 || count > 4 || segment.left !== 2 * count + 3) throw new JpegError("a bad scan");
    const parts = Array.from({ length: count }, (): ScanPart => {
      const id = segment.byte();
      const tables = segment.byte();
      const component = frame.components.find((one) => one.id === id);
      if (!component) throw new JpegError("a scan of an unknown component");
      return { component, dc: this.#dc[tables >> 4], ac: this.#ac[tables & 15] };
    });
    if (new Set(parts.map(({ component }) => component)).size < count) throw new JpegError("a component twice");
    if (count > 1 && parts.reduce((sum, { component: { h, v } }) => sum + h * v, 0) > 10)
      throw new JpegError("too many blocks");
    const [start, end, bits] = [segment.byte(), segment.byte(), segment.byte()];
    const [high, low] = [bits >> 4, bits & 15];
    if (frame.isProgressive) {
      const isBandGood = start === 0 ? end === 0 : end >= start && end < 64 && count === 1;
      if (!isBandGood || low > 13 || (high !== 0 && low !== high - 1)) throw new JpegError("a bad scan");
    }
    for (const { component } of parts) {
      const table = this.#quantization[component.quantization];
      if (this.#latched.has(component)) continue;
      if (!table) throw new JpegError("a quantization table is missing");
      this.#latched.set(component, table);
    }
    const reader = new BitReader(this.#bytes, segment.end, this.#recovers);
    const { isProgressive: progressive, width, height, hMax, vMax } = frame;
    const [mcusPerLine, mcuRows] = [Math.ceil(width / (8 * hMax)), Math.ceil(height / (8 * vMax))];
    const restartInterval = this.#restartInterval;
    readScan(reader, { parts, progressive, start, end, high, low, restartInterval, mcusPerLine, mcuRows });
    return reader.position;
  }
}

/** Reads all scans into the coefficients. `recovers`: zeros stand for what is missing at the end. Throws JpegError. */
export const readJpeg = (bytes: Uint8Array, { recovers }: { readonly recovers: boolean }): JpegFile =>
  new Reader(bytes, recovers).read();

/** Height, width and components from the first frame's header; nothing is decoded. Throws JpegError. */
export function readJpegSize(bytes: Uint8Array): { height: number; width: number; channels: number } {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new JpegError("no start");
  for (let at = 2; ; ) {
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (at < bytes.length && bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === 0xd9 || marker === 0xda) throw new JpegError("no frame");
    if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    const segment = new Segment(bytes, at);
    if (marker >= 0xc0 && marker <= 0xc2) {
      segment.byte();
      const [height, width] = [segment.short(), segment.short()];
      return { height, width, channels: segment.byte() };
    }
    at = segment.end;
  }
}
