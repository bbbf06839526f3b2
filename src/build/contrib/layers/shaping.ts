/** `tf.contrib.layers`: layers that move, drop or list elements, and those that apply others in turn. Source: contrib/layers layers.py. */

import { float32, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { customGradient } from "../../../ops/custom_gradient.ts";
import {
  cast,
  constant,
  gatherNd,
  notEqual,
  oneHot,
  reshape,
  shape as shapeOf,
  transpose,
  where,
} from "../../../ops/index.ts";
import { Dropout, flatten as flattened } from "../../layers/core.ts";
import { mul } from "../../operators.ts";
import { variableScope } from "../../variables/scope.ts";
import { scoped } from "../framework/arg_scope.ts";
import {
  applied,
  channelsFormat,
  collectNamedOutputs,
  type ImageFormat,
  imageFormats,
  inLayerScope,
  inNameScope,
  type ScopeOptions,
} from "./common.ts";

interface DropoutOptions extends ScopeOptions {
  /** The part that is kept: 0.5. */
  readonly keepProb?: TensorLike | undefined;
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
  /** True by default. */
  readonly isTraining?: boolean | Tensor | undefined;
  readonly seed?: number | null | undefined;
}

const dropoutPlaces = ["keepProb", "noiseShape", "isTraining", "outputsCollections", "scope", "seed"] as const;

/** Drops a part of the inputs, and scales the rest by 1 / keepProb. */
export const dropout = scoped<[inputs: TensorLike], DropoutOptions, typeof dropoutPlaces, Tensor>(
  "dropout",
  1,
  dropoutPlaces,
  (given, options) =>
    inLayerScope("Dropout", options, {}, (scope) => {
      const { keepProb = 0.5, noiseShape, seed, isTraining = true } = options;
      const inputs = convertToTensor(given);
      const rate = typeof keepProb === "number" ? 1 - keepProb : convertToTensor(keepProb).rsub(1);
      const layer = new Dropout({ rate, noiseShape, seed, name: scope.name });
      const outputs = applied(layer, scope, inputs, { training: isTraining });
      return collectNamedOutputs(options.outputsCollections, scope.name, outputs);
    }),
);

const scopePlaces = ["outputsCollections", "scope"] as const;

/** [n, ...] to [n, the product of the rest]. */
export const flatten = scoped<[inputs: TensorLike], ScopeOptions, typeof scopePlaces, Tensor>(
  "flatten",
  1,
  scopePlaces,
  (given, options) => inNameScope("Flatten", options, () => flattened(convertToTensor(given))),
);

interface OneHotOptions extends ScopeOptions {
  /** 1. */
  readonly onValue?: TensorLike | undefined;
  /** 0. */
  readonly offValue?: TensorLike | undefined;
}

const oneHotPlaces = ["onValue", "offValue", "outputsCollections", "scope"] as const;

/** Whole numbers [...] as rows [..., numClasses] of one 1 each, float32. */
export const oneHotEncoding = scoped<
  [labels: TensorLike, numClasses: TensorLike],
  OneHotOptions,
  typeof oneHotPlaces,
  Tensor
>("one_hot_encoding", 2, oneHotPlaces, (given, numClasses, options) =>
  inNameScope("OneHotEncoding", options, () => {
    const { onValue = 1, offValue = 0 } = options;
    const labels = convertToTensor(given);
    const ids = labels.dtype === int32 ? (cast(labels, int64, { name: "ToInt64" }) as Tensor) : labels;
    const areNumbers = typeof onValue === "number" && typeof offValue === "number";
    return oneHot(ids, numClasses, { onValue, offValue, ...(areNumbers ? { dtype: float32 } : {}) });
  }),
);

interface ImagesOptions extends ScopeOptions {
  readonly dataFormat?: ImageFormat | undefined;
}

const imagesPlaces = ["dataFormat", "outputsCollections", "scope"] as const;

/** Images [n, h, w, c] as sequences of columns [w, n · h, c]. */
export const imagesToSequence = scoped<[inputs: TensorLike], ImagesOptions, typeof imagesPlaces, Tensor>(
  "images_to_sequence",
  1,
  imagesPlaces,
  (given, options) => {
    const format = channelsFormat(options.dataFormat, imageFormats);
    return inNameScope("ImagesToSequence", options, () => {
      const x = convertToTensor(given);
      const inputs = format === "channels_first" ? transpose(x, [0, 2, 3, 1]) : x;
      const [, , width, depth] = inputs.shape!;
      const dims = shapeOf(inputs);
      const [batch, height] = [dims.at(0), dims.at(1)];
      const moved = transpose(inputs, [2, 0, 1, 3]);
      return reshape(moved, [width!, batch.mul(height), depth!]);
    });
  },
);

interface SequenceOptions extends ScopeOptions {
  readonly outputDataFormat?: "channels_last" | "channels_first" | undefined;
}

const sequencePlaces = ["outputDataFormat", "outputsCollections", "scope"] as const;

/** Sequences of columns [w, n · h, c] as images [n, h, w, c]. */
export const sequenceToImages = scoped<
  [inputs: TensorLike, height: number],
  SequenceOptions,
  typeof sequencePlaces,
  Tensor
>("sequence_to_images", 2, sequencePlaces, (given, height, options) =>
  inNameScope("SequenceToImages", options, () => {
    const inputs = convertToTensor(given);
    const [width, batches, depth] = inputs.shape!;
    const n = batches === null || batches === undefined ? -1 : Math.floor(batches / height);
    const images = reshape(inputs, [width!, n, height, depth!]);
    return transpose(images, options.outputDataFormat === "channels_first" ? [1, 3, 2, 0] : [1, 2, 0, 3]);
  }),
);

interface SparseOptions extends ScopeOptions {
  /** What is left out: 0. */
  readonly eosToken?: number | string | undefined;
}

const sparsePlaces = ["eosToken", "outputsCollections", "scope"] as const;

/** The elements that are not eosToken, with their places. */
export const denseToSparse = scoped<[tensor: TensorLike], SparseOptions, typeof sparsePlaces, SparseTensor>(
  "dense_to_sparse",
  1,
  sparsePlaces,
  (given, options) =>
    inLayerScope("dense_to_sparse", options, null, (scope) => {
      const { eosToken = 0 } = options;
      const tensor = convertToTensor(given);
      const indices = where(notEqual(tensor, constant(eosToken, { dtype: tensor.dtype }))) as Tensor;
      const values = gatherNd(tensor, indices);
      const outputs = new SparseTensor({ indices, values, denseShape: shapeOf(tensor, { outType: int64 }) });
      return collectNamedOutputs(options.outputsCollections, scope.name, outputs);
    }),
);

// biome-ignore lint/suspicious/noExplicitAny: layers of many signatures are applied in turn
type LayerFunction = (...args: any[]) => any;
type Values = readonly unknown[];

const scopeOf = (options: Readonly<Record<string, unknown>>): string | null =>
  (options.scope as string | undefined) ?? null;

/** The values of a call by place, and its options. */
function divided(args: Values): { values: Values; options: Readonly<Record<string, unknown>> } {
  const last = args.at(-1);
  const isOptions = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
  return isOptions
    ? { values: args.slice(0, -1), options: last as Record<string, unknown> }
    : { values: args, options: {} };
}

/** The layer applied so many times with the same arguments, in scopes `<name>_1`, `<name>_2` … */
export function repeat(inputs: TensorLike, repetitions: number, layer: LayerFunction, ...args: Values): Tensor {
  const { values, options } = divided(args);
  const scope = scopeOf(options);
  return variableScope(scope, { defaultName: "Repeat" }, () => {
    const name = scope ?? (layer.name || "repeat");
    let outputs = convertToTensor(inputs);
    for (let i = 1; i <= repetitions; i++) outputs = layer(outputs, ...values, { ...options, scope: `${name}_${i}` });
    return outputs;
  });
}

/** The layer applied once for each of stackArgs, in scopes `<name>_1`, `<name>_2` … */
export function stack(
  inputs: TensorLike,
  layer: LayerFunction,
  stackArgs: readonly unknown[],
  options: Readonly<Record<string, unknown>> = {},
): Tensor {
  const scope = scopeOf(options);
  if (!Array.isArray(stackArgs)) throw new ValueError("stack_args need to be a list or tuple");
  return variableScope(scope, { defaultName: "Stack" }, () => {
    const name = scope ?? (layer.name || "stack");
    let outputs = convertToTensor(inputs);
    for (const [i, own] of stackArgs.entries()) {
      outputs = layer(outputs, ...(Array.isArray(own) ? own : [own]), { ...options, scope: `${name}_${i + 1}` });
    }
    return outputs;
  });
}

/** The inputs; gradients through them are multiplied. */
export const scaleGradient = (inputs: TensorLike, gradientMultiplier: TensorLike): Tensor =>
  customGradient<Tensor>((x, factor) => [x!, (dy) => [mul(dy!, factor!), null]])(inputs, gradientMultiplier);
