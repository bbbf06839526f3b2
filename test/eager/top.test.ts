/** Names of the top level where ops run at once, print for print and word for word: test/fixtures/eager/top.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eagerMode } from "../../src/eager/mode.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";

const path = join(import.meta.dirname, "../fixtures/eager/top.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: Record<string, string | string[]> };

class Part extends tf.Module {
  readonly k = new tf.Variable(3, { dtype: tf.float32 });
}

class Whole extends tf.Module {
  readonly w = new tf.Variable([1, 2], { name: "w", dtype: tf.float32 });
  readonly b = new tf.Variable(0, { name: "b", trainable: false, dtype: tf.float32 });
  readonly parts = [new Part(), new Part()];
}

class Pair {
  readonly a: number;

  constructor(a: number) {
    this.a = a;
  }
}

tf.registerTensorConversionFunction(Pair, ({ a }, { dtype, name }) => tf.constant(a, { dtype, name }));
const pair = (a: number): Tensor => new Pair(a) as unknown as Tensor;

const f32 = tf.float32;
const vector = (): Tensor => tf.constant([1, 2], f32);
const signed = tf.function((a: Tensor) => a.add(1), { inputSignature: [new tf.TensorSpec([null], f32)] });
// biome-ignore lint/suspicious/noExplicitAny: calls that do not fit the types are what is tried
const loose = signed as (...args: any[]) => unknown;

const programs: Readonly<Record<string, () => unknown>> = {
  py_function: () => tf.pyFunction((a: Tensor) => a.mul(a), [vector()], f32),
  py_function_list: () => tf.pyFunction((a: Tensor) => [a.mul(a), 3], [vector()], [f32, tf.int32]),
  py_function_gradient() {
    const x = vector();
    let y: Tensor | undefined;
    const tape = new tf.GradientTape((each) => {
      each.watch(x);
      y = tf.pyFunction((a: Tensor) => a.mul(a).mul(a), [x], f32);
    });
    return tape.gradient(y!, x);
  },
  py_func: () => tf.pyFunc((a) => [a, a], [vector()], [f32, f32]),
  switch_case() {
    const [one, two] = [() => tf.constant(1), () => tf.constant(2)];
    return [
      ...[0, 1, 2, -1].map((i) => tf.switchCase(tf.constant(i), [one, two])),
      tf.switchCase(tf.constant(9), { 0: one }, { default: two }),
    ];
  },
  switch_case_list: () => tf.switchCase(tf.constant(0), []),
  switch_case_keys: () => tf.switchCase(tf.constant(0), { 0: () => 1, 2: () => 2 }),
  switch_case_index: () => tf.switchCase(tf.constant(1.5), [() => 1]),
  decays() {
    const step = new tf.Variable(0, { dtype: tf.int64 });
    const { train } = tf;
    const rates = [
      train.exponentialDecay(0.1, step, 10, 0.5, { staircase: true }),
      train.naturalExpDecay(0.1, step, 10, 0.5),
      train.inverseTimeDecay(0.1, step, 10, 0.5),
      train.polynomialDecay(0.1, step, 10, 0.01, 1, true),
      train.cosineDecayRestarts(0.1, step, 10),
      train.piecewiseConstant(step, [3, 6], [1, 0.5, 0.1]),
    ];
    return [0, 5, 10].flatMap((at) => {
      step.assign(at);
      return rates.map((rate) => rate());
    });
  },
  decay_in_optimizer() {
    const v = new tf.Variable(1, { dtype: f32 });
    const step = new tf.Variable(0, { dtype: tf.int64 });
    const opt = new tf.train.GradientDescentOptimizer(tf.train.exponentialDecay(0.1, step, 1, 0.5));
    const found = [1, 2, 3].map(() => {
      opt.minimize(() => v.mul(v), { globalStep: step });
      return v;
    });
    return found;
  },
  recompute() {
    const [x, w] = [vector(), new tf.Variable([1.5, 2])];
    const f = tf.recomputeGrad((a: Tensor) => tf.sin(a).mul(w));
    let y: Tensor | undefined;
    const tape = new tf.GradientTape((each) => {
      each.watch(x);
      y = f(x);
    });
    return [y, ...tape.gradient(y!, [x, w])];
  },
  module() {
    const m = new Whole();
    const names = [...m.variables, ...m.trainableVariables].map(({ name }) => name);
    return [...names, m.submodules.length, m.name, m.nameScope.name, new Whole("mine").name, m.parts[0]!.name];
  },
  module_name: () => new tf.Module({ name: "a b" }),
  vectorized_map() {
    const rows = (last: number): Tensor =>
      tf.constant(
        [
          [1, 2],
          [3, last],
        ],
        f32,
      );
    return tf.vectorizedMap(([a, b]: Tensor[]) => [tf.reduceSum(a!.mul(b!)), a!.add(1)], [rows(4), rows(5)]);
  },
  wrap_function: () => tf.wrapFunction((a: Tensor) => a.mul(2), [new tf.TensorSpec([null], f32)])(vector()),
  signature: () => [signed(vector()), loose([3, 4, 5])],
  signature_shape: () => signed(tf.constant([[1]], f32)),
  signature_dtype: () => signed(tf.constant([1])),
  signature_missing: () => loose(),
  signature_many: () => loose(vector(), 2),
  creators: () =>
    tf.variableCreatorScope(
      (next, args) => next({ ...args, name: "z" }),
      () => [new tf.Variable(1.5), tf.getVariable("q", [2], { initializer: tf.zerosInitializer() })],
    ),
  conversion: () => [tf.add(pair(2.5), 1), tf.convertToTensor(pair(3)), tf.constant(1.5).add(pair(2))],
  conversion_class: () => tf.registerTensorConversionFunction(3 as never, () => null),
  devices: () => [
    tf.config.listPhysicalDevices()[0],
    tf.config.listLogicalDevices()[0],
    tf.config.listPhysicalDevices("GPU").length,
    tf.config.threading.getInterOpParallelismThreads(),
    tf.config.experimental.getDevicePolicy(),
  ],
  policy: () => tf.config.experimental.setDevicePolicy("bogus"),
  strategy() {
    const { OneDeviceStrategy, getStrategy, hasStrategy, inCrossReplicaContext } = tf.distribute;
    const s = new OneDeviceStrategy("/cpu:0");
    const [r, ...inside] = s.scope(() => {
      const v = new tf.Variable(1, { dtype: f32 });
      return [s.run(() => v.mul(2)), getStrategy() === s, hasStrategy(), inCrossReplicaContext()] as const;
    });
    const d = getStrategy();
    const found = [r, s.reduce("SUM", r, { axis: null }), d.reduce("MEAN", vector(), 0)];
    return [...inside.map(Number), ...found, Number(hasStrategy()), d.numReplicasInSync];
  },
  reduce_word: () => tf.distribute.getStrategy().reduce("BOGUS", vector(), 0),
  session_handle: () => tf.getSessionHandle(vector()),
  constant_text: () => tf.constant("a", f32),
  constant_float: () =>
    tf.constant(
      [
        [1, 2],
        [1.5, 2],
      ],
      tf.int32,
    ),
  constant_ragged: () => tf.constant([[1, 2], [3]]),
  constant_mixed: () => tf.constant([1, [2]]),
};

const said = (program: () => unknown): unknown => {
  try {
    const value = program();
    return Array.isArray(value) ? value.map(String) : String(value);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

test("every program is compared", () => {
  expect(Object.keys(programs).sort()).toEqual(Object.keys(cases).sort());
});

test.each(Object.keys(programs))("%s", (name) => {
  expect(eagerMode(() => said(programs[name]!))).toEqual(cases[name]);
});
