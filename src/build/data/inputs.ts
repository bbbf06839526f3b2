/** What the nodes of datasets take: counts, seeds, components. Source: dataset_ops.py, random_seed.py of tf.data */
import { bool, type DType, int64, string } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import type { Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { equal, logicalAnd, rewriteDatasetOp, selectV2Op } from "../../ops/index.ts";
import { rowSpec } from "./element/component.ts";
import { attrsOf, type Nested, type Spec } from "./structure.ts";
import { rangeArguments } from "./words.ts";

/** A number of elements, or a tensor that holds it. */
export type Count = number | bigint | Tensor;

export interface MapOptions {
  readonly numParallelCalls?: Count | null | undefined;
  readonly deterministic?: boolean | null | undefined;
  readonly synchronous?: boolean | undefined;
  readonly useUnboundedThreadpool?: boolean | undefined;
  readonly name?: string | undefined;
}

export interface InterleaveOptions {
  readonly numParallelCalls?: Count | null | undefined;
  readonly deterministic?: boolean | null | undefined;
  readonly name?: string | undefined;
  readonly cycleLength?: Count | undefined;
  readonly blockLength?: Count | undefined;
}

export interface BatchOptions {
  readonly dropRemainder?: boolean | Tensor | undefined;
  /** Batches that are put together side by side. */
  readonly numParallelCalls?: Count | null | undefined;
  readonly deterministic?: boolean | null | undefined;
  readonly name?: string | undefined;
}

export interface ShuffleOptions {
  readonly seed?: number | bigint | null | undefined;
  readonly reshuffleEachIteration?: boolean | null | undefined;
  readonly name?: string | undefined;
}

export const count = (value: TensorLike, name: string): Tensor => convertToTensor(value, { dtype: int64, name });
export const text = (value: TensorLike, name: string): Tensor => convertToTensor(value, { dtype: string, name });
export const truth = (value: TensorLike, name: string): Tensor => convertToTensor(value, { dtype: bool, name });

export interface RangeOptions {
  readonly outputType?: DType | undefined;
  readonly name?: string | undefined;
}
export type RangeArguments = readonly (Count | RangeOptions)[];

/** `stop`, `start, stop` or `start, stop, step` as nodes; the elements are int64, or of the dtype in options behind. */
export function rangeOf(args: RangeArguments): {
  inputs: Record<"start" | "stop" | "step", Tensor>;
  spec: Spec;
  name: string | undefined;
} {
  const last = args.at(-1);
  const isOptions = typeof last === "object" && last !== null && !("op" in last);
  const numbers = (isOptions ? args.slice(0, -1) : args) as readonly Count[];
  if (numbers.length < 1 || numbers.length > 3) throw rangeArguments(numbers.length);
  const [start, stop, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  const options = isOptions ? (last as RangeOptions) : {};
  const dtype = options.outputType ?? int64;
  const inputs = { start: count(start, "start"), stop: count(stop, "stop"), step: count(step, "step") };
  return { inputs, spec: { dtype, shape: [] }, name: options.name };
}

/** The number in a tensor, where it is known while building. */
export function known(tensor: Tensor): number | null {
  const value = constantValue(tensor);
  return value ? Number(value.data[0]) : null;
}

/** The number of rows of a batch: known when none is smaller. */
export const rowsOf = (size: Tensor, dropRemainder: Tensor): Dim => (known(dropRemainder) === 1 ? known(size) : null);

/** The two seeds of a dataset, which are never both 0 unless nothing is seeded. */
export function seeds(seed: number | bigint | null | undefined): { seed: Tensor; seed2: Tensor } {
  const graph = getDefaultGraph();
  const [first, second] = graph.takeSeeds(seed ?? null);
  const one = count(first ?? 0, "seed");
  if (second === null) return { seed: one, seed2: count(0, "seed2") };
  const seed2 = graph.nameScope("seed2", (scope) => {
    const own = convertToTensor(second, { dtype: int64 });
    const zero = (tensor: Tensor): Tensor => equal(tensor, 0n);
    const both = logicalAnd(zero(one), zero(own));
    return selectV2Op({ condition: both, t: convertToTensor(2 ** 31 - 1, { dtype: int64 }), e: own }, scope);
  });
  return { seed: one, seed2 };
}

/** The spec of rows. Throws ValueError for scalars. */
export const sliced = rowSpec;

/** A dtype's padding: zeros, or nothing. Throws TypeError for what has none. */
export function defaultPadding(dtype: DType): TensorLike {
  if (dtype.base === "string") return "";
  if (dtype.base === "variant" || dtype.base === "resource")
    throw new TypeError(`Unable to create padding for field of type '${dtype}'`);
  return dtype.isBool ? false : 0;
}

/** A dataset that is whole in each split of those around it. */
export const replicated = ({
  variantTensor,
  elementSpec,
}: {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec>;
}): Tensor =>
  rewriteDatasetOp({ input_dataset: variantTensor, rewrite_name: "replicate_on_split", ...attrsOf(elementSpec) });
