/** Rows and columns of ragged tensors: `rt.at(0)`, `rt.at("1:")`, `rt.at(":", ":2")`. Source: ragged_getitem.py. */
import { bool } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { inScope } from "../../../ops/compute/array/basic/names.ts";
import { convertToTensor } from "../../../ops/convert.ts";
import type { SliceEntry, SliceRange } from "../../../ops/index.ts";
import * as tf from "../../../ops/index.ts";
import { assertGreaterEqual, assertLess } from "../../checks/compare.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { isRagged, type RaggedOrDense, RaggedTensor } from "../ragged_tensor.ts";
import { raggedGather } from "./gather.ts";
import { raggedRange } from "./range.ts";

type Number_ = number | Tensor;

const rangeOf = (entry: SliceEntry): SliceRange | null => {
  if (typeof entry === "object" && entry !== null && !(entry instanceof Tensor)) return entry;
  if (typeof entry !== "string" || entry === "...") return null;
  const [start, stop, step] = entry.split(":").map((part) => (part.trim() === "" ? null : Number(part)));
  return { start: start ?? null, stop: stop ?? null, step: step ?? null };
};

const isWhole = ({ start, stop, step }: SliceRange): boolean =>
  [start, stop, step].every((each) => each === null || each === undefined);

/** "..." as ranges of all axes that it stands for. Throws ValueError for an unknown rank. */
function expanded(entries: readonly SliceEntry[], left: number | null): readonly SliceEntry[] {
  if (left === null) throw new ValueError("Ellipsis not supported for unknown shape RaggedTensors");
  const count = entries.filter((entry) => entry !== null).length;
  if (count > left + 1) throw new ValueError("Too many indices for RaggedTensor");
  return count === left + 1 ? entries.slice(1) : [":", ...entries];
}

const splitCount = (rt: RaggedTensor): Number_ =>
  rt.rowSplits.shape?.[0] ?? tf.shape(rt.rowSplits, { outType: rt.rowSplits.dtype }).at(0);
const minusOne = (n: Number_): Number_ => (typeof n === "number" ? n - 1 : n.sub(1));

function item(rt: RaggedTensor, entries: readonly SliceEntry[]): RaggedOrDense {
  if (entries.length === 0) return rt;
  const [row, ...inner] = entries;
  if (row === "...") return item(rt, expanded(entries, rt.shape.ndims));
  if (row === null) {
    const whole = item(rt, inner) as RaggedTensor;
    return RaggedTensor.fromUniformRowLength(whole, minusOne(splitCount(whole)), { nrows: 1, validate: false });
  }
  const range = rangeOf(row!);
  if (range) {
    let cut = rowsOf(rt, range);
    if (rt.uniformRowLength) {
      cut = RaggedTensor.fromUniformRowLength(cut.values, rt.uniformRowLength, { nrows: cut.nrows() });
    }
    return columns(cut, inner);
  }
  const starts = rt.rowSplits.at(":-1");
  const limits = rt.rowSplits.at("1:");
  const [start, stop] = [starts.at(row as Number_), limits.at(row as Number_)];
  const values = rt.values.at({ start, stop });
  return values.at(...inner);
}

function rowsOf(rt: RaggedTensor, range: SliceRange): RaggedTensor {
  if (isWhole(range)) return rt;
  const starts = rt.rowSplits.at(":-1").at(range);
  const limits = rt.rowSplits.at("1:").at(range);
  const zero = tf.zeros([1], rt.rowSplits.dtype);
  if (range.step !== null && range.step !== undefined && range.step !== 1)
    return fromRanges(starts, limits, 1, rt.values);
  const splits = tf.concat([zero.at({ start: tf.size(starts) }), starts.at(":1"), limits], 0);
  const start = splits.at(0);
  const stop = splits.at(-1);
  return RaggedTensor.fromRowSplits(rt.values.at({ start, stop }), splits.sub(start), { validate: false });
}

function fromRanges(starts: Tensor, limits: Tensor, by: Number_, values: RaggedOrDense): RaggedTensor {
  const step = tf.cast(convertToTensor(by, { name: "step" }), starts.dtype) as Tensor;
  const places = raggedRange(starts, { limits, deltas: step, rowSplitsDtype: starts.dtype });
  const at = places.values as Tensor;
  return places.withValues(isRagged(values) ? raggedGather(values, at) : tf.gather(values, at));
}

/** One of two, by the sign of a number that may be known in the run alone. */
function bySign(value: Number_, positive: () => Tensor, negative: () => Tensor): Tensor {
  const known = typeof value === "number" ? value : Number(tf.getStaticValue(value)?.data[0] ?? Number.NaN);
  if (Number.isNaN(known)) return cond(tf.greaterEqual(value, 0), positive, negative) as Tensor;
  return known >= 0 ? positive() : negative();
}

function columns(rt: RaggedOrDense, entries: readonly SliceEntry[]): RaggedOrDense {
  if (entries.length === 0) return rt;
  if (!isRagged(rt)) return rt.at(":", ...entries);
  const [column, ...inner] = entries;
  if (column === "...") return columns(rt, expanded(entries, rt.values.getShape().ndims));
  if (column === null) {
    const whole = columns(rt, inner) as RaggedTensor;
    return RaggedTensor.fromUniformRowLength(whole, 1, { nrows: minusOne(splitCount(whole)), validate: false });
  }
  const range = rangeOf(column!);
  if (range) return isWhole(range) ? rt.withValues(columns(rt.values, inner)) : columnRange(rt, range, inner);
  const length = rt.uniformRowLength;
  if (!length) throw new ValueError("Cannot index into an inner ragged dimension.");
  const at = tf.cast(column as Number_, length.dtype) as Tensor;
  const message = "Index out of bounds when indexing into a ragged tensor";
  const checks = [assertGreaterEqual(at, length.neg(), { message }), assertLess(at, length, { message })];
  return getDefaultGraph().controlDependencies(checks, () => {
    const start = bySign(
      at,
      () => at,
      () => length.add(at),
    );
    return columns(rt.values.at({ start, step: length }), inner);
  });
}

function columnRange(rt: RaggedTensor, range: SliceRange, inner: readonly SliceEntry[]): RaggedOrDense {
  for (const each of [range.start, range.stop]) {
    if (each === null || each === undefined || each instanceof Tensor || Number.isInteger(each)) continue;
    throw new TypeError("slice offsets must be integers or None");
  }
  const starts = rt.rowSplits.at(":-1");
  const limits = rt.rowSplits.at("1:");
  const step = range.step ?? 1;
  const lower = bySign(
    step,
    () => starts,
    () => starts.sub(1),
  );
  const upper = bySign(
    step,
    () => limits,
    () => limits.sub(1),
  );
  const edge = (given: Number_ | null | undefined, otherwise: () => Tensor): Tensor => {
    if (given === null || given === undefined) return otherwise();
    const offset = tf.cast(given, starts.dtype) as Tensor;
    return bySign(
      given,
      () => tf.minimum(starts.add(offset), upper),
      () => tf.maximum(limits.add(offset), lower),
    );
  };
  const from = edge(range.start, () =>
    bySign(
      step,
      () => starts,
      () => limits.sub(1),
    ),
  );
  const to = edge(range.stop, () =>
    bySign(
      step,
      () => limits,
      () => starts.sub(1),
    ),
  );
  let cut = fromRanges(from, to, step, rt.values);
  if (rt.uniformRowLength) {
    const some = tf.zeros(rt.uniformRowLength, bool).at(range);
    const length = tf.size(some, { outType: rt.uniformRowLength.dtype });
    cut = RaggedTensor.fromUniformRowLength(cut.values, length, { nrows: rt.nrows() });
  }
  return cut.withValues(columns(cut.values, inner));
}

/** The rows and columns that the entries name. */
export const raggedGetItem = (rt: RaggedTensor, entries: readonly SliceEntry[]): RaggedOrDense =>
  inScope(undefined, "RaggedGetItem", () => item(rt, entries));
