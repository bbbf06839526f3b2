/** What the Keras programs of make_programs.py have in common: their numbers, small models, printed text. */
import { join } from "node:path";
import * as tf from "../../../../src/index.ts";
import { openCheckpoint } from "../../../../src/io/checkpoint/open.ts";
import { temporaryFolder } from "../../../io/temporary.ts";

export const { keras } = tf;
export const { layers: L, backend: K, callbacks: C } = keras;

export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Lehmer's generator. */
export function numbers(count: number, seed: number): Float64Array {
  let x = seed * 7919 + 1;
  return Float64Array.from({ length: count }, () => {
    x = (x * 16807) % 2147483647;
    return x / 2147483647;
  });
}

export const floats = (shape: readonly number[], values: ArrayLike<number>): tf.NdArray =>
  new tf.NdArray(tf.float32, shape, Float32Array.from(values));
export const uniform = (seed: number, ...shape: number[]): tf.NdArray =>
  floats(
    shape,
    numbers(product(shape), seed).map((v) => v * 2 - 1),
  );
export const whole = (n: number, seed: number, ...shape: number[]): tf.NdArray =>
  new tf.NdArray(
    tf.int32,
    shape,
    Int32Array.from(numbers(product(shape), seed), (v) => Math.floor(v * n)),
  );
export function onehot(n: number, seed: number, ...shape: number[]): tf.NdArray {
  const labels = whole(n, seed, ...shape).data as Int32Array;
  const rows = new Float32Array(labels.length * n);
  for (const [i, label] of labels.entries()) rows[i * n + label] = 1;
  return floats([...shape, n], rows);
}

export const rows = (array: tf.NdArray, from: number, to: number): tf.NdArray => {
  const width = array.data.length / array.shape[0]!;
  const data = (array.data as Float32Array).slice(from * width, to * width);
  return new tf.NdArray(array.dtype, [to - from, ...array.shape.slice(1)], data);
};
export const columns = (array: tf.NdArray, n: number): tf.NdArray =>
  floats(
    [array.shape[0]!, n],
    (array.data as Float32Array).filter((_, i) => i % array.shape[1]! < n),
  );
export const counted = (n: number, over = 1): number[] => Array.from({ length: n }, (_, i) => i / over);

export const X = uniform(11, 20, 3);
export const Y = uniform(51, 20, 1);

/** Weights between -0.5 and 0.5, variances between 0.5 and 1.5. */
export async function settle(model: tf.keras.Model): Promise<void> {
  await model.setWeights(
    model.weights.map((v, i) => {
      const shape = v.shape as readonly number[];
      const offset = v.name.includes("variance") ? 0.5 : -0.5;
      return floats(
        shape,
        numbers(product(shape), 100 + i).map((u) => u + offset),
      );
    }),
  );
}

/** Printed lines as a terminal shows them in the end, without what depends on the clock. */
const masked = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.split("\r").at(-1)!.trimEnd())
    .join("\n")
    .replace(/\d+(ms|us|s)\/(sample|step|epoch)/g, "0s/$2")
    .replace(/ - \d+s/g, " - 0s");

export async function printed(into: unknown[], fn: () => unknown): Promise<void> {
  let text = "";
  const write = process.stdout.write;
  process.stdout.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as typeof write;
  try {
    await fn();
  } finally {
    process.stdout.write = write;
  }
  into.push(masked(text));
}

export function summary(model: tf.keras.Model, options: { expandNested?: boolean } = {}): string[] {
  const lines: string[] = [];
  model.summary({ printFn: (line) => lines.push(line.trimEnd()), ...options });
  return lines;
}

export async function error(fn: () => unknown): Promise<string> {
  try {
    await fn();
  } catch (e) {
    const { constructor, message } = e as Error;
    return `${constructor.name}: ${message}`;
  }
  return "none";
}

export const names = (variables: readonly { readonly name: string }[]): string[] => variables.map(({ name }) => name);

export async function keys(model: tf.keras.Model): Promise<unknown> {
  const path = join(temporaryFolder(), "w");
  await model.saveWeights(path);
  const { reader } = openCheckpoint(path);
  const saved = reader.names().map((key) => [key, [...reader.entry(key).shape]]);
  reader.close();
  return saved.sort(([a], [b]) => (a! < b! ? -1 : 1));
}

export async function small(options: Parameters<tf.keras.Model["compile"]>[0] = {}): Promise<tf.keras.Sequential> {
  const model = new keras.Sequential([new L.Dense(4, { activation: "tanh", inputShape: [3] }), new L.Dense(1)]);
  await settle(model);
  model.compile({ optimizer: "sgd", loss: "mse", ...options });
  return model;
}

export async function twoHeads(): Promise<tf.keras.Model> {
  const [a, b] = [keras.Input({ shape: [3], name: "left" }), keras.Input({ shape: [2], name: "right" })];
  const h = L.concatenate([new L.Dense(4, { activation: "relu", name: "h" }).apply(a), b]);
  const one = new L.Dense(2, { name: "one" }).apply(h);
  const two = new L.Dense(3, { activation: "softmax", name: "two" }).apply(h);
  const model = new keras.Model({ inputs: [a, b], outputs: [one, two] });
  await settle(model);
  return model;
}

export const LEFT = uniform(11, 8, 3);
export const RIGHT = uniform(12, 8, 2);
export const ONE = uniform(51, 8, 2);
export const TWO = onehot(3, 52, 8);

export const quiet = { verbose: 0, shuffle: false } as const;
export type Program = () => Promise<unknown>;
