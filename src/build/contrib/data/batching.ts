/** `tf.contrib.data`: transformations that datasets have as methods and options. Source: contrib/data batching.py, interleave_ops.py. */
import type { Shape } from "../../../core/shape.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import type { Nested } from "../../control_flow/structure.ts";
import type { Dataset } from "../../data/dataset.ts";
import { parallelInterleave } from "../../data/transforms.ts";

type Transformation = (dataset: Dataset) => Dataset;

type Count = Parameters<Dataset["batch"]>[0];
type Shapes = Nested<Shape>;
type Values = Nested<TensorLike>;

/** Batches of batchSize elements; the last ones are left out where they do not fill one. */
export const batchAndDropRemainder =
  (batchSize: Count): Transformation =>
  (dataset) =>
    dataset.batch(batchSize, { dropRemainder: true });

/** As batchAndDropRemainder, of elements that are padded to one shape. */
export const paddedBatchAndDropRemainder =
  (batchSize: Count, paddedShapes: Shapes, paddingValues?: Values): Transformation =>
  (dataset) =>
    dataset.paddedBatch(batchSize, {
      paddedShapes,
      dropRemainder: true,
      ...(paddingValues === undefined ? {} : { paddingValues }),
    } as never);

/** The elements of `cycleLength` datasets at a time, in the order in which they come. */
export const sloppyInterleave = (
  mapFunc: Parameters<typeof parallelInterleave>[0],
  cycleLength: Parameters<typeof parallelInterleave>[1],
  blockLength: number = 1,
): Transformation => parallelInterleave(mapFunc, cycleLength, { blockLength, sloppy: true });
