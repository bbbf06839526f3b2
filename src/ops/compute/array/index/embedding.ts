/** Rows of embedding tables, which may be split over several variables. Source: embedding_ops.py. */
import { int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { isFull, mergeShapes, type Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { constant } from "../../../constant.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import * as ops from "../../../index.ts";
import { byKeyword, byName, type Rest } from "../../../options.ts";
import { identity } from "../basic/identity.ts";
import { inScope, type Named } from "../basic/names.ts";
import { reshape } from "../basic/reshape.ts";
import { rank as rankOf, shape as shapeOf, size } from "../basic/shape.ts";
import { concat } from "../join/concat.ts";
import { stack } from "../join/pack.ts";
import { dynamicPartition, parallelDynamicStitch } from "../join/stitch.ts";
import { gather } from "./gather.ts";

export interface EmbeddingOptions extends Named {
  /** How ids go to partitions: id % n, or contiguous ranges. */
  readonly partitionStrategy?: "mod" | "div";
  /** Rows with a larger l2 norm are scaled down to it. */
  readonly maxNorm?: TensorLike | null;
}

interface Placed {
  readonly op: Operation;
  readonly shape: Shape;
}

/** A table as a value for gather: variables that read rows by themselves stay as they are. */
type Table = TensorLike & Placed;

const isResourceTable = (params: unknown): boolean =>
  typeof (params as { sparseRead?: unknown }).sparseRead === "function";

function clip(params: Tensor, ids: Tensor, maxNorm: TensorLike | null | undefined): Tensor {
  if (maxNorm === null || maxNorm === undefined) return params;
  const [from, to] = [ids.shape?.length, params.shape?.length];
  const axes =
    from && to
      ? Array.from({ length: to - from }, (_, i) => from + i)
      : ops.range(from ? from : rankOf(ids), to ? to : rankOf(params));
  return ops.clipByNorm(params, maxNorm, { axes });
}

/**
 * params[ids] for ids of any shape; a list of tables is one table in partitions. Throws ValueError for an empty list or an unknown
 * strategy. Source: embedding_ops.py, _embedding_lookup_and_transform.
 */
export const embeddingLookup = byKeyword(
  ["params", "ids"],
  function embeddingLookup(
    params: TensorLike | readonly TensorLike[],
    ids: TensorLike,
    ...rest: Rest<EmbeddingOptions, ["partitionStrategy", "name"]>
  ): Tensor {
    const options: EmbeddingOptions = byName(rest, ["partitionStrategy", "name"]);
    if (params === null || params === undefined) throw new ValueError("params must be specified");
    const list = tablesOf(params);
    if (list.length === 0) throw new ValueError("Length of params is currently 0. Need at least one param.");
    return inScope(options.name, "embedding_lookup", (scope) => {
      const tables = (
        list.some(isResourceTable) ? list : list.map((table, i) => convertToTensor(table, { name: `params_${i}` }))
      ) as Table[];
      const at = convertToTensor(ids, { name: "ids" });
      if (tables.length === 1) {
        const graph = getDefaultGraph();
        const rows = graph.colocateWith(tables[0]!.op, () =>
          clip(gather(tables[0]!, at, { name: scope }), at, options.maxNorm),
        );
        return identity(rows);
      }
      return partitionedLookup(tables, at, options, scope);
    });
  },
);

function tablesOf(params: TensorLike | readonly TensorLike[]): readonly TensorLike[] {
  if (Array.isArray(params)) return params as readonly TensorLike[];
  if (
    typeof params === "object" &&
    params !== null &&
    !(params instanceof Tensor) &&
    Symbol.iterator in params &&
    !ArrayBuffer.isView(params)
  ) {
    return [...(params as Iterable<TensorLike>)];
  }
  return [params as TensorLike];
}

function partitionedLookup(tables: readonly Table[], ids: Tensor, options: EmbeddingOptions, scope: string): Tensor {
  const n = tables.length;
  const flat = reshape(ids, [-1]);
  const order = ops.range(size(flat, { outType: int32 }));
  const [assignments, local] = assign(tables, flat, options.partitionStrategy ?? "mod");
  const partition = ops.cast(assignments, int32);
  const localIds = dynamicPartition(local, partition, n);
  const places = dynamicPartition(order, partition, n);
  const graph = getDefaultGraph();
  const rows = tables.map((table, i) =>
    graph.device(null, () => graph.colocateWith(table.op, () => gather(table, localIds[i]!))),
  );
  const merged = parallelDynamicStitch(places, rows, { name: scope });
  let element: Shape = tables[0]!.shape?.slice(1) ?? null;
  for (const table of tables.slice(1)) element = mergeShapes(element, table.shape?.slice(1) ?? null);
  const tail =
    element !== null && isFull(element)
      ? constantShape(element)
      : graph.colocateWith(tables[0]!.op, () => shapeOf(tables[0]!)).at("1:");
  const result = reshape(merged, concat([shapeOf(ids), tail], 0));
  result.setShape(ids.shape && element && [...ids.shape, ...element]);
  return clip(result, ids, options.maxNorm);
}

/** A shape beside tensors is an int32 constant. */
const constantShape = (shape: readonly number[]): TensorLike => Int32Array.from(shape);

/** For each id its partition and its row there. */
function assign(tables: readonly Table[], ids: Tensor, strategy: string): [Tensor, Tensor] {
  const n = tables.length;
  if (strategy === "mod") {
    const partition = ops.floormod(ids, n, { name: "mod" });
    return [partition, ops.floordiv(ids, n, { name: "floordiv" })];
  }
  if (strategy !== "div") {
    throw new ValueError(`Unrecognized partition strategy: ${strategy}.Must be one of either \`mod\` or \`div\`.`);
  }
  const total = totalRows(tables, ids);
  const each = ops.floordiv(total, n, { name: "floordiv" });
  const extras = ops.floormod(total, n, { name: "mod" });
  const one = (): Tensor => ops.add(each, 1, { name: "add" });
  const beyond = (): Tensor => ops.subtract(ids, extras, { name: "sub" });
  const large = ops.floordiv(ids, one(), { name: "floordiv" });
  const small = ops.floordiv(beyond(), each, { name: "floordiv" });
  const partition = ops.maximum(large, small);
  const isLarge = ops.less(partition, extras);
  const inLarge = ops.floormod(ids, one(), { name: "mod" });
  const inSmall = ops.floormod(beyond(), each, { name: "mod" });
  return [partition, ops.where(isLarge, inLarge, inSmall)];
}

function totalRows(tables: readonly Table[], ids: Tensor): Tensor {
  const known = tables.map((table) => table.shape?.[0] ?? null);
  const sum = known.reduce((a, b) => (a === null || b === null ? null : a + b), 0);
  if (sum) return constant(sum, { dtype: ids.dtype.baseDtype });
  const graph = getDefaultGraph();
  const sizes = tables.map((table, i) => known[i] ?? graph.colocateWith(table.op, () => shapeOf(table).at(0)));
  return ops.reduceSum(ops.cast(stack(sizes), ids.dtype.baseDtype));
}
