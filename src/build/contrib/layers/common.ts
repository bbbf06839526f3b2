/** What the layers of `tf.contrib.layers` have in common: scopes, collections, the order of their arguments. Source: contrib/layers utils.py, layers.py. */
import { ValueError } from "../../../core/error.ts";
import { formatShapePython, type Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { addToCollections, GraphKeys } from "../../collections.ts";
import type { DataFormat } from "../../layers/core.ts";
import type { Layer } from "../../layers/layer.ts";
import { PartitionedVariable } from "../../variables/partitioned.ts";
import { type Reuse, type VariableScope, variableScope } from "../../variables/scope.ts";
import type { InitializerLike, Regularizer } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";
import { modelVariableGetter } from "../framework/variables.ts";

export type Activation = (x: Tensor) => Tensor;
// biome-ignore lint/suspicious/noExplicitAny: a normalizer has options of its own
export type Normalizer = (x: Tensor, options?: any) => Tensor;
/** Collections for all variables of a layer, or for each by name: `weights`, `biases`, `beta` … */
export type VariablesCollections = readonly string[] | Readonly<Record<string, readonly string[]>>;
export type ImageFormat = "NHWC" | "NCHW";

/** Where outputs are listed, and the scope's name. */
export interface ScopeOptions {
  /** Collections that the outputs are added to, with the scope's name as an alias. */
  readonly outputsCollections?: string | readonly string[] | null | undefined;
  readonly scope?: string | VariableScope | null | undefined;
}

export interface VariablesOptions extends ScopeOptions {
  /** True takes variables that exist, which needs a scope. */
  readonly reuse?: Reuse | null | undefined;
  readonly variablesCollections?: VariablesCollections | null | undefined;
  readonly trainable?: boolean | undefined;
}

/** Layers with weights, and biases where no normalizer follows. */
export interface WeightsOptions extends VariablesOptions {
  /** relu by default; null for none. */
  readonly activationFn?: Activation | null | undefined;
  /** Takes the place of the biases. */
  readonly normalizerFn?: Normalizer | null | undefined;
  readonly normalizerParams?: Readonly<Record<string, unknown>> | null | undefined;
  /** Xavier's by default. */
  readonly weightsInitializer?: InitializerLike | null | undefined;
  readonly weightsRegularizer?: Regularizer | null | undefined;
  /** Zeros by default; null for no biases. */
  readonly biasesInitializer?: InitializerLike | null | undefined;
  readonly biasesRegularizer?: Regularizer | null | undefined;
}

/** The last arguments of layers with weights, in Python's order. */
export const weightsPlaces = [
  "activationFn",
  "normalizerFn",
  "normalizerParams",
  "weightsInitializer",
  "weightsRegularizer",
  "biasesInitializer",
  "biasesRegularizer",
  "reuse",
  "variablesCollections",
  "outputsCollections",
  "trainable",
  "scope",
] as const;

/** Adds the outputs to the collections. */
export function collectNamedOutputs<T extends Tensor | SparseTensor>(
  collections: string | readonly string[] | null | undefined,
  _scope: string,
  outputs: T,
): T {
  if (!collections || collections.length === 0) return outputs;
  addToCollections(collections, outputs);
  return outputs;
}

/** The collections of one kind of variable. */
export function collectionsFor(
  all: VariablesCollections | null | undefined,
  kind: string,
): readonly string[] | undefined {
  if (!all) return undefined;
  return Array.isArray(all) ? (all as readonly string[]) : (all as Readonly<Record<string, readonly string[]>>)[kind];
}

/** Adds a layer's variable to the collections of its kind, once. */
export function addToVariableCollections(
  variable: Variable | null,
  all: VariablesCollections | null | undefined,
  kind: string,
): void {
  if (!variable) return;
  const parts =
    (variable as unknown) instanceof PartitionedVariable
      ? [...(variable as unknown as Iterable<Variable>)]
      : [variable];
  for (const collection of collectionsFor(all, kind) ?? []) {
    const listed = getDefaultGraph().getCollectionRef<Variable>(collection);
    for (const part of parts) if (!listed.includes(part)) listed.push(part);
  }
}

/** In a variable scope of this name (unique) or the given one; with `rename`, its variables are variables of models, under other names. */
export function inLayerScope<R>(
  defaultName: string,
  options: Pick<VariablesOptions, "scope" | "reuse">,
  rename: Readonly<Record<string, string>> | null,
  fn: (scope: VariableScope) => R,
): R {
  return variableScope(
    options.scope ?? null,
    { defaultName, reuse: options.reuse ?? null, ...(rename ? { customGetter: modelVariableGetter(rename) } : {}) },
    fn,
  );
}

/** In a name scope of this name or the given one. */
export function inNameScope(defaultName: string, options: ScopeOptions, fn: (scope: string) => Tensor): Tensor {
  const { scope, outputsCollections } = options;
  return getDefaultGraph().nameScope((scope as string | null | undefined) ?? defaultName, (name) =>
    collectNamedOutputs(outputsCollections, name, fn(name)),
  );
}

/** What comes after a layer's product: normalizer, activation, collections. */
export function finished(
  outputs: Tensor,
  options: WeightsOptions,
  activation: Activation | null,
  scope: VariableScope,
): Tensor {
  const { normalizerFn, normalizerParams, outputsCollections } = options;
  const normalized = normalizerFn ? normalizerFn(outputs, { ...normalizerParams }) : outputs;
  return collectNamedOutputs(outputsCollections, scope.name, activation ? activation(normalized) : normalized);
}

/** Builds a layer in its scope and applies it. */
export function applied<L extends Layer>(
  layer: L,
  scope: string | VariableScope,
  inputs: Tensor,
  options = {},
): Tensor {
  return layer.openScope(scope).apply(inputs, options);
}

/** "NCHW" as "channels_first". Throws ValueError for what is no format of `allowed`. */
export function channelsFormat(format: string | null | undefined, allowed: readonly string[]): DataFormat {
  if (format !== null && format !== undefined && !allowed.includes(format)) {
    throw new ValueError(`data_format has to be either ${allowed[1]} or ${allowed[0]}.`);
  }
  return format?.startsWith("NC") ? "channels_first" : "channels_last";
}

export const imageFormats = ["NHWC", "NCHW"] as const;
export const volumeFormats = ["NDHWC", "NCDHW"] as const;

/** One size for both axes, or two. Throws ValueError for other counts. */
export function twoElementTuple(value: number | readonly number[]): [number, number] {
  if (typeof value === "number") return [value, value];
  if (value.length !== 2) throw new ValueError(`Must be a list with 2 elements: [${value.join(", ")}]`);
  return [value[0]!, value[1]!];
}

/** n positive whole numbers from one or from n. Throws ValueError for other counts and for what is not positive. */
export function nPositiveIntegers(n: number, value: number | readonly number[]): number[] {
  const list = typeof value === "number" ? new Array<number>(n).fill(value) : [...value];
  if (list.length !== n) {
    throw new ValueError(`Expected sequence of ${n} positive integers, but received (${list.join(", ")})`);
  }
  const wrong = list.find((each) => each < 1);
  if (wrong !== undefined) throw new ValueError(`expected positive integer, but received ${wrong}`);
  return list;
}

/** The size of an axis. Throws ValueError where it, or the rank, is not known, or the rank is too small. */
export function dimension(shape: Shape, axis: number, minRank = 1): number {
  if (!shape) throw new ValueError("dims of shape must be known but is None");
  if (shape.length < minRank) throw new ValueError(`rank of shape must be at least ${minRank} not: ${shape.length}`);
  const size = shape.at(axis) ?? null;
  if (size === null) {
    throw new ValueError(`dimension ${axis} of shape must be known but is None: ${formatShapePython(shape)}`);
  }
  return size;
}

/** Adds to the collections named and to ACTIVATIONS what the activation makes. */
export function activated(
  y: Tensor,
  activation: Activation | null | undefined,
  collections: readonly string[],
): Tensor {
  const outputs = activation ? activation(y) : y;
  addToCollections([...new Set([...collections, GraphKeys.ACTIVATIONS])], outputs);
  return outputs;
}
