/** Scans of a JPEG image that is to be written, as symbols and bits: sequential and progressive. Source: ITU-T T.81, annexes F and G; jchuff.c, jcphuff.c. */
import type { Blocks } from "./blocks.ts";
import { zigzag } from "./tables.ts";

export interface Scan {
  /** Components by index, in the file's order. */
  readonly components: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
}

/** `table`: 0, 1 of DC, 2, 3 of AC, -1 for bits alone. */
export interface Token {
  readonly table: number;
  readonly symbol: number;
  readonly bits: number;
  readonly size: number;
}

type Emit = (table: number, symbol: number, bits: number, size: number) => void;

const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value));
/** The bits of a number of that size: negative ones less 1. */
const bitsOf = (value: number, size: number): number => (value < 0 ? value + (1 << size) - 1 : value);

function sequentialAc(emit: Emit, table: number, coefficients: Int16Array, at: number): void {
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const value = coefficients[at + zigzag[k]!]!;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) emit(table, 0xf0, 0, 0);
    const size = sizeOf(value);
    emit(table, (run << 4) + size, bitsOf(value, size), size);
    run = 0;
  }
  if (run > 0) emit(table, 0, 0, 0);
}

/** Writes the AC part of a progressive scan block by block; empty blocks are counted together. */
class Progressive {
  readonly #emit: Emit;
  readonly #table: number;
  readonly #scan: Scan;
  #emptyBlocks = 0;
  /** Correction bits of the empty blocks. */
  #pending: number[] = [];

  constructor(emit: Emit, table: number, scan: Scan) {
    this.#emit = emit;
    this.#table = table;
    this.#scan = scan;
  }

  flush(): void {
    if (this.#emptyBlocks === 0) return;
    const size = sizeOf(this.#emptyBlocks) - 1;
    this.#emit(this.#table, size << 4, this.#emptyBlocks & ((1 << size) - 1), size);
    this.#emptyBlocks = 0;
    this.#correct(this.#pending);
    this.#pending = [];
  }

  #correct(bits: readonly number[]): void {
    for (const bit of bits) this.#emit(-1, 0, bit, 1);
  }

  first(coefficients: Int16Array, at: number): void {
    const { start, end, low } = this.#scan;
    let run = 0;
    for (let k = start; k <= end; k++) {
      const value = coefficients[at + zigzag[k]!]!;
      const shifted = value < 0 ? -(-value >> low) : value >> low;
      if (shifted === 0) {
        run++;
        continue;
      }
      this.flush();
      for (; run > 15; run -= 16) this.#emit(this.#table, 0xf0, 0, 0);
      const size = sizeOf(shifted);
      this.#emit(this.#table, (run << 4) + size, bitsOf(shifted, size), size);
      run = 0;
    }
    if (run === 0) return;
    this.#emptyBlocks++;
    if (this.#emptyBlocks === 0x7fff) this.flush();
  }

  refine(coefficients: Int16Array, at: number): void {
    const { start, end, low } = this.#scan;
    const sizes = new Int32Array(64);
    let lastNew = 0;
    for (let k = start; k <= end; k++) {
      sizes[k] = Math.abs(coefficients[at + zigzag[k]!]!) >> low;
      if (sizes[k] === 1) lastNew = k;
    }
    let run = 0;
    let corrections: number[] = [];
    for (let k = start; k <= end; k++) {
      const value = sizes[k]!;
      if (value === 0) {
        run++;
        continue;
      }
      for (; run > 15 && k <= lastNew; run -= 16) {
        this.flush();
        this.#emit(this.#table, 0xf0, 0, 0);
        this.#correct(corrections);
        corrections = [];
      }
      if (value > 1) {
        corrections.push(value & 1);
        continue;
      }
      this.flush();
      this.#emit(this.#table, (run << 4) + 1, coefficients[at + zigzag[k]!]! < 0 ? 0 : 1, 1);
      this.#correct(corrections);
      corrections = [];
      run = 0;
    }
    if (run === 0 && corrections.length === 0) return;
    this.#emptyBlocks++;
    this.#pending.push(...corrections);
    if (this.#emptyBlocks === 0x7fff || this.#pending.length > 937) this.flush();
  }
}

/** All symbols and bits of a scan in order. */
export function tokensOf(components: readonly Blocks[], scan: Scan, isProgressive: boolean): Token[] {
  const tokens: Token[] = [];
  const emit: Emit = (table, symbol, bits, size) => tokens.push({ table, symbol, bits, size });
  const predictors = components.map(() => 0);
  const progressive = new Progressive(emit, 2 + Math.min(scan.components[0]!, 1), scan);

  const block = (index: number, at: number): void => {
    const { coefficients } = components[index]!;
    const slot = Math.min(index, 1);
    if (scan.start === 0 && scan.high > 0) emit(-1, 0, (coefficients[at]! >> scan.low) & 1, 1);
    else if (scan.start === 0) {
      const dc = coefficients[at]! >> scan.low;
      const difference = dc - predictors[index]!;
      predictors[index] = dc;
      const size = sizeOf(difference);
      emit(slot, size, bitsOf(difference, size), size);
    }
    if (!isProgressive) sequentialAc(emit, 2 + slot, coefficients, at);
    else if (scan.end > 0) scan.high > 0 ? progressive.refine(coefficients, at) : progressive.first(coefficients, at);
  };

  if (scan.components.length === 1) {
    const index = scan.components[0]!;
    const { width, height, stride } = components[index]!;
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) block(index, (r * stride + c) * 64);
  } else {
    const { stride, h, coefficients } = components[0]!;
    const perLine = stride / h;
    const mcus = coefficients.length / 64 / (h * h);
    for (let mcu = 0; mcu < mcus; mcu++) {
      const [row, column] = [Math.floor(mcu / perLine), mcu % perLine];
      for (const index of scan.components) {
        const part = components[index]!;
        for (let y = 0; y < part.v; y++)
          for (let x = 0; x < part.h; x++) block(index, ((row * part.v + y) * part.stride + column * part.h + x) * 64);
      }
    }
  }
  progressive.flush();
  return tokens;
}
