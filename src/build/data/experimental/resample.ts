/** Elements so that their classes come as often as wanted. Source: dataset_ops.py, rejection_resample */
import { float32, int64 } from "../../../core/dtype.ts";
import { elementAt, ndarray } from "../../../core/nd_array.ts";
import { constantValue } from "../../../graph/infer.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  add,
  cast,
  expandDims,
  fill,
  gather,
  getItem,
  less,
  oneHot,
  Print,
  randomUniform,
  reduceMax,
  reduceMin,
  reduceSum,
  shape,
  tile,
  truediv,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { Dataset } from "../dataset.ts";
import type { Any } from "../structure.ts";

export interface ResampleOptions {
  /** How often the classes are, where that is known; else it is estimated as elements come. */
  readonly initialDist?: TensorLike | undefined;
  readonly seed?: number | undefined;
  readonly name?: string | undefined;
}
const resampleNames = ["initialDist", "seed", "name"] as const;
export type ResampleRest = Rest<ResampleOptions, typeof resampleNames>;

export interface Resampled {
  readonly classFunc: (...args: Any[]) => Tensor;
  /** Probabilities of the classes. */
  readonly targetDist: TensorLike;
}

/** The smallest float32 that is normal: keeps a class that never came from dividing by zero. */
const tiny = 1.1754943508222875e-38;
const batchOfEstimates = 32;
const smoothing = 10;

const distribution = (value: TensorLike, name: string): Tensor =>
  cast(convertToTensor(value, { name }), float32) as Tensor;
const named = (name: string, f: (...args: Any[]) => unknown) =>
  Object.defineProperty(f, "name", { value: name }) as (...args: Any[]) => unknown;
const always = (value: Tensor): Dataset => Dataset.fromTensors(value).asNewer().repeat();

export function resampled(dataset: Dataset, { classFunc, targetDist }: Resampled, rest: readonly unknown[]): Dataset {
  const { initialDist, seed } = byName<ResampleOptions>(rest, resampleNames);
  const target = distribution(targetDist, "target_dist");
  const initial = initialDist === undefined || initialDist === null ? null : distribution(initialDist, "initial_dist");
  const { initials, acceptances, originals } = initial
    ? knownRates(initial, target)
    : estimatedRates(dataset.map(classFunc), target);
  const filtered = accepted(dataset, { acceptances, initials, classFunc, seed }).prefetch(3);
  const share = initial ? leastRatio(initial, target) : null;
  const withClass = named("add_class_value", (...x: Any[]) => [classFunc(...x), x.length === 1 ? x[0] : x]);
  if (share === 1) return dataset.map(withClass);
  if (share === 0) return filtered;
  return Dataset.sampleFromDatasets([dataset.map(withClass), filtered], {
    weights: originals.map((probability: Tensor) => [[probability, probability.rsub(1)]]),
    seed,
    stopOnEmptyDataset: true,
  });
}

interface Rates {
  readonly initials: Dataset;
  /** Of each class. */
  readonly acceptances: Dataset;
  /** With which an element is taken as it comes. */
  readonly originals: Dataset;
}

function knownRates(initial: Tensor, target: Tensor): Rates {
  const [acceptance, original] = ratesOf(initial, target);
  return { initials: always(initial), acceptances: always(acceptance), originals: always(original) };
}

function estimatedRates(classes: Dataset, target: Tensor): Rates {
  const initials = estimates(classes, target);
  const rates = initials.map((initial: Tensor) => ratesOf(initial, target));
  return {
    initials,
    acceptances: rates.map((acceptance: Tensor, _: Tensor) => acceptance),
    originals: rates.map((_: Tensor, original: Tensor) => original),
  };
}

/** a = (r - m) / (max r - m) with r = target / initial and m = min r; and m. */
function ratesOf(initial: Tensor, target: Tensor): [Tensor, Tensor] {
  const ratio = target.div(initial.add(tiny));
  const most = reduceMax(ratio);
  const least = reduceMin(ratio);
  return [ratio.sub(least).div(most.sub(least)), least];
}

/** min(target / initial) where both are known while building. */
function leastRatio(initial: Tensor, target: Tensor): number | null {
  const [a, b] = [constantValue(initial), constantValue(target)];
  if (!a || !b) return null;
  const ratios = Array.from({ length: a.size }, (_, i) =>
    Math.fround(Number(elementAt(b, i)) / Number(elementAt(a, i))),
  );
  return Math.min(...ratios);
}

/** The distribution as seen so far, once for each element. */
function estimates(classes: Dataset, target: Tensor): Dataset {
  const n = target.shape?.[0] ?? getItem(shape(target), 0);
  const start = fill([n] as never, ndarray(smoothing, "int64"));
  const update = named("update_estimate_and_tile", (seen: Tensor, c: Tensor) => {
    const depth = seen.shape![0]!;
    const counts = add(seen, reduceSum(oneHot(c, depth, { dtype: int64 }), 0));
    const dist = cast(truediv(counts, reduceSum(counts)), float32) as Tensor;
    return [counts, tile(expandDims(dist, 0), [batchOfEstimates, 1])];
  });
  return classes
    .batch(batchOfEstimates)
    .scan(start, update as (state: Any, element: Any) => readonly [Any, Any])
    .unbatch();
}

/** Pairs of class and element, taken with the class's probability. */
function accepted(
  dataset: Dataset,
  {
    acceptances,
    initials,
    classFunc,
    seed,
  }: Pick<Rates, "acceptances" | "initials"> & Pick<Resampled, "classFunc"> & { readonly seed: number | undefined },
): Dataset {
  const warned = named("maybe_warn_on_large_rejection", (acceptance: Tensor, initial: Tensor) => {
    const rejected = reduceSum(acceptance.rsub(1).mul(initial));
    return cond(
      less(rejected, 0.5),
      () => acceptance,
      () =>
        Print(acceptance, [rejected, initial, acceptance], {
          message: "Proportion of examples rejected by sampler is high: ",
          summarize: 100,
          firstN: 10,
        }),
    );
  });
  const rates = Dataset.zip([acceptances, initials]).asNewer().map(warned);
  const copied = named("_gather_and_copy", (acceptance: Tensor, data: Any) => {
    const value = Array.isArray(data) ? classFunc(...data) : classFunc(data);
    return [value, gather(acceptance, value), data];
  });
  const reject = named("_reject", (_: Tensor, p: Tensor, __: Any) =>
    less(randomUniform([], { seed, dtype: p.dtype }), p),
  );
  return Dataset.zip([rates, dataset])
    .asNewer()
    .map(copied)
    .filter(reject)
    .map((value: Tensor, _: Tensor, data: Any) => [value, data]);
}
