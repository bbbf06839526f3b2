/** Rows without elements: RaggedFillEmptyRows and its gradient. Source: fill_empty_rows_functor.h, ragged_fill_empty_rows_op.cc. */
import { bool, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { elementAt, NdArray, setElement } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { copyElements, emptyArray, integerArray, toNumbers } from "../array/basic/elements.ts";

/** As many rows as nrows says, with the default value in those without elements. */
export const raggedFillEmptyRowsOp = defineOp("RaggedFillEmptyRows", {
  inputs: ["value_rowids: int64", "values: T", "nrows: int64", "default_value: T"],
  outputs: ["output_value_rowids: int64", "output_values: T", "empty_row_indicator: bool", "reverse_index_map: int64"],
  attrs: ["T: type"],
  shape({ value_rowids, values, nrows, default_value }, context) {
    withRank(value_rowids, 1);
    const [n] = withRank(values, 1);
    withRank(nrows, 0);
    withRank(default_value, 0);
    const rows = context.value("nrows");
    return [[null], [null], [rows ? Number(elementAt(rows, 0)) : null], [n ?? null]];
  },
  compute({ value_rowids, values, nrows, default_value }) {
    const rows = Number(elementAt(nrows, 0));
    const ids = Array.from(toNumbers(value_rowids));
    const counts = new Array<number>(rows).fill(0);
    ids.forEach((id, i) => {
      if (id < 0 || id >= rows) {
        throw new InvalidArgumentError(`indices(${i}, 0) is invalid: ${id} >= ${rows}`);
      }
      counts[id]!++;
    });
    const starts: number[] = [];
    let total = 0;
    for (const count of counts) {
      starts.push(total);
      total += Math.max(count, 1);
    }
    const outIds = counts.flatMap((count, row) => new Array<number>(Math.max(count, 1)).fill(row));
    const out = emptyArray(values.dtype, [total]);
    counts.forEach((count, row) => {
      if (count === 0) copyElements(out.dtype, default_value.data, 0, out.data, starts[row]!, 1);
    });
    const taken = new Array<number>(rows).fill(0);
    const map = ids.map((id, i) => {
      const at = starts[id]! + taken[id]!++;
      copyElements(out.dtype, values.data, i, out.data, at, 1);
      return at;
    });
    const isEmpty = new NdArray(
      bool,
      [rows],
      Uint8Array.from(counts, (count) => (count === 0 ? 1 : 0)),
    );
    return [integerArray(int64, outIds), out, isEmpty, integerArray(int64, map)];
  },
  gradient(tf, { reverse_index_map }, _, dy) {
    const { d_values, d_default_value } = tf.raggedFillEmptyRowsGradOp({ reverse_index_map, grad_values: dy! });
    return { values: d_values, default_value: d_default_value };
  },
});

/** The gradient of values is that of where they went; the default's the sum of the others. */
export const raggedFillEmptyRowsGradOp = defineOp("RaggedFillEmptyRowsGrad", {
  inputs: ["reverse_index_map: int64", "grad_values: T"],
  outputs: ["d_values: T", "d_default_value: T"],
  attrs: ["T: type"],
  shape({ reverse_index_map, grad_values }) {
    withRank(grad_values, 1);
    return [withRank(reverse_index_map, 1), []];
  },
  compute({ reverse_index_map, grad_values }) {
    const { dtype } = grad_values;
    const map = Array.from(toNumbers(reverse_index_map));
    const n = grad_values.size;
    const values = emptyArray(dtype, [map.length]);
    const seen = new Set<number>();
    map.forEach((at, i) => {
      if (at < 0 || at >= n) {
        throw new InvalidArgumentError(`Elements in reverse index must be in [0, ${n}) but got ${at}`);
      }
      seen.add(at);
      copyElements(dtype, grad_values.data, at, values.data, i, 1);
    });
    let sum: number | bigint = dtype.base === "int64" ? 0n : 0;
    for (let i = 0; i < n; i++) if (!seen.has(i)) sum = plus(sum, elementAt(grad_values, i) as number | bigint);
    const rest = emptyArray(dtype, []);
    setElement(dtype, rest.data, 0, sum);
    return [values, rest];
  },
  gradient: "unregistered",
});

const plus = (a: number | bigint, b: number | bigint): number | bigint =>
  typeof a === "bigint" ? a + BigInt(b) : a + Number(b);
