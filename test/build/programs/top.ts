/** The programs of test/fixtures/build/top.py. */
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

interface X {
  readonly x: Tensor;
  readonly i: Tensor;
}

const ones = tf.onesInitializer();

class Pair {
  readonly a: number | readonly number[];

  constructor(a: number | readonly number[]) {
    this.a = a;
  }
}

tf.registerTensorConversionFunction(Pair, ({ a }, { dtype, name }) =>
  tf.constant(
    a as number,
    dtype
      ? { dtype, name }
      : { name, dtype: Number.isInteger([a].flat().at(-1)) && Array.isArray(a) ? tf.int32 : tf.float32 },
  ),
);
const pair = (a: number | readonly number[]) => new Pair(a) as unknown as Tensor;

class Shift extends tf.Module {
  readonly b = new tf.Variable(0.5, { name: "b", trainable: false });
}

class Scaled extends tf.Module {
  readonly w: tf.Variable;
  readonly parts: readonly Shift[];

  constructor(name?: string) {
    super({ name });
    this.w = this.nameScope(() => new tf.Variable([1, 2, 3], { name: "w", dtype: tf.float32 }));
    this.parts = [new Shift(), new Shift()];
  }

  readonly call = tf.Module.withNameScope(function (this: Scaled, x: Tensor) {
    return x.mul(this.w).add(this.parts[0]!.b);
  });
}

export const top: Readonly<Record<string, Program>> = {
  switch: ({ x, i }: X) =>
    tf.switchCase(i, [() => x.mul(2), () => x.add(1), () => tf.constant([1, 2, 3], tf.float32)]) as Tensor,
  switch_default({ x, i }: X) {
    const v = tf.getVariable("v", [3], { initializer: ones });
    const [y, z] = tf.switchCase(i, { 1: () => [x.mul(v), v], 0: () => [x.add(1), x] }, () => [x, x], "sw") as Tensor[];
    return [y!, z!, tf.gradients(y!, x)[0] as Tensor];
  },
  switch_resource({ x, i }: X) {
    const v = tf.getVariable("v", [3], { initializer: ones, useResource: true });
    const change = () => tf.controlDependencies([v.assignAdd(x) as never], () => tf.identity(v.readValue()));
    const y = tf.switchCase(i, [() => x, change]) as Tensor;
    const both = tf.switchCase(i, [() => ({ a: x, b: [v.mul(2)] }), () => ({ a: x.neg(), b: [v] })]) as { b: Tensor[] };
    return [y, both.b[0]!];
  },
  cond_v2({ x, i }: X) {
    tf.enableControlFlowV2();
    try {
      const y = tf.cond(
        i.greater(0),
        () => x.mul(x),
        () => x.add(1),
      );
      const [n, s] = tf.whileLoop(
        (n: Tensor) => n.less(5),
        (n: Tensor, s: Tensor) => [n.add(1), s.mul(x)],
        [0, tf.ones([3])],
      ) as Tensor[];
      const w = tf.whileLoop(
        (s: Tensor) => tf.reduceSum(s).less(50),
        (s: Tensor) => s.mul(2),
        [x],
        { maximumIterations: 3, name: "w" },
      ) as Tensor;
      return [y, tf.gradients(y, x)[0] as Tensor, n!, s!, w];
    } finally {
      tf.disableControlFlowV2();
    }
  },
  py_function({ x }: X) {
    const y = tf.pyFunction((a: Tensor) => a.mul(a), [x], tf.float32);
    const both = (a: Tensor, b: Tensor) => [a.mul(b), a.sub(b)];
    const z = tf.pyFunction(both, [x, 2.5], [tf.float32, tf.float32], "pp") as Tensor[];
    return [y, ...z, tf.gradients(y, x)[0] as Tensor, tf.gradients(z[0]!.mul(y), x)[0] as Tensor];
  },
  containers: ({ x }: X) =>
    tf.container("outer", () => {
      const v = tf.getVariable("v", [3], { initializer: ones });
      const q = new tf.FIFOQueue(3, tf.float32);
      const r = tf
        .getDefaultGraph()
        .container("inner", () => tf.getVariable("r", [3], { initializer: ones, useResource: true }));
      const s = new tf.FIFOQueue(3, tf.float32, { sharedName: "s" });
      tf.data.Dataset.range(3).makeInitializableIterator();
      return [v.add(r).add(x), q.size(), s.size()];
    }),
  creators() {
    const seen: string[] = [];
    const [a, b, c] = tf.variableCreatorScope(
      (next, args) => {
        seen.push("outer");
        return next({ ...args, trainable: false });
      },
      () => {
        const a = tf.getVariable("a", [3], { initializer: ones });
        return tf.variableCreatorScope(
          (next, args) => {
            seen.push("inner");
            return next(args.name ? { ...args, name: `got_${args.name}` } : args);
          },
          () => [a, new tf.Variable(1, { name: "b", dtype: tf.float32 }), new tf.Variable(2, { dtype: tf.float32 })],
        );
      },
    );
    return [a!.mul(b!).mul(c!), tf.constant(seen)];
  },
  batch_scatter() {
    const v = tf.getVariable("v", [2, 3], { initializer: ones });
    const r = tf.getVariable("r", [2, 3], { initializer: ones, useResource: true });
    const [at, rows] = [
      [
        [0, 1],
        [1, 2],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ];
    return [
      tf.batchScatterUpdate(v, at!, rows!) as Tensor,
      tf.batchScatterUpdate(r, at!, rows!, { name: "q" }) as never,
    ];
  },
  partitioned: () =>
    [
      ...tf.createPartitionedVariables([4, 2], [2, 1], ones),
      ...tf.createPartitionedVariables(
        [4, 2],
        [1, 2],
        tf.constant(
          [
            [1, 2],
            [1, 2],
            [1, 2],
            [1, 2],
          ],
          tf.float32,
        ),
        { name: "pp", trainable: false },
      ),
    ] as never,
  recomputed: ({ x }: X) => tf.recomputeGrad((a: Tensor) => tf.sin(a).mul(tf.exp(a)))(x),
  conversion: ({ x }: X) => [
    tf.add(pair(2.5), 1),
    tf.convertToTensor(pair([1, 2])),
    x.add(pair(2)),
    tf.reduceSum(pair([1, 2.5])),
  ],
  modules({ x }: X) {
    const [m, n] = [new Scaled(), new Scaled("my_scaled")];
    const y = m.call(x).add(n.call(x)).add(new Scaled().call(x));
    const variables = [...m.variables, ...m.trainableVariables, ...m.nonTrainableVariables];
    const names = [...variables.map(({ name }) => name), m.name, n.name, n.nameScope.name, m.parts[1]!.name];
    return [y, tf.constant(names), tf.constant(m.submodules.length)];
  },
  facts: () => tf.userOps.myFact(),
  convolutions() {
    const image = tf.reshape(tf.range(0, 32, 1, { dtype: tf.float32 }), [1, 4, 4, 2]);
    const kernel = tf.reshape(tf.range(0, 24, 1, { dtype: tf.float32 }), [2, 2, 2, 3]);
    const y = tf.conv(image, kernel, [1, 1, 1, 1], "SAME");
    return y;
  },
  strategies({ x }: X) {
    const s = new tf.distribute.OneDeviceStrategy("/cpu:0");
    const y = s.scope(() => {
      const w = tf.getVariable("w", [3], { initializer: ones });
      const c = tf.constant(2, tf.float32);
      return s.run((a: Tensor) => a.mul(w).mul(c), [x]);
    });
    const d = tf.distribute.getStrategy();
    return [y, s.reduce("SUM", y, null), d.reduce("MEAN", x, 0)];
  },
};
