/** Recurrent networks with a node of their own for each step. Source: tensorflow/python/ops/rnn.py, static_rnn. */
import { type DType, int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import type { Dim } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { cast, concat, identity, reduceMax, reduceMin, shape as shapeOf, zeros } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { flatten, type Nested, pack } from "../control_flow/structure.ts";
import { type VariableScope, variableScope } from "../variables/scope.ts";
import { type BatchSize, type Cell, checkCell, type RowSize, type State, shapeOfParts, shapeTensor } from "./state.ts";
import { cacheVariables, reverseSteps, stateDtype, stepWithLengths } from "./step.ts";

export interface StaticRnnOptions {
  readonly initialState?: State | undefined;
  /** Of the state; needed where there is no initialState. */
  readonly dtype?: DType | undefined;
  /** How many steps of each row count: int [batch]. */
  readonly sequenceLength?: TensorLike | undefined;
  readonly scope?: string | VariableScope | undefined;
}

/** The batch size that all inputs share, null where unknown. Throws ValueError for a depth that is not known. */
function fixedBatch(inputs: readonly Nested<Tensor>[]): Dim {
  const flat = flatten<Tensor>(inputs as Nested<Tensor>);
  const [first] = flat;
  if (first!.shape?.length === 1) return first!.shape[0]!;
  for (const { shape, name } of flat) {
    if (!shape || shape.length < 2) throw new ValueError(`Shape ${shape} must have rank at least 2`);
    const unknown = shape.slice(1).indexOf(null);
    if (unknown >= 0) {
      throw new ValueError(
        `Input size (dimension ${unknown} of input ${name}) must be accessible via shape inference, but saw value None.`,
      );
    }
  }
  return first!.shape![0]!;
}

function checkInputs(inputs: unknown): asserts inputs is readonly Nested<Tensor>[] {
  if (!Array.isArray(inputs)) throw new TypeError(`Argument \`inputs\` must be a sequence. Received: ${inputs}`);
  if (inputs.length === 0) throw new ValueError("Argument `inputs` must not be empty.");
}

/** [outputs of each step, last state] of a cell over a list of inputs [batch, depth]. */
export const staticRnn = byKeyword(
  ["cell", "inputs"],
  function staticRnn(
    cell: Cell,
    inputs: readonly Nested<Tensor>[],
    ...rest: Rest<StaticRnnOptions, ["initialState", "dtype", "sequenceLength", "scope"]>
  ): readonly [Nested<Tensor>[], State] {
    const options: StaticRnnOptions = byName(rest, ["initialState", "dtype", "sequenceLength", "scope"]);
    checkCell("cell", cell);
    checkInputs(inputs);
    const { dtype } = options;
    return variableScope(options.scope || "rnn", (scope) => {
      cacheVariables(scope);
      const known = fixedBatch(inputs);
      const batchSize: BatchSize = known || shapeOf(flatten<Tensor>(inputs[0]!)[0]!).at(0);
      if (!options.initialState && !dtype)
        throw new ValueError("If no initial_state is provided, argument `dtype` must be specified");
      let state = options.initialState ?? cell.zeroState(batchSize, dtype!);
      const lengths =
        options.sequenceLength === undefined ? null : lengthsFor(cell, state, options, [known, batchSize]);
      const outputs = inputs.map((input, time) => {
        if (time > 0) scope.reuseVariables();
        const current = state;
        const callCell = () => cell.apply(input, current);
        const [output, next] = lengths ? stepWithLengths({ ...lengths, time, state: current, callCell }) : callCell();
        state = next;
        return output;
      });
      return [outputs, state];
    });
  },
);

function lengthsFor(
  cell: Cell,
  state: State,
  { sequenceLength, dtype }: StaticRnnOptions,
  [known, batchSize]: readonly [Dim, BatchSize],
) {
  const given = convertToTensor(sequenceLength!, { name: "sequence_length" });
  if (given.shape !== null && given.shape.length !== 1) {
    throw new ValueError(
      `Argument \`sequence_length\` must be a vector of length ${batchSize}. Received sequence_length=${given}.`,
    );
  }
  const zero = flatten<RowSize>(cell.outputSize).map((size) => {
    const output = zeros(shapeTensor(batchSize, size), stateDtype(dtype, state));
    output.setShape(shapeOfParts(known === null ? [null] : known, size));
    return output;
  });
  const lengths = cast(given, int32) as Tensor;
  return {
    sequenceLength: lengths,
    minLength: reduceMin(lengths),
    maxLength: reduceMax(lengths),
    zeroOutput: pack(cell.outputSize, zero),
  };
}

/** Keeps states between runs, by name. */
export interface StateSaver {
  state(name: string): Tensor;
  saveState(name: string, value: Tensor): Operation | Tensor;
}

type StaticStateSavingRnnOptions = Pick<StaticRnnOptions, "sequenceLength" | "scope">;
const staticStateSavingRnnPlaces = ["sequenceLength", "scope"] as const;

/** As staticRnn, with a state that a saver gives and gets. */
export const staticStateSavingRnn = byKeyword(
  ["cell", "inputs", "stateSaver", "stateName"],
  function staticStateSavingRnn(
    cell: Cell,
    inputs: readonly Nested<Tensor>[],
    stateSaver: StateSaver,
    stateName: Nested<string>,
    ...rest: Rest<StaticStateSavingRnnOptions, typeof staticStateSavingRnnPlaces>
  ): readonly [Nested<Tensor>[], State] {
    const options = byName<StaticStateSavingRnnOptions>(rest, staticStateSavingRnnPlaces);
    const { stateSize } = cell;
    const isTuple = Array.isArray(stateSize);
    if (isTuple !== Array.isArray(stateName)) {
      throw new ValueError(
        `Argument \`state_name\` should be the same type as \`cell.state_size\`. Received: state_name=${stateName}, cell.state_size=${stateSize}.`,
      );
    }
    const names = flatten<string>(stateName);
    const count = flatten<RowSize>(stateSize).length;
    if (names.length !== count) {
      throw new ValueError(
        `Number of elements in argument \`state_name\` and \`cell.state_size\` are mismatched. Received state_name=${stateName} with ${names.length} elements and cell.state_size=${stateSize} with ${count} elements.`,
      );
    }
    const initialState = pack(
      stateSize,
      names.map((name) => stateSaver.state(name)),
    );
    const [outputs, last] = staticRnn(cell, inputs, { ...options, initialState });
    const states = flatten<Tensor>(last);
    const saved = states.map((state, i) => stateSaver.saveState(names[i]!, state));
    return getDefaultGraph().controlDependencies(saved, () => {
      const output = outputs.at(-1)!;
      const copied = (values: Nested<Tensor>): Nested<Tensor> =>
        pack(
          values,
          flatten<Tensor>(values).map((value) => identity(value)),
        );
      return [[...outputs.slice(0, -1), copied(output)], copied(last)];
    });
  },
);

export interface StaticBidirectionalOptions extends Omit<StaticRnnOptions, "initialState"> {
  readonly initialStateFw?: State | undefined;
  readonly initialStateBw?: State | undefined;
}

const staticBidirectionalRnnPlaces = ["initialStateFw", "initialStateBw", "dtype", "sequenceLength", "scope"] as const;

/** [outputs of both directions side by side, last state forward, last state backward]. */
export const staticBidirectionalRnn = byKeyword(
  ["cellFw", "cellBw", "inputs"],
  function staticBidirectionalRnn(
    cellFw: Cell,
    cellBw: Cell,
    inputs: readonly Nested<Tensor>[],
    ...rest: Rest<StaticBidirectionalOptions, typeof staticBidirectionalRnnPlaces>
  ): readonly [Nested<Tensor>[], State, State] {
    const options = byName<StaticBidirectionalOptions>(rest, staticBidirectionalRnnPlaces);
    checkCell("cell_fw", cellFw);
    checkCell("cell_bw", cellBw);
    checkInputs(inputs);
    const { dtype, sequenceLength, initialStateFw, initialStateBw } = options;
    const lengths = sequenceLength as Tensor | undefined;
    const [fw, stateFw, backwards, stateBw] = variableScope(options.scope || "bidirectional_rnn", () => {
      const forward = variableScope("fw", (scope) =>
        staticRnn(cellFw, inputs, { initialState: initialStateFw, dtype, sequenceLength, scope }),
      );
      const backward = variableScope("bw", (scope) =>
        staticRnn(cellBw, reverseSteps(inputs, lengths), {
          initialState: initialStateBw,
          dtype,
          sequenceLength,
          scope,
        }),
      );
      return [...forward, ...backward];
    });
    const bw = reverseSteps(backwards, lengths).flatMap((step) => flatten<Tensor>(step));
    const joined = fw.flatMap((step) => flatten<Tensor>(step)).map((output, i) => concat([output, bw[i]!], 1));
    return [pack(fw as Nested<Tensor>, joined) as Nested<Tensor>[], stateFw, stateBw];
  },
);
