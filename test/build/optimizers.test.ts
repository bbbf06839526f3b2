import { describe, expect, test } from "vitest";
import "../../src/index.ts";
import { getOrCreateGlobalStep } from "../../src/build/global_step.ts";
import { AdadeltaOptimizer } from "../../src/build/optimizers/adadelta.ts";
import { AdagradDAOptimizer, AdagradOptimizer } from "../../src/build/optimizers/adagrad.ts";
import { AdamOptimizer } from "../../src/build/optimizers/adam.ts";
import { FtrlOptimizer } from "../../src/build/optimizers/ftrl.ts";
import { GradientDescentOptimizer } from "../../src/build/optimizers/gradient_descent.ts";
import { MomentumOptimizer } from "../../src/build/optimizers/momentum.ts";
import type { Optimizer } from "../../src/build/optimizers/optimizer.ts";
import { ProximalAdagradOptimizer, ProximalGradientDescentOptimizer } from "../../src/build/optimizers/proximal.ts";
import { RMSPropOptimizer } from "../../src/build/optimizers/rmsprop.ts";
import { globalVariablesInitializer } from "../../src/build/variables/initialize.ts";
import { getVariable, variableScope } from "../../src/build/variables/scope.ts";
import type { Variable } from "../../src/build/variables/variable.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/ops/index.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue } from "../conformance/values.ts";
import { hasGoldens, readGolden } from "../golden.ts";
import { base64Texts, textsOf } from "./nodes.ts";

interface Trajectory {
  readonly name: string;
  readonly optimizer: string;
  readonly args: Record<string, number | boolean>;
  readonly kind: "dense" | "sparse";
  readonly resource: boolean;
  readonly forward_graph: string;
  readonly graph: string;
  readonly slot_names: readonly string[];
  readonly slots: readonly { variable: string; slot: string; slot_variable: string }[];
  readonly variables: readonly string[];
  readonly other_variables: readonly string[];
  readonly initial: Record<string, GoldenValue>;
  readonly steps: readonly { loss_before: number; global_step: number; values: Record<string, readonly unknown[]> }[];
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

function makeOptimizer(golden: Trajectory, globalStep: Variable): Optimizer {
  const { learning_rate, momentum, ...rest } = golden.args;
  const options = Object.fromEntries(Object.entries(rest).map(([key, value]) => [camel(key), value]));
  const rate = learning_rate as number;
  switch (golden.optimizer) {
    case "MomentumOptimizer":
      return new MomentumOptimizer(rate, momentum as number, options);
    case "AdagradDAOptimizer":
      return new AdagradDAOptimizer(rate, globalStep, options);
    case "RMSPropOptimizer":
      return new RMSPropOptimizer(
        rate,
        momentum === undefined ? options : { ...options, momentum: momentum as number },
      );
    default:
      return new makers[golden.optimizer]!(rate, options);
  }
}

const makers: Record<string, new (rate: number, options: object) => Optimizer> = {
  GradientDescentOptimizer,
  AdamOptimizer,
  AdagradOptimizer,
  AdadeltaOptimizer,
  FtrlOptimizer,
  ProximalGradientDescentOptimizer,
  ProximalAdagradOptimizer,
};

/** The constant of this name in the model's own graph. */
function constantOf(golden: Trajectory, name: string): NdArray {
  const node = decodeGraphDef(new Uint8Array(Buffer.from(golden.forward_graph, "base64"))).nodes.find(
    (each) => each.name === name,
  )!;
  return (node.attrs.get("value") as { value: NdArray }).value;
}

/** The model of make/optimizers.py. */
function buildLoss(golden: Trajectory): { loss: Tensor; variables: Variable[] } {
  const initial = (name: string) => (golden.resource ? `${name}/Initializer/initial_value` : `${name}/initial_value`);
  if (golden.kind === "dense") {
    const [w, b] = variableScope("model", () =>
      ["w", "b"].map((name) =>
        getVariable(name, { initializer: constantOf(golden, initial(`model/${name}`)), useResource: golden.resource }),
      ),
    ) as [Variable, Variable];
    const x = tf.constant(constantOf(golden, "x"), { name: "x" });
    const product = tf.matmul(x, w).add(b);
    const loss = tf.reduceMean(tf.square(product.sub(tf.constant(constantOf(golden, "t"), { name: "t" }))), {
      name: "loss",
    });
    return { loss, variables: [w, b] };
  }
  const e = getVariable("emb", { initializer: constantOf(golden, initial("emb")), useResource: golden.resource });
  const rows = tf.embeddingLookup(e, tf.constant(constantOf(golden, "ids"), { name: "ids" }), { name: "rows" });
  const loss = tf.reduceSum(tf.square(rows.sub(tf.constant(constantOf(golden, "t"), { name: "t" }))), { name: "loss" });
  return { loss, variables: [e] };
}

const cases = hasGoldens ? readGolden<{ cases: Trajectory[] }>("optimizers", "trajectories.json").cases : [];

describe.skipIf(!hasGoldens)("optimizers", () => {
  test.each(cases.map((golden) => [golden.name, golden] as const))(
    "%s builds TensorFlow's graph and takes its steps",
    async (_, golden) => {
      const graph = new Graph();
      const built = graph.asDefault(() => {
        const { loss, variables } = buildLoss(golden);
        const step = getOrCreateGlobalStep();
        const optimizer = makeOptimizer(golden, step);
        const train = optimizer.minimize(loss, { globalStep: step });
        return { loss, variables, step, optimizer, train, init: globalVariablesInitializer() };
      });

      expect(textsOf(graph)).toEqual(base64Texts(golden.graph));
      expect(built.optimizer.getSlotNames()).toEqual(golden.slot_names);
      for (const { variable, slot, slot_variable } of golden.slots) {
        const of = built.variables.find((each) => each.name === variable)!;
        expect(built.optimizer.getSlot(of, slot)?.name).toBe(slot_variable);
      }

      await using session = new Session({ graph });
      await session.run(built.init);
      const names = Object.keys(golden.initial);
      for (const { loss_before, global_step, values } of golden.steps) {
        expect((await session.run(built.loss)).item()).toBeCloseTo(loss_before, 4);
        await session.run(built.train);
        expect((await session.run(built.step)).item()).toBe(global_step);
        for (const name of names) {
          const { dtype, shape } = golden.initial[name]!;
          const element = golden.resource ? name.replace(/:0$/, "/Read/ReadVariableOp:0") : name;
          const got = (await session.run(element)) as NdArray;
          const want = { dtype, shape, values: values[name]! };
          expect(difference(got, want, { rtol: 1e-5, atol: 1e-6 }), name).toBeNull();
        }
      }
    },
  );
});
