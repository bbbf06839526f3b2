/** The loop in which a function says what each step gets, and when a row is done. Source: tensorflow/python/ops/rnn.py, raw_rnn. */

import { int32 } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import {
  concat,
  constant,
  expandDims,
  logicalNot,
  logicalOr,
  reduceAll,
  shape as shapeOf,
  TensorArray,
  where,
  zeros,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "../control_flow/structure.ts";
import { whileLoop } from "../control_flow/while_loop.ts";
import { add } from "../operators.ts";
import { type VariableScope, variableScope } from "../variables/scope.ts";
import { type BatchSize, type Cell, checkCell, type RowSize, rowDims, type State } from "./state.ts";
import { cacheVariables } from "./step.ts";

export interface RawStep {
  /** Rows that are done: bool [batch]. */
  readonly elementsFinished: Tensor;
  readonly nextInput: Nested<Tensor>;
  readonly nextCellState: State;
  /** At time 0: what one row of the emitted values looks like; null: the cell's outputs. Later: what is emitted. */
  readonly emitOutput: Nested<Tensor> | null;
  /** Anything that goes from step to step. */
  readonly nextLoopState: Nested<Tensor> | null;
}

/** Called with nulls at time 0, where it gives the start. */
export type LoopFunction = (
  time: Tensor,
  cellOutput: Nested<Tensor> | null,
  cellState: State | null,
  loopState: Nested<Tensor> | null,
) => RawStep;

export interface RawRnnOptions {
  readonly parallelIterations?: number | undefined;
  readonly swapMemory?: boolean | undefined;
  readonly scope?: string | VariableScope | undefined;
}

type Emitted = Nested<TensorArray>;

const rawRnnPlaces = ["parallelIterations", "swapMemory", "scope"] as const;

/** [arrays of what was emitted, last state, last loop state]. Runs until all rows are done. */
export const rawRnn = byKeyword(
  ["cell", "loopFn"],
  function rawRnn(
    cell: Cell,
    loopFn: LoopFunction,
    ...rest: Rest<RawRnnOptions, typeof rawRnnPlaces>
  ): readonly [Emitted, State, Nested<Tensor> | null] {
    const options = byName<RawRnnOptions>(rest, rawRnnPlaces);
    checkCell("cell", cell);
    if (typeof loopFn !== "function")
      throw new TypeError(`Argument \`loop_fn\` must be a callable. Received: ${loopFn}.`);
    return variableScope(options.scope || "rnn", (scope) => {
      cacheVariables(scope);
      const time = constant(0, { dtype: int32 });
      const start = loopFn(time, null, null, null);
      const inputs = flatten<Tensor>(start.nextInput);
      const loopState = start.nextLoopState ?? constant(0, { dtype: int32 });
      const knownBatch = inputs[0]!.shape?.[0] ?? null;
      const batchSize: BatchSize = knownBatch ?? shapeOf(inputs[0]!).at(0);
      checkSameStructure(start.nextCellState, cell.stateSize);
      const state = pack(
        start.nextCellState,
        flatten<Tensor>(start.nextCellState).map((each) => convertToTensor(each)),
      );
      const likes: readonly EmitLike[] = start.emitOutput
        ? flatten<Tensor>(start.emitOutput).map((like) => ({
            size: like.shape && isFull(like.shape) ? like.shape : shapeOf(like),
            known: like.shape,
            dtype: like.dtype,
          }))
        : flatten<RowSize>(cell.outputSize).map((size) => ({
            size: rowDims(size),
            known: rowDims(size),
            dtype: flatten<Tensor>(state)[0]!.dtype,
          }));
      const structure = (start.emitOutput ?? cell.outputSize) as Nested<unknown>;
      const arrays = likes.map(
        ({ dtype, known }, i) =>
          new TensorArray(dtype, {
            dynamicSize: true,
            elementShape: known && [knownBatch, ...known],
            size: 0,
            name: `rnn_output_${i}`,
          }),
      );
      const zero = likes.map(({ size, dtype }) => zeros(joined(batchSize, size), dtype));
      const body = (
        at: Tensor,
        isFinished: Tensor,
        input: Nested<Tensor>,
        written: Emitted,
        current: State,
        currentLoopState: Nested<Tensor>,
      ) => {
        const [output, cellState] = cell.apply(input, current);
        checkSameStructure(current, cellState);
        checkSameStructure(cell.outputSize, output);
        const nextTime = add(at, 1);
        const next = loopFn(nextTime, output, cellState, currentLoopState);
        checkSameStructure(current, next.nextCellState);
        checkSameStructure(input, next.nextInput);
        const keep = (olds: readonly Tensor[], news: readonly Tensor[]): Tensor[] =>
          olds.map((old, i) => {
            const fresh = news[i]!;
            if (isFlowArray(old) || old.shape?.length === 0) return fresh;
            return getDefaultGraph().colocateWith(fresh, () => where(isFinished, old, fresh) as Tensor);
          });
        const emitted = keep(zero, flatten<Tensor>(next.emitOutput!));
        const nextState = keep(flatten<Tensor>(current), flatten<Tensor>(next.nextCellState));
        const nextArrays = flatten<TensorArray>(written).map((array, i) => array.write(at, emitted[i]!));
        return [
          nextTime,
          logicalOr(isFinished, next.elementsFinished),
          next.nextInput,
          pack(written, nextArrays),
          pack(current, nextState),
          next.nextLoopState ?? currentLoopState,
        ];
      };
      const variables = [time, start.elementsFinished, start.nextInput, pack(structure, arrays), state, loopState];
      const goesOn = (_: Tensor, isFinished: Tensor): Tensor => logicalNot(reduceAll(isFinished));
      const [, , , filled, last, lastLoopState] = whileLoop(goesOn, body as never, variables as never, {
        parallelIterations: options.parallelIterations || 32,
        swapMemory: options.swapMemory ?? false,
      }) as unknown as [Tensor, Tensor, Tensor, Emitted, State, Nested<Tensor>];
      return [filled, last, start.nextLoopState === null ? null : lastLoopState];
    });
  },
);

interface EmitLike {
  readonly size: readonly (number | null)[] | Tensor;
  readonly known: readonly (number | null)[] | null;
  readonly dtype: Tensor["dtype"];
}

/** [batch, ...size] as a tensor. */
function joined(batch: BatchSize, size: EmitLike["size"]): Tensor {
  const first = typeof batch === "number" ? constant([batch], { dtype: int32 }) : expandDims(batch, 0);
  const rest = Array.isArray(size) ? constant(size as number[], { dtype: int32 }) : (size as Tensor);
  return concat([first, rest], 0);
}
