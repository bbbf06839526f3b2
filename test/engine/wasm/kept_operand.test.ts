/** The right matrix of a product, packed once for as long as it lasts. */
import { describe, expect, test } from "vitest";
import { float32 } from "../../../src/core/dtype.ts";
import { NdArray, viewElements } from "../../../src/core/nd_array.ts";
import { createWasmEngine } from "../../../src/engine/wasm_engine.ts";
import * as tf from "../../../src/index.ts";
import { build } from "../support.ts";
import { generator } from "./harness.ts";

interface Case {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeB?: boolean;
  readonly threads?: number;
}

/** x y in one workspace, as often as it is called with other elements; `y` lasts, or does not. */
function products({ m, k, n, transposeB = false, threads = 1 }: Case, isLasting: boolean) {
  const engine = createWasmEngine({ threads });
  const inputs = [[m, k], transposeB ? [n, k] : [k, n]].map(
    (shape) => new NdArray(float32, shape, new Float32Array(shape[0]! * shape[1]!)),
  );
  const { program } = build({ inputs }, (p, [x, y]) => [p.matmul(x!, y!, { transposeB })]);
  const executable = engine.compile(program, () => 0, [{}, { isLasting }]);
  const base = engine.allocate(executable.workspaceBytes);
  executable.prepare(base);
  const view = (address: number, count: number) => viewElements(float32, engine.buffer, address, count) as Float32Array;
  const multiply = (seeds: readonly [number, number]): Float32Array => {
    for (const [i, seed] of seeds.entries()) {
      const next = generator(seed);
      const room = view(base + executable.inputOffsets[i]!, inputs[i]!.size);
      for (let e = 0; e < room.length; e++) room[e] = next() - 0.5;
    }
    executable.run(base);
    return view(executable.outputAddress(base, 0), m * n).slice();
  };
  return { multiply, renew: () => executable.renew?.() };
}

describe("a right matrix that lasts", () => {
  test.each<Case>([
    { m: 32, k: 256, n: 512 },
    { m: 7, k: 300, n: 600 },
    { m: 33, k: 9, n: 21, transposeB: true },
    { m: 32, k: 512, n: 128, transposeB: true },
    { m: 130, k: 257, n: 530, threads: 2 },
  ])("gives the bits of one that does not, %o", (sizes) => {
    const [kept, plain] = [products(sizes, true), products(sizes, false)];
    for (const seeds of [
      [1, 9],
      [2, 9],
      [3, 9],
    ] as const)
      expect(kept.multiply(seeds)).toEqual(plain.multiply(seeds));
    kept.renew();
    expect(kept.multiply([4, 5])).toEqual(plain.multiply([4, 5]));
  });

  test("is not read again until it is renewed", () => {
    const { multiply, renew } = products({ m: 8, k: 40, n: 24 }, true);
    const first = multiply([1, 2]);
    expect(multiply([1, 3])).toEqual(first);
    renew();
    expect(multiply([1, 3])).not.toEqual(first);
  });

  test("is not kept where it is large, or the product has many rows", () => {
    for (const sizes of [
      { m: 8, k: 600, n: 600 },
      { m: 300, k: 16, n: 16 },
    ]) {
      const { multiply } = products(sizes, true);
      expect(multiply([1, 3])).not.toEqual(multiply([1, 2]));
    }
  });
});

describe("matrices that a loop reads", () => {
  /** h = tanh(h w) four times, in a loop, with its gradient by h. */
  const looped = (h: tf.Tensor, w: tf.Tensor): tf.Tensor[] => {
    const [, last] = tf.whileLoop(
      (t) => tf.less(t as tf.Tensor, 4),
      (t, state) => [(t as tf.Tensor).add(1), tf.tanh(tf.matmul(state as tf.Tensor, w))],
      [tf.constant(0), h],
    );
    return [last!, tf.gradients(last!, h)[0] as tf.Tensor];
  };
  const straight = (h: tf.Tensor, w: tf.Tensor): tf.Tensor[] => {
    let last = h;
    for (let t = 0; t < 4; t++) last = tf.tanh(tf.matmul(last, w));
    return [last, tf.gradients(last, h)[0] as tf.Tensor];
  };

  test("may be others in each run", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const [h, w] = [tf.placeholder(tf.float32, [3, 20]), tf.placeholder(tf.float32, [20, 20])];
      const fetches = [...looped(h, w), ...straight(h, w)];
      const sess = new tf.Session({ graph, engine: "wasm" });
      const next = generator(7);
      const random = (shape: readonly number[]) =>
        new tf.NdArray(
          tf.float32,
          shape,
          Float32Array.from({ length: shape[0]! * shape[1]! }, () => next() - 0.5),
        );
      for (let run = 0; run < 4; run++) {
        const feedDict = [[h, random([3, 20])] as const, [w, random([20, 20])] as const];
        const [inLoop, gradient, outside, gradientOutside] = (await sess.run(fetches, { feedDict })) as tf.NdArray[];
        expect(inLoop!.data).toEqual(outside!.data);
        expect(gradient!.data).toEqual(gradientOutside!.data);
      }
      sess.close();
    });
  });
});
