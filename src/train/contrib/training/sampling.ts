/** `tf.contrib.training`: examples taken by chance. Source: contrib/training sampling_ops.py, resample.py. */
import {
  assertEqual,
  assertLess,
  assertLessEqual,
  assertNonNegative,
  assertPositive,
} from "../../../build/checks/compare.ts";
import { assertInteger } from "../../../build/checks/ranks.ts";
import { assertThat } from "../../../build/control_flow/assert.ts";
import { cond } from "../../../build/control_flow/branch/cond.ts";
import { whileLoop } from "../../../build/control_flow/while_loop.ts";
import { assignMovingAverage } from "../../../build/moving_averages.ts";
import { add, mul, sub, truediv } from "../../../build/operators.ts";
import { getLocalVariable, variableScope } from "../../../build/variables/scope.ts";
import { Variable } from "../../../build/variables/variable.ts";
import { float32, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { compatibleDims, isFull, withRank, withRankAtLeast } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { Print } from "../../../ops/host/print.ts";
import {
  cast,
  equal,
  expandDims,
  fill,
  floatLiteral,
  gather,
  identity,
  isNan,
  less,
  logicalOr,
  notEqual,
  oneHot,
  randomPoisson,
  randomUniform,
  reduceAll,
  reduceMax,
  reduceMean,
  reduceSum,
  shape as shapeOf,
  squeeze,
  stopGradient,
  TensorArray,
  whereV2,
  withDependencies,
  zeros,
  zerosLike,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { batch, maybeBatch } from "../../queue/batch.ts";

interface RejectionOptions {
  readonly queueThreads?: number | undefined;
  /** The inputs are batches of examples. */
  readonly enqueueMany?: boolean | undefined;
  readonly prebatchCapacity?: number | undefined;
  readonly prebatchThreads?: number | undefined;
  /** Checks that the probability lies in [0, 1]. */
  readonly runtimeChecks?: boolean | undefined;
  readonly name?: string | null | undefined;
}

const rejectionPlaces = [
  "queueThreads",
  "enqueueMany",
  "prebatchCapacity",
  "prebatchThreads",
  "runtimeChecks",
  "name",
] as const;

const listOf = (value: Tensor | readonly Tensor[]): Tensor[] => [value].flat() as Tensor[];

/** Single examples of batches, through a queue. */
function singles(tensors: readonly Tensor[], numThreads: number, capacity: number): Tensor[] {
  const batched = listOf(batch(tensors, { batchSize: 1, numThreads, capacity, enqueueMany: true }));
  return batched.map((each) => squeeze(each, { axis: [0] }));
}

function checkRows(tensors: readonly Tensor[], rows: number | null): void {
  for (const { shape } of tensors) {
    const own = withRankAtLeast(shape, 1)?.[0] ?? null;
    if (!compatibleDims(own, rows)) throw new ValueError(`Dimensions ${own} and ${rows} are not compatible`);
  }
}

/** Batches of the examples that acceptProbFn (a scalar from an example's tensors) keeps by chance. */
export function rejectionSample(
  tensors: readonly TensorLike[],
  acceptProbFn: (tensors: readonly Tensor[]) => Tensor,
  batchSize: TensorLike,
  ...rest: Rest<RejectionOptions, typeof rejectionPlaces>
): Tensor[] {
  const options = byName<RejectionOptions>(rest, rejectionPlaces);
  const { queueThreads = 1, prebatchCapacity = 16, prebatchThreads = 1 } = options;
  return variableScope(options.name ?? null, { defaultName: "rejection_sample" }, () => {
    let list = tensors.map((each) => convertToTensor(each));
    if (options.enqueueMany) {
      checkRows(list, list[0]?.shape?.[0] ?? null);
      list = singles(list, prebatchThreads, prebatchCapacity);
    }
    let probability = acceptProbFn(list);
    if (options.runtimeChecks) {
      const checks = [assertLessEqual(floatLiteral(0), probability), assertLessEqual(probability, floatLiteral(1))];
      probability = identity(withDependencies(checks as Operation[], probability), { name: "prob_with_checks" });
    }
    const keepInput = less(randomUniform([]), probability);
    return listOf(maybeBatch(list, keepInput, { batchSize, numThreads: queueThreads }));
  });
}

interface StratifiedOptions {
  /** How often each class comes in; counted when it is not given. */
  readonly initProbs?: TensorLike | null | undefined;
  readonly enqueueMany?: boolean | undefined;
  readonly queueCapacity?: number | undefined;
  readonly threadsPerQueue?: number | undefined;
  readonly name?: string | null | undefined;
}

const stratifiedPlaces = ["initProbs", "enqueueMany", "queueCapacity", "threadsPerQueue", "name"] as const;

/** How often each class was seen so far. */
function countedProbs(labels: Tensor, classes: number): Tensor {
  const counts = new Variable(new Array<number>(classes).fill(10), {
    trainable: false,
    name: "class_count",
    dtype: int64,
  });
  const seen = reduceSum(oneHot(labels, classes, { dtype: int64 }), { axis: 0 });
  const all = add(counts.assignAdd(seen) as Tensor, 0);
  return cast(truediv(all, reduceSum(all)), float32);
}

/** Probabilities that are checked to be some when they are used. */
function checkedProbs(probs: Tensor): Tensor {
  if (!isFull(probs.shape)) throw new ValueError(`Shape ${String(probs.shape)} is not fully defined`);
  withRank(probs.shape, 1);
  const sum = reduceSum(probs);
  const checks = [assertNonNegative(probs), assertLess(sum, 1 + 1e-6), assertLess(1 - 1e-6, sum)];
  return withDependencies(checks as Operation[], probs);
}

function checkedInput(
  tensors: readonly Tensor[],
  given: Tensor,
  classes: number,
): { tensors: Tensor[]; labels: Tensor } {
  withRank(given.shape, 1);
  checkRows(tensors, given.shape?.[0] ?? null);
  const rows = shapeOf(given).at(0);
  const hasRows = assertPositive(rows) as Operation;
  const present = withDependencies([hasRows], given);
  const checked = tensors.map((x) => withDependencies([hasRows, assertEqual(shapeOf(x).at(0), rows) as Operation], x));
  const checks = [
    assertInteger(present),
    assertNonNegative(present),
    assertLess(present, cast(classes as never, present.dtype)),
  ];
  return { tensors: checked, labels: withDependencies(checks as Operation[], present) };
}

/**
 * Batches whose classes come as often as targetProbs [classes] says: examples are dropped by chance. [tensors, labels]. Throws ValueError
 * for probabilities of unknown or different sizes; INVALID_ARGUMENT comes where they, or labels, are none.
 */
export function stratifiedSample(
  tensors: readonly TensorLike[],
  labels: TensorLike,
  targetProbs: TensorLike,
  batchSize: TensorLike,
  ...rest: Rest<StratifiedOptions, typeof stratifiedPlaces>
): [tensors: Tensor[], labels: Tensor] {
  const options = byName<StratifiedOptions>(rest, stratifiedPlaces);
  const { enqueueMany = false, queueCapacity = 16, threadsPerQueue: numThreads = 1 } = options;
  return getDefaultGraph().nameScope(options.name || "stratified_sample", () => {
    let list = tensors.map((each) => convertToTensor(each));
    let classOf = convertToTensor(labels);
    const target = convertToTensor(targetProbs, { dtype: float32 });
    if (!enqueueMany) {
      list = list.map((each) => expandDims(each, 0));
      classOf = expandDims(classOf, 0);
    }
    const counted = (): Tensor => {
      if (!isFull(target.shape)) throw new ValueError(`Shape ${String(target.shape)} is not fully defined`);
      return countedProbs(classOf, target.shape[0] as number);
    };
    const initial =
      options.initProbs === null || options.initProbs === undefined
        ? counted()
        : convertToTensor(options.initProbs, { dtype: float32 });
    const probs = checkedProbs(initial);
    const wanted = checkedProbs(target);
    if (probs.shape![0] !== wanted.shape![0]) {
      throw new ValueError("Probability parameters must have the same length.");
    }
    const checked = checkedInput(list, classOf, probs.shape![0] as number);
    const accept = acceptance(probs, wanted);
    const all = singles([...checked.tensors, checked.labels], numThreads, queueCapacity);
    const probability = gather(accept, all.at(-1)!);
    const keepInput = less(randomUniform([]), probability);
    const kept = listOf(maybeBatch(all, keepInput, { batchSize, numThreads }));
    return [kept.slice(0, -1), kept.at(-1)!];
  });
}

/** How likely an example of each class is kept. */
function acceptance(given: Tensor, target: Tensor): Tensor {
  const text = "All classes with zero initial probability must also have zero target probability: ";
  const isPossible = reduceAll(logicalOr(notEqual(given, 0), equal(target, 0)));
  const check = assertThat(isPossible, [text, given, target]) as Operation;
  const initial = withDependencies([check], given);
  const ratio = truediv(target, initial);
  const isNone = isNan(ratio);
  const known = whereV2(isNone, zerosLike(ratio), ratio);
  const accept = truediv(known, reduceMax(known));
  const rejected = reduceSum(mul(sub(1, accept), initial));
  return cond(
    less(rejected, 0.5),
    () => accept,
    () => Print(accept, [accept], { message: "Proportion of examples rejected by sampler is high.", firstN: 10 }),
  );
}

/** i, counts[i] times, for all i. */
function repeatRange(given: Tensor): Tensor {
  return getDefaultGraph().nameScope("repeat_range", (scope) => {
    const counts = convertToTensor(given, { name: "counts" });
    const size = shapeOf(counts).at(0);
    const array = new TensorArray(int32, { size, inferShape: false });
    const body = (written: TensorArray, i: Tensor) => {
      const value = fill(counts.at({ start: i, stop: i.add(1) }), i);
      return [written.write(i, value), i.add(1)];
    };
    const loop = whileLoop((_: TensorArray, i: Tensor) => i.less(size), body as never, [array, 0] as never);
    const [filled, count] = loop as unknown as [TensorArray, Tensor];
    return cond(
      count.greater(0),
      () => filled.concat(),
      () => zeros([0], int32),
      { name: scope },
    );
  });
}

interface ResampleOptions {
  readonly scope?: string | null | undefined;
  readonly seed?: number | null | undefined;
  /** True: gradients go back to the rates' examples. */
  readonly backProp?: boolean | undefined;
}

const ratePlaces = ["scope", "seed", "backProp"] as const;

/** The rows of each input, row i taken so many times as a Poisson of rates[i] says. */
export function resampleAtRate(
  inputs: readonly TensorLike[],
  rates: TensorLike,
  ...rest: Rest<ResampleOptions, typeof ratePlaces>
): Tensor[] {
  const { scope, seed, backProp = false } = byName<ResampleOptions>(rest, ratePlaces);
  return getDefaultGraph().nameScope(scope ?? "resample_at_rate", () => {
    const rate = convertToTensor(rates, { name: "rates" });
    const counts = cast(randomPoisson(rate, [], { dtype: rate.dtype, seed: seed ?? null }), int32);
    const found = repeatRange(counts);
    const indices = backProp ? found : stopGradient(found);
    return inputs.map((x) => gather(x, indices));
  });
}

interface WeightedOptions {
  readonly scope?: string | null | undefined;
  /** How much of the mean of weights each batch keeps. */
  readonly meanDecay?: number | undefined;
  readonly seed?: number | null | undefined;
}

const weightedPlaces = ["scope", "meanDecay", "seed"] as const;

/** The rows of each input, taken overallRate times as often as their share of the mean weight: [rows, the rates of those]. */
export function weightedResample(
  inputs: readonly TensorLike[],
  weights: Tensor,
  overallRate: TensorLike,
  ...rest: Rest<WeightedOptions, typeof weightedPlaces>
): [rows: Tensor[], rates: Tensor] {
  const { scope, meanDecay = 0.999, seed } = byName<WeightedOptions>(rest, weightedPlaces);
  return getDefaultGraph().nameScope(scope ?? "weighted_resample", (opScope) => {
    const mean = variableScope(scope ?? null, { defaultName: "estimate_mean" }, () => {
      const initializer = cast(0 as never, weights.dtype);
      const estimated = getLocalVariable("estimated_mean", { initializer, dtype: weights.dtype });
      const fresh = reduceMean(weights);
      return assignMovingAverage(estimated, fresh, meanDecay) as Tensor;
    });
    const rates = truediv(mul(weights, overallRate), mean);
    const [chosen, ...rows] = resampleAtRate([rates, ...inputs], rates, { scope: opScope, seed: seed ?? null });
    return [rows, chosen!];
  });
}
