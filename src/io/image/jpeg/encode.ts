/** JPEG images, to write: baseline or progressive, grey or colour. Source: jcparam.c, jcmarker.c, jpeg_mem.cc. */
import type { ImageSize } from "../pixels.ts";
import { type Blocks, blocksOf } from "./blocks.ts";
import { bestCode, packTokens } from "./huffman.ts";
import { acCodes, baseQuantization, type CodeLengths, dcCodes, zigzag } from "./tables.ts";
import { type Scan, type Token, tokensOf } from "./tokens.ts";

export interface JpegWriting {
  /** 0 to 100. */
  readonly quality: number;
  readonly isProgressive: boolean;
  /** Huffman tables made for the image. */
  readonly isOptimized: boolean;
  /** Colours at half the resolution. */
  readonly isHalved: boolean;
  readonly densityUnit: "in" | "cm";
  readonly xDensity: number;
  readonly yDensity: number;
  readonly xmp: Uint8Array;
}

/** Quantization for a quality, row-major. */
function quantizationOf(quality: number): Uint8Array[] {
  const kept = Math.max(quality, 1);
  const percent = kept < 50 ? Math.floor(5000 / kept) : 200 - 2 * kept;
  return baseQuantization.map((table) =>
    Uint8Array.from(table, (base) => Math.min(Math.max(Math.floor((base * percent + 50) / 100), 1), 255)),
  );
}

const both = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const segment = (marker: number, data: ArrayLike<number>): number[] => [
  0xff,
  marker,
  ...both(data.length + 2),
  ...Array.from(data),
];

const text = (value: string): number[] => Array.from(value, (c) => c.charCodeAt(0));

function sequence(count: number): Scan[] {
  return [{ components: range(count), start: 0, end: 63, high: 0, low: 0 }];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** libjpeg's simple progression. */
function progression(count: number): Scan[] {
  const scan = (components: readonly number[], start: number, end: number, high: number, low: number): Scan => ({
    components,
    start,
    end,
    high,
    low,
  });
  const first = scan(range(count), 0, 0, 0, 1);
  const refined = scan(range(count), 0, 0, 1, 0);
  if (count === 1)
    return [
      first,
      scan([0], 1, 5, 0, 2),
      scan([0], 6, 63, 0, 2),
      scan([0], 1, 63, 2, 1),
      refined,
      scan([0], 1, 63, 1, 0),
    ];
  return [
    first,
    scan([0], 1, 5, 0, 2),
    scan([2], 1, 63, 0, 1),
    scan([1], 1, 63, 0, 1),
    scan([0], 6, 63, 0, 2),
    scan([0], 1, 63, 2, 1),
    refined,
    scan([2], 1, 63, 1, 0),
    scan([1], 1, 63, 1, 0),
    scan([0], 1, 63, 1, 0),
  ];
}

/** Tables for the tokens: slots 0, 1 of DC, 2, 3 of AC; those that the scan uses. */
function tablesOf(tokens: readonly Token[], isOptimized: boolean): (CodeLengths | undefined)[] {
  const frequencies = range(4).map(() => new Float64Array(256));
  for (const { table, symbol } of tokens) if (table >= 0) frequencies[table]![symbol]!++;
  const standard = [dcCodes[0], dcCodes[1], acCodes[0], acCodes[1]];
  return frequencies.map((counts, slot) => {
    if (counts.every((count) => count === 0)) return undefined;
    return isOptimized ? bestCode(counts) : standard[slot];
  });
}

/** A scan: its tables by component, its header, its bits. */
function scanBytes(components: readonly Blocks[], scan: Scan, isProgressive: boolean, isOptimized: boolean): number[] {
  const tokens = tokensOf(components, scan, isProgressive);
  const tables = tablesOf(tokens, isOptimized);
  const output: number[] = [];
  const slots = [0, 2, 1, 3];
  for (const slot of slots) {
    const table = tables[slot];
    if (!table) continue;
    const id = (slot >> 1 ? 0x10 : 0) | (slot & 1);
    output.push(...segment(0xc4, [id, ...Array.from(table.counts), ...Array.from(table.symbols)]));
  }
  const parts = scan.components.flatMap((index) => {
    const slot = Math.min(index, 1);
    const dc = isProgressive && (scan.start > 0 || scan.high > 0) ? 0 : slot;
    const ac = isProgressive && scan.start === 0 ? 0 : slot;
    return [index + 1, (dc << 4) | ac];
  });
  const header = [scan.components.length, ...parts, scan.start, scan.end, (scan.high << 4) | scan.low];
  for (const byte of segment(0xda, header)) output.push(byte);
  for (const byte of packTokens(tokens, tables)) output.push(byte);
  return output;
}

/** The file of an image [height, width, 1 or 3], both up to 65500; null when it has no pixels or too many a side. */
export function encodeJpeg(pixels: Uint8Array, size: ImageSize, options: JpegWriting): Uint8Array | null {
  const { height, width, channels } = size;
  if (height < 1 || width < 1 || height > 65500 || width > 65500) return null;
  const { isProgressive, xmp } = options;
  const tables = quantizationOf(options.quality);
  const components = blocksOf(pixels, size, tables, options.isHalved);
  const unit = options.densityUnit === "in" ? 1 : 2;
  const jfif = [...text("JFIF\0"), 1, 1, unit, ...both(options.xDensity), ...both(options.yDensity), 0, 0];
  const frame = components.flatMap(({ h, v }, k) => [k + 1, (h << 4) | v, Math.min(k, 1)]);
  const output = [
    [0xff, 0xd8],
    segment(0xe0, jfif),
    xmp.length > 0 ? segment(0xe1, [...text("http://ns.adobe.com/xap/1.0/\0"), ...xmp]) : [],
    ...tables
      .slice(0, channels === 1 ? 1 : 2)
      .map((table, k) => segment(0xdb, [k, ...Array.from(zigzag, (place) => table[place]!)])),
    segment(isProgressive ? 0xc2 : 0xc0, [8, ...both(height), ...both(width), components.length, ...frame]),
  ];
  const scans = isProgressive ? progression(components.length) : sequence(components.length);
  for (const scan of scans)
    output.push(scanBytes(components, scan, isProgressive, options.isOptimized || isProgressive));
  output.push([0xff, 0xd9]);
  return new Uint8Array(Buffer.concat(output.map((bytes) => Uint8Array.from(bytes))));
}
