/** `tf.vectorizedMap`: a function of rows over all rows. Source: parallel_for/control_flow_ops.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { placeholder, stack, unstack } from "../../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../../ops/options.ts";
import { mapFn } from "../../control_flow/functional.ts";
import { flatten, type Nested, pack } from "../../control_flow/structure.ts";
import { FunctionBody } from "../body.ts";

export interface VectorizedMapOptions {
  /** Taken and ignored: a loop is always possible here. */
  readonly fallbackToWhileLoop?: boolean | undefined;
  readonly warn?: boolean | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: functions of rows name the tensors they expect
type RowFunction = (rows: any) => Nested<TensorLike>;

/**
 * The rows of fn(row of elems), in the structure that fn returns; elems is a tensor or a structure of tensors of as many rows each. Throws
 * ValueError for no elems.
 */
export const vectorizedMap = byKeyword(
  ["fn", "elems"],
  function vectorizedMap(
    fn: RowFunction,
    elems: Nested<TensorLike>,
    ...rest: Rest<VectorizedMapOptions, ["fallbackToWhileLoop", "warn"]>
  ): Nested<Tensor> {
    byName(rest, ["fallbackToWhileLoop", "warn"]);
    const tensors = flatten<TensorLike>(elems).map((elem) => convertToTensor(elem, { name: "elem" }));
    if (tensors.length === 0) throw new ValueError("vectorized_map needs at least one tensor to map over");
    const rowsOf = pack(elems, tensors) as Nested<Tensor>;
    if (!getDefaultGraph().isEager) return mapFn(fn, rowsOf, { dtype: dtypesOf(fn, elems, tensors) as never });
    const columns = tensors.map((tensor) => unstack(tensor));
    const results = columns[0]!.map((_, i) =>
      fn(
        pack(
          elems,
          columns.map((column) => column[i]!),
        ),
      ),
    );
    if (results.length === 0) return rowsOf;
    const leaves = results.map((result) => flatten<TensorLike>(result).map((leaf) => convertToTensor(leaf)));
    return pack(
      results[0]!,
      leaves[0]!.map((_, k) => stack(leaves.map((row) => row[k]!))),
    ) as Nested<Tensor>;
  },
);

/** The dtypes of what fn returns, found in a graph that is thrown away. */
function dtypesOf(fn: RowFunction, elems: Nested<TensorLike>, tensors: readonly Tensor[]): unknown {
  const body = new FunctionBody(getDefaultGraph());
  return body.asDefault(() => {
    const rows = tensors.map(({ dtype, shape }) => placeholder(dtype, shape?.slice(1) ?? null));
    const result = fn(pack(elems, rows));
    return pack(
      result,
      flatten<TensorLike>(result).map((leaf) => convertToTensor(leaf).dtype.baseDtype),
    );
  });
}
