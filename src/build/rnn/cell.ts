/** Cells that take one step of a sequence. Source: rnn_cell_impl.py, RNNCell, LayerRNNCell. */
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { biasAdd, concat, matmul, shape as shapeOf, tanh } from "../../ops/index.ts";
import { flatten, type Nested } from "../control_flow/structure.ts";
import { type LayerOptions, ScopedLayer, type WeightOptions } from "../layers/layer.ts";
import { getVariableScope, type VariableScope, variableScope } from "../variables/scope.ts";
import type { Variable } from "../variables/variable.ts";
import { type BatchSize, type Cell, type CellCallOptions, type State, type StateSize, zeroTensors } from "./state.ts";

export type Activation = (x: Tensor) => Tensor;
export type StepResult = readonly [Nested<Tensor>, State];

/** The class's name for scopes: a bundle may have renamed the class itself. */
const kindOf = (className: string): string =>
  className
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** The name of one of our classes, whatever a bundle calls it; undefined for a class of a user's own. */
export const ownKind = (target: { readonly kind?: string }): string | undefined =>
  Object.hasOwn(target, "kind") ? target.kind : undefined;

export function checkDtype(dtype: DType | undefined): void {
  if (dtype === undefined || dtype.isFloating || dtype.isComplex) return;
  throw new ValueError(`RNN cell only supports floating point inputs, but saw dtype: ${dtype}`);
}

/**
 * A cell of one's own extends this: it has `stateSize` and `outputSize`, and `call` gives the output and the next state; variables made
 * with `getVariable` in `call` lie below the cell's name.
 */
export abstract class RNNCell extends ScopedLayer implements Cell {
  abstract readonly stateSize: StateSize;
  abstract readonly outputSize: StateSize;
  readonly className: string;
  #outer: VariableScope | null = null;

  constructor(options: LayerOptions = {}, className?: string) {
    const own = className ?? new.target.name;
    super(options, kindOf(own));
    this.className = own;
  }

  protected abstract call(inputs: Nested<Tensor>, state: State): StepResult;

  apply(inputs: Nested<Tensor>, state: State, options: CellCallOptions = {}): StepResult {
    const { scope } = options;
    if (scope !== undefined) return variableScope(scope, (within) => this.step(inputs, state, within));
    this.#outer ??= getVariableScope();
    return variableScope(this.#outer, () => this.step(inputs, state));
  }

  /** One step in the cell's own scope. */
  protected step(inputs: Nested<Tensor>, state: State, scope: string | VariableScope | null = null): StepResult {
    const [first] = flatten<Tensor>(inputs);
    const isSingle = first === (inputs as unknown);
    return this.applied(first!, (x) => this.call(isSingle ? x : inputs, state), scope);
  }

  /** Zeros for a batch. */
  zeroState(batchSize: BatchSize, dtype: DType): State {
    return getDefaultGraph().nameScope(`${this.className}ZeroState`, () =>
      zeroTensors(this.stateSize, batchSize, dtype),
    );
  }

  /** As zeroState, with batch size and dtype of the inputs where there are some. Throws ValueError where they contradict, or are missing. */
  getInitialState(options: { inputs?: TensorLike; batchSize?: BatchSize; dtype?: DType } = {}): State {
    let { batchSize, dtype } = options;
    if (options.inputs !== undefined) {
      const inputs = convertToTensor(options.inputs, { name: "inputs" });
      const rows = inputs.shape?.[0] ?? null;
      if (typeof batchSize === "number" && rows !== batchSize) {
        throw new ValueError(
          `batch size from input tensor is different from the input param. Input tensor batch: ${rows ?? "None"}, batch_size: ${batchSize}`,
        );
      }
      if (dtype && inputs.dtype !== dtype) {
        throw new ValueError(
          `dtype from input tensor is different from the input param. Input tensor dtype: ${inputs.dtype}, dtype: ${dtype}`,
        );
      }
      batchSize = rows || shapeOf(inputs).at(0);
      dtype = inputs.dtype;
    }
    if (batchSize === undefined || !dtype) {
      throw new ValueError(
        `batch_size and dtype cannot be None while constructing initial state: batch_size=${batchSize ?? "None"}, dtype=${dtype ?? "None"}`,
      );
    }
    return this.zeroState(batchSize, dtype);
  }
}

export interface CellOptions {
  /** tanh by default. */
  readonly activation?: Activation | undefined;
  readonly reuse?: boolean | undefined;
  readonly name?: string | undefined;
  readonly dtype?: DType | undefined;
  readonly trainable?: boolean | undefined;
}

/** A cell whose variables are those of a layer, made at its first step. */
export abstract class LayerRNNCell extends RNNCell {
  protected readonly activation: Activation;

  constructor(options: CellOptions, className?: string) {
    checkDtype(options.dtype);
    super(options, className);
    this.inputSpec = { ndim: 2 };
    this.activation = options.activation ?? tanh;
  }

  override apply(inputs: Nested<Tensor>, state: State, { scope }: CellCallOptions = {}): StepResult {
    return this.step(inputs, state, scope ?? null);
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    for (const { dtype } of [...flatten<Tensor>(inputs), ...flatten<Tensor>(state)]) checkDtype(dtype);
    return this.compute(inputs as Tensor, state);
  }

  /** The output and the next state. */
  protected abstract compute(inputs: Tensor, state: State): StepResult;

  protected override build(inputShape: Shape): void {
    const depth = inputShape?.at(-1) ?? null;
    if (depth === null)
      throw new ValueError(`Expected inputs.shape[-1] to be known, saw shape: ${formatShapePython(inputShape)}`);
    checkDtype(this.dtype);
    this.buildFor(depth);
  }

  /** Makes the variables for inputs of this depth. */
  protected abstract buildFor(depth: number): void;

  protected weight(name: string, shape: readonly number[], options: WeightOptions = {}): Variable {
    return this.addWeight(name, shape, options);
  }

  /** [inputs, state] times a kernel, plus a bias. */
  protected linear(parts: readonly Tensor[], kernel: Variable, bias: Variable): Tensor {
    return biasAdd(matmul(concat(parts, 1), kernel), bias);
  }
}
