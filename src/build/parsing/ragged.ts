/** Ragged features of Examples, put together of values and partitions. Source: parsing_config.py, _add_ragged_partition, _add_batched_ragged_partition. */
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import { cast, concat, cumsum, floordiv, maximum, repeat, reshape, shape as shapeOf } from "../../ops/index.ts";
import { assertEqual } from "../checks/compare.ts";
import { raggedReduceMax } from "../ragged/act/reduce.ts";
import { isRagged, type RaggedOrDense, RaggedTensor } from "../ragged/ragged_tensor.ts";
import type { ParsedFeatures, Partition, RaggedFeature } from "./features.ts";

/** The ragged tensor of a feature. Without a batch, values and partitions are vectors; in a batch, ragged tensors with a row for each Example. */
export function raggedFeature(key: string, feature: RaggedFeature, parsed: ParsedFeatures): RaggedOrDense {
  let value = parsed[feature.valueKey ?? key] as RaggedOrDense;
  const partitions = [...feature.partitions].reverse();
  if (!isRagged(value)) {
    for (const partition of partitions) value = withPartition(value, partition, feature, parsed);
    return value;
  }
  const outer = value.raggedRank > 1 ? value.rowSplits : null;
  let rows = (outer ? value.values : value) as RaggedTensor;
  for (const partition of partitions) rows = withBatchPartition(rows, partition, { key, feature, parsed, outer });
  return outer ? RaggedTensor.fromRowSplits(rows, outer, { validate: feature.validate }) : rows;
}

function withPartition(
  values: RaggedOrDense,
  partition: Partition,
  { rowSplitsDtype, validate }: RaggedFeature,
  parsed: ParsedFeatures,
): RaggedOrDense {
  const options = { validate };
  if (partition.kind === "UniformRowLength") {
    if (!isRagged(values)) return inRows(values, partition.length);
    const length = convertToTensor(partition.length, { dtype: rowSplitsDtype });
    return RaggedTensor.fromUniformRowLength(values, length, options);
  }
  const rows = cast(parsed[partition.key] as Tensor, rowSplitsDtype) as Tensor;
  const make = {
    RowSplits: RaggedTensor.fromRowSplits,
    RowLengths: RaggedTensor.fromRowLengths,
    RowStarts: RaggedTensor.fromRowStarts,
    RowLimits: RaggedTensor.fromRowLimits,
    ValueRowIds: RaggedTensor.fromValueRowids,
  }[partition.kind];
  return make(values, rows, options);
}

/** Rows of this length: [n, ...] as [n / length, length, ...]. */
const inRows = (values: Tensor, length: number): Tensor =>
  reshape(values, concat([[-1, length], shapeOf(values).at("1:")], 0));

interface Batch {
  readonly key: string;
  readonly feature: RaggedFeature;
  readonly parsed: ParsedFeatures;
  /** Of Examples in a batch of batches. */
  readonly outer: Tensor | null;
}

function withBatchPartition(rt: RaggedTensor, partition: Partition, batch: Batch): RaggedTensor {
  const options = { validate: batch.feature.validate };
  if (partition.kind === "UniformRowLength") {
    if (!isRagged(rt.values)) {
      const rows = inRows(rt.values, partition.length);
      return RaggedTensor.fromRowSplits(rows, floordiv(rt.rowSplits, partition.length), options);
    }
    const length = convertToTensor(partition.length, { dtype: rt.rowSplits.dtype });
    const inner = RaggedTensor.fromUniformRowLength(rt.values, length, options);
    return RaggedTensor.fromRowSplits(inner, floordiv(rt.rowSplits, length), options);
  }
  let rows = batch.parsed[partition.key] as RaggedTensor;
  if (rows.values.dtype !== rt.rowSplits.dtype)
    rows = cast(rows as never, rt.rowSplits.dtype) as unknown as RaggedTensor;
  const checks: Operation[] = [];
  if (batch.outer) {
    if (options.validate) {
      const message = `Feature ${batch.key}: values and partitions are not aligned`;
      checks.push(assertEqual(batch.outer, rows.rowSplits, { message }) as Operation);
    }
    rows = rows.values as RaggedTensor;
  }
  return getDefaultGraph().controlDependencies(checks, () => batched(rt, rows, partition.kind, options));
}

/** A partition that counts from the start of each Example as one of all Examples. */
function batched(
  rt: RaggedTensor,
  given: RaggedTensor,
  kind: Partition["kind"],
  options: { readonly validate: boolean },
): RaggedTensor {
  const rows = kind === "RowSplits" ? (given.at(":", "1:") as RaggedTensor) : given;
  const values = rows.values as Tensor;
  const fromStarts = (): Tensor => values.add(repeat(rt.rowStarts(), rows.rowLengths() as Tensor));
  switch (kind) {
    case "RowSplits":
    case "RowLimits":
      return rows.withValues(RaggedTensor.fromRowLimits(rt.values, fromStarts(), options));
    case "RowStarts":
      return rows.withValues(RaggedTensor.fromRowStarts(rt.values, fromStarts(), options));
    case "RowLengths":
      return rows.withValues(RaggedTensor.fromRowLengths(rt.values, values, options));
    default: {
      const last = raggedReduceMax(rows.add(1) as RaggedTensor, { axis: 1 }) as Tensor;
      const counts = maximum(last, 0);
      const before = repeat(cumsum(counts, { exclusive: true }), rows.rowLengths() as Tensor);
      const inner = RaggedTensor.fromValueRowids(rt.values, values.add(before), options);
      return RaggedTensor.fromRowLengths(inner, counts, options);
    }
  }
}
