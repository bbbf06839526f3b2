/** Compares estimators with what TensorFlow made of the same ones: graphs, losses of the first steps, metrics, predictions, variables. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect } from "vitest";
import type { NdArray } from "../../../src/core/nd_array.ts";
import { graphDefinition } from "../../../src/graph/def/graph_def.ts";
import * as tf from "../../../src/index.ts";

export interface EstimatorCase {
  readonly name: string;
  readonly features: readonly string[];
  readonly label: string;
  readonly steps: number;
  readonly seed: number;
  readonly train: string;
  readonly losses: readonly number[];
  readonly evaluate?: string;
  readonly predict?: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly predictions: readonly Readonly<Record<string, readonly (number | string)[]>>[];
  readonly count: number;
  readonly variables: Readonly<Record<string, readonly number[]>>;
}

export const casesOf = (file: string): readonly EstimatorCase[] =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/estimator", file), "utf8")) as {
      readonly cases: readonly EstimatorCase[];
    }
  ).cases;

const features: Readonly<Record<string, unknown>> = {
  age: Float32Array.of(18, 25, 33, 47, 52, 61),
  size: Float32Array.of(1, 2, 0.5, -1, 2, 0, -1, 1.5, 0, 0.25, 1, 1),
  word: ["cat", "dog", "emu", "dog", "ant", "cat"],
  other: ["dog", "dog", "cat", "ant", "emu", "cat"],
  weight: Float32Array.of(1, 2, 0.5, 1, 1.5, 1),
};
const labels: Readonly<Record<string, unknown>> = {
  two: [0, 1, 1, 0, 1, 0],
  three: [0, 2, 1, 0, 1, 2],
  real: Float32Array.of(0.5, -1, 2, 1, 0, 3),
  pair: Float32Array.of(0.5, 1, -1, 0, 2, 1, 1, -1, 0, 0.5, 3, 2),
  words: ["no", "yes", "yes", "no", "yes", "no"],
  three_words: ["a", "c", "b", "a", "b", "c"],
};

const column = (values: unknown, isLabel: boolean): tf.NdArray => {
  const n = (values as ArrayLike<unknown>).length / 6;
  const dtype =
    values instanceof Float32Array
      ? tf.float32
      : typeof (values as unknown[])[0] === "string"
        ? tf.string
        : isLabel
          ? tf.int64
          : tf.float32;
  const rows = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: n }, (_, k) => (values as number[])[i * n + k]!),
  );
  return tf.makeNdarray(tf.makeTensorProto(rows, { dtype }));
};

const stripped = (line: string): string => line.trimEnd();
const linesOf = (graph: tf.Graph): string[] =>
  graphDefinition(graph).nodes.map(({ name, op, inputs, device }) =>
    stripped(`${name} ${op} ${inputs.join(",")} ${device}`),
  );
const wanted = (text: string): string[] =>
  inflateSync(Buffer.from(text, "base64")).toString().split("\n").map(stripped);

/** The graph as it is when the session begins, and the loss of each step. */
class Watch extends tf.train.SessionRunHook {
  readonly losses: number[] = [];
  lines: string[] = [];
  readonly #watchesLoss: boolean;

  constructor(watchesLoss = false) {
    super();
    this.#watchesLoss = watchesLoss;
  }

  override afterCreateSession(session: tf.Session): void {
    this.lines = linesOf(session.graph);
  }

  override beforeRun(): tf.train.SessionRunArgs | null {
    if (!this.#watchesLoss) return null;
    return new tf.train.SessionRunArgs(tf.getDefaultGraph().getCollection("losses").at(-1));
  }

  override afterRun(_: unknown, { results }: { readonly results: NdArray }): void {
    if (this.#watchesLoss) this.losses.push(Number(results.item()));
  }
}

function near(
  got: readonly (number | string)[],
  want: readonly (number | string)[],
  what: string,
  tolerance: number,
): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of want.entries()) {
    if (typeof value === "string") expect(got[i], `${what} ${i}`).toBe(value);
    else
      expect(Math.abs(Number(got[i]) - value), `${what} ${i}: ${got[i]} instead of ${value}`).toBeLessThanOrEqual(
        tolerance * (1 + Math.abs(value)),
      );
  }
}

const flat = (array: NdArray): (number | string)[] => [array.toList()].flat(9) as (number | string)[];

/** Sums in another order, over a few steps of training. */
const tolerance = 2e-5;

export async function compareEstimator(
  golden: EstimatorCase,
  make: (config: InstanceType<typeof tf.estimator.RunConfig>) => InstanceType<typeof tf.estimator.Estimator>,
): Promise<void> {
  const modelDir = mkdtempSync(join(tmpdir(), "estimator-"));
  try {
    const estimator = make(new tf.estimator.RunConfig({ modelDir, tfRandomSeed: golden.seed }));
    const inputs = (withLabels: boolean, repeats: boolean) => () => {
      const chosen = Object.fromEntries(golden.features.map((key) => [key, column(features[key], false)]));
      const data = tf.data.Dataset.fromTensorSlices(
        (withLabels ? [chosen, column(labels[golden.label], true)] : chosen) as never,
      );
      return (repeats ? data.repeat() : data).batch(3) as never;
    };
    const train = new Watch(true);
    await estimator.train(inputs(true, true), { steps: golden.steps, hooks: [train] });
    expect(train.lines).toEqual(wanted(golden.train));
    near(train.losses, golden.losses, "loss", tolerance);
    const evaluation = new Watch();
    const metrics = await estimator.evaluate(inputs(true, false), { hooks: [evaluation] });
    if (golden.evaluate) expect(evaluation.lines).toEqual(wanted(golden.evaluate));
    expect(Object.keys(metrics)).toEqual(Object.keys(golden.metrics));
    for (const [key, value] of Object.entries(golden.metrics)) near(flat(metrics[key]!), [value], key, tolerance);
    const prediction = new Watch();
    const predictions: Record<string, NdArray>[] = [];
    for await (const each of estimator.predict(inputs(false, false), { hooks: [prediction] })) predictions.push(each);
    if (golden.predict) expect(prediction.lines).toEqual(wanted(golden.predict));
    expect(predictions.length).toBe(golden.count);
    for (const [i, want] of golden.predictions.entries()) {
      expect(Object.keys(predictions[i]!)).toEqual(Object.keys(want));
      for (const [key, values] of Object.entries(want)) near(flat(predictions[i]![key]!), values, key, tolerance);
    }
    expect(estimator.getVariableNames()).toEqual(Object.keys(golden.variables));
    for (const [name, values] of Object.entries(golden.variables)) {
      near(flat(estimator.getVariableValue(name)), values, name, tolerance);
    }
  } finally {
    rmSync(modelDir, { recursive: true, force: true });
  }
}
