/** `tf.nn`'s layers over quantized numbers; a range goes with each tensor. Source: gen_nn_ops.py, gen_array_ops.py. */
import { type DType, qint32, quint8 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import type { Named } from "../array/basic/names.ts";
import { quantizedAvgPoolOp, quantizedConcatOp, quantizedConv2DOp, quantizedMaxPoolOp } from "./quantized_layers.ts";
import { quantizedReluXOp } from "./quantized_math.ts";

/** Whole numbers and the floats that the smallest and the largest of them stand for. */
interface Ranged {
  readonly output: Tensor;
  readonly minOutput: Tensor;
  readonly maxOutput: Tensor;
}

const ranged = (found: { output: Tensor; min_output: Tensor; max_output: Tensor }): Ranged => ({
  output: found.output,
  minOutput: found.min_output,
  maxOutput: found.max_output,
});

type Padding = "SAME" | "VALID";

interface ConvolutionOptions extends Named {
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly outType?: DType;
  readonly dilations?: readonly number[];
}
const convolutionPlaces = ["strides", "padding", "outType", "dilations", "name"] as const;

/** The convolution of input [n, h, w, c] with filter [h, w, c, out] in sums of 32 bits. */
export function quantizedConv2d(
  input: TensorLike,
  filter: TensorLike,
  minInput: TensorLike,
  maxInput: TensorLike,
  minFilter: TensorLike,
  maxFilter: TensorLike,
  ...rest: Rest<ConvolutionOptions, typeof convolutionPlaces>
): Ranged {
  const options = byName<ConvolutionOptions>(rest, convolutionPlaces);
  const { strides, padding, outType = qint32, dilations = [1, 1, 1, 1], name } = options;
  const limits = { min_input: minInput, max_input: maxInput, min_filter: minFilter, max_filter: maxFilter };
  return ranged(quantizedConv2DOp({ input, filter, ...limits, out_type: outType, strides, padding, dilations }, name));
}

interface PoolOptions extends Named {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
}
const poolPlaces = ["ksize", "strides", "padding", "name"] as const;

const pooled =
  (op: typeof quantizedAvgPoolOp) =>
  (
    input: TensorLike,
    minInput: TensorLike,
    maxInput: TensorLike,
    ...rest: Rest<PoolOptions, typeof poolPlaces>
  ): Ranged => {
    const { ksize, strides, padding, name } = byName<PoolOptions>(rest, poolPlaces);
    return ranged(op({ input, min_input: minInput, max_input: maxInput, ksize, strides, padding }, name));
  };

type QuantizedPool = (
  input: TensorLike,
  minInput: TensorLike,
  maxInput: TensorLike,
  ...rest: Rest<PoolOptions, typeof poolPlaces>
) => Ranged;

/** The means of windows [n, h, w, c]. */
export const quantizedAvgPool: QuantizedPool = pooled(quantizedAvgPoolOp);
/** The largest values of windows [n, h, w, c]. */
export const quantizedMaxPool: QuantizedPool = pooled(quantizedMaxPoolOp);

interface ReluOptions extends Named {
  readonly outType?: DType;
}

/** min(max(features, 0), maxValue). */
export const quantizedReluX = byKeyword(
  ["features", "maxValue", "minFeatures", "maxFeatures"],
  function quantizedReluX(
    features: TensorLike,
    maxValue: TensorLike,
    minFeatures: TensorLike,
    maxFeatures: TensorLike,
    ...rest: Rest<ReluOptions, ["outType", "name"]>
  ): { readonly activations: Tensor; readonly minActivations: Tensor; readonly maxActivations: Tensor } {
    const { outType = quint8, name } = byName<ReluOptions>(rest, ["outType", "name"]);
    const limits = { max_value: maxValue, min_features: minFeatures, max_features: maxFeatures };
    const found = quantizedReluXOp({ features, ...limits, out_type: outType }, name);
    return {
      activations: found.activations,
      minActivations: found.min_activations,
      maxActivations: found.max_activations,
    };
  },
);

/** The values one after another along an axis, in a range that holds all of them. */
export const quantizedConcat = byKeyword(
  ["concatDim", "values", "inputMins", "inputMaxes"],
  function quantizedConcat(
    concatDim: TensorLike,
    values: readonly TensorLike[],
    inputMins: readonly TensorLike[],
    inputMaxes: readonly TensorLike[],
    ...rest: Rest<Named, ["name"]>
  ): { readonly output: Tensor; readonly outputMin: Tensor; readonly outputMax: Tensor } {
    const inputs = { concat_dim: concatDim, values, input_mins: inputMins, input_maxes: inputMaxes };
    const found = quantizedConcatOp(inputs, byName<Named>(rest, ["name"]).name);
    return { output: found.output, outputMin: found.output_min, outputMax: found.output_max };
  },
);
