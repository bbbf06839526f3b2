/**
 * Accumulators add gradients up and give their mean (or sum) when enough have come; gradients of an older step than the accumulator's
 * are dropped. Each value taken moves the step on. Source: conditional_accumulator_base.cc, conditional_accumulator.h
 */
import { type DType, dtypeOf } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { log } from "../../../core/host.ts";
import { type Elements, elementAt, NdArray, ndarray, setElement } from "../../../core/nd_array.ts";
import { compatible, formatShape, type Shape, withRank } from "../../../core/shape.ts";
import { cppName } from "../../../graph/def/node_text.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { copyArray } from "../arrays.ts";
import { type HandleArg, isText, namedObject, objectOf } from "../resource.ts";
import { WaitList } from "./wait_list.ts";

/** What is kept of the gradients: `count` of them so far. */
export interface Sum<G, R> {
  /** Throws INVALID_ARGUMENT for a gradient of another shape. */
  add(gradient: G, count: number): void;
  /** The mean or sum; afterwards there is nothing. */
  take(count: number): R;
}

export class Accumulator<G, R> {
  readonly dtype: DType;
  readonly #sum: Sum<G, R>;
  readonly #waiting = new WaitList();
  #step = 0n;
  #count = 0;

  constructor(dtype: DType, sum: Sum<G, R>) {
    this.dtype = dtype;
    this.#sum = sum;
  }

  get count(): number {
    return this.#count;
  }

  apply(step: bigint, gradient: G): void {
    if (step < this.#step) return;
    this.#sum.add(gradient, this.#count);
    this.#count++;
    this.#waiting.changed();
  }

  take(required: number, signal: AbortSignal): R | Promise<R> {
    if (required <= 0) throw invalidArgument(`Argument num_required must be positive, but was ${required}`);
    const take = (): R | undefined => {
      if (this.#count < required) return undefined;
      const value = this.#sum.take(this.#count);
      this.#count = 0;
      this.#step++;
      return value;
    };
    return this.#waiting.until(take, signal, "TakeGrad operation was cancelled");
  }

  setStep(step: bigint): void {
    if (step <= this.#step) {
      log(
        "WARNING",
        `Attempt to set current_global_step_ to smaller or equal value: current_global_step_ = ${this.#step} >= ${step} = new_global_step.`,
      );
    }
    this.#step = step;
  }

  close(): void {
    this.#waiting.cancelAll("TakeGrad operation was cancelled");
  }
}

export const accumulatorKind = "accumulator";

export const accumulatorOf = <G, R>(context: ComputeContext, handle: NdArray): Accumulator<G, R> =>
  objectOf<Accumulator<G, R>>(context, handle, accumulatorKind);

/** target[i] = combine(target[i], from[i]) for real dtypes, rounded to the dtype each time. */
export function combine(
  dtype: DType,
  target: Elements,
  from: (i: number) => number | bigint,
  with_: (a: number, b: number) => number,
  [begin, end]: readonly [number, number],
): void {
  if (dtype.base === "float32" || dtype.base === "float64") {
    const data = target as Float64Array;
    for (let i = begin; i < end; i++) data[i] = with_(data[i]!, from(i) as number);
    return;
  }
  const view = new NdArray(dtype, [end], target);
  for (let i = begin; i < end; i++) setElement(dtype, target, i, with_(elementAt(view, i) as number, Number(from(i))));
}

class DenseSum implements Sum<NdArray, NdArray> {
  readonly #isMean: boolean;
  #shape: Shape;
  #total: NdArray | null = null;

  constructor(shape: Shape, isMean: boolean) {
    this.#shape = shape;
    this.#isMean = isMean;
  }

  add(gradient: NdArray): void {
    if (!compatible(this.#shape, gradient.shape)) {
      throw invalidArgument(`Shape mismatch: expected ${formatShape(this.#shape)}, got ${formatShape(gradient.shape)}`);
    }
    this.#shape = gradient.shape;
    if (!this.#total) {
      this.#total = copyArray(gradient);
      return;
    }
    const { dtype, size, data } = this.#total;
    combine(
      dtype,
      data,
      (i) => elementAt(gradient, i) as number,
      (a, b) => a + b,
      [0, size],
    );
  }

  take(count: number): NdArray {
    const total = this.#total!;
    this.#total = null;
    if (this.#isMean)
      combine(
        total.dtype,
        total.data,
        () => count,
        (a, b) => a / b,
        [0, total.size],
      );
    return total;
  }
}

export const accumulatorAttrs = [
  "dtype: numbertype",
  "shape: shape",
  "container: string = ''",
  "shared_name: string = ''",
  "reduction_type: {'MEAN', 'SUM'} = 'MEAN'",
] as const;

const realFloats = new Set(["float32", "float64", "float16"]);

interface MakerAttrs {
  readonly dtype: DType;
  readonly container: string;
  readonly shared_name: string;
}

/** The handle of a node's accumulator. */
export function makeAccumulator<G, R>(
  context: ComputeContext,
  handle: string,
  { dtype, container, shared_name }: MakerAttrs,
  sum: () => Sum<G, R>,
): NdArray {
  if (!realFloats.has(dtype.base)) {
    throw invalidArgument(`No OpKernel was registered to support Op '${context.node.type}' for ${cppName(dtype)}`);
  }
  return namedObject(context, {
    kind: accumulatorKind,
    container,
    sharedName: shared_name,
    asText: isText(handle),
    create: () => new Accumulator(dtypeOf(dtype.base), sum()),
  });
}

/** Throws INVALID_ARGUMENT for another dtype than the accumulator's. */
export function checkDtype(accumulator: Accumulator<never, never>, dtype: DType): void {
  if (accumulator.dtype !== dtype) {
    throw invalidArgument(`Signature mismatch, have: ${cppName(dtype)} expected: ${cppName(accumulator.dtype)}`);
  }
}

function denseOps(prefix: "" | "Resource", handle: HandleArg) {
  const stateful = prefix === "Resource";
  const make = defineOp(`${prefix}ConditionalAccumulator`, {
    outputs: [handle],
    attrs: accumulatorAttrs,
    stateful: true,
    // TensorFlow's shape function says a vector of 2 for the resource, too.
    shape: () => [[2]],
    compute: (op, context) =>
      makeAccumulator(context, handle, op, () => new DenseSum(op.shape, op.reduction_type === "MEAN")),
    gradient: "unregistered",
  });
  const apply = defineOp(`${prefix}AccumulatorApplyGradient`, {
    inputs: [handle, "local_step: int64", "gradient: dtype"],
    attrs: ["dtype: numbertype"],
    stateful,
    shape: ({ local_step }) => {
      withRank(local_step, 0);
      return [];
    },
    compute(op, context) {
      const accumulator = accumulatorOf<NdArray, NdArray>(context, op.handle);
      checkDtype(accumulator as never, op.dtype);
      accumulator.apply((op.local_step.data as BigInt64Array)[0]!, op.gradient);
    },
    gradient: "unregistered",
  });
  const take = defineOp(`${prefix}AccumulatorTakeGradient`, {
    inputs: [handle, "num_required: int32"],
    outputs: ["average: dtype"],
    attrs: ["dtype: numbertype"],
    stateful,
    shape: ({ num_required }) => {
      withRank(num_required, 0);
      return [null];
    },
    run(op, context) {
      const accumulator = accumulatorOf<NdArray, NdArray>(context, op.handle);
      checkDtype(accumulator as never, op.dtype);
      return accumulator.take(Number(elementAt(op.num_required, 0)), context.signal);
    },
    gradient: "unregistered",
  });
  const count = defineOp(`${prefix}AccumulatorNumAccumulated`, {
    inputs: [handle],
    outputs: ["num_accumulated: int32"],
    stateful,
    shape: () => [[]],
    compute: (op, context) => ndarray(accumulatorOf(context, op.handle).count, "int32", []),
    gradient: "unregistered",
  });
  const setStep = defineOp(`${prefix}AccumulatorSetGlobalStep`, {
    inputs: [handle, "new_global_step: int64"],
    stateful,
    shape: ({ new_global_step }) => {
      withRank(new_global_step, 0);
      return [];
    },
    compute: (op, context) => accumulatorOf(context, op.handle).setStep((op.new_global_step.data as BigInt64Array)[0]!),
    gradient: "unregistered",
  });
  return { make, apply, take, count, setStep };
}

const texts = denseOps("", "handle: Ref(string)");
const resources = denseOps("Resource", "handle: resource");

export const conditionalAccumulatorOp = texts.make;
export const accumulatorApplyGradientOp = texts.apply;
export const accumulatorTakeGradientOp = texts.take;
export const accumulatorNumAccumulatedOp = texts.count;
export const accumulatorSetGlobalStepOp = texts.setStep;
export const resourceConditionalAccumulatorOp = resources.make;
export const resourceAccumulatorApplyGradientOp = resources.apply;
export const resourceAccumulatorTakeGradientOp = resources.take;
export const resourceAccumulatorNumAccumulatedOp = resources.count;
export const resourceAccumulatorSetGlobalStepOp = resources.setStep;
