/** What the loops over sequences share. Source: tensorflow/python/ops/rnn.py. */
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  concat,
  range,
  rank,
  reverseSequence,
  shape as shapeOf,
  stack,
  transpose,
  unstack,
  where,
} from "../../ops/index.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "../control_flow/structure.ts";
import type { VariableScope } from "../variables/scope.ts";
import type { BatchSize, State } from "./state.ts";

/** [batch, time, ...] as [time, batch, ...], and back. */
export function transposeBatchTime(x: Tensor): Tensor {
  const { shape } = x;
  if (shape !== null && shape.length < 2) return x;
  const axes = concat([[1, 0], range(2, rank(x))], 0);
  const result = transpose(x, { perm: axes });
  if (shape !== null) result.setShape([shape[1]!, shape[0]!, ...shape.slice(2)]);
  return result;
}

/** The batch size of time-major inputs: a number where one is known. Throws ValueError for fewer than two dimensions. */
export function batchSizeOf(inputs: readonly Tensor[]): BatchSize {
  for (const input of inputs) {
    const { shape } = input;
    if (shape === null) continue;
    if (shape.length < 2) {
      throw new ValueError(
        `Input tensor should have rank >= 2. Received input=${input.shownName} of rank ${shape.length}`,
      );
    }
    const size = shape[1]!;
    if (size !== null) return size;
  }
  return shapeOf(inputs[0]!).at(1);
}

/** The given dtype, or that of all parts of the state. Throws ValueError where they differ. */
export function stateDtype(given: DType | undefined, state: State): DType {
  if (given) return given;
  const dtypes = flatten<Tensor>(state).map(({ dtype }) => dtype);
  if (dtypes.length === 0) throw new ValueError(`Unable to infer dtype from argument state=${state}.`);
  if (dtypes.some((dtype) => dtype !== dtypes[0])) {
    throw new ValueError(
      `Argument state=${state} has tensors of different inferred dtypes. Unable to infer a single representative dtype. Dtypes received: [${dtypes.join(", ")}]`,
    );
  }
  return dtypes[0]!;
}

/** Outside of loops, variables are read once. */
export function cacheVariables(scope: VariableScope): void {
  let context = getDefaultGraph().controlFlowContext;
  while (context && !context.isWhileContext()) context = context.outerContext;
  if (!context && scope.cachingDevice === null) scope.setCachingDevice("");
}

export interface StepOptions {
  readonly time: TensorLike;
  readonly sequenceLength: Tensor;
  readonly minLength: Tensor;
  readonly maxLength: Tensor;
  readonly zeroOutput: Nested<Tensor>;
  readonly state: State;
  readonly callCell: () => readonly [Nested<Tensor>, State];
  /** Steps are taken for all rows, without asking whether any is left. */
  readonly skipsConditions?: boolean;
}

/** One step for rows of different lengths: beyond its end a row gives zeros and keeps its state. */
export function stepWithLengths(options: StepOptions): readonly [Nested<Tensor>, State] {
  const { time, sequenceLength, minLength, maxLength, zeroOutput, state, callCell } = options;
  const zeros = flatten<Tensor>(zeroOutput);
  const states = flatten<Tensor>(state);
  const isOver = atLeast(time, sequenceLength);
  const keep = (old: Tensor, next: Tensor): Tensor => {
    if (isFlowArray(old) || old.shape?.length === 0) return next;
    return getDefaultGraph().colocateWith(next, () => where(isOver, old, next) as Tensor);
  };
  const keepSome = (outputs: readonly Tensor[], nexts: readonly Tensor[]): Tensor[] => [
    ...zeros.map((zero, i) => keep(zero, outputs[i]!)),
    ...states.map((old, i) => keep(old, nexts[i]!)),
  ];
  const called = (): [Tensor[], Tensor[]] => {
    const [output, next] = callCell();
    checkSameStructure(zeroOutput, output);
    checkSameStructure(state, next);
    return [flatten<Tensor>(output), flatten<Tensor>(next)];
  };
  const steppedOrKept = (): Tensor[] => {
    const [outputs, nexts] = called();
    return cond(
      below(time, minLength),
      () => [...outputs, ...nexts],
      () => keepSome(outputs, nexts),
    ) as Tensor[];
  };
  let results: readonly Tensor[];
  if (options.skipsConditions) {
    const [outputs, nexts] = called();
    results = keepSome(outputs, nexts);
  } else results = cond(atLeast(time, maxLength), () => [...zeros, ...states], steppedOrKept) as Tensor[];
  const outputs = results.slice(0, zeros.length);
  const nexts = results.slice(zeros.length);
  for (const [i, output] of outputs.entries()) output.setShape(zeros[i]!.shape);
  for (const [i, next] of nexts.entries()) if (!isFlowArray(next)) next.setShape(states[i]!.shape);
  return [pack(zeroOutput, outputs), pack(state, nexts)];
}

/** time >= y as Python writes it: with a number on the left, y <= time. */
const atLeast = (time: TensorLike, y: Tensor): Tensor =>
  typeof time === "number" ? y.lessEqual(time) : (time as Tensor).greaterEqual(y);
const below = (time: TensorLike, y: Tensor): Tensor =>
  typeof time === "number" ? y.greater(time) : (time as Tensor).less(y);

/** The steps from last to first; rows with lengths from their own last one. */
export function reverseSteps<N extends Nested<Tensor>>(steps: readonly N[], lengths: Tensor | undefined): N[] {
  if (!lengths) return [...steps].reverse();
  const flat = steps.map((step) => flatten<Tensor>(step));
  const results: Tensor[][] = steps.map(() => []);
  for (let k = 0; k < flat[0]!.length; k++) {
    const sequence = flat.map((step) => step[k]!);
    const unknown = sequence[0]!.shape?.map(() => null) ?? null;
    for (const each of sequence) each.setShape(unknown);
    const joined = stack(sequence);
    const reversed = unstack(reverseSequence(joined, lengths, { seqAxis: 0, batchAxis: 1 }));
    for (const [t, each] of reversed.entries()) {
      each.setShape(unknown);
      results[t]!.push(each);
    }
  }
  return steps.map((step, t) => pack(step, results[t]!) as N);
}
