/** Batches apart, and in other sizes. Source: unbatch_dataset_op.cc, rebatch_dataset_op.cc */
import { invalidArgument } from "../../../../core/error.ts";
import { joinRows, sliceRows } from "../../arrays.ts";
import { type DataIterator, type Dataset, type Element, unknown } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { flag, rowCutter, scalar } from "../runtime/element.ts";
import { again, pull } from "../runtime/pull.ts";

/** Rows of an element. Throws INVALID_ARGUMENT when components have none, or not equally many. */
function rowCount(element: Element): number {
  for (const { shape } of element) {
    if (shape.length === 0) throw invalidArgument("Input element must have a non-scalar value in each component.");
  }
  const n = element[0]!.shape[0]!;
  for (const [c, { shape }] of element.entries()) {
    if (shape[0] !== n)
      throw invalidArgument(
        `Input element must have the same batch size in each component. Component 0 had size ${n} but component ${c} had size, ${shape[0]}.`,
      );
  }
  return n;
}

function unbatched(input: Dataset): Behaviour {
  return {
    cardinality() {
      const n = input.cardinality();
      const size = input.shapes.map((shape) => shape?.[0]).find((rows) => rows !== null && rows !== undefined);
      if (n === 0) return 0;
      return n < 0 ? n : size === undefined ? unknown : n * size!;
    },
    iterate(runtime) {
      const inner = input.iterate(runtime);
      let row: ((i: number) => Element) | null = null;
      let i = 0;
      let n = 0;
      return {
        next() {
          if (i < n) return row!(i++);
          return pull<Element | null>(inner, (element) => {
            if (element === null) return null;
            n = rowCount(element);
            i = 0;
            row = rowCutter(element);
            return i < n ? row(i++) : again;
          });
        },
        close: () => inner.close(),
      };
    },
  };
}

export const unbatchDatasetOp = defineDataset("UnbatchDataset", {
  inputs: ["input_dataset: variant"],
  attrs: [...typed, metadata],
  make: (op) => unbatched(datasetOf(op.input_dataset)),
});

export const experimentalUnbatchDatasetOp = defineDataset("ExperimentalUnbatchDataset", {
  inputs: ["input_dataset: variant"],
  attrs: typed,
  make: (op) => unbatched(datasetOf(op.input_dataset)),
});

/** Each batch cut into `replicas` parts of one size, the last one smaller. */
function split(input: Dataset, replicas: number): Behaviour {
  if (replicas <= 0) throw invalidArgument("num_replicas must be greater than zero.");
  return {
    cardinality: () => (input.cardinality() < 0 ? input.cardinality() : input.cardinality() * replicas),
    iterate(runtime) {
      const inner = input.iterate(runtime);
      let batch: Element | null = null;
      let rows = 0;
      let part = 0;
      const cut = (): Element => {
        const step = Math.ceil(rows / replicas);
        const from = Math.min(part * step, rows);
        const to = Math.min(from + step, rows);
        part++;
        return batch!.map((array) => sliceRows(array, from, to));
      };
      return {
        next() {
          if (batch && part < replicas) return cut();
          return pull<Element | null>(inner, (element) => {
            if (element === null) return null;
            rows = rowCount(element);
            batch = element;
            part = 0;
            return cut();
          });
        },
        close: () => inner.close(),
      };
    },
  };
}

const rebatch = <const T extends string>(type: T) =>
  defineDataset(type, {
    inputs: ["input_dataset: variant", "num_replicas: int64"],
    attrs: [...typed, "use_fallback: bool = true"],
    make: (op) => split(datasetOf(op.input_dataset), scalar(op.num_replicas, "num_replicas")),
  });

export const rebatchDatasetOp = rebatch("RebatchDataset");
export const experimentalRebatchDatasetOp = rebatch("ExperimentalRebatchDataset");

/** Rows on their way from batches of one size to batches of others. */
class Rows {
  #parts: { readonly arrays: Element; from: number; readonly to: number }[] = [];
  count = 0;

  add(element: Element): void {
    const n = rowCount(element);
    if (n === 0) return;
    this.#parts.push({ arrays: element, from: 0, to: n });
    this.count += n;
  }

  take(n: number): Element {
    const pieces: Element[] = [];
    let left = n;
    while (left > 0) {
      const part = this.#parts[0]!;
      const here = Math.min(left, part.to - part.from);
      pieces.push(part.arrays.map((array) => sliceRows(array, part.from, part.from + here)));
      part.from += here;
      left -= here;
      if (part.from === part.to) this.#parts.shift();
    }
    this.count -= n;
    return pieces[0]!.map((head, c) =>
      joinRows(
        head.dtype,
        head.shape.slice(1),
        pieces.map((piece) => piece[c]!),
      ),
    );
  }
}

export const rebatchDatasetV2Op = defineDataset("RebatchDatasetV2", {
  inputs: ["input_dataset: variant", "batch_sizes: int64", "drop_remainder: bool"],
  attrs: typed,
  make(op) {
    const input = datasetOf(op.input_dataset);
    if (op.batch_sizes.shape.length > 1)
      throw invalidArgument(
        `batch_sizes must be a scalar or a vector but is a tensor of shape [${op.batch_sizes.shape.join(",")}]`,
      );
    const sizes = Array.from(op.batch_sizes.data as BigInt64Array, Number);
    for (const [i, size] of sizes.entries()) {
      if (size <= 0) throw invalidArgument(`batch_sizes[${i}] must be > 0 but is ${size}`);
    }
    const drop = flag(op.drop_remainder);
    return {
      cardinality: () => unknown,
      iterate(runtime): DataIterator {
        const inner = input.iterate(runtime);
        const rows = new Rows();
        let turn = 0;
        let isDone = false;
        const nextSize = (): number => sizes[turn % sizes.length]!;
        const give = (n: number): Element => {
          turn++;
          return rows.take(n);
        };
        return {
          next() {
            if (rows.count >= nextSize()) return give(nextSize());
            if (isDone) return null;
            return pull<Element | null>(inner, (element) => {
              if (element !== null) {
                rows.add(element);
                return rows.count >= nextSize() ? give(nextSize()) : again;
              }
              isDone = true;
              return rows.count === 0 || drop ? null : give(rows.count);
            });
          },
          close: () => inner.close(),
        };
      },
    };
  },
});
