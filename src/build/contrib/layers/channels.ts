/** `tf.contrib.layers`: layers over the channels of their inputs. Source: contrib/layers layers.py. */
import { float32, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  concat,
  div,
  linSpaceOp,
  meshgrid,
  ones,
  reduceMax,
  reduceSum,
  reshape,
  shape as shapeOf,
  softmax as softmaxOf,
  sqrt,
  square,
  stridedSlice,
  tile,
  transpose,
} from "../../../ops/index.ts";
import { constantInitializer, onesInitializer } from "../../initializers.ts";
import { add, mul, truediv } from "../../operators.ts";
import { type VariableScope, variableScope } from "../../variables/scope.ts";
import { scoped } from "../framework/arg_scope.ts";
import { modelVariable } from "../framework/variables.ts";
import { collectionsFor, dimension, type ImageFormat, type VariablesCollections } from "./common.ts";

interface OwnScope {
  readonly scope?: string | VariableScope | null | undefined;
}

const within = <R>(defaultName: string, { scope }: OwnScope, fn: () => R): R =>
  variableScope(scope ?? null, { defaultName }, fn);

/** Softmax over the last axis, through a matrix of rows. Throws ValueError where its size is not known. */
export const softmax = scoped<[logits: TensorLike], OwnScope, ["scope"], Tensor>(
  "softmax",
  1,
  ["scope"],
  (given, options) =>
    within("softmax", options, () => {
      const logits = convertToTensor(given);
      const rows = reshape(logits, [-1, dimension(logits.shape, -1, 2)]);
      const predictions = reshape(softmaxOf(rows), shapeOf(logits));
      if (!getDefaultGraph().isEager) predictions.setShape(logits.shape);
      return predictions;
    }),
);

interface UnitNormOptions extends OwnScope {
  /** 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Inputs whose vectors along axis `dim` have length 1. Throws ValueError for an axis that is not there. */
export const unitNorm = scoped<[inputs: TensorLike, dim: number], UnitNormOptions, ["epsilon", "scope"], Tensor>(
  "unit_norm",
  2,
  ["epsilon", "scope"],
  (given, dim, options) =>
    within("UnitNorm", options, () => {
      const { epsilon = 1e-7 } = options;
      const inputs = convertToTensor(given);
      const rank = inputs.shape?.length;
      if (!rank) throw new ValueError("The input rank must be known.");
      if (dim < 0 || dim >= rank) throw new ValueError("dim must be positive but smaller than the input rank.");
      const lengths = sqrt(add(epsilon, reduceSum(square(inputs), { axis: dim, keepdims: true })));
      const multiples: Tensor[] = [];
      if (dim > 0) multiples.push(ones([dim], int32));
      multiples.push(stridedSlice(shapeOf(inputs), [dim], [dim + 1]));
      if (dim < rank - 1) multiples.push(ones([rank - 1 - dim], int32));
      return div(inputs, tile(lengths, concat(multiples, 0)));
    }),
);

interface MaxoutOptions extends OwnScope {
  /** -1. */
  readonly axis?: number | undefined;
}

/** The maxima of groups of channels, numUnits of them. Throws ValueError for a count that does not divide the channels. */
export const maxout = scoped<[inputs: TensorLike, numUnits: number], MaxoutOptions, ["axis", "scope"], Tensor>(
  "maxout",
  2,
  ["axis", "scope"],
  (given, numUnits, options) =>
    within("MaxOut", options, () => {
      const inputs = convertToTensor(given);
      const shape = [...inputs.shape!];
      const axis = options.axis ?? -1;
      const channels = shape.at(axis) as number;
      if (channels % numUnits !== 0) {
        throw new ValueError(`number of features(${channels}) is not a multiple of num_units(${numUnits})`);
      }
      shape[axis < 0 ? shape.length + axis : axis] = numUnits;
      const sizes = [...shape, channels / numUnits].map((size, i): TensorLike => size ?? shapeOf(inputs).at(i));
      return reduceMax(reshape(inputs, sizes), { axis: -1, keepdims: false });
    }),
);

interface SpatialOptions {
  /** Where learning begins, 1 by default. */
  readonly temperature?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly variablesCollections?: VariablesCollections | null | undefined;
  readonly trainable?: boolean | undefined;
  readonly dataFormat?: ImageFormat | undefined;
}

const spatialPlaces = ["temperature", "name", "variablesCollections", "trainable", "dataFormat"] as const;

/** The expected place of each channel's softmax over height and width: images [n, h, w, c] to [n, 2 · c]. */
export const spatialSoftmax = scoped<[features: TensorLike], SpatialOptions, typeof spatialPlaces, Tensor>(
  "spatial_softmax",
  1,
  spatialPlaces,
  (given, options) =>
    within("spatial_softmax", { scope: options.name }, () => {
      const { temperature, trainable = true, dataFormat = "NHWC" } = options;
      const features = convertToTensor(given);
      const dims = shapeOf(features);
      if (dataFormat !== "NHWC" && dataFormat !== "NCHW") {
        throw new ValueError("data_format has to be either NCHW or NHWC.");
      }
      const isLast = dataFormat === "NHWC";
      const [height, width] = isLast ? [dims.at(1), dims.at(2)] : [dims.at(2), dims.at(3)];
      const channels = features.shape![isLast ? 3 : 1] ?? null;
      if (channels === null) {
        throw new ValueError(
          "The num_channels dimension of the inputs to `spatial_softmax` should be defined. Found `None`.",
        );
      }
      return getDefaultGraph().nameScope("spatial_softmax_op", () => {
        const steps = (count: Tensor): Tensor => linSpaceOp({ start: -1, stop: 1, num: count, T: float32 });
        const [x, y] = meshgrid([steps(height!), steps(width!)], { indexing: "ij" });
        const flat = (positions: Tensor): Tensor => reshape(positions, [mul(height!, width!)]);
        const [posX, posY] = [flat(x!), flat(y!)];
        const variable = modelVariable("temperature", {
          shape: [],
          dtype: float32,
          initializer:
            temperature === undefined || temperature === null ? onesInitializer() : constantInitializer(temperature),
          collections: trainable ? collectionsFor(options.variablesCollections, "temperature") : undefined,
          trainable,
        });
        const planes = reshape(isLast ? transpose(features, [0, 3, 1, 2]) : features, [-1, mul(height!, width!)]);
        const attention = softmaxOf(truediv(planes, variable as unknown as Tensor));
        const expected = (positions: Tensor): Tensor =>
          reduceSum(mul(positions, attention), { axis: [1], keepdims: true });
        const keypoints = reshape(concat([expected(posX), expected(posY)], 1), [-1, channels * 2]);
        keypoints.setShape([null, channels * 2]);
        return keypoints;
      });
    }),
);
