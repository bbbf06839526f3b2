/** A library that gives wrong numbers is refused: products and convolutions of 8x8 against plain loops. */
import { createArena, type Koffi } from "./foreign.ts";
import type { ConvolutionKind, Gemm, NativeLibrary } from "./library.ts";

const n = 8;
const area = n * n;

/** Small whole numbers, so that every order of summation gives the same. */
const entry = (i: number, salt: number): number => ((i * 7 + salt * 5) % 11) - 5;

/** Throws an Error that says what was wrong. */
export function selfTest(library: NativeLibrary, koffi: Koffi): void {
  library.setThreads(1);
  testGemm(library.gemm, koffi, 4, "float32");
  if (library.gemm64) testGemm(library.gemm64, koffi, 8, "float64");
  for (const kind of ["forward", "inputGradient", "filterGradient"] as const) testConvolution(library, koffi, kind);
}

function testGemm(gemm: Gemm, koffi: Koffi, size: 4 | 8, dtype: string): void {
  const arena = createArena(koffi, 3 * area * size + 192);
  const places = [0, 1, 2].map(() => arena.take(area * size)) as [number, number, number];
  const Numbers = size === 4 ? Float32Array : Float64Array;
  const [a, b, c] = places.map((at) => new Numbers(arena.buffer, at - arena.address, area)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const [ta, tb] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    for (let i = 0; i < area; i++) [a[i], b[i], c[i]] = [entry(i, 1), entry(i, 2), Number.NaN];
    gemm(ta, tb, n, n, n, 1, places[0], n, places[1], n, 0, places[2], n);
    for (let i = 0; i < area; i++) {
      const [row, column] = [Math.floor(i / n), i % n];
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[ta ? k * n + row : row * n + k]! * b[tb ? column * n + k : k * n + column]!;
      if (c[i] !== sum)
        throw new Error(`its ${dtype} product of 8x8 is wrong: ${c[i]} for ${sum} at ${row}, ${column}`);
    }
  }
}

/** One image of 8x8 with 2 channels in and 3 out, filter 3x3, padded by 1. */
function testConvolution(library: NativeLibrary, koffi: Koffi, kind: ConvolutionKind): void {
  const [ins, outs, taps, pad] = [2, 3, 3, 1];
  const dim = { input: n, output: n, filter: taps, stride: 1, dilation: 1, padBefore: pad };
  const geometry = { batch: 1, inChannels: ins, outChannels: outs, groups: 1, spatial: [dim, dim] };
  const runner = library.convolution(kind, geometry);
  if (!runner) return;
  const counts = { image: area * ins, filter: taps * taps * ins * outs, result: area * outs };
  const arena = createArena(koffi, 16384);
  const make = (count: number) => {
    const address = arena.take(4 * count);
    return { address, numbers: new Float32Array(arena.buffer, address - arena.address, count) };
  };
  const [image, filter, result] = [make(counts.image), make(counts.filter), make(counts.result)];
  const inOrder = {
    forward: [image, filter, result],
    inputGradient: [filter, result, image],
    filterGradient: [image, result, filter],
  }[kind] as [typeof image, typeof image, typeof image];
  const [x, y, out] = inOrder;
  for (const [salt, { numbers }] of [x, y].entries())
    for (let i = 0; i < numbers.length; i++) numbers[i] = entry(i, salt);
  out.numbers.fill(Number.NaN);
  const expected = new Float64Array(out.numbers.length);
  const roles = { forward: [0, 1, 2], inputGradient: [1, 2, 0], filterGradient: [0, 2, 1] } as const;
  const [p, q, sum] = roles[kind];
  const numbers = [image.numbers, filter.numbers, result.numbers];
  for (let at = 0; at < area * taps * taps; at++) {
    const [pixel, tap] = [Math.floor(at / (taps * taps)), at % (taps * taps)];
    const row = Math.floor(pixel / n) + Math.floor(tap / taps) - pad;
    const column = (pixel % n) + (tap % taps) - pad;
    if (row < 0 || row >= n || column < 0 || column >= n) continue;
    for (let c = 0; c < ins; c++) {
      for (let o = 0; o < outs; o++) {
        const places = [(row * n + column) * ins + c, (tap * ins + c) * outs + o, pixel * outs + o];
        expected[places[sum]!]! += numbers[p]![places[p]!]! * numbers[q]![places[q]!]!;
      }
    }
  }
  try {
    runner.run(x.address, y.address, out.address);
  } finally {
    runner.dispose();
  }
  const wrong = expected.findIndex((value, i) => value !== out.numbers[i]);
  if (wrong >= 0)
    throw new Error(
      `its convolution (${kind}) of 8x8 is wrong: ${out.numbers[wrong]} for ${expected[wrong]} at ${wrong}`,
    );
}
