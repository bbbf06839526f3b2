/** Picking and placing by coordinates: GatherNd, ScatterNd, and tensors with some elements changed. */

import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import {
  elementCount,
  type FullShape,
  formatShape,
  isFull,
  mergeShapes,
  type Shape,
  withRankAtLeast,
} from "../../../../core/shape.ts";
import type { ErrorOf, Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { ShapeContext } from "../../../../graph/definition.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { type CallRecord, defineOp } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import type { Named } from "../basic/names.ts";
import { shapeFromInput } from "../basic/shape_input.ts";
import { rowNumbers } from "./coordinates.ts";

/** The place of a flat position, as `2` or `1,0`. */
function placeOf(position: number, shape: FullShape): string {
  const place: number[] = [];
  let rest = position;
  for (const n of [...shape].reverse()) {
    place.unshift(n === 0 ? 0 : rest % n);
    rest = n === 0 ? 0 : Math.floor(rest / n);
  }
  return place.join(",");
}

/** output[i, …] = params[indices[i], …], the last axis of indices being coordinates. Source: array_ops.cc, gather_nd_op.cc, array_grad.py. */
export const gatherNdOp = defineOp("GatherNd", {
  inputs: ["params: Tparams", "indices: Tindices"],
  outputs: ["output: Tparams"],
  attrs: ["Tparams: type", "Tindices: {int16, int32, int64}", "bad_indices_policy: string = ''"],
  shape({ params, indices }) {
    withRankAtLeast(indices, 1);
    const k = indices?.at(-1);
    if (params === null || indices === null || k === null || k === undefined) return [null];
    if (k > params.length) {
      throw invalidArgument(
        `indices.shape[-1] must be <= params.rank, but saw indices shape: ${formatShape(indices)} and params shape: ${formatShape(params)}`,
      );
    }
    return [[...indices.slice(0, -1), ...params.slice(k)]];
  },
  lower(p, { params, indices, bad_indices_policy: policy }, node) {
    if (params.shape.length < 1) throw new InvalidArgumentError("params must be at least a vector");
    if (indices.shape.length < 1) throw new InvalidArgumentError("indices must be at least a vector");
    const k = indices.shape.at(-1)!;
    if (k > params.shape.length) {
      throw new InvalidArgumentError(
        `index innermost dimension length must be <= params rank; saw: ${k} vs. ${params.shape.length}`,
      );
    }
    const outer = indices.shape.slice(0, -1);
    const n = elementCount(outer);
    const dims = params.shape.slice(0, k);
    const rest = params.shape.slice(k);
    if (elementCount(dims) === 0 && n > 0)
      throw new InvalidArgumentError(
        `Requested more than 0 entries, but params is empty.  Params shape: ${formatShape(params.shape)}`,
      );
    const { rows, decode } = rowNumbers(p, p.reshape(indices, [n, k]), dims);
    const onError: ErrorOf = (numbers) =>
      new InvalidArgumentError(
        `indices${outer.length ? `[${placeOf(numbers.position, outer)}]` : ""} = [${decode(numbers).join(", ")}] does not index into param shape ${formatShape(params.shape)}, node name: ${node.name}`,
      );
    const picked = p.gather(
      p.reshape(params, [elementCount(dims), ...rest]),
      rows,
      policy === "IGNORE" ? {} : { onError },
    );
    return p.reshape(picked, [...outer, ...rest]);
  },
  gradient(tf, { params, indices, bad_indices_policy: policy }, dy) {
    const shape = tf.shape(params, { outType: indices.dtype });
    if (indices.shape?.length === 2 && indices.shape[1] === 1) {
      return { params: new tf.IndexedSlices(dy!, tf.squeeze(indices, { axis: -1 }), shape) };
    }
    return { params: tf.scatterNd(indices, dy!, shape, { badIndicesPolicy: policy }) };
  },
});

/** Shapes of indices, updates and the result. Source: common_shape_fns.cc, ScatterNdShapeHelper. */
function checkScatterShapes(indices: Shape, updates: Shape, result: Shape, what: string): void {
  if (indices === null || updates === null || result === null) return;
  const k = indices.at(-1);
  if (k === null || k === undefined) return;
  const outer = indices.length - 1;
  try {
    mergeShapes(indices.slice(0, -1), updates.slice(0, outer));
  } catch {
    throw invalidArgument(
      `Dimensions [0,${outer}) of indices[shape=${formatShape(indices)}] = ${formatShape(indices.slice(0, -1))} must match dimensions [0,${outer}) of updates[shape=${formatShape(updates)}] = ${formatShape(updates.slice(0, outer))}`,
    );
  }
  try {
    mergeShapes(result.slice(k), updates.slice(outer));
  } catch {
    throw invalidArgument(
      `Dimensions [${k},${result.length}) of ${what}[shape=${formatShape(result)}] = ${formatShape(result.slice(k))} must match dimensions [${outer},${updates.length}) of updates[shape=${formatShape(updates)}] = ${formatShape(updates.slice(outer))}`,
    );
  }
}

interface Scatter {
  readonly fn: "update" | "add" | "sub" | "max" | "min";
  readonly base: Value;
  readonly indices: Value;
  readonly updates: Value;
  readonly policy: string;
}

/** `base` with the updates brought in at the coordinates, in their order. Source: scatter_nd_op.cc. */
export function scatterLowered(p: Lowering, { fn, base, indices, updates, policy }: Scatter): Value {
  const k = indices.shape.at(-1) ?? 1;
  const outer = indices.shape.slice(0, -1);
  const n = elementCount(outer);
  const { shape } = base;
  const dims = shape.slice(0, k);
  const rest = shape.slice(k);
  const isFitting = k <= shape.length && isFull(updates.shape) && [...outer, ...rest].join() === updates.shape.join();
  if (!isFitting) {
    throw new InvalidArgumentError(
      `Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: ${formatShape(updates.shape)}, indices.shape: ${formatShape(indices.shape)}, params_shape: ${formatShape(shape)}, slice_dim: ${k}, and batch_dim: ${outer.length}`,
    );
  }
  const { rows, decode } = rowNumbers(p, p.reshape(indices, [n, k]), dims);
  const onError: ErrorOf = (numbers) =>
    new InvalidArgumentError(
      `indices${outer.length ? `[${placeOf(numbers.position, outer)}]` : ""} = [${decode(numbers).join(", ")}] does not index into shape ${formatShape(shape)}`,
    );
  const flat = p.reshape(base, [elementCount(dims), ...rest]);
  const rowUpdates = p.reshape(updates, [n, ...rest]);
  return p.reshape(p.scatter(fn, flat, rows, rowUpdates, policy === "IGNORE" ? undefined : onError), shape);
}

/** How elements of a dtype add up: bools by "or", and strings not at all. */
const adding = (dtype: string): "add" | "max" | "update" =>
  dtype === "bool" ? "max" : dtype === "string" ? "update" : "add";

/** output = zeros of the shape, with the updates added at the coordinates; those for one place add up. */
export const scatterNdOp = defineOp("ScatterNd", {
  inputs: ["indices: Tindices", "updates: T", "shape: Tindices"],
  outputs: ["output: T"],
  attrs: ["T: type", "Tindices: {int16, int32, int64}", "bad_indices_policy: string = ''"],
  shape({ indices, updates, shape }, context) {
    const result = shapeFromInput(context, "shape", shape);
    if (
      isFull(result) &&
      result.includes(0) &&
      (indices?.every((d) => d !== 0) ?? false) &&
      (updates?.every((d) => d !== 0) ?? false) &&
      isFull(indices) &&
      isFull(updates)
    ) {
      throw invalidArgument(`Indices and updates specified for empty output tensor`);
    }
    checkScatterShapes(indices, updates, result, "output");
    return [result];
  },
  lower(p, { indices, updates, shape, bad_indices_policy: policy }) {
    const dims = p.numbers(shape);
    if (indices.shape.length < 1)
      throw new InvalidArgumentError(`Indices shape must have rank at least one. Found:${formatShape(indices.shape)}`);
    if (updates.shape.length < 1)
      throw new InvalidArgumentError(`Updates shape must have rank at least one. Found:${formatShape(updates.shape)}`);
    const bad = dims.find((d) => d < 0);
    if (bad !== undefined) throw new InvalidArgumentError(`Dimension ${bad} must be >= 0`);
    if (elementCount(dims) === 0 && elementCount(indices.shape) > 0 && elementCount(updates.shape) > 0) {
      throw new InvalidArgumentError("Indices and updates specified for empty output tensor");
    }
    return scatterLowered(p, {
      fn: adding(updates.dtype),
      base: p.fill(0, updates.dtype, dims),
      indices,
      updates,
      policy,
    });
  },
  gradient: (tf, { indices }, dy) => ({ updates: tf.gatherNd(dy!, indices) }),
});

function changedShape(
  { tensor, indices, updates }: { tensor: Shape; indices: Shape; updates: Shape },
  _: ShapeContext,
): Shape[] {
  withRankAtLeast(tensor, 1);
  withRankAtLeast(indices, 1);
  checkScatterShapes(indices, updates, tensor, "tensor");
  return [tensor];
}

interface Changing {
  readonly tensor: Value;
  readonly indices: Value;
  readonly updates: Value;
  readonly bad_indices_policy: string;
}

const lowerChange =
  (fnOf: (dtype: string) => Scatter["fn"]) =>
  (p: Lowering, { tensor, indices, updates, bad_indices_policy: policy }: Changing): Value =>
    scatterLowered(p, { fn: fnOf(tensor.dtype), base: tensor, indices, updates, policy });

const changeInputs = ["tensor: T", "indices: Tindices", "updates: T"] as const;
const changeAttrs = ["T: type", "Tindices: {int32, int64}", "bad_indices_policy: string = ''"] as const;

/** output = tensor with the updates in place of its elements at the coordinates. */
export const tensorScatterUpdateOp = defineOp("TensorScatterUpdate", {
  inputs: changeInputs,
  outputs: ["output: T"],
  attrs: ["T: type", "Tindices: {int16, int32, int64, uint16}", "bad_indices_policy: string = ''"],
  shape: changedShape,
  lower: lowerChange(() => "update"),
  gradient(tf, { indices, updates }, dy) {
    const updatesGradient = tf.gatherNd(dy!, indices);
    const same = tf.identity(dy!);
    const tensor = tf.tensorScatterNdUpdate(same, indices, tf.zerosLike(updates, { dtype: dy!.dtype }));
    return { tensor, updates: updatesGradient };
  },
});

export const tensorScatterAddOp = defineOp("TensorScatterAdd", {
  inputs: changeInputs,
  outputs: ["output: T"],
  attrs: changeAttrs,
  shape: changedShape,
  lower: lowerChange(adding),
  gradient(tf, { indices }, dy) {
    const updates = tf.gatherNd(dy!, indices);
    return { tensor: tf.identity(dy!), updates };
  },
});

export const tensorScatterSubOp = defineOp("TensorScatterSub", {
  inputs: changeInputs,
  outputs: ["output: T"],
  attrs: changeAttrs,
  shape: changedShape,
  lower: lowerChange(() => "sub"),
  gradient(tf, { indices }, dy) {
    const updates = tf.gatherNd(dy!, indices);
    const tensor = tf.identity(dy!);
    return { tensor, updates: tf.negative(updates) };
  },
});

interface ExtremeRecord {
  readonly tensor: Tensor;
  readonly indices: Tensor;
  readonly updates: Tensor;
  readonly output: Tensor;
  readonly bad_indices_policy: string;
}

/** The gradient goes to whatever equals the result; several share it. */
function extremeGradient(tf: GradientTools, op: ExtremeRecord, dy: Tensor): { tensor: Tensor; updates: Tensor } {
  const { tensor, indices, updates, output } = op;
  const options = { badIndicesPolicy: op.bad_indices_policy };
  const fromTensor = tf.cast(tf.equal(tensor, output), dy.dtype);
  const reached = tf.gatherNd(output, indices, options);
  const fromUpdates = tf.cast(tf.equal(updates, reached), dy.dtype);
  const counts = tf.scatterNd(indices, fromUpdates, tf.shape(tensor, { outType: indices.dtype }), options);
  const all = tf.add(fromTensor, counts, { name: "add" });
  const tensorGradient = tf.divide(tf.multiply(dy, fromTensor, { name: "mul" }), all);
  const shares = tf.gatherNd(tf.divide(dy, all), indices, options);
  return { tensor: tensorGradient, updates: tf.multiply(shares, fromUpdates, { name: "mul" }) };
}

export const tensorScatterMaxOp = defineOp("TensorScatterMax", {
  inputs: changeInputs,
  outputs: ["output: T"],
  attrs: changeAttrs,
  shape: changedShape,
  lower: lowerChange(() => "max"),
  gradient: (tf, op, dy) => extremeGradient(tf, op, dy!),
});

export const tensorScatterMinOp = defineOp("TensorScatterMin", {
  inputs: changeInputs,
  outputs: ["output: T"],
  attrs: changeAttrs,
  shape: changedShape,
  lower: lowerChange(() => "min"),
  gradient: (tf, op, dy) => extremeGradient(tf, op, dy!),
});

/** output = input with the updates added at the coordinates; the input itself may be reused for it. */
export const scatterNdNonAliasingAddOp = defineOp("ScatterNdNonAliasingAdd", {
  inputs: ["input: T", "indices: Tindices", "updates: T"],
  outputs: ["output: T"],
  attrs: [
    "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, half, uint32, uint64, bool}",
    "Tindices: {int32, int64}",
    "bad_indices_policy: string = ''",
  ],
  shape({ input, indices, updates }) {
    checkScatterShapes(indices, updates, input, "input");
    return [input];
  },
  lower: (p, { input, indices, updates, bad_indices_policy: policy }) =>
    scatterLowered(p, { fn: adding(input.dtype), base: input, indices, updates, policy }),
  gradient: (tf, { indices }, dy) => ({ input: dy!, updates: tf.gatherNd(dy!, indices) }),
});

export interface NdOptions extends Named {
  /** "" or "ERROR": an index out of range fails the run; "IGNORE": it is dropped, or gives zeros. */
  readonly badIndicesPolicy?: string;
}

const ndPlaces = ["name"] as const;
const changePlaces = ["badIndicesPolicy", "name"] as const;

const policyOf = (options: NdOptions) => ({ bad_indices_policy: options.badIndicesPolicy ?? "" });

/** The slices of params at the coordinates in the last axis of indices. */
export const gatherNd = byKeyword(
  ["params", "indices"],
  function gatherNd(params: TensorLike, indices: TensorLike, ...rest: Rest<NdOptions, typeof ndPlaces>): Tensor {
    const options = byName<NdOptions>(rest, ndPlaces);
    return gatherNdOp({ params, indices, ...policyOf(options) }, options.name);
  },
);

/** Zeros of a shape with the updates added at the coordinates. */
export const scatterNd = byKeyword(
  ["indices", "updates", "shape"],
  function scatterNd(
    indices: TensorLike,
    updates: TensorLike,
    shape: TensorLike,
    ...rest: Rest<NdOptions, typeof changePlaces>
  ): Tensor {
    const options = byName<NdOptions>(rest, changePlaces);
    return scatterNdOp({ indices, updates, shape, ...policyOf(options) }, options.name);
  },
);

const change =
  (op: (record: CallRecord<typeof changeInputs, typeof changeAttrs>, name?: string | null) => Tensor) =>
  (
    tensor: TensorLike,
    indices: TensorLike,
    updates: TensorLike,
    ...rest: Rest<NdOptions, typeof changePlaces>
  ): Tensor => {
    const options = byName<NdOptions>(rest, changePlaces);
    return op({ tensor, indices, updates, ...policyOf(options) }, options.name);
  };

/** The tensor with the elements at the coordinates replaced. */
export const tensorScatterNdUpdate = byKeyword(
  ["tensor", "indices", "updates"],
  function tensorScatterNdUpdate(
    tensor: TensorLike,
    indices: TensorLike,
    updates: TensorLike,
    ...rest: Rest<NdOptions, typeof ndPlaces>
  ): Tensor {
    const options = byName<NdOptions>(rest, ndPlaces);
    return tensorScatterUpdateOp({ tensor, indices, updates, ...policyOf(options) }, options.name);
  },
);

/** The tensor with the updates added, taken off, or compared with what is there. */
export const tensorScatterNdAdd = change(tensorScatterAddOp);
/** The tensor less the updates at `indices`. */
export const tensorScatterNdSub = change(tensorScatterSubOp);
/** The tensor with the greater of its elements at `indices` and the updates. */
export const tensorScatterNdMax = change(tensorScatterMaxOp);
/** The tensor with the less of its elements at `indices` and the updates. */
export const tensorScatterNdMin = change(tensorScatterMinOp);
