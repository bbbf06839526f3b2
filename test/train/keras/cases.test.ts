/** Keras models against Keras in TensorFlow: summaries, histories, metrics, predictions, weights. Made by test/fixtures/keras/make_keras.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { openCheckpoint } from "../../../src/io/checkpoint/open.ts";
import { temporaryFolder } from "../../io/temporary.ts";

interface Spec {
  readonly class: string;
  readonly args: readonly unknown[];
  readonly kw: Readonly<Record<string, unknown>>;
  readonly from?: number | readonly number[];
}
interface DataSpec {
  readonly kind: "uniform" | "int" | "onehot";
  readonly shape: readonly number[];
  readonly n: number;
}
interface Case {
  readonly layers: readonly Spec[];
  readonly outputs?: readonly number[];
  readonly x: readonly DataSpec[];
  readonly y: readonly DataSpec[];
  readonly compile: Readonly<Record<string, unknown>>;
  readonly fit?: Readonly<Record<string, unknown>>;
  readonly expected: {
    readonly summary: readonly string[];
    readonly history: Readonly<Record<string, readonly number[]>>;
    readonly evaluate: readonly number[];
    readonly predict: readonly (readonly number[])[];
    readonly weights: readonly (readonly [string, readonly number[], number, number])[];
    readonly checkpoint: readonly (readonly [string, readonly number[]])[];
  };
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/keras/cases.json"), "utf8")) as Record<
  string,
  Case
>;

const camel = (name: string): string => name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const options = (kw: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(kw).map(([name, value]) => [camel(name), name === "dtype" ? tf.asDtype(value as string) : value]),
  );

/** The numbers of make_keras.py: Lehmer's generator. */
function numbers(count: number, seed: number): Float64Array {
  let x = seed * 7919 + 1;
  return Float64Array.from({ length: count }, () => {
    x = (x * 16807) % 2147483647;
    return x / 2147483647;
  });
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function data({ kind, shape, n }: DataSpec, seed: number): tf.NdArray {
  const u = numbers(product(shape), seed);
  if (kind === "uniform")
    return new tf.NdArray(
      tf.float32,
      shape,
      Float32Array.from(u, (v) => v * 2 - 1),
    );
  if (kind === "int")
    return new tf.NdArray(
      tf.int32,
      shape,
      Int32Array.from(u, (v) => Math.floor(v * n)),
    );
  const rows = new Float32Array(u.length * n);
  for (const [i, v] of u.entries()) rows[i * n + Math.floor(v * n)] = 1;
  return new tf.NdArray(tf.float32, [...shape, n], rows);
}

// biome-ignore lint/suspicious/noExplicitAny: classes by name
const layers = tf.keras.layers as any;
const isSpec = (value: unknown): value is Spec => typeof value === "object" && value !== null && "class" in value;
// biome-ignore lint/suspicious/noExplicitAny: classes by name
const makeLayer = (spec: Spec): any =>
  new layers[spec.class](...spec.args.map((arg) => (isSpec(arg) ? makeLayer(arg) : arg)), options(spec.kw));

function build(given: Case): tf.keras.Model {
  const made: tf.Tensor[] = [];
  const inputs: tf.Tensor[] = [];
  for (const spec of given.layers) {
    if (spec.class === "Input") {
      made.push(tf.keras.Input({ shape: spec.args[0] as number[], ...options(spec.kw) }));
      inputs.push(made.at(-1)!);
      continue;
    }
    const from = spec.from ?? made.length - 1;
    made.push(makeLayer(spec).apply(Array.isArray(from) ? from.map((i) => made[i]!) : made[from as number]!));
  }
  const outputs = (given.outputs ?? [made.length - 1]).map((i) => made[i]!);
  return new tf.keras.Model({ inputs, outputs: outputs.length > 1 ? outputs : outputs[0]! });
}

async function settle(model: tf.keras.Model): Promise<void> {
  const variables = [...new Set(model.layers.flatMap((layer) => layer.weights))];
  const offset = (name: string): number => (name.includes("variance") ? 0.5 : -0.5);
  await model.setWeights(
    variables.map(({ name, shape }, i) => {
      const full = shape as readonly number[];
      return new tf.NdArray(
        tf.float32,
        full,
        Float32Array.from(numbers(product(full), 100 + i), (v) => v + offset(name)),
      );
    }),
  );
}

function compileOptions(given: Case): Parameters<tf.keras.Model["compile"]>[0] {
  const { optimizer, metrics, ...rest } = given.compile;
  // biome-ignore lint/suspicious/noExplicitAny: classes by name
  const [optimizers, kinds] = [tf.keras.optimizers as any, tf.keras.metrics as any];
  const rate = (kw: Readonly<Record<string, unknown>>) => {
    const { learning_rate, ...others } = kw;
    return [learning_rate as number | undefined, options(others)] as const;
  };
  const made = Array.isArray(metrics)
    ? metrics.map((m) => (isSpec(m) ? new kinds[m.class](options(m.kw)) : m))
    : metrics;
  return {
    optimizer: isSpec(optimizer) ? new optimizers[optimizer.class](...rate(optimizer.kw)) : (optimizer as string),
    ...(made ? { metrics: made as string[] } : {}),
    ...options(rest),
  };
}

const near = (actual: readonly number[], expected: readonly number[], tolerance = 2e-4): void => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value), `${i}: ${actual[i]} for ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  }
};

describe("models train as in TensorFlow", () => {
  for (const [name, given] of Object.entries(cases)) {
    test(name, async () => {
      await new tf.Graph().asDefault(async () => {
        const model = build(given);
        await settle(model);
        const lines: string[] = [];
        model.summary({ printFn: (line) => lines.push(line.trimEnd()) });
        expect(lines).toEqual(given.expected.summary);
        const x = given.x.map((spec, i) => data(spec, 11 + i));
        const y = given.y.map((spec, i) => data(spec, 51 + i));
        const one = (arrays: tf.NdArray[]) => (arrays.length > 1 ? arrays : arrays[0]!);
        model.compile(compileOptions(given));
        const fit = { ...options(given.fit ?? { epochs: 3, batch_size: 4 }), shuffle: false, verbose: 0 as const };
        const { history } = await model.fit(one(x), one(y), fit);
        expect(Object.keys(history)).toEqual(Object.keys(given.expected.history));
        for (const [key, values] of Object.entries(given.expected.history)) near(history[key]!, values);
        near([await model.evaluate(one(x), one(y), { batchSize: 4, verbose: 0 })].flat(), given.expected.evaluate);
        const predicted = [await model.predict(one(x), { batchSize: 3 })].flat();
        for (const [i, values] of given.expected.predict.entries())
          near([...(predicted[i]!.data as Float32Array)], values);
        // Keras leaves the name of a wrapped layer out.
        const names = given.expected.weights.map(([n]) => n.replace("time_distributed/", "time_distributed/dense/"));
        expect(model.weights.map((w) => w.name)).toEqual(names);
        expect(model.weights.map((w) => w.shape)).toEqual(given.expected.weights.map(([, shape]) => shape));
        const values = await tf.keras.backend.batchGetValue(model.weights);
        const sums = values.map(({ data: d }) => (d as Float32Array).reduce((a, b) => a + b, 0));
        near(
          sums,
          given.expected.weights.map(([, , sum]) => sum),
          1e-3,
        );
        const folder = temporaryFolder();
        await model.saveWeights(join(folder, "w"));
        const { reader } = openCheckpoint(join(folder, "w"));
        const saved = reader.names().map((key) => [key, reader.entry(key).shape]);
        reader.close();
        expect(saved.sort()).toEqual([...given.expected.checkpoint].sort());
      });
    });
  }
});

describe("weights", () => {
  const fixtures = join(import.meta.dirname, "../../fixtures/keras/weights");
  for (const name of ["softmax", "two_inputs"]) {
    test(`those that Keras saved for ${name} give its predictions`, async () => {
      await new tf.Graph().asDefault(async () => {
        const given = cases[name]!;
        const model = build(given);
        model.compile(compileOptions(given));
        await model.loadWeights(join(fixtures, name));
        const x = given.x.map((spec, i) => data(spec, 11 + i));
        const predicted = [await model.predict(x.length > 1 ? x : x[0]!)].flat();
        for (const [i, values] of given.expected.predict.entries())
          near([...(predicted[i]!.data as Float32Array)], values);
        const optimizer = model.optimizer as InstanceType<typeof tf.keras.optimizers.Adam>;
        expect(Number(await tf.keras.backend.getValue(optimizer.iterations))).toBeGreaterThan(0);
      });
    });
  }

  test("saved and loaded, a run goes on as if it had not stopped", async () => {
    const given = cases.softmax!;
    const [x, y] = [data(given.x[0]!, 11), data(given.y[0]!, 51)];
    const settings = { batchSize: 6, shuffle: false, verbose: 0 as const };
    const folder = temporaryFolder();
    const runs = [];
    for (const isStopped of [false, true]) {
      const losses = await new tf.Graph().asDefault(async () => {
        const model = build(given);
        model.compile(compileOptions(given));
        if (isStopped) await model.loadWeights(join(folder, "w"));
        else {
          await settle(model);
          await model.fit(x, y, { ...settings, epochs: 2 });
          await model.saveWeights(join(folder, "w"));
        }
        const { history } = await model.fit(x, y, { ...settings, epochs: 2 });
        return history.loss;
      });
      runs.push(losses);
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test("a checkpoint of another model, or none, is refused", async () => {
    await new tf.Graph().asDefault(async () => {
      const model = build(cases.optimizer_sgd_dense!);
      await expect(model.loadWeights(join(fixtures, "softmax"))).rejects.toThrow("incompatible tensor with shape");
      await expect(model.loadWeights(join(fixtures, "nowhere"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    });
  });
});
