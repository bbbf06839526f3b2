/** Elements that are there as a dataset: windows and groups. */
import type { DType } from "../../../../core/dtype.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Dataset, Element } from "../runtime/dataset.ts";
import { copies } from "../runtime/element.ts";
import { indexed } from "../runtime/indexed.ts";

/** A dataset of elements that are there. */
export function datasetOfElements(
  elements: readonly Element[],
  {
    dtypes,
    shapes,
    title,
  }: { readonly dtypes: readonly DType[]; readonly shapes: readonly Shape[]; readonly title: string },
): Dataset {
  return {
    title,
    dtypes,
    shapes,
    cardinality: () => elements.length,
    iterate: () => indexed(elements.length, (i) => copies(elements[i]!)),
    at: (_, i) => copies(elements[i]!),
    source: {
      type: "ListDataset",
      record: {
        tensors: elements.flat(),
        Tinput_types: elements.flatMap(() => dtypes),
        output_types: dtypes,
        output_shapes: shapes,
        metadata: "",
      },
    },
  };
}
