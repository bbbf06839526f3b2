import { describe, expect, test } from "vitest";
import "../../src/index.ts";
import { getOrCreateGlobalStep } from "../../src/build/global_step.ts";
import * as decay from "../../src/build/learning_rate_decay.ts";
import { ExponentialMovingAverage } from "../../src/build/moving_averages.ts";
import { MomentumOptimizer } from "../../src/build/optimizers/momentum.ts";
import { globalVariables, globalVariablesInitializer } from "../../src/build/variables/initialize.ts";
import { getVariable, variableScope } from "../../src/build/variables/scope.ts";
import { assignAdd } from "../../src/build/variables/state.ts";
import type { Variable } from "../../src/build/variables/variable.ts";
import { float32, int64 } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import { IndexedSlices } from "../../src/graph/indexed_slices.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/ops/index.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue, toArray } from "../conformance/values.ts";
import { hasGoldens, readGolden } from "../golden.ts";
import { base64Texts, textsOf } from "./nodes.ts";

const tolerance = { rtol: 1e-5, atol: 1e-7 };

interface Schedule {
  readonly name: string;
  readonly function: string;
  readonly args: Record<string, number | boolean | number[]>;
  readonly graph: string;
  readonly global_steps: readonly string[];
  readonly values: readonly number[];
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

function schedule({ function: name, args }: Schedule, step: Tensor): Tensor {
  if (name === "piecewise_constant") {
    return decay.piecewiseConstant(step, (args.boundaries as number[]).map(BigInt), args.values as number[]);
  }
  const { learning_rate: rate, decay_steps, first_decay_steps, decay_rate, ...rest } = args as Record<string, number>;
  const options = Object.fromEntries(Object.entries(rest).map(([key, value]) => [camel(key), value]));
  const steps = decay_steps ?? first_decay_steps!;
  const make = (decay as unknown as Record<string, (...args: unknown[]) => Tensor>)[camel(name)]!;
  return decay_rate === undefined ? make(rate, step, steps, options) : make(rate, step, steps, decay_rate, options);
}

const read = <T>(file: string): readonly T[] =>
  hasGoldens ? readGolden<{ cases: T[] }>("optimizers", file).cases : [];

describe.skipIf(!hasGoldens)("learning rates", () => {
  test.each(read<Schedule>("schedules.json").map((golden) => [golden.name, golden] as const))(
    "%s builds TensorFlow's nodes and gives its rates",
    async (_, golden) => {
      const graph = new Graph();
      const [step, rate] = graph.asDefault(() => {
        const step = tf.placeholder(int64, [], { name: "global_step" });
        return [step, tf.identity(schedule(golden, step), { name: "lr" })];
      });

      expect(textsOf(graph)).toEqual(base64Texts(golden.graph));

      await using session = new Session({ graph });
      for (const [i, at] of golden.global_steps.entries()) {
        const got = await session.run(rate, { feedDict: [[step, BigInt(at)]] });
        const want = { dtype: "float32", shape: [], values: [golden.values[i]] };
        expect(difference(got, want, tolerance), at).toBeNull();
      }
    },
  );
});

interface Average {
  readonly name: string;
  readonly args: { decay: number; zero_debias?: boolean; name?: string };
  readonly num_updates: boolean;
  readonly global_variables: readonly string[];
  readonly average_names: readonly string[];
  readonly variables_to_restore: readonly string[];
  readonly apply_op: string;
  readonly graph: string;
  readonly initial: readonly GoldenValue[];
  readonly steps: readonly {
    delta: GoldenValue;
    variables: readonly GoldenValue[];
    averages: readonly GoldenValue[];
  }[];
}

const constantIn = (base64: string, name: string): NdArray => {
  const node = decodeGraphDef(new Uint8Array(Buffer.from(base64, "base64"))).nodes.find((each) => each.name === name)!;
  return (node.attrs.get("value") as { value: NdArray }).value;
};

describe.skipIf(!hasGoldens)("ExponentialMovingAverage", () => {
  test.each(read<Average>("moving_averages.json").map((golden) => [golden.name, golden] as const))(
    "%s keeps TensorFlow's averages",
    async (_, golden) => {
      const graph = new Graph();
      const built = graph.asDefault(() => {
        const v = getVariable("layer/w", { initializer: constantIn(golden.graph, "layer/w/initial_value") });
        const u = getVariable("b", { initializer: constantIn(golden.graph, "b/initial_value") });
        const step = getVariable("step", { initializer: 0n, trainable: false });
        const delta = tf.placeholder(float32, [3], { name: "delta" });
        const update = tf.group(assignAdd(v, delta), assignAdd(u, 1), assignAdd(step, 1), { name: "update" });
        const { decay: rate, zero_debias, name } = golden.args;
        const ema = new ExponentialMovingAverage(rate, {
          zeroDebias: zero_debias,
          name,
          numUpdates: golden.num_updates ? step : undefined,
        });
        const apply = ema.apply([v, u]);
        const init = globalVariablesInitializer();
        const names = globalVariables().map((each) => each.name);
        return { v, u, delta, update, ema, apply, init, names };
      });
      const { ema, v, u } = built;

      expect(textsOf(graph)).toEqual(base64Texts(golden.graph));
      expect(built.apply.name).toBe(golden.apply_op);
      expect(built.names).toEqual(golden.global_variables);
      expect([ema.averageName(v), ema.averageName(u)]).toEqual(golden.average_names);
      expect(Object.keys(graph.asDefault(() => ema.variablesToRestore())).sort()).toEqual(golden.variables_to_restore);

      await using session = new Session({ graph });
      await session.run(built.init);
      const averages = [ema.average(v)!, ema.average(u)!];
      for (const step of golden.steps) {
        await session.run(built.update, { feedDict: [[built.delta, toArray(step.delta)]] });
        await session.run(built.apply);
        for (const [i, average] of averages.entries()) {
          expect(difference(await session.run(average), step.averages[i]!, tolerance)).toBeNull();
        }
      }
    },
  );
});

interface Clip {
  readonly name: string;
  readonly clip_norm: number;
  readonly inputs: readonly (GoldenValue | null)[];
  readonly global_norm: number;
  readonly outputs: readonly GoldenValue[];
  readonly slices: { clip_norm: number; indices: number[]; values: GoldenValue };
  readonly nodes: readonly string[];
}

describe.skipIf(!hasGoldens)("clipByGlobalNorm", () => {
  test.each(read<Clip>("clip_by_global_norm.json").map((golden) => [golden.name, golden] as const))(
    "%s scales all by one factor",
    async (_, golden) => {
      const graph = new Graph();
      const { clipped, norm, slices } = graph.asDefault(() => {
        const names = ["a", "b"];
        const inputs = golden.inputs.map((input) => input && tf.constant(toArray(input), { name: names.shift()! }));
        const [clipped, norm] = tf.clipByGlobalNorm(inputs, golden.clip_norm, { name: "clip" });
        const rows = new IndexedSlices(inputs[0]!, tf.constant(golden.slices.indices));
        const [slices] = tf.clipByGlobalNorm([rows], golden.slices.clip_norm, { name: "clip_slices" });
        return { clipped, norm, slices };
      });

      expect(graph.operations.map((op) => op.name)).toEqual(golden.nodes.map((text) => text.split(" = ")[0]));

      await using session = new Session({ graph });
      const values = await session.run(clipped.filter((each) => each !== null) as Tensor[]);
      for (const [i, value] of values.entries()) expect(difference(value, golden.outputs[i]!, tolerance)).toBeNull();
      expect((await session.run(norm)).item()).toBeCloseTo(golden.global_norm, 4);
      const rows = await session.run((slices[0] as IndexedSlices).values);
      expect(difference(rows, golden.slices.values, tolerance)).toBeNull();
    },
  );
});

interface Applied {
  readonly graph: string;
  readonly gradients: readonly (readonly [string, string])[];
  readonly steps: readonly {
    loss_before: number;
    lr: number;
    norm: number;
    global_step: number;
    values: readonly GoldenValue[];
  }[];
}

test.skipIf(!hasGoldens)("clipped gradients with a decayed rate train as TensorFlow's do", async () => {
  const golden = readGolden<{ cases: Applied[] }>("optimizers", "grads_and_vars.json").cases[0]!;
  const graph = new Graph();
  const built = graph.asDefault(() => {
    const [w, b] = variableScope("model", () =>
      ["w", "b"].map((name) =>
        getVariable(name, { initializer: constantIn(golden.graph, `model/${name}/initial_value`) }),
      ),
    ) as [Variable, Variable];
    const product = tf.matmul(tf.constant(constantIn(golden.graph, "x"), { name: "x" }), w).add(b);
    const target = tf.constant(constantIn(golden.graph, "t"), { name: "t" });
    const loss = tf.reduceMean(tf.square(product.sub(target)), { name: "loss" });
    const step = getOrCreateGlobalStep();
    const rate = decay.exponentialDecay(0.2, step, 2, 0.7, { staircase: true });
    const optimizer = new MomentumOptimizer(rate, 0.9);
    const pairs = optimizer.computeGradients(loss);
    const [clipped, norm] = tf.clipByGlobalNorm(
      pairs.map(([gradient]) => gradient),
      0.5,
    );
    const train = optimizer.applyGradients(
      clipped.map((gradient, i) => [gradient, pairs[i]![1]]),
      { globalStep: step, name: "train" },
    );
    return { loss, rate, norm, train, step, pairs, variables: [w, b], init: globalVariablesInitializer() };
  });

  expect(textsOf(graph)).toEqual(base64Texts(golden.graph));
  expect(built.pairs.map(([gradient, variable]) => [gradient!.name, variable.name])).toEqual(golden.gradients);

  await using session = new Session({ graph });
  await session.run(built.init);
  for (const step of golden.steps) {
    const [loss, rate, norm] = await session.run([built.loss, built.rate, built.norm]);
    expect(loss.item()).toBeCloseTo(step.loss_before, 5);
    expect(rate.item()).toBeCloseTo(step.lr, 6);
    expect(norm.item()).toBeCloseTo(step.norm, 5);
    await session.run(built.train);
    const values = await session.run(built.variables);
    for (const [i, value] of values.entries()) expect(difference(value, step.values[i]!, tolerance)).toBeNull();
  }
});
