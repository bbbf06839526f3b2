/** Recurrent networks whose number of steps is known when they run. Source: tensorflow/python/ops/rnn.py, dynamic_rnn. */
import { type DType, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { type Dim, formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  constant,
  equal,
  identity,
  maximum,
  minimum,
  reduceAll,
  reduceMax,
  reduceMin,
  reverse,
  reverseSequence,
  shape as shapeOf,
  stack,
  TensorArray,
  zeros,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { flatten, type Nested, pack } from "../control_flow/structure.ts";
import { whileLoop } from "../control_flow/while_loop.ts";
import { add } from "../operators.ts";
import { type VariableScope, variableScope } from "../variables/scope.ts";
import {
  type BatchSize,
  type Cell,
  checkCell,
  type RowSize,
  rowDims,
  type State,
  shapeOfParts,
  shapeTensor,
} from "./state.ts";
import { batchSizeOf, cacheVariables, stateDtype, stepWithLengths, transposeBatchTime } from "./step.ts";

export interface DynamicRnnOptions {
  /** How many steps of each row count: int [batch]. */
  readonly sequenceLength?: TensorLike | undefined;
  /** Zeros by default. */
  readonly initialState?: State | undefined;
  /** Of the state; needed where there is no initialState. */
  readonly dtype?: DType | undefined;
  /** Steps that may run at once; 32 by default. */
  readonly parallelIterations?: number | undefined;
  readonly swapMemory?: boolean | undefined;
  /** Inputs and outputs are [time, batch, …] instead of [batch, time, …]. */
  readonly timeMajor?: boolean | undefined;
  readonly scope?: string | VariableScope | undefined;
}

const dynamicRnnPlaces = [
  "sequenceLength",
  "initialState",
  "dtype",
  "parallelIterations",
  "swapMemory",
  "timeMajor",
  "scope",
] as const;

/**
 * [outputs of all steps, last state] of a cell over inputs [batch, time, depth] (or a structure of those). Throws ValueError for inputs of
 * unknown depth or different numbers of steps, and without initialState and dtype.
 */
export const dynamicRnn = byKeyword(
  ["cell", "inputs"],
  function dynamicRnn(
    cell: Cell,
    inputs: Nested<TensorLike>,
    ...rest: Rest<DynamicRnnOptions, typeof dynamicRnnPlaces>
  ): readonly [Nested<Tensor>, State] {
    const options: DynamicRnnOptions = byName(rest, dynamicRnnPlaces);
    checkCell("cell", cell);
    const { dtype, timeMajor = false } = options;
    return variableScope(options.scope || "rnn", (scope) => {
      cacheVariables(scope);
      const given = flatten<TensorLike>(inputs).map((input) => convertToTensor(input));
      const flat = timeMajor ? given : given.map(transposeBatchTime);
      let lengths = options.sequenceLength === undefined ? null : lengthsOf(options.sequenceLength);
      const batchSize = batchSizeOf(flat);
      if (!options.initialState && !dtype)
        throw new ValueError("If no initial_state is provided, argument `dtype` must be specified");
      const state = options.initialState ?? cell.zeroState(batchSize, dtype!);
      if (lengths) lengths = checkedLengths(lengths, batchSize);
      const [outputs, last] = loop(cell, pack(inputs, flat), state, { ...options, lengths });
      if (timeMajor) return [outputs, last];
      return [pack(outputs, flatten<Tensor>(outputs).map(transposeBatchTime)), last];
    });
  },
);

function lengthsOf(given: TensorLike): Tensor {
  const lengths = cast(given, int32) as Tensor;
  if (lengths.shape !== null && lengths.shape.length !== 1) {
    throw new ValueError(
      `Argument sequence_length must be a vector of length batch_size. Received sequence_length=${lengths} of shape: ${formatShapePython(lengths.shape)}`,
    );
  }
  return identity(lengths, { name: "sequence_length" });
}

function checkedLengths(lengths: Tensor, batchSize: BatchSize): Tensor {
  const actual = shapeOf(lengths);
  const wanted = stack([batchSize]);
  const isRight = reduceAll(equal(actual, wanted));
  const check = assertThat(isRight, [
    `Expected shape for Tensor ${lengths.shownName} is `,
    wanted,
    " but saw shape: ",
    actual,
  ]);
  return getDefaultGraph().controlDependencies([check], () => identity(lengths, { name: "CheckSeqLen" }));
}

/** The sizes of time-major inputs. Throws ValueError where the depth is unknown, or steps and batches differ. */
function checkInputs(inputs: readonly Tensor[]): readonly [Dim, Dim] {
  const sizes = inputs.map(({ shape }): readonly [Dim, Dim] => [shape?.[0] ?? null, shape?.[1] ?? null]);
  const [steps, batch] = sizes[0]!;
  for (const [i, input] of inputs.entries()) {
    const { shape } = input;
    if (shape !== null && shape.length < 3)
      throw new ValueError(`Shape ${formatShapePython(shape)} must have rank at least 3`);
    if (!shape || shape.slice(2).includes(null)) {
      throw new ValueError(
        `Input size (depth of inputs) must be accessible via shape inference, but saw value None for input=${input}.`,
      );
    }
    if (sizes[i]![0] !== steps) {
      throw new ValueError(
        `Time steps is not the same for all the elements in the input in a batch. Received time steps=${sizes[i]![0]} for input=${input.shownName}.`,
      );
    }
    if (sizes[i]![1] !== batch) {
      throw new ValueError(
        `Batch_size is not the same for all the elements in the input. Received batch size=${sizes[i]![1]} for input=${input.shownName}.`,
      );
    }
  }
  return [steps, batch];
}

function loop(
  cell: Cell,
  inputs: Nested<Tensor>,
  state: State,
  options: DynamicRnnOptions & { readonly lengths: Tensor | null },
): readonly [Nested<Tensor>, State] {
  const { dtype, lengths } = options;
  const flat = flatten<Tensor>(inputs);
  const sizes = flatten<RowSize>(cell.outputSize);
  const steps = shapeOf(flat[0]!).at(0);
  const batchSize = batchSizeOf(flat);
  const [knownSteps, knownBatch] = checkInputs(flat);
  const zero = sizes.map((size) => zeros(shapeTensor(batchSize, size), stateDtype(dtype, state)));
  const minLength = lengths && reduceMin(lengths);
  const maxLength = lengths ? reduceMax(lengths) : steps;
  const time = constant(0, { dtype: int32, name: "time" });
  const base = getDefaultGraph().nameScope("dynamic_rnn", (scope) => scope);
  const outputs = sizes.map(
    (size, i) =>
      new TensorArray(stateDtype(dtype, state), {
        size: steps,
        elementShape: [knownBatch, ...rowDims(size)],
        tensorArrayName: `${base}output_${i}`,
      }),
  );
  const given = flat.map(
    (input, i) =>
      new TensorArray(input.dtype, {
        size: steps,
        elementShape: input.shape!.slice(1),
        tensorArrayName: `${base}input_${i}`,
      }),
  );
  const read = given.map((array, i) => array.unstack(flat[i]!));
  const step = (at: Tensor, written: readonly TensorArray[], current: State) => {
    const rows = read.map((array) => array.read(at));
    for (const [i, row] of rows.entries()) row.setShape(flat[i]!.shape!.slice(1));
    const callCell = () => cell.apply(pack(inputs, rows), current);
    const [output, next] = lengths
      ? stepWithLengths({
          time: at,
          sequenceLength: lengths,
          minLength: minLength!,
          maxLength,
          zeroOutput: pack(cell.outputSize, zero),
          state: current,
          callCell,
          skipsConditions: true,
        })
      : callCell();
    const leaves = flatten<Tensor>(output);
    const after = written.map((array, i) => array.write(at, leaves[i]!));
    return [add(at, 1), after, next];
  };
  const bound = minimum(steps, maximum(1, maxLength));
  const [, filled, last] = whileLoop((at: Tensor) => at.less(bound), step as never, [time, outputs, state] as never, {
    parallelIterations: options.parallelIterations || 32,
    maximumIterations: steps,
    swapMemory: options.swapMemory ?? false,
  }) as unknown as [Tensor, TensorArray[], State];
  const stacked = filled.map((array) => array.stack());
  for (const [i, output] of stacked.entries()) output.setShape(shapeOfParts([knownSteps, knownBatch], sizes[i]!));
  return [pack(cell.outputSize, stacked), last];
}

export interface BidirectionalOptions extends Omit<DynamicRnnOptions, "initialState"> {
  readonly initialStateFw?: State | undefined;
  readonly initialStateBw?: State | undefined;
}

type Both<T> = readonly [T, T];

/** [outputs, last states], each of a cell that goes forward and of one that goes backward. */
export const bidirectionalDynamicRnn = byKeyword(
  ["cellFw", "cellBw", "inputs"],
  function bidirectionalDynamicRnn(
    cellFw: Cell,
    cellBw: Cell,
    inputs: Nested<TensorLike>,
    options: BidirectionalOptions = {},
  ): readonly [Both<Nested<Tensor>>, Both<State>] {
    checkCell("cell_fw", cellFw);
    checkCell("cell_bw", cellBw);
    const { initialStateFw, initialStateBw, sequenceLength, timeMajor = false, ...rest } = options;
    const [timeAxis, batchAxis] = timeMajor ? [0, 1] : [1, 0];
    const reversed = (input: TensorLike): Tensor =>
      sequenceLength === undefined
        ? reverse(input, [timeAxis])
        : reverseSequence(input, sequenceLength, { seqAxis: timeAxis, batchAxis });
    const common = { ...rest, sequenceLength, timeMajor };
    const [fw, stateFw, bw, stateBw] = variableScope(options.scope || "bidirectional_rnn", () => {
      const forward = variableScope("fw", (scope) =>
        dynamicRnn(cellFw, inputs, { ...common, initialState: initialStateFw, scope }),
      );
      const backward = variableScope("bw", (scope) => {
        const backwards = pack(inputs, flatten<TensorLike>(inputs).map(reversed));
        return dynamicRnn(cellBw, backwards, { ...common, initialState: initialStateBw, scope });
      });
      return [...forward, ...backward];
    });
    return [
      [fw, reversed(bw as Tensor)],
      [stateFw, stateBw],
    ];
  },
);
