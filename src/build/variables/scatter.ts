/** `tf.scatterUpdate` and its kin, as functions and as methods of Variable: change some rows or elements of one. Source: tensorflow/python/ops/state_ops.py. */
import { TypeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import { defaultSession, type SessionLike } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  concat,
  expandDims,
  gatherNd,
  onesLike,
  range,
  reshape,
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
  shape as shapeOf,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { isResourceVariable, type Reference, type UpdateOptions } from "./state.ts";
import type { Updated } from "./updated.ts";
import { Variable } from "./variable.ts";

const scatterPlaces = ["useLocking", "name"] as const;

type Scatter = (
  ref: Reference,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<UpdateOptions, typeof scatterPlaces>
) => Updated;

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
  (ref, indices, updates, ...rest) => {
    const { useLocking = isLocked, name } = byName<UpdateOptions>(rest, scatterPlaces);
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

/**
 * The variable after rows of each batch were set: indices [b1, …, k] name rows along the axis after the batch's, updates is
 * [b1, …, k, …]. Source: state_ops.py, batch_scatter_update.
 */
export const batchScatterUpdate = byKeyword(
  ["ref", "indices", "updates"],
  function batchScatterUpdate(
    ref: Reference,
    indices: TensorLike,
    updates: TensorLike,
    ...rest: Rest<UpdateOptions, ["useLocking", "name"]>
  ): Updated {
    const { useLocking = true, name }: UpdateOptions = byName(rest, ["useLocking", "name"]);
    return getDefaultGraph().nameScope(name ?? null, () => {
      const rows = convertToTensor(indices, { name: "indices" });
      const sizes = shapeOf(rows);
      const n = rows.shape!.length;
      const last = expandDims(rows, -1);
      const before = Array.from({ length: n - 1 }, (_, axis): Tensor => {
        const size = sizes.at(axis);
        const counted = reshape(
          range(0, size, 1, { name: "Range" }),
          Array.from({ length: n + 1 }, (_, d) => (d === axis ? size : 1)) as TensorLike,
        );
        const own = counted.dtype === last.dtype ? counted : (cast(counted, last.dtype) as Tensor);
        return own.mul(onesLike(last));
      });
      return scatterNdUpdate(ref, concat([...before, last], -1), updates, { useLocking });
    });
  },
);

/** Changes the rows that the slices name. Throws TypeError for anything but IndexedSlices. */
type BySlices = (sparseDelta: IndexedSlices, options?: UpdateOptions) => Updated;
type ByIndices = (indices: TensorLike, updates: TensorLike, options?: UpdateOptions) => Updated;

declare module "./variable.ts" {
  interface Variable {
    scatterAdd: BySlices;
    scatterDiv: BySlices;
    scatterMax: BySlices;
    scatterMin: BySlices;
    scatterMul: BySlices;
    scatterSub: BySlices;
    scatterUpdate: BySlices;
    scatterNdAdd: ByIndices;
    scatterNdSub: ByIndices;
    scatterNdUpdate: ByIndices;
    /** The elements or slices at these indices. */
    gatherNd(indices: TensorLike, options?: { readonly name?: string }): Tensor;
    /** Gives it a value in the session (the default one): no node is added. Throws ValueError without a session. */
    load(value: TensorLike, session?: SessionLike): Promise<void>;
  }
}

const bySlices = (scatter: Scatter) =>
  function (this: Variable, sparseDelta: IndexedSlices, options: UpdateOptions = {}): Updated {
    if (!(sparseDelta instanceof IndexedSlices))
      throw new TypeError(`sparse_delta is not IndexedSlices: ${String(sparseDelta)}`);
    return scatter(this, sparseDelta.indices, sparseDelta.values, options);
  };

const byIndices = (scatter: Scatter) =>
  function (this: Variable, indices: TensorLike, updates: TensorLike, options: UpdateOptions = {}): Updated {
    return scatter(this, indices, updates, options);
  };

Object.assign(Variable.prototype, {
  scatterAdd: bySlices(scatterAdd),
  scatterDiv: bySlices(scatterDiv),
  scatterMax: bySlices(scatterMax),
  scatterMin: bySlices(scatterMin),
  scatterMul: bySlices(scatterMul),
  scatterSub: bySlices(scatterSub),
  scatterUpdate: bySlices(scatterUpdate),
  scatterNdAdd: byIndices(scatterNdAdd),
  scatterNdSub: byIndices(scatterNdSub),
  scatterNdUpdate: byIndices(scatterNdUpdate),
  gatherNd(this: Variable, indices: TensorLike, options: { readonly name?: string } = {}): Tensor {
    return gatherNd(this, indices, options);
  },
  async load(this: Variable, value: TensorLike, session?: SessionLike): Promise<void> {
    const target = session ?? defaultSession();
    if (!target)
      throw new ValueError("Either session argument should be provided or default session should be established");
    await target.run(this.initializer, { feedDict: [[this.initializer.inputs[1], value]] });
  },
});
