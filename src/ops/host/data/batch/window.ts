/** Windows over the sequence: as datasets, or as rows. Source: window_dataset_op.cc, sliding_window_dataset_op.cc */
import { invalidArgument } from "../../../../core/error.ts";
import { flow, now, type Steps } from "../../../../core/flow/maybe.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { variantOf } from "../../../variant/value.ts";
import type { DataIterator, Dataset, Element } from "../runtime/dataset.ts";
import { datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { flag, scalar } from "../runtime/element.ts";
import { datasetOfElements } from "./elements.ts";
import { stacked } from "./rows.ts";

interface Extent {
  readonly size: number;
  readonly shift: number;
  readonly stride: number;
  readonly drop: boolean;
}

/** Every `stride`-th of the elements from one place on, `size` of them; then `shift` further. */
function windows(inner: DataIterator, extent: Extent, make: (elements: readonly Element[]) => Element): DataIterator {
  const { size, shift, stride, drop } = extent;
  const reach = (size - 1) * stride + 1;
  let buffer: Element[] = [];
  let hasInput = true;
  const take = function* (): Steps<Element | null> {
    const element = yield* now(inner.next());
    if (element === null) hasInput = false;
    return element;
  };
  return {
    next: () =>
      flow(function* (): Steps<Element | null> {
        while (hasInput && buffer.length < reach) {
          const element = yield* take();
          if (element !== null) buffer.push(element);
        }
        if (buffer.length === 0 || (drop && buffer.length < reach)) return null;
        const chosen = buffer.filter((_, i) => i % stride === 0);
        if (shift < buffer.length) buffer = buffer.slice(shift);
        else {
          for (let i = buffer.length; hasInput && i < shift; i++) yield* take();
          buffer = [];
        }
        return make(chosen);
      }),
    close: () => inner.close(),
  };
}

export const windowDatasetOp = defineDataset("WindowDataset", {
  inputs: ["input_dataset: variant", "size: int64", "shift: int64", "stride: int64", "drop_remainder: bool"],
  attrs: [...typed, metadata],
  make(op) {
    const input = datasetOf(op.input_dataset);
    const extent = extentOf(op.size, op.shift, op.stride, flag(op.drop_remainder));
    for (const name of ["size", "shift", "stride"] as const) {
      if (extent[name] <= 0) throw invalidArgument(`Window ${name} must be greater than zero.`);
    }
    return {
      cardinality: () => countOf(input.cardinality(), extent),
      iterate: (runtime) =>
        windows(input.iterate(runtime), extent, (elements) =>
          input.dtypes.map((dtype, c) =>
            variantOf(
              datasetOfElements(
                elements.map((element) => [element[c]!]),
                { dtypes: [dtype], shapes: [input.shapes[c]!], title: "WindowDataset" },
              ),
            ),
          ),
        ),
    };
  },
});

const extentOf = (size: NdArray, shift: NdArray, stride: NdArray, drop: boolean): Extent => ({
  size: scalar(size, "size"),
  shift: scalar(shift, "shift"),
  stride: scalar(stride, "stride"),
  drop,
});

function countOf(n: number, { size, shift, stride, drop }: Extent): number {
  if (n < 0) return n;
  if (!drop) return Math.ceil(n / shift);
  const reach = (size - 1) * stride + 1;
  return n < reach ? 0 : Math.floor((n - reach) / shift) + 1;
}

const slidingInputs = [
  "input_dataset: variant",
  "window_size: int64",
  "window_shift: int64",
  "window_stride: int64",
] as const;

function sliding(
  op: Record<"input_dataset" | "window_size" | "window_shift" | "window_stride", NdArray>,
  drop: boolean,
) {
  const input = datasetOf(op.input_dataset);
  const extent = extentOf(op.window_size, op.window_shift, op.window_stride, drop);
  for (const name of ["size", "shift", "stride"] as const) {
    if (extent[name] <= 0) throw invalidArgument(`Window ${name} must be greater than zero.`);
  }
  return {
    cardinality: () => countOf(input.cardinality(), extent),
    iterate: (runtime: Parameters<Dataset["iterate"]>[0]) => windows(input.iterate(runtime), extent, stacked),
  };
}

export const slidingWindowDatasetOp = defineDataset("SlidingWindowDataset", {
  inputs: slidingInputs,
  attrs: ["drop_remainder: bool = true", ...typed],
  make: (op) => sliding(op, op.drop_remainder),
});

export const experimentalSlidingWindowDatasetOp = defineDataset("ExperimentalSlidingWindowDataset", {
  inputs: slidingInputs,
  attrs: typed,
  make: (op) => sliding(op, true),
});
