/** Methods of Variable that read and change some of its rows; `load`. Source: variables.py (RefVariable), resource_variable_ops.py */
import { TypeError, ValueError } from "../../core/error.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { defaultSession, type SessionLike } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { gatherNd } from "../../ops/index.ts";
import {
  type Scatter,
  scatterAdd,
  scatterDiv,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterNdAdd,
  scatterNdSub,
  scatterNdUpdate,
  scatterSub,
  scatterUpdate,
} from "./scatter.ts";
import type { UpdateOptions } from "./state.ts";
import type { Updated } from "./updated.ts";
import { Variable } from "./variable.ts";

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
