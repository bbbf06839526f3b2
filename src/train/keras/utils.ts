/** `tf.keras.utils`. Source: tf_keras/src/utils/np_utils.py. */
import { historyOf, type Layer } from "../../build/keras/layers/layer.ts";
import { float32 } from "../../core/dtype.ts";
import { IndexError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type Literal, literalToArray } from "../../ops/convert.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { Progress } from "./run/progress.ts";

/** Whole numbers [n] (or [n, 1]) as rows with a one at that place: float32 [n, numClasses]. Throws IndexError for numbers out of range. */
export function toCategorical(y: Literal, numClasses?: number): NdArray {
  const labels = literalToArray(y);
  const { shape } = labels;
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  const values = Array.from(labels.data as ArrayLike<number | bigint>, Number);
  const classes = numClasses ?? Math.max(-1, ...values) + 1;
  const data = new Float32Array(values.length * classes);
  for (const [i, label] of values.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new IndexError(`index ${label} is out of bounds for axis 1 with size ${classes}`);
    }
    data[i * classes + label] = 1;
  }
  return new NdArray(float32, [...kept, classes], data);
}

/** Rows of norm 1: x over its norm of this order along the axis. */
export function normalize(x: Literal, axis = -1, order = 2): NdArray {
  const array = literalToArray(x, float32);
  const { shape } = array;
  const at = axis < 0 ? axis + shape.length : axis;
  const n = shape[at] ?? 1;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const source = array.data as Float32Array;
  const data = new Float32Array(source.length);
  for (let outer = 0; outer < source.length / (n * inner); outer++) {
    for (let k = 0; k < inner; k++) {
      const index = (i: number): number => (outer * n + i) * inner + k;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.abs(source[index(i)]!) ** order;
      const norm = sum ** (1 / order) || 1;
      for (let i = 0; i < n; i++) data[index(i)] = source[index(i)]! / norm;
    }
  }
  return new NdArray(float32, shape, data);
}

/** Whole numbers [n] as rows of ones below that number: float32 [n, numClasses - 1]. Throws IndexError for numbers out of range. */
export function toOrdinal(y: Literal, numClasses?: number): NdArray {
  const oneHot = toCategorical(y, numClasses);
  const classes = oneHot.shape.at(-1)!;
  const source = oneHot.data as Float32Array;
  const n = source.length / classes;
  const data = new Float32Array(n * (classes - 1));
  for (let i = 0; i < n; i++) {
    const label = source.subarray(i * classes, (i + 1) * classes).indexOf(1);
    data.fill(1, i * (classes - 1), i * (classes - 1) + label);
  }
  return new NdArray(float32, [...oneHot.shape.slice(0, -1), classes - 1], data);
}

/** The placeholders of a model's data that a tensor comes from. */
export function getSourceInputs(tensor: Tensor): Tensor[] {
  const node = historyOf(tensor);
  if (!node) return [tensor];
  if (node.inputs.length === 0) return [...node.outputs];
  return [...new Set(node.inputs.flatMap(getSourceInputs))];
}

export interface ProgbarOptions {
  /** Of the bar: 30. */
  readonly width?: number | undefined;
  /** 0: nothing, 1: a bar, 2: a line at the end. */
  readonly verbose?: 0 | 1 | 2 | undefined;
  /** Seconds between two drawings: 0.05. */
  readonly interval?: number | undefined;
  /** Shown as they are; the others as means. */
  readonly statefulMetrics?: readonly string[] | null | undefined;
  readonly unitName?: "sample" | "step" | undefined;
}
const progbarPlaces = ["width", "verbose", "interval", "statefulMetrics", "unitName"] as const;

/** A bar of one's own steps; `target` is null when their number is not known. */
export class Progbar {
  readonly target: number | null;
  readonly #progress: Progress;
  #seen = 0;
  #isDone = false;

  constructor(target: number | null, ...rest: Rest<ProgbarOptions, typeof progbarPlaces>) {
    const { width, verbose = 1, interval, statefulMetrics, unitName } = byName<ProgbarOptions>(rest, progbarPlaces);
    this.target = target;
    this.#progress = new Progress({
      target,
      verbose,
      unit: unitName ?? "step",
      statefulMetrics: statefulMetrics ?? [],
      width,
      intervalMs: interval === undefined ? undefined : interval * 1000,
    });
  }

  /** Says how far it is, with pairs of a name and the last step's number; `finalize` ends the line. */
  update(
    current: number,
    values: readonly (readonly [string, number])[] = [],
    finalize: boolean = this.target !== null && current >= this.target,
  ): void {
    this.#seen = current;
    this.#progress.update(current, Object.fromEntries(values));
    if (!finalize || this.#isDone) return;
    this.#isDone = true;
    this.#progress.finish(current, this.#progress.means());
  }

  /** `n` steps further. */
  add(n: number, values: readonly (readonly [string, number])[] = []): void {
    this.update(this.#seen + n, values);
  }
}

interface DotOptions {
  readonly showShapes?: boolean | undefined;
  readonly showLayerNames?: boolean | undefined;
  /** "TB" from top to bottom, "LR" from left to right. */
  readonly rankdir?: string | undefined;
}

/** A model's layers as a graph in the language of Graphviz, which `dot` draws. */
export function modelToDot(model: { readonly layers: readonly Layer[] }, options: DotOptions = {}): string {
  const { showShapes = false, showLayerNames = true, rankdir = "TB" } = options;
  const ids = new Map(model.layers.map((layer, i) => [layer, `layer_${i}`]));
  const shape = (value: unknown): string =>
    JSON.stringify(value)
      .replaceAll("null", "None")
      .replace(/^\[(.*)\]$/, "($1)");
  const lines = model.layers.map((layer) => {
    const kind = layer.constructor.name === "Model" ? "Functional" : layer.constructor.name;
    const name = showLayerNames ? `${layer.name} | ${kind}` : kind;
    const sizes = showShapes ? ` | {input: ${shape(layer.inputShape)} | output: ${shape(layer.outputShape)}}` : "";
    return `  ${ids.get(layer)} [label="${name}${sizes}"];`;
  });
  const edges = model.layers.flatMap((layer) =>
    layer.inboundNodes.flatMap(({ inputs }) =>
      inputs.flatMap((input) => {
        const from = ids.get(historyOf(input)?.layer as Layer);
        return from ? [`  ${from} -> ${ids.get(layer)};`] : [];
      }),
    ),
  );
  const head = `digraph G {\n  rankdir=${rankdir};\n  concentrate=True;\n  node [shape=record];`;
  return `${[head, ...lines, ...new Set(edges)].join("\n")}\n}\n`;
}
