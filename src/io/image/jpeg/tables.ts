/** Tables of the JPEG standard. Source: ITU-T T.81, annex K; figure A.6. */

/** Where coefficient k of a block's zigzag lies, row-major. */
export const zigzag = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14],
  ...[21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60],
  ...[61, 54, 47, 55, 62, 63],
);

/** Quantization of luminance and chrominance at quality 50, row-major. */
export const baseQuantization: readonly [readonly number[], readonly number[]] = [
  [
    ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29],
    ...[51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121],
    ...[120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
  ],
  [
    ...[17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99],
    ...new Array<number>(36).fill(99),
  ],
];

/** A Huffman table as files hold it: how many codes have each length from 1 to 16, and the symbols by rising code. */
export interface CodeLengths {
  readonly counts: ArrayLike<number>;
  readonly symbols: ArrayLike<number>;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const dcCodes: readonly [CodeLengths, CodeLengths] = [
  { counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], symbols: range(12) },
  { counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], symbols: range(12) },
];

const hex = (text: string): number[] => text.split(" ").map((byte) => Number.parseInt(byte, 16));

/** Symbols of the longest codes: rows by run, from a first size on. */
function tail(first: readonly number[]): number[] {
  return first.flatMap((from) => range(11 - (from & 15)).map((i) => from + i));
}

export const acCodes: readonly [CodeLengths, CodeLengths] = [
  {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    symbols: [
      ...hex(
        "01 02 03 00 04 11 05 12 21 31 41 06 13 51 61 07 22 71 14 32 81 91 a1 08 23 42 b1 c1 15 52 d1 f0 24 33 62",
      ),
      ...hex("72 82 09 0a 16 17 18 19 1a 25 26 27 28 29 2a 34 35 36 37 38 39 3a"),
      ...tail([0x43, 0x53, 0x63, 0x73, 0x83, 0x92, 0xa2, 0xb2, 0xc2, 0xd2, 0xe1, 0xf1]),
    ],
  },
  {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    symbols: [
      ...hex(
        "00 01 02 03 11 04 05 21 31 06 12 41 51 07 61 71 13 22 32 81 08 14 42 91 a1 b1 c1 09 23 33 52 f0 15 62 72",
      ),
      ...hex("d1 0a 16 24 34 e1 25 f1 17 18 19 1a 26 27 28 29 2a 35 36 37 38 39 3a"),
      ...tail([0x43, 0x53, 0x63, 0x73, 0x82, 0x92, 0xa2, 0xb2, 0xc2, 0xd2, 0xe2, 0xf2]),
    ],
  },
];
