/** The scans of a JPEG image: coefficients from bits, baseline and progressive. Source: ITU-T T.81, annexes F and G. */
import { type BitReader, type HuffmanTable, JpegError } from "./bits.ts";
import { zigzag } from "./tables.ts";

export interface Component {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  readonly quantization: number;
  /** Blocks in storage, whole MCUs of them, and those that hold the picture. */
  readonly stride: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  /** 64 a block, row-major in the block. */
  readonly coefficients: Int16Array;
  predictor: number;
}

export interface ScanPart {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

export interface ScanSpec {
  readonly parts: readonly ScanPart[];
  readonly progressive: boolean;
  /** First and last coefficient of the scan, and the bits that are done and to be done. */
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
  readonly restartInterval: number;
  readonly mcusPerLine: number;
  readonly mcuRows: number;
}

type BlockDecoder = (part: ScanPart, at: number) => void;

const needed = (table: HuffmanTable | undefined): HuffmanTable => {
  if (!table) throw new JpegError("a Huffman table is missing");
  return table;
};

function baseline(bits: BitReader): BlockDecoder {
  return ({ component, dc, ac }, at) => {
    const { coefficients } = component;
    component.predictor += bits.signed(bits.symbol(needed(dc)));
    coefficients[at] = component.predictor;
    const table = needed(ac);
    for (let k = 1; k < 64; k++) {
      const symbol = bits.symbol(table);
      const size = symbol & 15;
      const run = symbol >> 4;
      if (size === 0) {
        if (run < 15) break;
        k += 15;
        continue;
      }
      k += run;
      const value = bits.signed(size);
      if (k < 64) coefficients[at + zigzag[k]!] = value;
    }
  };
}

/** The decoder of a progressive scan and what forgets its run of empty blocks. */
function progressive(
  bits: BitReader,
  { start, end, high, low }: ScanSpec,
): { decode: BlockDecoder; reset: () => void } {
  let emptyBlocks = 0;
  const reset = (): void => {
    emptyBlocks = 0;
  };
  const dcFirst: BlockDecoder = ({ component, dc }, at) => {
    component.predictor += bits.signed(bits.symbol(needed(dc)));
    component.coefficients[at] = component.predictor << low;
  };
  const dcRefine: BlockDecoder = ({ component }, at) => {
    if (bits.take(1)) component.coefficients[at]! |= 1 << low;
  };
  const acFirst: BlockDecoder = ({ component, ac }, at) => {
    if (emptyBlocks > 0) {
      emptyBlocks--;
      return;
    }
    const table = needed(ac);
    for (let k = start; k <= end; k++) {
      const symbol = bits.symbol(table);
      const size = symbol & 15;
      const run = symbol >> 4;
      if (size === 0) {
        if (run < 15) {
          emptyBlocks = (1 << run) - 1 + bits.take(run);
          return;
        }
        k += 15;
        continue;
      }
      k += run;
      const value = bits.signed(size) * (1 << low);
      if (k < 64) component.coefficients[at + zigzag[k]!] = value;
    }
  };
  const acRefine: BlockDecoder = ({ component, ac }, at) => {
    const { coefficients } = component;
    const bit = 1 << low;
    const refine = (place: number): void => {
      const value = coefficients[place]!;
      if (bits.take(1) && (value & bit) === 0) coefficients[place] = value + (value >= 0 ? bit : -bit);
    };
    let k = start;
    if (emptyBlocks === 0) {
      const table = needed(ac);
      for (; k <= end; k++) {
        const symbol = bits.symbol(table);
        let run = symbol >> 4;
        let value = 0;
        if ((symbol & 15) === 0) {
          if (run < 15) {
            emptyBlocks = (1 << run) + bits.take(run);
            break;
          }
        } else {
          value = bits.take(1) ? bit : -bit;
        }
        for (; k <= end; k++) {
          const place = at + zigzag[k]!;
          if (coefficients[place] !== 0) refine(place);
          else if (--run < 0) break;
        }
        if (value !== 0 && k < 64) coefficients[at + zigzag[k]!] = value;
      }
    }
    if (emptyBlocks > 0) {
      for (; k <= end; k++) {
        const place = at + zigzag[k]!;
        if (coefficients[place] !== 0) refine(place);
      }
      emptyBlocks--;
    }
  };
  const decode = start === 0 ? (high === 0 ? dcFirst : dcRefine) : high === 0 ? acFirst : acRefine;
  return { decode, reset };
}

/** Reads one scan into the coefficients of its components. */
export function readScan(bits: BitReader, scan: ScanSpec): void {
  const { decode, reset } = scan.progressive ? progressive(bits, scan) : { decode: baseline(bits), reset: () => {} };
  const { parts, restartInterval } = scan;
  for (const { component } of parts) component.predictor = 0;
  const single = parts.length === 1 ? parts[0]! : null;
  const perLine = single ? single.component.width : scan.mcusPerLine;
  const total = single ? perLine * single.component.height : perLine * scan.mcuRows;
  for (let mcu = 0; mcu < total; mcu++) {
    if (restartInterval > 0 && mcu > 0 && mcu % restartInterval === 0) {
      bits.restart();
      reset();
      for (const { component } of parts) component.predictor = 0;
    }
    const row = Math.floor(mcu / perLine);
    const column = mcu % perLine;
    if (single) {
      decode(single, (row * single.component.stride + column) * 64);
      continue;
    }
    for (const part of parts) {
      const { h, v, stride } = part.component;
      for (let y = 0; y < v; y++)
        for (let x = 0; x < h; x++) decode(part, ((row * v + y) * stride + column * h + x) * 64);
    }
  }
}
