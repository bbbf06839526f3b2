/** `tf.scatterUpdate` and its kin: change some rows or elements of a variable. Source: tensorflow/python/ops/state_ops.py. */
import { TypeError } from "../../core/error.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  resourceScatterAddOp,
  resourceScatterDivOp,
  resourceScatterMaxOp,
  resourceScatterMinOp,
  resourceScatterMulOp,
  resourceScatterNdAddOp,
  resourceScatterNdSubOp,
  resourceScatterNdUpdateOp,
  resourceScatterSubOp,
  resourceScatterUpdateOp,
  scatterAddOp,
  scatterDivOp,
  scatterMaxOp,
  scatterMinOp,
  scatterMulOp,
  scatterNdAddOp,
  scatterNdSubOp,
  scatterNdUpdateOp,
  scatterSubOp,
  scatterUpdateOp,
} from "../../ops/index.ts";
import { isResourceVariable, type Reference, type UpdateOptions } from "./state.ts";
import type { Updated } from "./updated.ts";

export type Scatter = (ref: Reference, indices: TensorLike, updates: TensorLike, options?: UpdateOptions) => Updated;

interface Pair {
  readonly reference: (
    ref: TensorLike,
    indices: TensorLike,
    updates: TensorLike,
    isLocked: boolean,
    name?: string,
  ) => Tensor;
  readonly resource: (
    handle: Tensor,
    indices: TensorLike,
    updates: Tensor,
    isLocked: boolean,
    name?: string,
  ) => Operation;
  readonly isLocked?: boolean;
}

const scatter =
  ({ reference, resource, isLocked = false }: Pair): Scatter =>
  (ref, indices, updates, options = {}) => {
    const { useLocking = isLocked, name } = options;
    if (!isResourceVariable(ref)) {
      if (!ref.dtype.isRef) throw new TypeError(`${ref} is no variable`);
      return reference(ref as TensorLike, indices, updates, useLocking, name);
    }
    const values = convertToTensor(updates, { dtype: ref.dtype });
    return ref.readAfter(resource(ref.handle, indices, values, useLocking, name));
  };

/** Rows become the updates: variable[indices] = updates. Of equal indices one wins. */
export const scatterUpdate: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) =>
    scatterUpdateOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterUpdateOp({ resource, indices, updates }, name),
  isLocked: true,
});
/** variable[indices] += updates; equal indices add up. */
export const scatterAdd: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterAddOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterAddOp({ resource, indices, updates }, name),
});
/** variable[indices] -= updates. */
export const scatterSub: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterSubOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterSubOp({ resource, indices, updates }, name),
});
/** variable[indices] *= updates. */
export const scatterMul: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterMulOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterMulOp({ resource, indices, updates }, name),
});
/** variable[indices] /= updates. */
export const scatterDiv: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterDivOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterDivOp({ resource, indices, updates }, name),
});
/** variable[indices] = min(variable[indices], updates). */
export const scatterMin: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterMinOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterMinOp({ resource, indices, updates }, name),
});
/** variable[indices] = max(variable[indices], updates). */
export const scatterMax: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterMaxOp({ ref, indices, updates, use_locking }, name),
  resource: (resource, indices, updates, _, name) => resourceScatterMaxOp({ resource, indices, updates }, name),
});
/** Elements, or slices, whose coordinates the last axis of indices has, become the updates. */
export const scatterNdUpdate: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) =>
    scatterNdUpdateOp({ ref, indices, updates, use_locking }, name),
  resource: (ref, indices, updates, use_locking, name) =>
    resourceScatterNdUpdateOp({ ref, indices, updates, use_locking }, name),
  isLocked: true,
});
/** As scatterNdUpdate, added. */
export const scatterNdAdd: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterNdAddOp({ ref, indices, updates, use_locking }, name),
  resource: (ref, indices, updates, use_locking, name) =>
    resourceScatterNdAddOp({ ref, indices, updates, use_locking }, name),
});
/** As scatterNdUpdate, subtracted. */
export const scatterNdSub: Scatter = scatter({
  reference: (ref, indices, updates, use_locking, name) => scatterNdSubOp({ ref, indices, updates, use_locking }, name),
  resource: (ref, indices, updates, use_locking, name) =>
    resourceScatterNdSubOp({ ref, indices, updates, use_locking }, name),
});
