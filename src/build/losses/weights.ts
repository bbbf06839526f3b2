/** Weights of losses and metrics: scalars, or of the values' rank with each dimension 1 or theirs. Source: weights_broadcast_ops.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { formatShapePython, isFull, sameShape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  concat,
  equal,
  expandDims,
  multiply,
  noOp,
  onesLike,
  rank as rankOf,
  setDifference,
  shape as shapeOf,
  size,
} from "../../ops/index.ts";
import { assertThat } from "../control_flow/assert.ts";
import { cond } from "../control_flow/branch/cond.ts";

const cannot = "weights can not be broadcast to values.";

const numbers = (array: NdArray): number[] => Array.from(array.data as Int32Array);
const listed = (array: NdArray): string => `[${numbers(array).join(" ")}]`;

/** A number as a real number, whole or not. */
export const asFloat = (weights: TensorLike): TensorLike =>
  typeof weights === "number" ? new NdArray(float32, [], Float32Array.of(weights)) : weights;

interface Facts {
  readonly tensor: Tensor;
  readonly shape: Tensor;
  readonly rank: Tensor;
}

function factsOf(value: TensorLike, name: string): Facts {
  return getDefaultGraph().nameScope(name, (scope) => {
    const tensor = convertToTensor(value, { name: scope });
    return { tensor, shape: shapeOf(tensor, { name: "shape" }), rank: rankOf(tensor, { name: "rank" }) };
  });
}

/**
 * An operation that fails with INVALID_ARGUMENT when the weights do not broadcast to the values; a NoOp where the static shapes tell that they
 * do. Throws ValueError where they tell that they do not.
 */
export function assertBroadcastable(weights: TensorLike, values: TensorLike): Operation {
  return getDefaultGraph().nameScope("assert_broadcastable", (scope) => {
    const weight = factsOf(weights, "weights");
    const weightRank = constantValue(weight.rank);
    const value = factsOf(values, "values");
    const valueRank = constantValue(value.rank);
    return (weightRank && valueRank && checkStatically(weight, value)) ?? checkDynamically(weight, value, scope);
  });
}

function checkStatically(weight: Facts, value: Facts): Operation | null {
  const [weightRank, valueRank] = [weight.tensor.shape!.length, value.tensor.shape!.length];
  if (weightRank === 0) return noOp({ name: "static_scalar_check_success" });
  const received = `Received weights=${weight.tensor}, values=${value.tensor}`;
  if (weightRank !== valueRank) {
    throw new ValueError(
      `${cannot} values.rank=${valueRank}. weights.rank=${weightRank}. values.shape=${formatShapePython(value.tensor.shape)}. weights.shape=${formatShapePython(weight.tensor.shape)}. ${received}`,
    );
  }
  const [weightShape, valueShape] = [constantValue(weight.shape), constantValue(value.shape)];
  if (!weightShape || !valueShape) return null;
  const dims = numbers(valueShape);
  const misfit = numbers(weightShape).findIndex((d, i) => d !== 1 && d !== dims[i]);
  if (misfit < 0) return noOp({ name: "static_dims_check_success" });
  throw new ValueError(
    `${cannot} Mismatch at dim ${misfit}. values.shape=${listed(valueShape)}, weights.shape=${listed(weightShape)}. ${received}`,
  );
}

function checkDynamically(weight: Facts, value: Facts, scope: string): Operation {
  const isScalar = equal(0, weight.rank, { name: "is_scalar" });
  const data = [
    cannot,
    "weights.shape=",
    weight.tensor.shownName,
    weight.shape,
    "values.shape=",
    value.tensor.shownName,
    value.shape,
    "is_scalar=",
    isScalar,
  ];
  const isValid = cond(
    isScalar,
    () => isScalar,
    () => isValidNonscalar(weight, value),
    { name: "is_valid_shape" },
  );
  return assertThat(isValid as Tensor, data, { name: scope });
}

const isValidNonscalar = (weight: Facts, value: Facts): Tensor =>
  getDefaultGraph().nameScope("has_valid_nonscalar_shape", (scope) => {
    const isSameRank = equal(value.rank, weight.rank, { name: "is_same_rank" });
    return cond(
      isSameRank,
      () => hasValidDims(weight.shape, value.shape),
      () => isSameRank,
      { name: scope },
    ) as Tensor;
  });

const hasValidDims = (weightShape: Tensor, valueShape: Tensor): Tensor =>
  getDefaultGraph().nameScope("has_invalid_dims", (scope) => {
    const columns = expandDims(valueShape, -1);
    const valid = concat([columns, onesLike(columns)], 1);
    const invalid = setDifference(expandDims(weightShape, -1), valid);
    return equal(0, size(invalid.values, { name: "num_invalid_dims" }), { name: scope });
  });

/** The weights repeated to the shape of the values. Fails as assertBroadcastable does. */
export function broadcastWeights(weights: TensorLike, values: TensorLike): Tensor {
  const graph = getDefaultGraph();
  return graph.nameScope("broadcast_weights", (scope) => {
    const value = convertToTensor(values, { name: "values" });
    const weight = convertToTensor(weights, { dtype: value.dtype.baseDtype, name: "weights" });
    if (isFull(weight.shape) && isFull(value.shape) && sameShape(weight.shape, value.shape)) return weight;
    return graph.controlDependencies([assertBroadcastable(weight, value)], () =>
      multiply(weight, onesLike(value), { name: scope }),
    );
  });
}
