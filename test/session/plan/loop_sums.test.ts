/** Sums of products in loops, which are multiplied some iterations at a time, beside the same graphs without a loop. */
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { generator } from "../../engine/wasm/harness.ts";

const [batch, units] = [2, 24];

const array = (shape: readonly number[], seed: number): tf.NdArray => {
  const next = generator(seed);
  const data = Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => next() - 0.5);
  return new tf.NdArray(tf.float32, shape, data);
};

/** h = tanh([x_t, h] w) for t < steps, and its gradient by w: in a loop, or step by step. */
function recurrent(inputs: tf.Tensor, steps: tf.Tensor | number): { readonly gradient: tf.Tensor } {
  const w = new tf.Variable(tf.constant(array([2 * units, units], 1)), { trainable: true });
  const cell = (x: tf.Tensor, h: tf.Tensor): tf.Tensor => tf.tanh(tf.matmul(tf.concat([x, h], 1), w));
  let h: tf.Tensor = tf.constant(array([batch, units], 2));
  if (typeof steps === "number") for (let t = 0; t < steps; t++) h = cell(tf.gather(inputs, t), h);
  else {
    const [, last] = tf.whileLoop(
      (t) => tf.less(t as tf.Tensor, steps),
      (t, state) => [(t as tf.Tensor).add(1), cell(tf.gather(inputs, t as tf.Tensor), state as tf.Tensor)],
      [tf.constant(0), h],
    );
    h = last!;
  }
  const [gradient] = tf.gradients(tf.reduceSum(tf.square(h)), [w]);
  return { gradient: gradient as tf.Tensor };
}

async function run(build: () => tf.Tensor, threads = 1): Promise<Float32Array> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const fetch = build();
    const sess = new tf.Session({ graph, engine: "wasm", config: { intraOpParallelismThreads: threads } });
    await sess.run(tf.globalVariablesInitializer());
    const { data } = (await sess.run(fetch)) as tf.NdArray;
    sess.close();
    return data as Float32Array;
  });
}

/** Sums of other order differ by rounding. */
function expectNear(actual: Float32Array, expected: Float32Array): void {
  const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
  expect(actual.length).toBe(expected.length);
  for (const [i, x] of actual.entries()) if (!(Math.abs(x - expected[i]!) <= 2e-5 * scale)) expect(x).toBe(expected[i]);
}

describe("sums of products in loops", () => {
  test.each([0, 1, 2, 15, 16, 17, 70])("the gradient of a loop of %i steps is that of the steps", async (steps) => {
    const inputs = array([71, batch, units], 3);
    const looped = await run(() => recurrent(tf.constant(inputs), tf.constant(steps)).gradient);
    const zero = new Float32Array(2 * units * units);
    expectNear(looped, steps ? await run(() => recurrent(tf.constant(inputs), steps).gradient) : zero);
  });

  test("a session gives the same bits for lengths in any order, and for two threads", async () => {
    const inputs = array([71, batch, units], 3);
    const alone = (steps: number) => run(() => recurrent(tf.constant(inputs), tf.constant(steps)).gradient);
    const [long, short] = [await alone(40), await alone(3)];
    for (const threads of [1, 2]) {
      const graph = new tf.Graph();
      await graph.asDefault(async () => {
        const steps = tf.placeholder(tf.int32, []);
        const { gradient } = recurrent(tf.constant(inputs), steps);
        const sess = new tf.Session({ graph, engine: "wasm", config: { intraOpParallelismThreads: threads } });
        await sess.run(tf.globalVariablesInitializer());
        for (const count of [40, 3, 3, 40]) {
          const { data } = (await sess.run(gradient, { feedDict: [[steps, count]] })) as tf.NdArray;
          expect(data).toEqual(count === 3 ? short : long);
        }
        const metadata = new tf.RunMetadata();
        await sess.run(gradient, {
          feedDict: [[steps, 40]],
          options: { traceLevel: "FULL_TRACE" },
          runMetadata: metadata,
        });
        const kernels = metadata.timeline.map(({ name }) => name).filter((name) => name.startsWith("matmul 48x24x"));
        expect(kernels.map((name) => name.slice(0, 17))).toEqual([
          "matmul 48x24x32 T",
          "matmul 48x24x32 T",
          "matmul 48x24x16 T",
        ]);
        sess.close();
      });
    }
  });

  /** A loop of 5 iterations over a sum that gets xᵀ y each time; `next` may look at it. An array of tensors keeps it from being one program. */
  const summed =
    (next: (sum: tf.Tensor, product: tf.Tensor, t: tf.Tensor) => readonly [tf.Tensor, tf.Tensor]) => () => {
      const [x, y] = [tf.constant(array([5, 2, 30], 4)), tf.constant(array([5, 2, 40], 5))];
      const [, sum, seen] = tf.whileLoop(
        (t) => tf.less(t as tf.Tensor, 5),
        (t, total, _, kept) => {
          const at = t as tf.Tensor;
          const product = tf.matmul(tf.gather(x, at), tf.gather(y, at), { transposeA: true });
          const [after, look] = next(total as tf.Tensor, product, at);
          return [at.add(1), after, look, (kept as tf.TensorArray).write(at, at)];
        },
        [
          tf.constant(0),
          tf.constant(array([30, 40], 6)),
          tf.constant(0, { dtype: tf.float32 }),
          new tf.TensorArray(tf.int32, { size: 5 }),
        ] as never,
      ) as unknown as tf.Tensor[];
      return tf.concat([tf.reshape(sum!, [-1]), tf.reshape(seen!, [1])], 0);
    };

  const [x, y, start] = [array([5, 2, 30], 4), array([5, 2, 40], 5), array([30, 40], 6)];

  /** The same by hand. */
  function byHand(next: (sum: Float32Array, product: Float32Array) => readonly [Float32Array, number]): Float32Array {
    let [sum, seen] = [start.data.slice() as Float32Array, 0];
    for (let t = 0; t < 5; t++) {
      const product = new Float32Array(1200);
      for (let r = 0; r < 2; r++)
        for (let i = 0; i < 1200; i++)
          product[i]! +=
            Number(x.data[(2 * t + r) * 30 + Math.floor(i / 40)]) * Number(y.data[(2 * t + r) * 40 + (i % 40)]);
      [sum, seen] = next(sum, product);
    }
    return Float32Array.of(...sum, seen);
  }

  const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);
  const plus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + b[i]!);

  test("a sum that nothing looks at is whole after the loop", async () => {
    const looped = await run(summed((sum, product, t) => [sum.add(product), tf.cast(t, tf.float32)]));
    expectNear(
      looped,
      byHand((sum, product) => [plus(sum, product), 4]),
    );
  });

  test("a sum of several products is whole after the loop", async () => {
    const looped = await run(summed((sum, product, t) => [tf.addN([sum, product, product]), tf.cast(t, tf.float32)]));
    expectNear(
      looped,
      byHand((sum, product) => [plus(sum, plus(product, product)), 4]),
    );
  });

  test("a sum that an iteration looks at is whole in each", async () => {
    const looped = await run(summed((sum, product) => [sum.add(product), tf.reduceSum(sum)]));
    expectNear(
      looped,
      byHand((sum, product) => [plus(sum, product), total(sum)]),
    );
  });

  test("a sum whose next value an iteration looks at is whole in each", async () => {
    const looped = await run(summed((sum, product) => [sum.add(product), tf.reduceSum(sum.add(product))]));
    expectNear(
      looped,
      byHand((sum, product) => [plus(sum, product), total(plus(sum, product))]),
    );
  });

  test("a sum that a branch looks at is whole in each", async () => {
    const looped = await run(
      summed((sum, product, t) => [
        sum.add(product),
        tf.cond(
          tf.greater(t, 3),
          () => tf.reduceSum(sum),
          () => tf.constant(0, { dtype: tf.float32 }),
        ) as tf.Tensor,
      ]),
    );
    let count = 0;
    expectNear(
      looped,
      byHand((sum, product) => [plus(sum, product), count++ > 3 ? total(sum) : 0]),
    );
  });

  test("a sum that is doubled in an iteration is whole in each", async () => {
    const looped = await run(summed((sum, product, t) => [tf.addN([sum, sum, product]), tf.cast(t, tf.float32)]));
    expectNear(
      looped,
      byHand((sum, product) => [plus(plus(sum, sum), product), 4]),
    );
  });

  test("sums that change places are whole", async () => {
    const build = () => {
      const product = tf.matmul(tf.constant(array([2, 30], 7)), tf.constant(array([2, 40], 8)), { transposeA: true });
      const [, first, second] = tf.whileLoop(
        (t) => tf.less(t as tf.Tensor, 5),
        (t, a, b, kept) => [
          (t as tf.Tensor).add(1),
          b as tf.Tensor,
          (a as tf.Tensor).add(product),
          (kept as tf.TensorArray).write(t as tf.Tensor, t as tf.Tensor),
        ],
        [tf.constant(0), tf.zeros([30, 40]), tf.ones([30, 40]), new tf.TensorArray(tf.int32, { size: 5 })] as never,
      ) as unknown as tf.Tensor[];
      return tf.concat([first!, second!.sub(tf.multiply(3, product)), product], 0);
    };
    const values = await run(build);
    const product = values.slice(2400);
    expectNear(
      values.slice(0, 1200),
      product.map((value) => 1 + 2 * value),
    );
    expectNear(values.slice(1200, 2400), new Float32Array(1200));
  });

  test("segments of one body have sums of their own, which are multiplied at the end", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const [x, y] = [tf.constant(array([5, 2, 30], 4)), tf.constant(array([5, 2, 40], 5))];
      const [, first, second] = tf.whileLoop(
        (t) => tf.less(t as tf.Tensor, 5),
        (t, a, b, kept) => {
          const at = t as tf.Tensor;
          const [rows, columns] = [tf.gather(x, at), tf.gather(y, at)];
          // What the array gives back comes from another segment.
          const after = (kept as tf.TensorArray).write(at, tf.multiply(2, columns));
          const sum = (a as tf.Tensor).add(tf.matmul(rows, columns, { transposeA: true }));
          const other = (b as tf.Tensor).add(tf.matmul(rows, after.read(at), { transposeA: true }));
          return [at.add(1), sum, other, after];
        },
        [
          tf.constant(0),
          tf.zeros([30, 40]),
          tf.zeros([30, 40]),
          new tf.TensorArray(tf.float32, { size: 5, clearAfterRead: false }),
        ] as never,
      ) as unknown as tf.Tensor[];
      const sess = new tf.Session({ graph, engine: "wasm" });
      const runMetadata = new tf.RunMetadata();
      const options = { traceLevel: "FULL_TRACE" } as const;
      const [one, two] = (await sess.run([first!, second!], { options, runMetadata })) as tf.NdArray[];
      sess.close();
      expectNear(
        two!.data as Float32Array,
        (one!.data as Float32Array).map((value) => 2 * value),
      );
      expect((one!.data as Float32Array).some((value) => value !== 0)).toBe(true);
      const products = runMetadata.timeline.filter(({ name }) => name.startsWith("matmul")).map(({ name }) => name);
      expect(products).toEqual(Array(2).fill("matmul 30x40x10 TN float32, then add"));
    });
  });

  test("the condition may look at a sum", async () => {
    const build = () => {
      const product = tf.matmul(tf.ones([2, 30]), tf.ones([2, 40]), { transposeA: true });
      const [count, sum] = tf.whileLoop(
        (_, sum) => tf.less(tf.reduceMax(sum as tf.Tensor), 9),
        (t, sum, kept) => [
          (t as tf.Tensor).add(1),
          (sum as tf.Tensor).add(product),
          (kept as tf.TensorArray).write(t as tf.Tensor, t as tf.Tensor),
        ],
        [tf.constant(0), tf.zeros([30, 40]), new tf.TensorArray(tf.int32, { size: 50 })] as never,
      ) as unknown as tf.Tensor[];
      return tf.concat([tf.reshape(tf.cast(count!, tf.float32), [1]), tf.reshape(sum!, [-1])], 0);
    };
    expect(await run(build)).toEqual(Float32Array.of(5, ...new Array<number>(1200).fill(10)));
  });

  test("a loop in a loop has a sum of its own each time", async () => {
    const product = () => tf.matmul(tf.ones([2, 30]), tf.ones([2, 40]), { transposeA: true });
    const build = () => {
      const [, outer] = tf.whileLoop(
        (t) => tf.less(t as tf.Tensor, 4),
        (t, sum) => {
          const [, inner] = tf.whileLoop(
            (s) => tf.less(s as tf.Tensor, t as tf.Tensor),
            (s, value, kept) => [
              (s as tf.Tensor).add(1),
              (value as tf.Tensor).add(product()),
              (kept as tf.TensorArray).write(s as tf.Tensor, s as tf.Tensor),
            ],
            [tf.constant(0), tf.zeros([30, 40]), new tf.TensorArray(tf.int32, { size: 9 })] as never,
          ) as unknown as tf.Tensor[];
          return [(t as tf.Tensor).add(1), tf.multiply(2, sum as tf.Tensor).add(inner!)];
        },
        [tf.constant(0), tf.zeros([30, 40])],
      );
      return outer!;
    };
    // sums of 0, 2, 4 and 6, each before the last doubled once more
    expect(await run(build)).toEqual(new Float32Array(1200).fill(2 * (2 * (2 * 0 + 2) + 4) + 6));
  });

  test("rows may be more from one iteration to the next", async () => {
    const rows = array([6, 30], 9);
    const build = () => {
      const all = tf.constant(rows);
      const [, sum] = tf.whileLoop(
        (t) => tf.less(t as tf.Tensor, 6),
        (t, value, kept) => {
          const some = tf.slice(all, [0, 0], tf.stack([(t as tf.Tensor).add(1), tf.constant(30)]));
          return [
            (t as tf.Tensor).add(1),
            (value as tf.Tensor).add(tf.matmul(some, some, { transposeA: true })),
            (kept as tf.TensorArray).write(t as tf.Tensor, t as tf.Tensor),
          ];
        },
        [tf.constant(0), tf.zeros([30, 30]), new tf.TensorArray(tf.int32, { size: 6 })] as never,
      ) as unknown as tf.Tensor[];
      return sum!;
    };
    const expected = new Float32Array(900);
    for (let t = 0; t < 6; t++)
      for (let r = 0; r <= t; r++)
        for (let i = 0; i < 900; i++)
          expected[i]! += Number(rows.data[r * 30 + Math.floor(i / 30)]) * Number(rows.data[r * 30 + (i % 30)]);
    expectNear(await run(build), expected);
  });
});
