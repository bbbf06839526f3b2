/** Batches of elements of about the same length. Source: dataset_ops.py, bucket_by_sequence_length */
import { int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { constant, less, lessEqual, logicalAnd, reduceMin, where } from "../../../ops/index.ts";
import { assertLess } from "../../checks/compare.ts";
import type { Dataset } from "../dataset.ts";
import { paddedShapesOf } from "../shapes.ts";
import { type Any, specsOf } from "../structure.ts";
import { groupedByWindow } from "./groups.ts";

export interface BucketOptions {
  readonly paddedShapes?: readonly Shape[] | Shape | undefined;
  readonly paddingValues?: Any;
  /** Pads to the end of the bucket, less one; else to the longest element of a batch. */
  readonly padToBucketBoundary?: boolean | undefined;
  /** Elements of a bucket have one length: no padding is needed. */
  readonly noPadding?: boolean | undefined;
  readonly dropRemainder?: boolean | undefined;
}

export const bucketNames = [
  "paddedShapes",
  "paddingValues",
  "padToBucketBoundary",
  "noPadding",
  "dropRemainder",
] as const;

export interface Buckets {
  readonly elementLengthFunc: (...args: Any[]) => Tensor;
  readonly bucketBoundaries: readonly number[];
  readonly bucketBatchSizes: readonly number[];
}

const int32Limits = [-(2 ** 31), 2 ** 31 - 1] as const;

/** Elements of length bucketBoundaries[i-1] <= n < bucketBoundaries[i] come in batches of bucketBatchSizes[i]. */
export function bucketed(
  dataset: Dataset,
  { elementLengthFunc, bucketBoundaries, bucketBatchSizes }: Buckets,
  { paddedShapes, paddingValues, padToBucketBoundary, noPadding, dropRemainder = false }: BucketOptions,
): Dataset {
  if (bucketBatchSizes.length !== bucketBoundaries.length + 1) {
    throw new ValueError(
      `\`len(bucket_batch_sizes)\` must equal \`len(bucket_boundaries) + 1\` but \`len(bucket_batch_sizes)=${bucketBatchSizes.length}\` and \`len(bucket_boundaries)=${bucketBoundaries.length}\`.`,
    );
  }
  const sizes = constant([...bucketBatchSizes], { dtype: int64 });
  const [low, high] = int32Limits;
  const keyFunc = Object.defineProperty(
    (...args: Any[]) => {
      const length = elementLengthFunc(...args);
      const isIn = logicalAnd(lessEqual([low, ...bucketBoundaries], length), less(length, [...bucketBoundaries, high]));
      return reduceMin(where(isIn));
    },
    "name",
    { value: "element_to_bucket_id" },
  );
  const sizeOf = (bucket: Tensor): Tensor => sizes.at(bucket);
  const batchingFn = (bucket: Tensor, group: Dataset): Dataset => {
    const size = sizeOf(bucket);
    if (noPadding) return group.batch(size, { dropRemainder });
    const specs = specsOf(group.elementSpec);
    const given = paddedShapes ? paddedShapesOf(paddedShapes, specs.length)! : specs.map(({ shape }) => shape);
    const end = padToBucketBoundary ? lastLength(bucket, bucketBoundaries) : null;
    const shapes = (given as readonly Shape[]).map((shape) => shape!.map((n) => n ?? end));
    return group.paddedBatch(size, {
      paddedShapes: shapes.length === 1 ? shapes[0] : shapes,
      ...(paddingValues === undefined || paddingValues === null ? {} : { paddingValues }),
      dropRemainder,
    });
  };
  return groupedByWindow(dataset, { keyFunc, reduceFunc: batchingFn }, [{ windowSizeFunc: sizeOf }]);
}

/** The greatest length of a bucket; the last bucket has none. */
function lastLength(bucket: Tensor, boundaries: readonly number[]): Tensor {
  const check = assertLess(bucket, constant(boundaries.length, { dtype: int64 }), {
    message: "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries).",
  });
  return getDefaultGraph().controlDependencies([check as never], () =>
    constant([...boundaries], { dtype: int64 })
      .at(bucket)
      .sub(1),
  );
}
