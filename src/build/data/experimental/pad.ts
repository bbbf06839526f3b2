/** `tf.data.experimental.padToCardinality`: elements of zeros behind those of a dataset. Source: experimental/ops/pad_to_cardinality.py */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { zeros } from "../../../ops/index.ts";
import { Dataset } from "../dataset.ts";
import { type Any, mapSpecs } from "../structure.ts";

/**
 * Records with one more component, which is false for those that fill the dataset up to this number of elements. Throws ValueError for
 * elements that are no records, and in eager execution for datasets that are longer or of unknown length.
 */
export const padToCardinality =
  (cardinality: number, maskKey = "valid") =>
  (dataset: Dataset): Dataset => {
    if (getDefaultGraph().isEager) checkLength(dataset, cardinality);
    const spec = dataset.elementSpec as Any;
    if (Array.isArray(spec) || "dtype" in spec)
      throw new ValueError("`pad_to_cardinality` requires its input dataset to be a dictionary.");
    const padding = dataset.cardinality().rsub(cardinality);
    const filler = mapSpecs(dataset.elementSpec, ({ shape, dtype }) => zeros(shape as number[], dtype));
    const fillers = Dataset.fromTensors({ ...(filler as object), [maskKey]: false }).repeat(padding);
    const applyValidMask = (x: Any): Any => ({ ...x, [maskKey]: true });
    return dataset.map(applyValidMask).concatenate(fillers);
  };

function checkLength(dataset: Dataset, cardinality: number): void {
  const own: Tensor = dataset.cardinality();
  const n = Number(own.numpy().data[0]);
  if (n < 0)
    throw new ValueError(
      `The dataset passed into \`pad_to_cardinality\` must have a known cardinalty, but has cardinality ${n}`,
    );
  if (n > cardinality)
    throw new ValueError(
      `The dataset passed into \`pad_to_cardinality\` must have a cardinalty less than the target cardinality (${cardinality}), but has cardinality ${n}`,
    );
}
