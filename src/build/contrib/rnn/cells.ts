/** `tf.contrib.rnn`: cells that normalize, drop out or couple their gates. Source: contrib/rnn rnn_cell.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { biasAdd, clipByValue, concat, dropout, matmul, sigmoid, split, tanh } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Nested } from "../../control_flow/structure.ts";
import { constantInitializer, zerosInitializer } from "../../initializers.ts";
import { add, mul, sub } from "../../operators.ts";
import { type Activation, RNNCell, type StepResult } from "../../rnn/cell.ts";
import { LSTMStateTuple, type State, type StateSize } from "../../rnn/state.ts";
import { getVariable, getVariableScope, variableScope } from "../../variables/scope.ts";
import type { InitializerLike } from "../../variables/store.ts";
import { layerNorm } from "../layers/norm/normalization.ts";
import { Linear } from "./linear.ts";

interface NormOptions {
  readonly layerNorm?: boolean | undefined;
  readonly normGain?: number | undefined;
  readonly normShift?: number | undefined;
}

/** Inputs normalized, with `gamma` and `beta` in a scope of this name. */
function normalized(inputs: Tensor, scope: string, options: NormOptions, dtype: DType): Tensor {
  const { normGain = 1, normShift = 0 } = options;
  const shape = inputs.shape!.slice(-1);
  variableScope(scope, () => {
    getVariable("gamma", { shape, initializer: constantInitializer(normGain), dtype });
    getVariable("beta", { shape, initializer: constantInitializer(normShift), dtype });
  });
  return layerNorm(inputs, { reuse: true, scope });
}

interface LayerNormOptions extends NormOptions {
  readonly forgetBias?: number | undefined;
  readonly inputSize?: number | null | undefined;
  readonly activation?: Activation | undefined;
  readonly dropoutKeepProb?: number | Tensor | undefined;
  readonly dropoutProbSeed?: number | null | undefined;
  readonly reuse?: boolean | null | undefined;
}

const layerNormPlaces = [
  "forgetBias",
  "inputSize",
  "activation",
  "layerNorm",
  "normGain",
  "normShift",
  "dropoutKeepProb",
  "dropoutProbSeed",
  "reuse",
] as const;

/** An LSTM whose gates and state are normalized over the layer, with dropout of what enters the state. */
export class LayerNormBasicLSTMCell extends RNNCell {
  readonly #units: number;
  readonly #options: LayerNormOptions;

  constructor(numUnits: number, ...rest: Rest<LayerNormOptions, typeof layerNormPlaces>) {
    const options: LayerNormOptions = byName(rest, layerNormPlaces);
    super({ reuse: options.reuse ?? undefined }, "LayerNormBasicLSTMCell");
    this.#units = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple(this.#units, this.#units) as unknown as StateSize;
  }

  get outputSize(): number {
    return this.#units;
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const { activation = tanh as Activation, forgetBias = 1, dropoutKeepProb = 1, dropoutProbSeed } = this.#options;
    const isNormalized = this.#options.layerNorm ?? true;
    const [c, h] = state as readonly Tensor[] as [Tensor, Tensor];
    const args = concat([inputs as Tensor, h], 1);
    const { dtype } = args;
    const size = 4 * this.#units;
    const kernel = getVariable("kernel", { shape: [args.shape!.at(-1) as number, size], dtype });
    let product = matmul(args, kernel);
    if (!isNormalized) product = biasAdd(product, getVariable("bias", { shape: [size], dtype }));
    const norm = (x: Tensor, scope: string): Tensor => (isNormalized ? normalized(x, scope, this.#options, dtype) : x);
    const parts = split(product, 4, { axis: 1 });
    const [i, j, f, o] = ["input", "transform", "forget", "output"].map((name, k) => norm(parts[k]!, name)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    let g = activation(j);
    if (typeof dropoutKeepProb !== "number" || dropoutKeepProb < 1) {
      g = dropout(g, { keepProb: dropoutKeepProb, ...(dropoutProbSeed ? { seed: dropoutProbSeed } : {}) });
    }
    const kept = mul(c, sigmoid(add(f, forgetBias)));
    const next = norm(add(kept, mul(sigmoid(i), g)), "state");
    const output = mul(activation(next), sigmoid(o));
    return [output, new LSTMStateTuple(next, output) as unknown as State];
  }
}

interface UGRNNOptions {
  readonly initializer?: InitializerLike | null | undefined;
  readonly forgetBias?: number | undefined;
  readonly activation?: Activation | undefined;
  readonly reuse?: boolean | null | undefined;
}

const ugrnnPlaces = ["initializer", "forgetBias", "activation", "reuse"] as const;

const checkDepth = (inputs: Tensor): number => {
  const depth = inputs.shape?.[1] ?? null;
  if (depth === null) throw new ValueError("Could not infer input size from inputs.get_shape()[-1]");
  return depth;
};

/** One gate g = sigmoid(…): next = output = g · state + (1 - g) · activation(…). */
export class UGRNNCell extends RNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #options: UGRNNOptions;
  #linear: Linear | null = null;

  constructor(numUnits: number, ...rest: Rest<UGRNNOptions, typeof ugrnnPlaces>) {
    const options: UGRNNOptions = byName(rest, ugrnnPlaces);
    super({ reuse: options.reuse ?? undefined }, "UGRNNCell");
    this.stateSize = numUnits;
    this.outputSize = numUnits;
    this.#options = options;
  }

  protected override call(inputs: Nested<Tensor>, given: State): StepResult {
    const { initializer = null, forgetBias = 1, activation = tanh as Activation } = this.#options;
    const state = given as Tensor;
    checkDepth(inputs as Tensor);
    return variableScope(getVariableScope(), { initializer }, () => {
      const args = [concat([inputs as Tensor, state], 1)];
      this.#linear ??= new Linear(args, 2 * this.stateSize);
      const [gate, candidate] = split(this.#linear.apply(args), 2, { axis: 1 }) as [Tensor, Tensor];
      const c = activation(candidate);
      const g = sigmoid(add(gate, forgetBias));
      const kept = mul(g, state);
      const next = add(kept, mul(sub(1, g), c));
      return [next, next];
    });
  }
}

interface CoupledOptions extends NormOptions {
  readonly usePeepholes?: boolean | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  readonly numProj?: number | null | undefined;
  readonly projClip?: number | null | undefined;
  readonly forgetBias?: number | undefined;
  readonly activation?: Activation | undefined;
  readonly reuse?: boolean | null | undefined;
}

/** An LSTM whose input gate is 1 - forget gate. */
export class CoupledInputForgetGateLSTMCell extends RNNCell {
  readonly #units: number;
  readonly #options: CoupledOptions;

  constructor(numUnits: number, options: CoupledOptions = {}) {
    super({ reuse: options.reuse ?? undefined }, "CoupledInputForgetGateLSTMCell");
    this.#units = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple(this.#units, this.outputSize) as unknown as StateSize;
  }

  get outputSize(): number {
    return this.#options.numProj ?? this.#units;
  }

  protected override call(given: Nested<Tensor>, state: State): StepResult {
    const { usePeepholes = false, numProj, projClip, forgetBias = 1, activation = tanh as Activation } = this.#options;
    const isNormalized = this.#options.layerNorm ?? false;
    const inputs = given as Tensor;
    const { dtype } = inputs;
    const n = this.#units;
    const [c, m] = state as readonly Tensor[] as [Tensor, Tensor];
    const kernel = getVariable("W_0", { shape: [checkDepth(inputs) + this.outputSize, 3 * n], dtype });
    const bias = getVariable("B", { shape: [3 * n], initializer: zerosInitializer(), dtype });
    let product = matmul(concat([inputs, m], 1), kernel);
    if (!isNormalized) product = biasAdd(product, bias);
    const norm = (x: Tensor, scope: string): Tensor =>
      isNormalized ? normalized(x, scope, this.#options, float32) : x;
    const parts = split(product, 3, { axis: 1 });
    const [j, f, o] = ["transform", "forget", "output"].map((name, k) => norm(parts[k]!, name)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const diagonal = (name: string): Tensor => getVariable(name, { shape: [n], dtype }) as unknown as Tensor;
    const [peepForget, peepOutput] = usePeepholes ? [diagonal("W_F_diag"), diagonal("W_O_diag")] : [null, null];
    const biased = add(f, forgetBias);
    const gate = sigmoid(peepForget ? add(biased, mul(peepForget, c)) : biased);
    const kept = mul(gate, c);
    const next = norm(add(kept, mul(sub(1, gate), activation(j))), "state");
    let output = mul(sigmoid(peepOutput ? add(o, mul(peepOutput, next)) : o), activation(next));
    if (numProj) {
      output = matmul(output, getVariable("W_P_0", { shape: [n, numProj], dtype }));
      if (projClip) output = clipByValue(output, -projClip, projClip);
    }
    return [output, new LSTMStateTuple(next, output) as unknown as State];
  }
}
