/** `tf.contrib.rnn`: cells whose units see only their own past. Source: contrib/rnn rnn_cell.py. */
import { int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { add as addOp, biasAdd, concat, constant, matmul, multiply, sigmoid, split, tile } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { constantInitializer, randomUniformInitializer, zerosInitializer } from "../../initializers.ts";
import { add, mul, oneMinus } from "../../operators.ts";
import { type CellOptions, LayerRNNCell, type StepResult } from "../../rnn/cell.ts";
import { LSTMStateTuple, type State, type StateSize } from "../../rnn/state.ts";
import type { InitializerLike } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";

/** The factor of each unit's own past, drawn from [-1, 1). */
const ownPast = (): InitializerLike => randomUniformInitializer(-1, 1);

/** [x_bar, f, r, x_tx] = inputs W; c = f c + (1 - f) x_bar; output = r activation(c) + (1 - r) x_tx. */
export class SRUCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  #kernel!: Variable;
  #bias!: Variable;

  constructor(numUnits: number, ...rest: Rest<CellOptions, ["activation", "reuse", "name"]>) {
    super(byName<CellOptions>(rest, ["activation", "reuse", "name"]), "SRUCell");
    this.stateSize = this.outputSize = numUnits;
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    this.#kernel = this.weight("kernel", [depth, 4 * n]);
    this.#bias = this.weight("bias", [2 * n], { initializer: zerosInitializer() });
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const all = split(matmul(inputs, this.#kernel), 4, { axis: 1 });
    const [candidate, forgets, resets, straight] = all as [Tensor, Tensor, Tensor, Tensor];
    const gates = sigmoid(biasAdd(concat([forgets, resets], 1), this.#bias));
    const [f, r] = split(gates, 2, { axis: 1 }) as [Tensor, Tensor];
    const kept = mul(f, state as Tensor);
    const c = add(kept, mul(oneMinus(f), candidate));
    const shown = mul(r, this.activation(c));
    return [add(shown, mul(oneMinus(r), straight)), c];
  }
}

const plainPlaces = ["activation", "reuse", "name", "dtype"] as const;

/** output = next state = activation(inputs W + u · state + b), u being one number a unit. */
export class IndRNNCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  #w!: Variable;
  #u!: Variable;
  #bias!: Variable;

  constructor(numUnits: number, ...rest: Rest<CellOptions, typeof plainPlaces>) {
    super(byName<CellOptions>(rest, plainPlaces), "IndRNNCell");
    this.stateSize = this.outputSize = numUnits;
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    this.#w = this.weight("kernel_w", [depth, n]);
    this.#u = this.weight("kernel_u", [1, n], { initializer: ownPast() });
    this.#bias = this.weight("bias", [n], { initializer: zerosInitializer() });
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const fresh = matmul(inputs, this.#w);
    const output = this.activation(biasAdd(add(fresh, mul(state as Tensor, this.#u)), this.#bias));
    return [output, output];
  }
}

interface IndyOptions extends CellOptions {
  readonly kernelInitializer?: InitializerLike | null | undefined;
  readonly biasInitializer?: InitializerLike | null | undefined;
}

const gruPlaces = ["activation", "reuse", "kernelInitializer", "biasInitializer", "name", "dtype"] as const;

/** A GRU whose gates see, of the state, only the unit's own. */
export class IndyGRUCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #options: IndyOptions;
  #gates!: readonly [w: Variable, u: Variable, bias: Variable];
  #candidate!: readonly [w: Variable, u: Variable, bias: Variable];

  constructor(numUnits: number, ...rest: Rest<IndyOptions, typeof gruPlaces>) {
    const options = byName<IndyOptions>(rest, gruPlaces);
    super(options, "IndyGRUCell");
    this.stateSize = this.outputSize = numUnits;
    this.#options = options;
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    const { kernelInitializer: initializer, biasInitializer } = this.#options;
    this.#gates = [
      this.weight("gates/kernel_w", [depth, 2 * n], { initializer }),
      this.weight("gates/kernel_u", [1, 2 * n], { initializer: ownPast() }),
      this.weight("gates/bias", [2 * n], { initializer: biasInitializer ?? constantInitializer(1) }),
    ];
    this.#candidate = [
      this.weight("candidate/kernel", [depth, n], { initializer }),
      this.weight("candidate/kernel_u", [1, n], { initializer: ownPast() }),
      this.weight("candidate/bias", [n], { initializer: biasInitializer ?? zerosInitializer() }),
    ];
  }

  protected override compute(inputs: Tensor, given: State): StepResult {
    const state = given as Tensor;
    const fresh = matmul(inputs, this.#gates[0]);
    const gates = sigmoid(biasAdd(add(fresh, mul(tile(state, [1, 2]), this.#gates[1])), this.#gates[2]));
    const [r, u] = split(gates, 2, { axis: 1 }) as [Tensor, Tensor];
    const reset = mul(r, state);
    const [w, own, bias] = this.#candidate;
    const seen = matmul(inputs, w);
    const c = this.activation(biasAdd(add(seen, mul(reset, own)), bias));
    const kept = mul(u, state);
    const next = add(kept, mul(oneMinus(u), c));
    return [next, next];
  }
}

interface IndyLSTMOptions extends IndyOptions {
  readonly forgetBias?: number | undefined;
}

const lstmPlaces = [
  "forgetBias",
  "activation",
  "reuse",
  "kernelInitializer",
  "biasInitializer",
  "name",
  "dtype",
] as const;

/** An LSTM whose gates see, of the last output, only the unit's own. */
export class IndyLSTMCell extends LayerRNNCell {
  readonly outputSize: number;
  readonly #options: IndyLSTMOptions;
  #w!: Variable;
  #u!: Variable;
  #bias!: Variable;

  constructor(numUnits: number, ...rest: Rest<IndyLSTMOptions, typeof lstmPlaces>) {
    const options = byName<IndyLSTMOptions>(rest, lstmPlaces);
    super(options, "IndyLSTMCell");
    this.outputSize = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple<number>(this.outputSize, this.outputSize);
  }

  protected override buildFor(depth: number): void {
    const n = this.outputSize;
    const { kernelInitializer: initializer, biasInitializer } = this.#options;
    this.#w = this.weight("kernel_w", [depth, 4 * n], { initializer });
    this.#u = this.weight("kernel_u", [1, 4 * n], { initializer: ownPast() });
    this.#bias = this.weight("bias", [4 * n], { initializer: biasInitializer ?? zerosInitializer() });
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const one = constant(1, { dtype: int32 });
    const [c, h] = state as readonly Tensor[] as [Tensor, Tensor];
    const fresh = matmul(inputs, this.#w);
    const all = biasAdd(add(fresh, mul(tile(h, [1, 4]), this.#u)), this.#bias);
    const [i, j, f, o] = split(all, 4, { axis: one }) as [Tensor, Tensor, Tensor, Tensor];
    const forgetBias = constant(this.#options.forgetBias ?? 1, { dtype: f.dtype });
    const kept = multiply(c, sigmoid(addOp(f, forgetBias)));
    const entered = sigmoid(i);
    const nextC = addOp(kept, multiply(entered, this.activation(j)));
    const shown = this.activation(nextC);
    const nextH = multiply(shown, sigmoid(o));
    return [nextH, new LSTMStateTuple(nextC, nextH)];
  }
}
