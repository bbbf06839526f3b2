/**
 * Sparse tensors in batches: queues hold dense tensors, so a sparse one goes into a map of the session and its handle into the queue.
 * Source: tensorflow/python/training/input.py, _store_sparse_tensors and _restore_sparse_tensors.
 */
import { cond } from "../../build/control_flow/branch/cond.ts";
import { type DType, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { elementAt } from "../../core/nd_array.ts";
import { compatibleDims, type Dim, withRank } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import { SparseTensor as SparseParts } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  addManySparseToTensorsMapOp,
  addSparseToTensorsMapOp,
  constant,
  expandDims,
  gather,
  ones,
  SparseTensor,
  shape,
  sparseRetain,
  squeeze,
  takeManySparseFromTensorsMapOp,
  withDependencies,
} from "../../ops/index.ts";

export type BatchInput = TensorLike | SparseParts;

/** What a batch is made of: tensors, and sparse tensors as they are. */
export type BatchItem = Tensor | SparseParts;

/** What a component of the queue stands for. */
export interface SparseInfo {
  readonly isSparse: boolean;
  /** The node whose map keeps the tensors. */
  readonly mapOp: Operation | null;
  readonly rank: Dim;
}

/** One of two branches: at once where the value is known while building. */
export function smartCond<R extends Tensor | Operation>(pred: Tensor, onTrue: () => R, onFalse: () => R): R | Tensor {
  const known = constantValue(pred);
  if (known) return elementAt(known, 0) ? onTrue() : onFalse();
  return cond(pred, onTrue, onFalse) as Tensor;
}

const record = (sparse: SparseParts) => ({
  sparse_indices: sparse.indices,
  sparse_values: sparse.values,
  sparse_shape: sparse.denseShape,
});

const storeMany = (sparse: SparseParts, sharedName: string): Tensor =>
  addManySparseToTensorsMapOp({ ...record(sparse), shared_name: sharedName });

/** The handle of a sparse tensor, or of each of its slices; -1 where the input is not kept. */
function stored(sparse: SparseParts, sharedName: string, enqueueMany: boolean, keepInput: Tensor): Tensor {
  if (keepInput.shape!.length === 1) {
    const kept = sparseRetain(sparse, gather(keepInput, sparse.indices.at(":", 0)));
    return storeMany(kept, sharedName);
  }
  if (!enqueueMany) {
    return smartCond(
      keepInput,
      () => addSparseToTensorsMapOp({ ...record(sparse), shared_name: sharedName }),
      () => constant(-1, { dtype: int64 }),
    );
  }
  const handles = smartCond(
    keepInput,
    () => storeMany(sparse, sharedName),
    () => ones(shape(sparse).at("0:1"), int64).rmul(-1),
  );
  handles.setShape([null]);
  return handles;
}

const makers: ReadonlySet<unknown> = new Set([
  addSparseToTensorsMapOp.definition,
  addManySparseToTensorsMapOp.definition,
]);

/** The node that keeps what a stored tensor stands for, also behind a Merge. */
const storingOp = (tensor: Tensor): Operation =>
  tensor.op.inputs.find((input) => makers.has(input.op.definition))?.op ?? tensor.op;

function infoOf(item: BatchItem, op: Operation, shared: Operation | null, enqueueMany: boolean): SparseInfo {
  if (!(item instanceof SparseParts)) return { isSparse: false, mapOp: null, rank: null };
  const [rank] = withRank(item.denseShape.shape, 1);
  return { isSparse: true, mapOp: shared ?? op, rank: enqueueMany && rank !== null ? rank! - 1 : rank! };
}

/** Dense tensors in the place of sparse ones, and what tells them apart afterwards. */
export function storeSparse(
  items: readonly BatchItem[],
  enqueueMany: boolean,
  keepInput: Tensor,
  shared: readonly (Operation | null)[] = items.map(() => null),
): { readonly tensors: Tensor[]; readonly infos: SparseInfo[] } {
  const handles = items.map((item, i) =>
    item instanceof SparseParts ? stored(item, shared[i]?.name ?? "", enqueueMany, keepInput) : item,
  );
  const infos = items.map((item, i) => infoOf(item, storingOp(handles[i]!), shared[i]!, enqueueMany));
  return { tensors: handles.map((handle, i) => (infos[i]!.isSparse ? expandDims(handle, [-1]) : handle)), infos };
}

/** The same for several lists that feed one queue. Throws ValueError when they are not sparse in the same places. */
export function storeSparseJoin(
  lists: readonly (readonly BatchItem[])[],
  enqueueMany: boolean,
  keepInput: Tensor,
): { readonly tensors: Tensor[][]; readonly infos: readonly SparseInfo[] } {
  const first = storeSparse(lists[0]!, enqueueMany, keepInput);
  const shared = first.infos.map((info) => info.mapOp);
  const others = lists.slice(1).map((list) => {
    const next = storeSparse(list, enqueueMany, keepInput, shared);
    if (!next.infos.every((info, i) => sameInfo(info, first.infos[i]))) {
      throw new ValueError(`Inconsistent SparseTensors list: ${shown(lists[0]!)} vs. ${shown(list)}`);
    }
    return next.tensors;
  });
  return { tensors: [first.tensors, ...others], infos: first.infos };
}

const sameInfo = (a: SparseInfo, b: SparseInfo | undefined): boolean =>
  b !== undefined &&
  a.isSparse === b.isSparse &&
  (!a.isSparse || (a.mapOp === b.mapOp && compatibleDims(a.rank, b.rank)));

const shown = (items: readonly BatchItem[]): string => `[${items.map(String).join(", ")}]`;

/** Dequeued tensors, with sparse ones in the place of their handles. All come at once, so that no handle is left behind. */
export function restoreSparse(tensors: readonly Tensor[], infos: readonly SparseInfo[]): BatchItem[] {
  const items = tensors.map((tensor, i): BatchItem => (infos[i]!.isSparse ? taken(tensor, infos[i]!) : tensor));
  if (!items.some((item) => item instanceof SparseParts)) return items;
  const values = items.map((item) => (item instanceof SparseParts ? item.values : item));
  const after = (tensor: Tensor): Tensor => withDependencies(values, tensor);
  return items.map((item) =>
    item instanceof SparseParts
      ? new SparseTensor({
          indices: after(item.indices),
          values: after(item.values),
          denseShape: after(item.denseShape),
        })
      : after(item),
  );
}

function taken(handles: Tensor, { mapOp, rank }: SparseInfo): SparseParts {
  const op = mapOp!;
  const sparse_handles = squeeze(handles, { axis: [1] });
  const made = getDefaultGraph().colocateWith(op, () =>
    takeManySparseFromTensorsMapOp({
      sparse_handles,
      dtype: op.getAttr<DType>("T"),
      container: op.getAttr<string>("container"),
      shared_name: op.getAttr<string>("shared_name") || op.name,
    }),
  );
  const full = rank === null ? null : rank + 1;
  made.sparse_indices.setShape([null, full]);
  made.sparse_shape.setShape([full]);
  return new SparseTensor({ indices: made.sparse_indices, values: made.sparse_values, denseShape: made.sparse_shape });
}

/** Tensors of what a user gives; sparse tensors stay. */
export const asItems = (inputs: readonly BatchInput[]): BatchItem[] =>
  inputs.map((input) => (input instanceof SparseParts ? input : convertToTensor(input)));
