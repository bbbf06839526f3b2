/** `tf.contrib.rnn`: cells around other cells. Source: contrib/rnn core_rnn_cell.py, rnn_cell.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  concat,
  conv2d,
  embeddingLookup,
  expandDims,
  reduceSum,
  reshape,
  sigmoid,
  slice,
  softmax,
  tanh,
  xwPlusB,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { flatten, type Nested } from "../../control_flow/structure.ts";
import { constantInitializer, randomUniformInitializer } from "../../initializers.ts";
import { add, mul, sub } from "../../operators.ts";
import { type Activation, RNNCell, type StepResult } from "../../rnn/cell.ts";
import type { BatchSize, Cell, State, StateSize } from "../../rnn/state.ts";
import { CellWrapper } from "../../rnn/wrappers.ts";
import { getVariable, getVariableScope, variableScope } from "../../variables/scope.ts";
import type { InitializerLike } from "../../variables/store.ts";
import { Linear } from "./linear.ts";

/** A cell whose variables may be those of one that was made before. */
abstract class Around extends CellWrapper {
  constructor(cell: Cell, className: string, reuse?: boolean | null) {
    super(cell, { reuse: reuse ?? undefined }, className);
  }
}

interface EmbeddingOptions {
  readonly initializer?: InitializerLike | null | undefined;
  readonly reuse?: boolean | null | undefined;
}

/** Ids [n, 1] through a table `embedding`, then the cell. */
export class EmbeddingWrapper extends Around {
  readonly #sizes: readonly [classes: number, size: number];
  readonly #initializer: InitializerLike | null;

  /** Throws ValueError for sizes that are not positive. */
  constructor(
    cell: Cell,
    embeddingClasses: number,
    embeddingSize: number,
    ...rest: Rest<EmbeddingOptions, ["initializer", "reuse"]>
  ) {
    const options: EmbeddingOptions = byName(rest, ["initializer", "reuse"]);
    super(cell, "EmbeddingWrapper", options.reuse);
    if (embeddingClasses <= 0 || embeddingSize <= 0) {
      throw new ValueError(
        `Both embedding_classes and embedding_size must be > 0: ${embeddingClasses}, ${embeddingSize}.`,
      );
    }
    this.#sizes = [embeddingClasses, embeddingSize];
    this.#initializer = options.initializer ?? null;
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    return getDefaultGraph().device("/cpu:0", () => {
      const limit = Math.sqrt(3);
      const initializer =
        this.#initializer ?? getVariableScope().initializer ?? randomUniformInitializer(-limit, limit);
      const [{ dtype }] = flatten<Tensor>(state) as [Tensor];
      const table = getVariable("embedding", { shape: [...this.#sizes], initializer, dtype });
      return this.cell.apply(embeddingLookup(table, reshape(inputs as Tensor, [-1])), state);
    });
  }
}

interface ProjectionOptions {
  readonly activation?: Activation | null | undefined;
  readonly reuse?: boolean | null | undefined;
}

/** The inputs projected to numProj numbers, then the cell. */
export class InputProjectionWrapper extends Around {
  readonly #size: number;
  readonly #activation: Activation | null;
  #linear: Linear | null = null;

  constructor(cell: Cell, numProj: number, ...rest: Rest<ProjectionOptions, ["activation", "reuse"]>) {
    const options: ProjectionOptions = byName(rest, ["activation", "reuse"]);
    super(cell, "InputProjectionWrapper", options.reuse);
    this.#size = numProj;
    this.#activation = options.activation ?? null;
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const given = [inputs as Tensor];
    this.#linear ??= new Linear(given, this.#size);
    const projected = this.#linear.apply(given);
    return this.cell.apply(this.#activation ? this.#activation(projected) : projected, state);
  }
}

/** The cell, then its output projected to outputSize numbers. */
export class OutputProjectionWrapper extends Around {
  readonly #size: number;
  readonly #activation: Activation | null;
  #linear: Linear | null = null;

  /** Throws ValueError for a size that is not positive. */
  constructor(cell: Cell, outputSize: number, ...rest: Rest<ProjectionOptions, ["activation", "reuse"]>) {
    const options: ProjectionOptions = byName(rest, ["activation", "reuse"]);
    super(cell, "OutputProjectionWrapper", options.reuse);
    if (outputSize < 1) throw new ValueError(`Parameter output_size must be > 0: ${outputSize}.`);
    this.#size = outputSize;
    this.#activation = options.activation ?? null;
  }

  override get outputSize(): StateSize {
    return this.#size;
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const [output, next] = this.cell.apply(inputs, state);
    const given = [output as Tensor];
    this.#linear ??= new Linear(given, this.#size);
    const projected = this.#linear.apply(given);
    return [this.#activation ? this.#activation(projected) : projected, next];
  }
}

interface HighwayOptions {
  readonly coupleCarryTransformGates?: boolean | undefined;
  readonly carryBiasInit?: number | undefined;
}

/** inputs · carry + output · transform, carry being a gate of the inputs, and transform 1 - carry or a gate of its own. */
export class HighwayWrapper extends Around {
  readonly #options: HighwayOptions;

  constructor(cell: Cell, ...rest: Rest<HighwayOptions, ["coupleCarryTransformGates", "carryBiasInit"]>) {
    super(cell, "HighwayWrapper");
    this.#options = byName(rest, ["coupleCarryTransformGates", "carryBiasInit"]);
  }

  override apply(inputs: Nested<Tensor>, state: State, options = {}): StepResult {
    const [output, next] = this.cell.apply(inputs, state, options);
    const given = inputs as Tensor;
    const size = given.shape![1]!;
    const { coupleCarryTransformGates = true, carryBiasInit = 1 } = this.#options;
    const gate = (kind: string, bias: number): Tensor => {
      const weight = getVariable(`${kind}_w`, { shape: [size, size] });
      const own = getVariable(`${kind}_b`, { shape: [size], initializer: constantInitializer(bias) });
      return sigmoid(xwPlusB(given, weight, own));
    };
    const carry = gate("carry", carryBiasInit);
    const transform = coupleCarryTransformGates ? sub(1, carry) : gate("transform", -carryBiasInit);
    const carried = mul(given, carry);
    return [add(carried, mul(output as Tensor, transform)), next];
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    return this.cell.apply(inputs, state);
  }
}

interface AttentionOptions {
  /** Numbers of an attention vector; the cell's output size by default. */
  readonly attnSize?: number | null | undefined;
  readonly attnVecSize?: number | null | undefined;
  readonly inputSize?: number | null | undefined;
  readonly stateIsTuple?: boolean | undefined;
  readonly reuse?: boolean | null | undefined;
}

const attentionPlaces = ["attnSize", "attnVecSize", "inputSize", "stateIsTuple", "reuse"] as const;

/** The cell with attention to its own last attnLength outputs. */
export class AttentionCellWrapper extends Around {
  readonly #length: number;
  readonly #size: number;
  readonly #vecSize: number;
  readonly #inputSize: number | null;
  readonly #isTuple: boolean;
  readonly #linears: (Linear | undefined)[] = [];

  /** Throws ValueError for a length that is not positive, and for a joined state where the cell's is a tuple. */
  constructor(cell: Cell, attnLength: number, ...rest: Rest<AttentionOptions, typeof attentionPlaces>) {
    const options: AttentionOptions = byName(rest, attentionPlaces);
    super(cell, "AttentionCellWrapper", options.reuse);
    this.#isTuple = options.stateIsTuple ?? true;
    if (Array.isArray(cell.stateSize) && !this.#isTuple) {
      throw new ValueError(
        `Cell returns tuple of states, but the flag state_is_tuple is not set. State size is: ${String(cell.stateSize)}`,
      );
    }
    if (attnLength <= 0) throw new ValueError(`attn_length should be greater than zero, got ${attnLength}`);
    this.#length = attnLength;
    this.#size = options.attnSize ?? (cell.outputSize as number);
    this.#vecSize = options.attnVecSize ?? this.#size;
    this.#inputSize = options.inputSize ?? null;
  }

  override get stateSize(): StateSize {
    const sizes = [this.cell.stateSize, this.#size, this.#size * this.#length];
    return this.#isTuple ? sizes : (sizes as number[]).reduce((sum, size) => sum + size, 0);
  }

  override get outputSize(): StateSize {
    return this.#size;
  }

  /** The zeros of the whole state, one part after another. */
  override zeroState(batchSize: BatchSize, dtype: DType): State {
    return RNNCell.prototype.zeroState.call(this, batchSize, dtype);
  }

  #linear(i: number, args: readonly Tensor[], size: number): Tensor {
    const linear = this.#linears[i] ?? new Linear(args, size);
    this.#linears[i] = linear;
    return linear.apply(args);
  }

  #divided(state: State): [State, Tensor, Tensor] {
    if (this.#isTuple) return [...(state as readonly Tensor[])] as unknown as [State, Tensor, Tensor];
    const own = this.cell.stateSize as number;
    const part = (from: number, size: number): Tensor => slice(state as Tensor, [0, from], [-1, size]);
    return [part(0, own), part(own, this.#size), part(own + this.#size, this.#size * this.#length)];
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const [own, attention, joined] = this.#divided(state);
    const past = reshape(joined, [-1, this.#length, this.#size]);
    const inputSize = this.#inputSize ?? (inputs as Tensor).shape![1]!;
    const [output, next] = this.cell.apply(this.#linear(0, [inputs as Tensor, attention], inputSize), own);
    const query = this.#isTuple ? [concat(flatten<Tensor>(next), 1)] : [next as Tensor];
    const [found, rest] = this.#attention(query, past);
    const projected = variableScope("attn_output_projection", () =>
      this.#linear(1, [output as Tensor, found], this.#size),
    );
    const all = reshape(concat([rest, expandDims(projected, 1)], 1), [-1, this.#length * this.#size]);
    const parts = [next, found, all];
    return [projected, this.#isTuple ? parts : concat(parts as Tensor[], 1)];
  }

  /** The attention vector for the query, and the outputs that it leaves. */
  #attention(query: readonly Tensor[], past: Tensor): [Tensor, Tensor] {
    return variableScope("attention", () => {
      const k = getVariable("attn_w", { shape: [1, 1, this.#size, this.#vecSize] });
      const v = getVariable("attn_v", { shape: [this.#vecSize] });
      const hidden = reshape(past, [-1, this.#length, 1, this.#size]);
      const features = conv2d(hidden, k, { strides: [1, 1, 1, 1], padding: "SAME" });
      const y = reshape(this.#linear(2, query, this.#vecSize), [-1, 1, 1, this.#vecSize]);
      const scores = reduceSum(mul(v as unknown as Tensor, tanh(add(features, y))), { axis: [2, 3] });
      const weights = softmax(scores);
      const sum = reduceSum(mul(reshape(weights, [-1, this.#length, 1, 1]), hidden), { axis: [1, 2] });
      return [reshape(sum, [-1, this.#size]), slice(past, [0, 1, 0], [-1, -1, -1])];
    });
  }
}
