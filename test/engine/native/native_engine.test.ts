/** Products and convolutions by native libraries against WebAssembly, through the whole engine. */
import { describe, expect, test } from "vitest";
import { float32, float64 } from "../../../src/core/dtype.ts";
import { NdArray } from "../../../src/core/nd_array.ts";
import { elementCount } from "../../../src/core/shape.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { Lowering } from "../../../src/engine/lowering.ts";
import type { NativeLibrary } from "../../../src/engine/native/library.ts";
import type { ConvolutionGeometry, SpatialDim, Value } from "../../../src/engine/primitive.ts";
import { createWasmEngine } from "../../../src/engine/wasm_engine.ts";
import { build, execute } from "../support.ts";
import { libraries, sourceOf } from "./library.ts";

/** Numbers between -1 and 1 from a seed. */
function numbers(shape: readonly number[], seed: number, dtype = float32): NdArray {
  let state = seed * 7919 + 1;
  const data = new (dtype === float32 ? Float32Array : Float64Array)(elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return new NdArray(dtype, shape, data);
}

type Body = (p: Lowering, inputs: readonly Value[]) => Value;

/** Calls of a library, counted: a step that it does not take would compare WebAssembly with itself. */
function counted(library: NativeLibrary): {
  readonly library: NativeLibrary;
  readonly calls: { gemm: number; convolution: number };
} {
  const calls = { gemm: 0, convolution: 0 };
  const counting = {
    ...library,
    gemm: (...args: Parameters<NativeLibrary["gemm"]>) => {
      calls.gemm++;
      library.gemm(...args);
    },
    gemm64:
      library.gemm64 &&
      ((...args: Parameters<NativeLibrary["gemm"]>) => {
        calls.gemm++;
        library.gemm64!(...args);
      }),
    convolution: (...args: Parameters<NativeLibrary["convolution"]>) => {
      const runner = library.convolution(...args);
      return (
        runner && {
          run(x: number, y: number, out: number) {
            calls.convolution++;
            runner.run(x, y, out);
          },
          dispose: runner.dispose,
        }
      );
    },
  };
  return { library: counting, calls };
}

function outputOf(engine: Engine, inputs: readonly NdArray[], body: Body): NdArray {
  const { outputs, error } = execute(
    engine,
    build({ inputs }, (p, xs) => [body(p, xs)]),
    { inputs },
    2,
  );
  if (error) throw error;
  return outputs[0]!;
}

/** The library's answer is WebAssembly's, as near as sums of so many terms can be; gives how often the library was called. */
function compare(library: NativeLibrary, inputs: readonly NdArray[], body: Body, terms: number, threads = 1) {
  const { library: counting, calls } = counted(library);
  const expected = outputOf(createWasmEngine(), inputs, body).data as Float32Array;
  const got = outputOf(createWasmEngine({ threads, native: sourceOf(counting) }), inputs, body).data as Float32Array;
  const tolerance = (inputs[0]!.dtype === float64 ? 1e-14 : 3e-7) * Math.max(8, terms);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(got[i]! - expected[i]!));
  expect(got.length).toBe(expected.length);
  expect(worst).toBeLessThan(tolerance);
  expect(Number.isNaN(worst)).toBe(false);
  return calls;
}

const transposes = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

const dim = (input: number, filter: number, stride = 1, pad: "same" | "valid" = "same", dilation = 1): SpatialDim => {
  const reach = (filter - 1) * dilation + 1;
  const output = pad === "same" ? Math.ceil(input / stride) : Math.floor((input - reach) / stride) + 1;
  const total = pad === "same" ? Math.max(0, (output - 1) * stride + reach - input) : 0;
  return { input, filter, stride, dilation, padBefore: Math.floor(total / 2), output };
};
const square = (...args: Parameters<typeof dim>): SpatialDim[] => [dim(...args), dim(...args)];

const geometries: [string, ConvolutionGeometry][] = [
  ["3x3 same", { batch: 4, inChannels: 8, outChannels: 16, groups: 1, spatial: square(16, 3) }],
  ["5x5 same of one channel", { batch: 8, inChannels: 1, outChannels: 9, groups: 1, spatial: square(17, 5) }],
  [
    "5x5 valid of 7 channels",
    { batch: 3, inChannels: 7, outChannels: 13, groups: 1, spatial: square(15, 5, 1, "valid") },
  ],
  ["stride 2 same", { batch: 4, inChannels: 12, outChannels: 10, groups: 1, spatial: square(19, 3, 2) }],
  [
    "stride 2 same of an even size",
    { batch: 4, inChannels: 12, outChannels: 10, groups: 1, spatial: square(18, 4, 2) },
  ],
  [
    "stride 3 valid with a rest",
    { batch: 9, inChannels: 8, outChannels: 16, groups: 1, spatial: square(20, 3, 3, "valid") },
  ],
  ["dilation 2", { batch: 4, inChannels: 6, outChannels: 16, groups: 1, spatial: square(14, 3, 1, "same", 2) }],
  [
    "sides of their own",
    { batch: 9, inChannels: 6, outChannels: 8, groups: 1, spatial: [dim(20, 3, 2), dim(11, 5, 1, "valid")] },
  ],
  ["1x1", { batch: 4, inChannels: 32, outChannels: 32, groups: 1, spatial: square(12, 1) }],
  ["depthwise", { batch: 8, inChannels: 24, outChannels: 24, groups: 24, spatial: square(28, 3) }],
  ["depthwise, two each", { batch: 8, inChannels: 16, outChannels: 32, groups: 16, spatial: square(28, 3) }],
  ["groups of 4", { batch: 6, inChannels: 16, outChannels: 24, groups: 4, spatial: square(20, 3) }],
  ["one dimension", { batch: 8, inChannels: 16, outChannels: 32, groups: 1, spatial: [dim(100, 5)] }],
  [
    "three dimensions",
    { batch: 2, inChannels: 4, outChannels: 8, groups: 1, spatial: [dim(9, 3), dim(8, 3), dim(7, 3)] },
  ],
];

const shapesOf = ({ batch, inChannels, outChannels, groups, spatial }: ConvolutionGeometry) => ({
  x: [batch, ...spatial.map((s) => s.input), inChannels],
  filter: [...spatial.map((s) => s.filter), inChannels / groups, outChannels],
  dy: [batch, ...spatial.map((s) => s.output), outChannels],
});

describe.each(libraries.map((library) => [library.name, library] as const))("%s", (_, library) => {
  describe.each(transposes)("matmul with transposeA %s and transposeB %s", (transposeA, transposeB) => {
    const multiply: Body = (p, [a, b]) => p.matmul(a!, b!, { transposeA, transposeB });

    test.each([
      [64, 64, 64],
      [100, 128, 784],
      [65, 67, 71],
      [2, 513, 300],
      [513, 3, 301],
      [300, 100, 9],
    ])("%d x %d x %d", (m, n, k) => {
      const a = numbers(transposeA ? [k, m] : [m, k], 1);
      const b = numbers(transposeB ? [n, k] : [k, n], 2);
      expect(compare(library, [a, b], multiply, k).gemm > 0).toBe(2 * m * n * k >= 500_000);
    });

    test("two threads", () => {
      const [m, n, k] = [130, 200, 300];
      const a = numbers(transposeA ? [k, m] : [m, k], 1);
      const b = numbers(transposeB ? [n, k] : [k, n], 2);
      expect(compare(library, [a, b], multiply, k, 2).gemm).toBeGreaterThan(0);
    });

    test("a batch", () => {
      const a = numbers(transposeA ? [3, 80, 70] : [3, 70, 80], 1);
      const b = numbers(transposeB ? [3, 60, 80] : [3, 80, 60], 2);
      expect(compare(library, [a, b], multiply, 80).gemm).toBeGreaterThanOrEqual(3);
    });

    test("float64", () => {
      const a = numbers(transposeA ? [90, 80] : [80, 90], 1, float64);
      const b = numbers(transposeB ? [70, 90] : [90, 70], 2, float64);
      expect(compare(library, [a, b], multiply, 90).gemm > 0).toBe(library.gemm64 !== null);
    });
  });

  test("rows of a larger matrix", () => {
    const body: Body = (p, [a, b]) => p.matmul(p.slice(a!, [3, 5], [70, 90]), p.slice(b!, [1, 2], [90, 60]));
    expect(compare(library, [numbers([80, 100], 1), numbers([95, 70], 2)], body, 90).gemm).toBeGreaterThan(0);
  });

  test("bias and relu after a product", () => {
    const body: Body = (p, [a, b, bias]) => {
      return p.max(p.add(p.matmul(a!, b!), bias!), p.scalar(0, "float32"));
    };
    const inputs = [numbers([100, 90], 1), numbers([90, 80], 2), numbers([80], 3)];
    expect(compare(library, inputs, body, 90).gemm).toBeGreaterThan(0);
  });

  test("the engine's own threads and those of the library take turns", () => {
    const body: Body = (p, [a, b]) => {
      let x = p.matmul(a!, b!);
      for (let i = 0; i < 3; i++) x = p.matmul(p.tanh(p.transpose(x, [1, 0])), b!);
      return x;
    };
    const inputs = [numbers([300, 300], 1), numbers([300, 300], 2)];
    const { library: counting, calls } = counted(library);
    const engine = createWasmEngine({ threads: 2, native: sourceOf(counting) });
    const built = build({ inputs }, (p, xs) => [body(p, xs)]);
    const results = [1, 12, 1].map((times) => execute(engine, built, { inputs }, times).outputs[0]!.data);
    expect(calls.gemm).toBe(14 * 4);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("a product of few numbers stays in WebAssembly", () => {
    expect(compare(library, [numbers([8, 8], 1), numbers([8, 8], 2)], (p, [a, b]) => p.matmul(a!, b!), 8).gemm).toBe(0);
  });

  for (const [name, geometry] of geometries) {
    const { x, filter, dy } = shapesOf(geometry);
    const taps = elementCount(geometry.spatial.map((s) => s.filter));
    const cases = {
      forward: [x, filter, (taps * geometry.inChannels) / geometry.groups],
      inputGradient: [filter, dy, (taps * geometry.outChannels) / geometry.groups],
      filterGradient: [x, dy, elementCount(dy) / geometry.outChannels],
    } as const;
    test.each(Object.entries(cases))(`convolution ${name}: %s`, (fn, [first, second, terms]) => {
      const inputs = [numbers(first, 1), numbers(second, 2)];
      const body: Body = (p, [a, b]) => p.convolution(fn as "forward", a!, b!, geometry);
      const { convolution } = compare(library, inputs, body, terms, 2);
      expect(convolution > 0).toBe(library.convolution(fn as "forward", geometry) !== null);
    });
  }

  test("primitives end with their executable", () => {
    let made = 0;
    let ended = 0;
    const watched: NativeLibrary = {
      ...library,
      convolution(kind, geometry) {
        const runner = library.convolution(kind, geometry);
        if (runner) made++;
        return (
          runner && {
            run: runner.run,
            dispose() {
              ended++;
              runner.dispose();
            },
          }
        );
      },
    };
    const engine = createWasmEngine({ native: sourceOf(watched) });
    const [, geometry] = geometries[0]!;
    const { x, filter } = shapesOf(geometry);
    const inputs = [numbers(x, 1), numbers(filter, 2)];
    const { program } = build({ inputs }, (p, [a, b]) => [p.convolution("forward", a!, b!, geometry)]);
    const executables = [0, 1].map(() => engine.compile(program, () => 0));
    for (const executable of executables) {
      const base = engine.allocate(executable.workspaceBytes);
      executable.prepare(base);
      executable.run(base);
      executable.run(base);
    }
    const expected = made;
    executables[0]!.dispose!();
    expect(ended).toBe(0);
    executables[1]!.dispose!();
    expect([made, ended]).toEqual([expected, expected]);
  });
});
