/** `tf.keras.backend`: choices, loops over elements and steps, gradients, scopes. Source: tf_keras/src/backend.py. */
import type { DType } from "../../../core/dtype.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type Literal, literalToArray, type TensorLike } from "../../../ops/convert.ts";
import * as ops from "../../../ops/index.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { foldl as foldLeft, foldr as foldRight, mapFn as mapEach } from "../../control_flow/functional.ts";
import type { Gradient } from "../../gradients/aggregate.ts";
import { gradients as gradientsOf } from "../../gradients/gradients.ts";
import type { Variable } from "../../variables/variable.ts";
import { runSteps } from "../layers/recurrent/steps.ts";
import { floatx, imageDataFormat, learningPhase } from "../state.ts";

type Lazy = TensorLike | (() => Tensor);
const made = (given: Lazy): Tensor => (typeof given === "function" ? given() : convertToTensor(given as TensorLike));

/** One of two values, by a condition: a scalar chooses one of them; one of more axes chooses element by element. */
export function switchOf(condition: Tensor, thenExpression: Lazy, elseExpression: Lazy): Tensor {
  const isTrue = ops.cast(condition, ops.equal(0, 0).dtype) as Tensor;
  const rank = condition.shape?.length ?? 0;
  if (rank === 0) {
    return cond(
      isTrue,
      () => made(thenExpression),
      () => made(elseExpression),
    ) as Tensor;
  }
  const [yes, no] = [made(thenExpression), made(elseExpression)];
  const missing = (yes.shape?.length ?? rank) - rank;
  if (missing <= 0) return ops.where(isTrue, yes, no) as Tensor;
  const wide = ops.reshape(isTrue, [...isTrue.shape!.map((d) => d ?? -1), ...new Array<number>(missing).fill(1)]);
  const full = ops.logicalOr(wide, ops.zerosLike(yes, { dtype: isTrue.dtype.baseDtype }));
  return ops.where(full, yes, no) as Tensor;
}

/** x while training, else alt. */
export function inTrainPhase(x: Lazy, alt: Lazy, training: Tensor | boolean | null = null): Tensor {
  const phase = training ?? learningPhase();
  if (typeof phase === "boolean") return made(phase ? x : alt);
  return switchOf(phase, x, alt);
}
/** x unless training, then alt. */
export const inTestPhase = (x: Lazy, alt: Lazy, training: Tensor | boolean | null = null): Tensor =>
  inTrainPhase(alt, x, training);

export const mapFn = (
  fn: (x: Tensor) => Tensor,
  elems: TensorLike,
  options: { readonly name?: string; readonly dtype?: DType } = {},
): Tensor => mapEach(fn as never, convertToTensor(elems), options as never) as Tensor;
type Fold = (acc: Tensor, x: Tensor) => Tensor;
interface FoldOptions {
  readonly initializer?: TensorLike | null | undefined;
  readonly name?: string | undefined;
}
export const foldl = (fn: Fold, elems: TensorLike, options: FoldOptions = {}): Tensor =>
  foldLeft(fn as never, convertToTensor(elems), options as never) as Tensor;
export const foldr = (fn: Fold, elems: TensorLike, options: FoldOptions = {}): Tensor =>
  foldRight(fn as never, convertToTensor(elems), options as never) as Tensor;

export const gradients = (loss: Tensor, variables: readonly (Tensor | Variable)[]): (Gradient | null)[] =>
  gradientsOf(loss, [...variables] as never) as (Gradient | null)[];
export const stopGradient = (x: TensorLike): Tensor => ops.stopGradient(x);

export interface RnnOptions {
  readonly goBackwards?: boolean | undefined;
  /** bool [batch, time]. */
  readonly mask?: Tensor | null | undefined;
  /** Given to each step after the states. */
  readonly constants?: readonly Tensor[] | null | undefined;
  readonly unroll?: boolean | undefined;
  readonly timeMajor?: boolean | undefined;
  readonly zeroOutputForMask?: boolean | undefined;
}
/** A function of each step of [batch, time, …] and of the states before it: the last output, all outputs, and the last states. */
export function rnn(
  stepFunction: (input: Tensor, states: readonly Tensor[]) => readonly [Tensor, readonly Tensor[]],
  inputs: Tensor,
  initialStates: readonly Tensor[],
  options: RnnOptions = {},
): [lastOutput: Tensor, outputs: Tensor, states: readonly Tensor[]] {
  const { goBackwards, mask, constants, unroll, timeMajor, zeroOutputForMask } = options;
  const step = (input: Tensor, states: readonly Tensor[]) => stepFunction(input, [...states, ...(constants ?? [])]);
  const run = runSteps(step, inputs, initialStates, {
    goBackwards: goBackwards ?? false,
    mask: mask ?? null,
    unroll: unroll ?? false,
    timeMajor: timeMajor ?? false,
    zeroOutputForMask: zeroOutputForMask ?? false,
  });
  return [run.lastOutput, run.outputs, run.states];
}

/** Convolutions whose kernels are not shared: one row of `kernel` for each place of the output. */
function local(
  inputs: Tensor,
  kernel: TensorLike,
  kernelSize: readonly number[],
  strides: readonly number[],
  outputShape: readonly number[],
  dataFormat: string | null | undefined,
): Tensor {
  const isFirst = (dataFormat ?? imageDataFormat()) === "channels_first";
  const rank = kernelSize.length;
  const places = outputShape.reduce<number[][]>(
    (known, n) => known.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])),
    [[]],
  );
  const weights = convertToTensor(kernel);
  const [, width, filters] = weights.shape as readonly number[];
  const patches = places.map((at) => {
    const window = at.map((i, k) => ({ start: i * strides[k]!, stop: i * strides[k]! + kernelSize[k]! }));
    const patch = isFirst ? inputs.at(":", ":", ...window) : inputs.at(":", ...window);
    return ops.reshape(patch, [1, -1, width!]);
  });
  const products = ops.matmul(ops.concat(patches, 0), weights);
  const output = ops.reshape(products, [...outputShape, -1, filters!]);
  const axes = Array.from({ length: rank }, (_, i) => i);
  return ops.transpose(output, { perm: isFirst ? [rank, rank + 1, ...axes] : [rank, ...axes, rank + 1] });
}
export interface FormatOptions {
  readonly dataFormat?: string | null | undefined;
}
/** Sequences [n, t, c], kernels [t', k · c, filters]. */
export function localConv1d(
  inputs: Tensor,
  kernel: TensorLike,
  kernelSize: readonly number[],
  strides: readonly number[],
  options: FormatOptions = {},
): Tensor {
  const [places] = convertToTensor(kernel).shape as readonly number[];
  return local(inputs, kernel, kernelSize, strides, [places!], options.dataFormat);
}
/** Images [n, h, w, c], kernels [h' · w', kh · kw · c, filters]. */
export const localConv2d = (
  inputs: Tensor,
  kernel: TensorLike,
  kernelSize: readonly number[],
  strides: readonly number[],
  outputShape: readonly number[],
  options: FormatOptions = {},
): Tensor => local(inputs, kernel, kernelSize, strides, outputShape, options.dataFormat);

export const nameScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);
/** x, printed to stderr when it is computed. */
export const printTensor = (x: TensorLike, message = "", options: { readonly summarize?: number } = {}): Tensor =>
  ops.Print(x, [convertToTensor(x)], { message, summarize: options.summarize ?? 3 });
/** An array in the default float dtype. */
export const castToFloatx = (x: Literal): NdArray => literalToArray(literalToArray(x).toList() as Literal, floatx());
/** The word for what computes. */
export const backendName = (): "tensorflow" => "tensorflow";
