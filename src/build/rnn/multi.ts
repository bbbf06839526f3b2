/** Cells one above the other. Source: rnn_cell_impl.py, MultiRNNCell. */
import type { DType } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { concat, slice } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Nested } from "../control_flow/structure.ts";
import { variableScope } from "../variables/scope.ts";
import { RNNCell, type StepResult } from "./cell.ts";
import type { BatchSize, Cell, State, StateSize } from "./state.ts";

interface MultiArguments {
  readonly cells: readonly Cell[];
  readonly stateIsTuple?: boolean;
}

/** Several cells as one: the output of each is the input of the next. */
export class MultiRNNCell extends RNNCell {
  readonly #cells: readonly Cell[];
  readonly #isTuple: boolean;

  constructor(...given: Rest<MultiArguments, ["cells", "stateIsTuple"]>) {
    const { cells, ...options } = byName<MultiArguments>(given, ["cells", "stateIsTuple"]);
    super({}, "MultiRNNCell");
    if (!cells || (Array.isArray(cells) && cells.length === 0)) {
      throw new ValueError("Must specify at least one cell for MultiRNNCell.");
    }
    if (!Array.isArray(cells)) throw new TypeError(`cells must be a list or tuple, but received: ${cells}.`);
    this.#cells = cells;
    this.#isTuple = options.stateIsTuple ?? true;
    if (!this.#isTuple && cells.some((cell) => Array.isArray(cell.stateSize))) {
      throw new ValueError(
        `Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes are: ${cells.map((cell) => cell.stateSize)}`,
      );
    }
  }

  get stateSize(): StateSize {
    const sizes = this.#cells.map((cell) => cell.stateSize);
    return this.#isTuple ? sizes : (sizes as number[]).reduce((sum, size) => sum + size, 0);
  }

  get outputSize(): StateSize {
    return this.#cells.at(-1)!.outputSize;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    return getDefaultGraph().nameScope(`${this.className}ZeroState`, () =>
      this.#isTuple ? this.#cells.map((cell) => cell.zeroState(batchSize, dtype)) : super.zeroState(batchSize, dtype),
    );
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    let current = inputs;
    let position = 0;
    if (this.#isTuple && !Array.isArray(state)) {
      throw new ValueError(`Expected state to be a tuple of length ${this.#cells.length}, but received: ${state}`);
    }
    const states = this.#cells.map((cell, i) =>
      variableScope(`cell_${i}`, () => {
        let own = (state as readonly State[])[i]!;
        if (!this.#isTuple) {
          own = slice(state as Tensor, [0, position], [-1, cell.stateSize as number]);
          position += cell.stateSize as number;
        }
        const [output, next] = cell.apply(current, own);
        current = output;
        return next;
      }),
    );
    return [current, this.#isTuple ? states : concat(states as Tensor[], 1)];
  }
}
