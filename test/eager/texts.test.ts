import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eagerMode } from "../../src/eager/mode.ts";
import { GradientTape } from "../../src/eager/tape/gradient_tape.ts";
import { IndexedSlices } from "../../src/graph/indexed_slices.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";

/** What TensorFlow prints for the case of a name, or says where it fails. */
const expected: Record<string, string> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/eager/eager.json"), "utf8"),
);

/** Python's repr of results. */
function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "None";
  if (value instanceof IndexedSlices) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  const { repr } = value as { repr?: () => string };
  if (repr) return (value as { repr(): string }).repr();
  if (Object.getPrototypeOf(value) !== Object.prototype) return String(value);
  return `{${Object.entries(value as object)
    .map(([key, item]) => `'${key}': ${shown(item)}`)
    .join(", ")}}`;
}

function outcome(make: () => unknown): string {
  try {
    return shown(make());
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** The target of fn, and the tape that it was computed on. */
function taped<T>(fn: (tape: GradientTape) => T, options: { persistent?: boolean } = {}): [T, GradientTape] {
  let target: T | undefined;
  const tape = new GradientTape(options, (each) => {
    target = fn(each);
  });
  return [target as T, tape];
}

const watched = (tape: GradientTape, tensor: Tensor): Tensor => {
  tape.watch(tensor);
  return tensor;
};

const floats = (values: number | number[]): Tensor => tf.constant(values as number[], tf.float32);
const seeds = (): unknown => {
  tf.setRandomSeed(1);
  return [
    tf.random.uniform([2]),
    tf.random.normal([2]),
    tf.random.uniform([2], { seed: 5 }),
    tf.random.uniform([2], { seed: 5 }),
    tf.random.shuffle([1, 2, 3, 4, 5]),
    tf.nn.dropout(tf.ones([4]), { rate: 0.5 }),
    tf.random.truncatedNormal([2]),
    tf.getVariable("g", [2]),
    tf.random.uniform([3], { minval: 0, maxval: 100, dtype: tf.int32 }),
    tf.random.multinomial([[1.5, 2]], 3),
    tf.random.gamma([2], 1.5),
  ];
};

function cases(): Record<string, () => unknown> {
  const x = floats([1.5, 2]);
  const three = floats(3);
  const v = new tf.Variable(1);
  const w = new tf.Variable(2);
  const frozen = new tf.Variable(7, { trainable: false, dtype: tf.float32 });
  const symbolic = new tf.Graph().asDefault(() => tf.constant(1.5));
  const table = new tf.Variable([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  const grad =
    (fn: (tape: GradientTape) => unknown, sources: unknown, options = {}): (() => unknown) =>
    () => {
      const [target, tape] = taped(fn);
      return tape.gradient(target as Tensor, sources, options);
    };
  const add = (a: Tensor, b: Tensor): Tensor => a.add(b);
  return {
    "str scalar": () => String(tf.constant(2.5)),
    "repr scalar": () => tf.constant(0.1),
    "str matrix": () =>
      String(
        tf.constant([
          [1.5, 2],
          [3, 4],
        ]),
      ),
    "repr matrix": () =>
      tf.constant([
        [1.5, 2],
        [3, 4],
      ]),
    "repr ints": () => tf.constant([1, 2]),
    "repr bool": () => tf.constant(true),
    "repr string": () => tf.constant("abc"),
    "repr strings": () => tf.constant(["a", "b"]),
    "repr complex": () => tf.constant([1, 2] as never, { dtype: tf.complex64 }),
    "repr empty": () => tf.zeros([0, 2]),
    "repr half": () => tf.constant(0.1, tf.float16),
    "repr small": () => tf.constant(1e-7),
    "repr large": () => tf.constant(1e20, tf.float32),
    "repr int64": () => tf.constant([2n ** 53n + 1n], tf.int64),
    "repr uint8": () => tf.constant([1, 255], tf.uint8),
    variable: () => String(v),
    "variable named": () => new tf.Variable([1.5, 2], { name: "w" }),
    "variable scoped": () => tf.nameScope("outer", () => new tf.Variable(1.5, { name: "w" })),
    "assign add": () => String(v.assignAdd(2)),
    assign: () => String(tf.assign(v, 5)),
    "scatter update": () => String(tf.scatterUpdate(new tf.Variable([1.5, 2]), [0], [9])),
    "scatter add": () => String(tf.scatterAdd(new tf.Variable([1.5, 2]), [0, 0], [1, 2])),
    "get variable twice": () =>
      [1, 2].map(() => tf.getVariable("a", { shape: [2], initializer: tf.zerosInitializer() })),
    "global step": () => tf.train.getOrCreateGlobalStep(),
    slices: () => new IndexedSlices(x, tf.constant([0, 1])),
    iterate: () => [
      ...(tf.constant([
        [1, 2],
        [3, 4],
      ]) as Iterable<Tensor>),
    ],
    dataset: () => [
      ...tf.data.Dataset.range(4)
        .map((n: Tensor) => n.mul(2))
        .batch(3),
    ],
    placeholder: () => tf.placeholder(tf.float32),
    gradients: () => tf.gradients(v, v),
    matmul: () => tf.matmul([[1.5, 2]], [[1.5, 2]]),
    add: () => add(x, tf.constant([1.5, 2, 3])),
    "add dtypes": () => add(x, tf.constant([1, 2])),
    "reshape list": () => tf.reshape(x, [3]),
    "reshape tensor": () => tf.reshape(x, tf.constant([3])),
    gather: () => tf.gather(x, tf.constant([5])),
    concat: () => tf.concat([x, tf.expandDims(x, 0)], 0),
    stack: () => tf.stack([x, tf.expandDims(x, 0)]),
    split: () => tf.split(x, 3),
    index: () => x.at(3),
    "division by zero": () => tf.constant(1).floordiv(tf.constant(0)),
    "check numerics": () => tf.checkNumerics(tf.constant(Number.NaN), "msg"),
    labels: () => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: [5], logits: [[1.5, 2]] }),
    "assign shape": () => v.assign([1.5, 2]),
    "assign add shape": () => v.assignAdd([1.5, 2]),
    "tensor name": () => three.name,
    "tensor eval": () => three.eval(),
    "variable eval": () => v.eval(),
    "initial value": () => v.initialValue,
    "minimize tensor": () => new tf.train.GradientDescentOptimizer(0.1).minimize(three),
    "apply shape": () =>
      new tf.train.GradientDescentOptimizer(0.1).applyGradients([[tf.constant([1.5]), new tf.Variable([1.5, 2])]]),
    reader: () => new tf.TextLineReader(),
    "queue runner": () => new tf.train.QueueRunner(null as never, []),
    "merge all": () => tf.summary.mergeAll(),
    initializable: () => tf.data.makeInitializableIterator(tf.data.Dataset.range(3)),
    assert: () => tf.Assert(false, [tf.constant([1, 2, 3, 4, 5]), "words"]),
    "assert equal": () => tf.assertEqual(tf.constant([1, 2, 3]), tf.constant([1, 3, 5]), { message: "mm" }),
    "assert less": () => tf.assertLess(tf.constant(2.5), tf.constant(1.5)),
    "tensor array end": () => new tf.TensorArray(tf.float32, 2).write(5, 1.5),
    "tensor array empty": () => new tf.TensorArray(tf.float32, 2).read(0),
    symbolic: () => tf.add(symbolic, 1),
    cond: () =>
      tf.cond(
        tf.constant(true),
        () => tf.constant(1),
        () => tf.constant(2),
      ),
    while: () =>
      tf.whileLoop(
        (i: Tensor) => i.less(3),
        (i: Tensor, j: Tensor) => [i.add(1), j.mul(2)],
        [tf.constant(0), 1],
      ),
    "while one": () =>
      tf.whileLoop(
        (i: Tensor) => i.less(3),
        (i: Tensor) => i.add(1),
        [tf.constant(0)],
      ),
    "while limit": () =>
      tf.whileLoop(
        (i: Tensor) => i.less(30),
        (i: Tensor) => i.add(1),
        [tf.constant(0)],
        { maximumIterations: 4 },
      ),
    map: () => tf.mapFn((e: Tensor) => e.mul(2), x),
    scan: () => tf.scan((a: Tensor, e: Tensor) => a.add(e), tf.constant([1, 2, 3])),
    "gradient list": grad((t) => watched(t, three).mul(three).mul(w), [three, w, frozen]),
    "gradient dict": grad((t) => watched(t, three).mul(three).mul(w), { a: three, b: [w, frozen] }),
    "gradient zero": grad(() => w.mul(w), frozen, { unconnectedGradients: "zero" }),
    "gradient of sum": grad((t) => [watched(t, three).mul(w), three], three),
    "gradient seeds": grad((t) => watched(t, three).mul(w), three, { outputGradients: floats(5) }),
    "gradient of vector": grad((t) => watched(t, x).mul(x), x),
    "gradient bad option": grad(() => w.mul(w), w, { unconnectedGradients: "foo" }),
    "gradient of ints": grad((t) => tf.argmax(watched(t, x)), x),
    "gradient unregistered": grad((t) => tf.unique(watched(t, x)).y, x),
    "gradient twice": () => {
      const [target, tape] = taped(() => w.mul(w));
      tape.gradient(target, w);
      return tape.gradient(target, w);
    },
    "gradient second": () => {
      const [first, outer] = taped(() => {
        const [y, inner] = taped(() => w.mul(w).mul(w));
        return inner.gradient(y, w);
      });
      return [first, outer.gradient(first, w)];
    },
    "gradient stopped": grad((t) => watched(t, three).add(t.stopRecording(() => three.mul(three))), three),
    "gradient reset": grad((t) => {
      const y = watched(t, three).mul(three);
      t.reset();
      return y.mul(watched(t, three));
    }, three),
    jacobian: () => {
      const m = tf.constant([
        [1.5, 2],
        [3, 4],
      ]);
      const [target, tape] = taped((t) => tf.matmul(watched(t, m), m), { persistent: true });
      return [tape.jacobian(target, m), tape.batchJacobian(target, m)];
    },
    "gradient rows": grad(() => tf.reduceSum(tf.nn.embeddingLookup(table, [0, 2, 0]).pow(2)), table),
    "custom gradient": () => {
      const f = tf.customGradient((a: Tensor, b: Tensor) => [a.mul(b), (dy: Tensor) => [dy.mul(100), dy.mul(10)]]);
      const [target, tape] = taped((t) => f(watched(t, three), w).mul(2));
      return tape.gradient(target, [three, w]);
    },
    "stop gradient": grad(() => tf.stopGradient(w).mul(w), w),
    watched: () => `(${taped(() => w.mul(frozen).mul(w))[1].watchedVariables()},)`,
    function: () => {
      const f = tf.function(
        (a: Tensor) =>
          (
            tf.whileLoop(
              (i: Tensor) => i.less(3),
              (i: Tensor, s: Tensor) => [i.add(1), s.mul(a).mul(w)],
              [0, tf.constant(1.5)],
            ) as Tensor[]
          )[1]!,
      );
      const [target, tape] = taped((t) => f(watched(t, three)));
      return [target, tape.gradient(target, [three, w])];
    },
    seeds,
    "seeds again": seeds,
  };
}

const named = eagerMode(() => Object.keys(cases()));

describe("eager execution", () => {
  test.each(named)("%s is as TensorFlow prints it", (name) => {
    expect(eagerMode(() => outcome(cases()[name]!))).toBe(expected[name]);
  });
});

const optimizers: Record<string, () => tf.train.Optimizer> = {
  sgd: () => new tf.train.GradientDescentOptimizer(0.1),
  "sgd function": () => new tf.train.GradientDescentOptimizer(() => 0.1),
  momentum: () => new tf.train.MomentumOptimizer(0.1, 0.9),
  nesterov: () => new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }),
  adam: () => new tf.train.AdamOptimizer(0.1),
  adagrad: () => new tf.train.AdagradOptimizer(0.1),
  adadelta: () => new tf.train.AdadeltaOptimizer(0.1),
  rmsprop: () => new tf.train.RMSPropOptimizer(0.1, { momentum: 0.9 }),
  "rmsprop centered": () => new tf.train.RMSPropOptimizer(0.1, { centered: true }),
  ftrl: () => new tf.train.FtrlOptimizer(0.1),
  proximal: () => new tf.train.ProximalGradientDescentOptimizer(0.1),
  "proximal adagrad": () => new tf.train.ProximalAdagradOptimizer(0.1),
};

const losses: Record<string, (q: tf.Variable) => Tensor> = {
  dense: (q) => tf.reduceSum(q.mul(q).mul(0.5)),
  sparse: (q) => tf.reduceSum(tf.gather(q, [0, 2, 0]).pow(2)),
};

describe("optimizers in eager execution", () => {
  test.each(Object.keys(optimizers).flatMap((name) => Object.keys(losses).map((kind) => [name, kind] as const)))(
    "%s steps over a %s gradient as TensorFlow's",
    (name, kind) => {
      const result = eagerMode(() => {
        const optimizer = optimizers[name]!();
        const q = new tf.Variable(
          [
            [1.5, 2],
            [3, 4],
            [5, 6],
          ],
          { name: `${name}_${kind}`.replaceAll(" ", "_") },
        );
        for (let i = 0; i < 3; i++) optimizer.minimize(() => losses[kind]!(q));
        return {
          q: q.numpy().toList(),
          names: optimizer
            .variables()
            .map((each) => each.name)
            .sort(),
        };
      });
      const [values, names] = expected[`${name} ${kind}`]!.split(/, dtype=float32\)> /) as [string, string];
      const wanted = JSON.parse(values.replace(/[\s\S]*array\(/, "").replaceAll(/\.(?=[,\]\s])/g, ".0")) as number[][];
      expect(result.names).toEqual(JSON.parse(names.replaceAll("'", '"')));
      for (const [i, row] of wanted.entries())
        for (const [k, value] of row.entries()) expect((result.q as number[][])[i]![k]!).toBeCloseTo(value, 5);
    },
  );
});
