/** `tf.contrib.rnn`: layers of recurrent networks that run both ways. Source: contrib/rnn rnn.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { concat } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Nested } from "../../control_flow/structure.ts";
import { bidirectionalDynamicRnn } from "../../rnn/dynamic.ts";
import type { BatchSize, Cell, State } from "../../rnn/state.ts";
import { staticBidirectionalRnn } from "../../rnn/static.ts";
import { batchSizeOf } from "../../rnn/step.ts";
import { type VariableScope, variableScope } from "../../variables/scope.ts";

interface StackOptions {
  /** One for each layer. */
  readonly initialStatesFw?: readonly State[] | null | undefined;
  readonly initialStatesBw?: readonly State[] | null | undefined;
  readonly dtype?: DType | null | undefined;
  readonly sequenceLength?: TensorLike | null | undefined;
  readonly scope?: string | VariableScope | null | undefined;
}

interface DynamicStackOptions extends StackOptions {
  readonly parallelIterations?: number | undefined;
  readonly timeMajor?: boolean | undefined;
  readonly swapMemory?: boolean | undefined;
}

function check(cellsFw: readonly Cell[], cellsBw: readonly Cell[], options: StackOptions): void {
  const refuse = (message: string): never => {
    throw new ValueError(message);
  };
  const isEmpty = (cells: readonly Cell[]): boolean => !cells || (Array.isArray(cells) && cells.length === 0);
  if (isEmpty(cellsFw)) refuse("Must specify at least one fw cell for BidirectionalRNN.");
  if (isEmpty(cellsBw)) refuse("Must specify at least one bw cell for BidirectionalRNN.");
  if (!Array.isArray(cellsFw)) refuse("cells_fw must be a list of RNNCells (one per layer).");
  if (!Array.isArray(cellsBw)) refuse("cells_bw must be a list of RNNCells (one per layer).");
  if (cellsFw.length !== cellsBw.length) refuse("Forward and Backward cells must have the same depth.");
  const fits = (states: readonly State[] | null | undefined): boolean =>
    !states || (Array.isArray(states) && states.length === cellsFw.length);
  if (!fits(options.initialStatesFw)) refuse("initial_states_fw must be a list of state tensors (one per layer).");
  if (!fits(options.initialStatesBw)) refuse("initial_states_bw must be a list of state tensors (one per layer).");
}

/** What is given, without null. */
const given = <O extends object>(options: O): { [K in keyof O]: NonNullable<O[K]> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined)) as {
    [K in keyof O]: NonNullable<O[K]>;
  };

const states = ({ initialStatesFw, initialStatesBw }: StackOptions, i: number) =>
  given({ initialStateFw: initialStatesFw?.[i], initialStateBw: initialStatesBw?.[i] });

const places = ["initialStatesFw", "initialStatesBw", "dtype", "sequenceLength", "scope"] as const;

/** Layers over a list of steps, each reading both directions of the one below: [outputs, forward states, backward states]. */
export function stackBidirectionalRnn(
  cellsFw: readonly Cell[],
  cellsBw: readonly Cell[],
  inputs: readonly Nested<Tensor>[],
  ...rest: Rest<StackOptions, typeof places>
): [outputs: Nested<Tensor>[], fw: State[], bw: State[]] {
  const options: StackOptions = byName(rest, places);
  check(cellsFw, cellsBw, options);
  const { dtype, sequenceLength } = options;
  const ends: [State[], State[]] = [[], []];
  let layer = [...inputs];
  return variableScope(options.scope || "stack_bidirectional_rnn", () => {
    for (const [i, cellFw] of cellsFw.entries()) {
      const [outputs, fw, bw] = variableScope(`cell_${i}`, (scope) =>
        staticBidirectionalRnn(cellFw, cellsBw[i]!, layer, {
          ...states(options, i),
          ...given({ dtype, sequenceLength }),
          scope,
        }),
      );
      layer = outputs as Nested<Tensor>[];
      ends[0].push(fw);
      ends[1].push(bw);
    }
    return [layer, ...ends];
  });
}

const dynamicPlaces = [
  "initialStatesFw",
  "initialStatesBw",
  "dtype",
  "sequenceLength",
  "parallelIterations",
  "timeMajor",
  "scope",
  "swapMemory",
] as const;

/** As stackBidirectionalRnn, over one tensor [batch, time, depth] (or time first). */
export function stackBidirectionalDynamicRnn(
  cellsFw: readonly Cell[],
  cellsBw: readonly Cell[],
  inputs: Tensor,
  ...rest: Rest<DynamicStackOptions, typeof dynamicPlaces>
): [outputs: Tensor, fw: State[], bw: State[]] {
  const options: DynamicStackOptions = byName(rest, dynamicPlaces);
  check(cellsFw, cellsBw, options);
  const { dtype, sequenceLength, parallelIterations, timeMajor, swapMemory } = options;
  const ends: [State[], State[]] = [[], []];
  let layer = inputs;
  return variableScope(options.scope || "stack_bidirectional_rnn", () => {
    for (const [i, cellFw] of cellsFw.entries()) {
      variableScope(`cell_${i}`, () => {
        const [outputs, [fw, bw]] = bidirectionalDynamicRnn(cellFw, cellsBw[i]!, layer, {
          ...states(options, i),
          ...given({ dtype, sequenceLength, parallelIterations, timeMajor, swapMemory }),
        });
        layer = concat(outputs as unknown as Tensor[], 2);
        ends[0].push(fw as State);
        ends[1].push(bw as State);
      });
    }
    return [layer, ...ends];
  });
}

/** The batch size of time-major inputs, a number where one is known. */
export const bestEffortInputBatchSize = (flatInput: readonly Tensor[]): BatchSize => batchSizeOf(flatInput);
