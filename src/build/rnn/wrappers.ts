/** Cells around cells: dropout, residual connections, devices. Source: rnn_cell_wrapper_impl.py. */
import { createHash } from "node:crypto";
import { type DType, float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { elementAt } from "../../core/nd_array.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { concat, divide, dropout, floor, randomUniform } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "../control_flow/structure.ts";
import { add, mul, sub } from "../operators.ts";
import { RNNCell, type StepResult } from "./cell.ts";
import {
  type BatchSize,
  type Cell,
  type CellCallOptions,
  checkCell,
  LSTMStateTuple,
  type RowSize,
  rowDims,
  type State,
  type StateSize,
} from "./state.ts";

/** A cell around another one, with the state of that one. */
export abstract class CellWrapper extends RNNCell {
  readonly cell: Cell;

  constructor(
    cell: Cell,
    options: { readonly dtype?: DType | undefined; readonly reuse?: boolean | undefined },
    className: string,
  ) {
    super(options, className);
    checkCell("cell", cell);
    this.cell = cell;
  }

  get stateSize(): StateSize {
    return this.cell.stateSize;
  }

  get outputSize(): StateSize {
    return this.cell.outputSize;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    return getDefaultGraph().nameScope(`${this.className}ZeroState`, () => this.cell.zeroState(batchSize, dtype));
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    return this.apply(inputs, state);
  }
}

export interface DropoutWrapperOptions {
  /** What part of the inputs is kept; a number or a scalar. 1 by default, as the others. */
  readonly inputKeepProb?: TensorLike | undefined;
  readonly outputKeepProb?: TensorLike | undefined;
  readonly stateKeepProb?: TensorLike | undefined;
  /** One mask for all steps of a run; needs dtype, and inputSize where inputs are dropped. */
  readonly variationalRecurrent?: boolean | undefined;
  readonly inputSize?: StateSize | undefined;
  readonly dtype?: DType | undefined;
  readonly seed?: number | undefined;
  /** Says for each part of the state whether it is dropped; by default all but the `c` of an LSTM. */
  readonly dropoutStateFilterVisitor?: ((state: State) => Nested<boolean>) | undefined;
}

type KeepProb = number | Tensor;

/** A seed made of a text: the first 32 bits of its MD5, without the sign. */
const md5Seed = (text: string): number =>
  Number.parseInt(createHash("md5").update(text).digest("hex").slice(0, 8), 16) & 0x7fffffff;

/** The cell inside. */
interface Wrapping {
  readonly cell: Cell;
}

const dropoutWrapperPlaces = [
  "cell",
  "inputKeepProb",
  "outputKeepProb",
  "stateKeepProb",
  "variationalRecurrent",
  "inputSize",
  "dtype",
  "seed",
] as const;

/** Drops parts of inputs, outputs and states of a cell at random, and scales the rest. */
export class DropoutWrapper extends CellWrapper {
  readonly #input: KeepProb;
  readonly #state: KeepProb;
  readonly #output: KeepProb;
  readonly #options: DropoutWrapperOptions;
  readonly #noise: { readonly input: Tensor[]; readonly state: Tensor[]; readonly output: Tensor[] } | null = null;

  constructor(...given: Rest<DropoutWrapperOptions & Wrapping, typeof dropoutWrapperPlaces>) {
    const { cell, ...options } = byName<DropoutWrapperOptions & Wrapping>(given, dropoutWrapperPlaces);
    super(cell, { dtype: options.dtype }, "DropoutWrapper");
    this.#options = options;
    const { inputKeepProb = 1, stateKeepProb = 1, outputKeepProb = 1, dtype, inputSize } = options;
    const graph = getDefaultGraph();
    [this.#input, this.#state, this.#output] = graph.nameScope("DropoutWrapperInit", () => [
      keepProb(inputKeepProb, "input_keep_prob"),
      keepProb(stateKeepProb, "state_keep_prob"),
      keepProb(outputKeepProb, "output_keep_prob"),
    ]);
    if (!options.variationalRecurrent) return;
    if (!dtype) throw new ValueError("When variational_recurrent=True, dtype must be provided");
    const noise = (sizes: StateSize, salt: string): Tensor[] =>
      flatten<RowSize>(sizes).map((size, i) =>
        randomUniform(concat([[1], [...rowDims(size)] as number[]], 0), { seed: this.#seed(salt, i), dtype }),
      );
    if (drops(this.#input) && inputSize === undefined) {
      throw new ValueError(
        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided",
      );
    }
    this.#noise = {
      input: drops(this.#input) ? noise(inputSize!, "input") : [],
      state: noise(cell.stateSize, "state"),
      output: noise(cell.outputSize, "output"),
    };
  }

  #seed(salt: string, index: number): number | null {
    const { seed } = this.#options;
    return seed === undefined ? null : md5Seed(`${seed}${salt}_${index}`);
  }

  override apply(inputs: Nested<Tensor>, state: State, options: CellCallOptions = {}): StepResult {
    const dropped = drops(this.#input) ? this.#drop(inputs, "input", this.#input) : inputs;
    const [output, next] = this.cell.apply(dropped, state, options);
    const filter = this.#options.dropoutStateFilterVisitor ?? allButCells;
    const nextState = drops(this.#state) ? this.#drop(next, "state", this.#state, filter(next)) : next;
    return [drops(this.#output) ? this.#drop(output, "output", this.#output) : output, nextState];
  }

  #drop(
    values: Nested<Tensor>,
    salt: "input" | "state" | "output",
    keep: KeepProb,
    filter: Nested<boolean> = true,
  ): Nested<Tensor> {
    const leaves = flatten<Tensor>(values);
    const wanted = typeof filter === "boolean" ? leaves.map(() => filter) : flatten<boolean>(filter);
    const noise = this.#noise?.[salt];
    const results = leaves.map((value, i) => {
      if (!wanted[i]) return value;
      if (!noise) return dropout(value, { rate: sub1(keep), seed: this.#seed(salt, i) });
      const mask = floor(add(keep, noise[i]!));
      const result = mul(divide(value, keep), mask);
      result.setShape(value.shape);
      return result;
    });
    return pack(values, results);
  }
}

const sub1 = (keep: KeepProb): TensorLike => (typeof keep === "number" ? 1 - keep : sub(1, keep));
const drops = (keep: KeepProb): boolean => typeof keep !== "number" || keep < 1;

/** The probability, as a number where it is known. Throws ValueError beyond 0 and 1. */
function keepProb(given: TensorLike, name: string): KeepProb {
  const tensor = convertToTensor(given, { preferredDtype: float32 });
  const known = constantValue(tensor);
  if (!known) return tensor;
  const value = Number(elementAt(known, 0));
  if (value < 0 || value > 1) throw new ValueError(`Parameter ${name} must be between 0 and 1: ${Math.trunc(value)}`);
  return value;
}

function allButCells(state: State): Nested<boolean> {
  if (state instanceof LSTMStateTuple) return new LSTMStateTuple(false, true);
  if (Array.isArray(state)) return (state as readonly State[]).map(allButCells);
  return !isFlowArray(state);
}

export interface ResidualWrapperOptions {
  /** The output from the cell's inputs and outputs; their sum by default. */
  readonly residualFn?: ((inputs: Nested<Tensor>, outputs: Nested<Tensor>) => Nested<Tensor>) | undefined;
}

/** Adds the inputs of a cell to its outputs. */
export class ResidualWrapper extends CellWrapper {
  readonly #residual: NonNullable<ResidualWrapperOptions["residualFn"]>;

  constructor(cell: Cell, options: ResidualWrapperOptions = {}) {
    super(cell, {}, "ResidualWrapper");
    this.#residual = options.residualFn ?? sums;
  }

  override apply(inputs: Nested<Tensor>, state: State, options: CellCallOptions = {}): StepResult {
    const [outputs, next] = this.cell.apply(inputs, state, options);
    return [this.#residual(inputs, outputs), next];
  }
}

function sums(inputs: Nested<Tensor>, outputs: Nested<Tensor>): Nested<Tensor> {
  checkSameStructure(inputs, outputs);
  const others = flatten<Tensor>(outputs);
  return pack(
    inputs,
    flatten<Tensor>(inputs).map((input, i) => add(input, others[i]!)),
  );
}

/** Puts the nodes of a cell on a device. */
export class DeviceWrapper extends CellWrapper {
  readonly #device: string;

  constructor(cell: Cell, device: string) {
    super(cell, {}, "DeviceWrapper");
    this.#device = device;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    const graph = getDefaultGraph();
    return graph.nameScope(`${this.className}ZeroState`, () =>
      graph.device(this.#device, () => this.cell.zeroState(batchSize, dtype)),
    );
  }

  override apply(inputs: Nested<Tensor>, state: State, options: CellCallOptions = {}): StepResult {
    return getDefaultGraph().device(this.#device, () => this.cell.apply(inputs, state, options));
  }
}
