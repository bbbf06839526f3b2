/** Compares boosted trees with TensorFlow's: graphs with the functions that they call, losses, metrics, predictions, ensembles. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect } from "vitest";
import type { NdArray } from "../../../src/core/nd_array.ts";
import { graphDefinition } from "../../../src/graph/def/graph_def.ts";
import { findFunction } from "../../../src/graph/def/library.ts";
import * as tf from "../../../src/index.ts";
import { TreeEnsemble } from "../../../src/ops/host/boosted/ensemble.ts";
import { fromNodeProto, type NodeDefinition } from "../../../src/proto/graph_def.ts";

type Config = InstanceType<typeof tf.estimator.RunConfig>;
type Trees = InstanceType<typeof tf.estimator.BoostedTreesClassifier>;

export interface TreesCase {
  readonly name: string;
  readonly features: readonly string[];
  readonly label: string;
  readonly steps: number | null;
  readonly batch: number;
  readonly seed: number;
  readonly given: "batches" | "constants" | "whole";
  readonly train: string;
  readonly losses: readonly number[];
  readonly evaluate?: string;
  readonly predict?: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly predictions: readonly Readonly<Record<string, readonly (number | string)[]>>[];
  readonly count: number;
  readonly variables: Readonly<Record<string, string | readonly number[]>>;
  readonly importances?: readonly (readonly (readonly [string, number])[])[];
  readonly explain?: string;
  readonly explanations?: readonly {
    readonly bias: number;
    readonly dfc: readonly (readonly [string, number])[];
    readonly keys: readonly string[];
  }[];
}

export const treesCases = (): readonly TreesCase[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/estimator/boosted_trees.json"), "utf8")).cases;

const n = 90;
const rows = Array.from({ length: n }, (_, i) => i);
const words = ["cat", "dog", "emu", "ant"];
const target = rows.map(
  (i) =>
    Math.sin(i * 0.9) * 0.7 + ((i * 37) % 83) * 0.02 - ((i * 29) % 71) * 0.01 + ((i * i + Math.floor(i / 3)) % 4) * 0.2,
);
type Values = readonly (number | string | readonly (number | string)[])[];
const array = (values: Values, dtype: tf.DType): tf.NdArray =>
  tf.makeNdarray(tf.makeTensorProto(values as never, { dtype }));
const features: Readonly<Record<string, tf.NdArray>> = {
  age: array(
    rows.map((i) => [((i * 37) % 83) * 0.25 + 0.1]),
    tf.float32,
  ),
  size: array(
    rows.map((i) => [((i * 29) % 71) * 0.2 - 6, ((i * 13) % 61) * 0.5]),
    tf.float32,
  ),
  word: array(
    rows.map((i) => [words[(i * i + Math.floor(i / 3)) % 4]!]),
    tf.string,
  ),
  number: array(
    rows.map((i) => [(i * 11) % 5]),
    tf.int64,
  ),
  weight: array(
    rows.map((i) => [1 + (i % 3) * 0.5]),
    tf.float32,
  ),
};
const labels: Readonly<Record<string, tf.NdArray>> = {
  two: array(
    target.map((x) => [x > 0.8 ? 1 : 0]),
    tf.int64,
  ),
  flat: array(
    target.map((x) => (x > 0.8 ? 1 : 0)),
    tf.int64,
  ),
  three: array(
    target.map((x) => [(x > 0.5 ? 1 : 0) + (x > 1.2 ? 1 : 0)]),
    tf.int64,
  ),
  words: array(
    target.map((x) => [x > 0.8 ? "yes" : "no"]),
    tf.string,
  ),
  real: array(
    target.map((x) => [x]),
    tf.float32,
  ),
  pair: array(
    target.map((x) => [x, x * x - 1]),
    tf.float32,
  ),
};

const stripped = (line: string): string => line.trimEnd();

/** All nodes, then those of the functions that they call, as the script beside the fixture writes them. */
function textOf(graph: tf.Graph): string[] {
  const lines: string[] = [];
  const { nodes } = graphDefinition(graph);
  const body = (name: string, shown: string): NodeDefinition[] => {
    const fn = findFunction(graph.library, name)!;
    const [inputs, outputs] = [fn.signature!.inputArg!, fn.signature!.outputArg!];
    lines.push(`= ${shown} ${inputs.length} ${outputs.length}`);
    const places = new Map(inputs.map((arg, i) => [arg.name!, `arg${i}`]));
    const wire = (text: string): string => {
      if (text.startsWith("^")) return `^${places.get(text.slice(1)) ?? text.slice(1)}`;
      const [node, ...rest] = text.split(":");
      return [places.get(node!) ?? node!, ...rest].join(":");
    };
    const own = (fn.nodeDef ?? []).map((proto) => fromNodeProto(proto));
    for (const { name, op, inputs, device } of own) lines.push(`${name} ${op} ${inputs.map(wire).join(",")} ${device}`);
    const returned = fn.ret as Readonly<Record<string, string>>;
    lines.push(`returns ${outputs.map((arg) => wire(returned[arg.name!]!)).join(",")}`);
    return own;
  };
  const walk = (given: readonly NodeDefinition[], prefix: string): void => {
    for (const { name, attrs } of given) {
      for (const branch of ["then_branch", "else_branch"]) {
        const attr = attrs.get(branch);
        if (attr?.kind !== "func") continue;
        const shown = `${prefix}${name}/${branch}`;
        walk(body(attr.value.name, shown), `${shown}/`);
      }
    }
  };
  for (const { name, op, inputs, device } of nodes) lines.push(`${name} ${op} ${inputs.join(",")} ${device}`);
  walk(nodes, "");
  return lines.map(stripped);
}

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
    this.lines = textOf(session.graph);
  }

  override beforeRun(): tf.train.SessionRunArgs | null {
    if (!this.#watchesLoss) return null;
    return new tf.train.SessionRunArgs(tf.getDefaultGraph().getCollection("losses").at(-1));
  }

  override afterRun(_: unknown, { results }: { readonly results: NdArray }): void {
    if (this.#watchesLoss) this.losses.push(Number(results.item()));
  }
}

/** float32, added up in another order. */
const tolerance = 1e-5;

function near(got: readonly unknown[], want: readonly (number | string)[], what: string): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of want.entries()) {
    if (typeof value === "string") expect(got[i], `${what} ${i}`).toBe(value);
    else {
      const apart = Math.abs(Number(got[i]) - value);
      expect(apart, `${what} ${i}: ${got[i]} instead of ${value}`).toBeLessThanOrEqual(
        tolerance * (1 + Math.abs(value)),
      );
    }
  }
}

const flat = (value: NdArray): unknown[] => [value.toList()].flat(9);

/** An ensemble without its numbers, and its numbers. */
function ensembleOf(bytes: Uint8Array): { readonly form: unknown; readonly numbers: number[] } {
  const ensemble = new TreeEnsemble();
  ensemble.decode(bytes);
  const numbers: number[] = [];
  const { trees, treesAttempted, layersAttempted, lastLayer } = ensemble;
  const form = trees.map(({ nodes, weight, layers, isFinalized, pruned }) => {
    const shape = nodes.map(({ leaf, split, gain, originalLeaf }) => {
      numbers.push(...(leaf ?? []), gain ?? 0, ...(originalLeaf ?? []));
      return { split, leaf: leaf?.length, originalLeaf: originalLeaf?.length };
    });
    numbers.push(...pruned.flatMap(({ change }) => change));
    return { shape, weight, layers, isFinalized, pruned: pruned.map(({ newId }) => newId) };
  });
  return { form: { form, treesAttempted, layersAttempted, lastLayer }, numbers };
}

function compareVariable(value: NdArray, want: string | readonly number[], name: string): void {
  if (typeof want !== "string") {
    near(flat(value).map(Number), want.map(Number), name);
    return;
  }
  const got = ensembleOf((value.data as unknown as readonly Uint8Array[])[0]!);
  const expected = ensembleOf(Buffer.from(want, "base64"));
  expect(got.form, name).toEqual(expected.form);
  near(got.numbers, expected.numbers, name);
}

export async function compareTrees(golden: TreesCase, make: (config: Config) => Trees): Promise<void> {
  const modelDir = mkdtempSync(join(tmpdir(), "trees-"));
  try {
    const estimator = make(new tf.estimator.RunConfig({ modelDir, tfRandomSeed: golden.seed }));
    const inputs = (withLabels: boolean, repeats: boolean) => () => {
      const chosen = Object.fromEntries(golden.features.map((key) => [key, features[key]!]));
      const label = labels[golden.label]!;
      if (golden.given === "constants" && repeats) {
        const constants = Object.entries(chosen).map(([key, value]) => [key, tf.constant(value)]);
        return [Object.fromEntries(constants), tf.constant(label)] as never;
      }
      const data = tf.data.Dataset.fromTensorSlices((withLabels ? [chosen, label] : chosen) as never);
      const dropRemainder = golden.given === "whole";
      return (repeats ? data.repeat() : data).batch(golden.batch, { dropRemainder }) as never;
    };
    const train = new Watch(true);
    await estimator.train(inputs(true, true), { steps: golden.steps, hooks: [train] });
    expect(train.lines).toEqual(wanted(golden.train));
    near(train.losses, golden.losses, "loss");
    const evaluation = new Watch();
    const metrics = await estimator.evaluate(inputs(true, false), { hooks: [evaluation] });
    if (golden.evaluate) expect(evaluation.lines).toEqual(wanted(golden.evaluate));
    expect(Object.keys(metrics)).toEqual(Object.keys(golden.metrics));
    for (const [key, value] of Object.entries(golden.metrics)) near(flat(metrics[key]!), [value], key);
    const prediction = new Watch();
    const predictions: Record<string, NdArray>[] = [];
    for await (const each of estimator.predict(inputs(false, false), { hooks: [prediction] })) predictions.push(each);
    if (golden.predict) expect(prediction.lines).toEqual(wanted(golden.predict));
    expect(predictions.length).toBe(golden.count);
    for (const [i, want] of golden.predictions.entries()) {
      expect(Object.keys(predictions[i]!)).toEqual(Object.keys(want));
      for (const [key, values] of Object.entries(want)) near(flat(predictions[i]![key]!), values, key);
    }
    expect(estimator.getVariableNames()).toEqual(Object.keys(golden.variables));
    for (const [name, want] of Object.entries(golden.variables)) {
      compareVariable(estimator.getVariableValue(name), want, name);
    }
    for (const [i, want] of (golden.importances ?? []).entries()) {
      const found = [...estimator.experimentalFeatureImportances({ normalize: i === 1 })];
      expect(found.map(([name]) => name)).toEqual(want.map(([name]) => name));
      near(
        found.map(([, gain]) => gain),
        want.map(([, gain]) => gain),
        "importances",
      );
    }
    if (golden.explanations) await compareExplanations(golden, estimator, inputs(false, false));
  } finally {
    rmSync(modelDir, { recursive: true, force: true });
  }
}

async function compareExplanations(golden: TreesCase, estimator: Trees, input: () => never): Promise<void> {
  const watch = new Watch();
  let i = 0;
  for await (const each of estimator.experimentalPredictWithExplanations(input, { hooks: [watch] })) {
    const want = golden.explanations![i++];
    if (!want) continue;
    expect(Object.keys(each)).toEqual(want.keys);
    const found = [...(each.dfc as Map<string, number>)];
    expect(found.map(([name]) => name)).toEqual(want.dfc.map(([name]) => name));
    near([each.bias, ...found.map(([, share]) => share)], [want.bias, ...want.dfc.map(([, share]) => share)], "dfc");
  }
  expect(watch.lines).toEqual(wanted(golden.explain!));
}
