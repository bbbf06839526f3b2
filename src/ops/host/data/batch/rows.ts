/** Elements as rows of batches. Source: batch_util.cc */
import { invalidArgument } from "../../../../core/error.ts";
import { formatShape, sameShape } from "../../../../core/shape.ts";
import { stackRows } from "../../arrays.ts";
import type { DataIterator, Element } from "../runtime/dataset.ts";
import { again, pull } from "../runtime/pull.ts";

/** Elements as rows: each component [n, ...]. Throws INVALID_ARGUMENT when shapes differ. */
export function stacked(rows: readonly Element[]): Element {
  return rows[0]!.map((head, c) => {
    const column = rows.map((row) => row[c]!);
    for (const [i, { shape }] of column.entries()) {
      if (!sameShape(shape, head.shape))
        throw invalidArgument(
          `Cannot batch tensors with different shapes in component ${c}. First element had shape ${formatShape(head.shape)} and element ${i} had shape ${formatShape(shape)}.`,
        );
    }
    return stackRows(head.dtype, head.shape, column);
  });
}

/** As `stacked`, for what a function has just made: rows must have equally many elements. */
export function stackedResults(rows: readonly Element[]): Element {
  return rows[0]!.map((head, c) => {
    const column = rows.map((row) => row[c]!);
    for (const item of column) {
      if (item.size !== head.size)
        throw invalidArgument(
          `Cannot add tensor to the batch: number of elements does not match. Shapes are: [tensor]: ${formatShape(item.shape)}, [batch]: ${formatShape(head.shape)}`,
        );
    }
    return stackRows(head.dtype, head.shape, column);
  });
}

/** n elements at a time, put together by `join`. The last ones are fewer, or left out. */
export function batches(
  inner: DataIterator,
  {
    n,
    drop,
    join,
  }: { readonly n: number; readonly drop: boolean; readonly join: (rows: readonly Element[]) => Element },
): DataIterator {
  let isDone = false;
  return {
    next() {
      if (isDone) return null;
      const rows: Element[] = [];
      return pull<Element | null>(inner, (element) => {
        if (element === null) {
          isDone = true;
          return rows.length === 0 || drop ? null : join(rows);
        }
        rows.push(element);
        return rows.length === n ? join(rows) : again;
      });
    },
    close: () => inner.close(),
  };
}

export const countOfBatches = (n: number, size: number, drop: boolean): number =>
  n < 0 ? n : drop ? Math.floor(n / size) : Math.ceil(n / size);
