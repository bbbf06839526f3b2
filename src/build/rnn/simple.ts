/** The plain recurrent cell, and the gated one. Source: rnn_cell_impl.py, BasicRNNCell, GRUCell. */
import type { Tensor } from "../../graph/tensor.ts";
import { sigmoid, split } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { constantInitializer, zerosInitializer } from "../initializers.ts";
import { add, mul, sub } from "../operators.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { type CellOptions, LayerRNNCell, type StepResult } from "./cell.ts";
import type { State } from "./state.ts";

const basicRNNCellPlaces = ["activation"] as const;

/** What a cell needs. */
export interface Sized {
  readonly numUnits: number;
}

/** output = next state = activation([inputs, state] W + b). */
export class BasicRNNCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  #kernel!: Variable;
  #bias!: Variable;

  constructor(...given: Rest<CellOptions & Sized, readonly ["numUnits", ...typeof basicRNNCellPlaces]>) {
    const { numUnits, ...options } = byName<CellOptions & Sized>(given, ["numUnits", ...basicRNNCellPlaces]);
    super(options, new.target === BasicRNNCell ? "BasicRNNCell" : undefined);
    this.stateSize = numUnits;
    this.outputSize = numUnits;
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    this.#kernel = this.weight("kernel", [depth + n, n]);
    this.#bias = this.weight("bias", [n], { initializer: zerosInitializer() });
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const output = this.activation(this.linear([inputs, state as Tensor], this.#kernel, this.#bias));
    return [output, output];
  }
}

export interface GRUCellOptions extends CellOptions {
  readonly kernelInitializer?: InitializerLike | undefined;
  /** For all biases; by default 1 for the gates and 0 for the candidate. */
  readonly biasInitializer?: InitializerLike | undefined;
}

/** The gated recurrent unit: r, u = sigmoid([inputs, h] W + b); c = activation([inputs, r h] V + d); next h = u h + (1 - u) c. */
export class GRUCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #initializers: GRUCellOptions;
  #gates!: readonly [Variable, Variable];
  #candidate!: readonly [Variable, Variable];

  constructor(...given: Rest<GRUCellOptions & Sized, readonly ["numUnits", ...typeof basicRNNCellPlaces]>) {
    const { numUnits, ...options } = byName<GRUCellOptions & Sized>(given, ["numUnits", ...basicRNNCellPlaces]);
    super(options, new.target === GRUCell ? "GRUCell" : undefined);
    this.stateSize = numUnits;
    this.outputSize = numUnits;
    this.#initializers = options;
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    const { kernelInitializer: initializer, biasInitializer } = this.#initializers;
    this.#gates = [
      this.weight("gates/kernel", [depth + n, 2 * n], { initializer }),
      this.weight("gates/bias", [2 * n], { initializer: biasInitializer ?? constantInitializer(1) }),
    ];
    this.#candidate = [
      this.weight("candidate/kernel", [depth + n, n], { initializer }),
      this.weight("candidate/bias", [n], { initializer: biasInitializer ?? zerosInitializer() }),
    ];
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const h = state as Tensor;
    const gates = sigmoid(this.linear([inputs, h], ...this.#gates));
    const [r, u] = split(gates, 2, { axis: 1 }) as [Tensor, Tensor];
    const reset = mul(r, h);
    const c = this.activation(this.linear([inputs, reset], ...this.#candidate));
    const kept = mul(u, h);
    const next = add(kept, mul(sub(1, u), c));
    return [next, next];
  }
}
