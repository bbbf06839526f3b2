/** `tf.contrib.rnn`: cells found by search, in groups, of two depths, and with clocks. Source: contrib/rnn rnn_cell.py. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  biasAdd,
  cast,
  concat,
  exp,
  floatLiteral,
  log,
  matmul,
  mod,
  randomUniform,
  relu,
  shape as shapeOf,
  sigmoid,
  slice,
  split,
  stopGradient,
  tanh,
  where,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Nested } from "../../control_flow/structure.ts";
import { constantInitializer, randomUniformInitializer, zerosInitializer } from "../../initializers.ts";
import { add, mul, oneMinus, sub, truediv } from "../../operators.ts";
import { type Activation, type CellOptions, LayerRNNCell, RNNCell, type StepResult } from "../../rnn/cell.ts";
import { LSTMStateTuple, type State, type StateSize } from "../../rnn/state.ts";
import { getVariable, getVariableScope, variableScope } from "../../variables/scope.ts";
import type { Initializer, InitializerLike } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";
import { Linear } from "./linear.ts";

interface NASOptions extends CellOptions {
  readonly numProj?: number | null | undefined;
  readonly useBias?: boolean | undefined;
}

/** The cell that a search for architectures found for the Penn Treebank. */
export class NASCell extends LayerRNNCell {
  readonly #units: number;
  readonly #options: NASOptions;
  #recurrent!: Variable;
  #kernel!: Variable;
  #bias: Variable | null = null;
  #projection: Variable | null = null;

  constructor(numUnits: number, ...rest: Rest<NASOptions, ["numProj", "useBias", "reuse"]>) {
    const options = byName<NASOptions>(rest, ["numProj", "useBias", "reuse"]);
    super(options, "NASCell");
    this.inputSpec = {};
    this.#units = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple<number>(this.#units, this.outputSize);
  }

  get outputSize(): number {
    return this.#options.numProj ?? this.#units;
  }

  protected override buildFor(depth: number): void {
    const n = this.#units;
    const { numProj, useBias = false } = this.#options;
    this.#recurrent = this.weight("recurrent_kernel", [this.outputSize, 8 * n]);
    this.#kernel = this.weight("kernel", [depth, 8 * n]);
    if (useBias) this.#bias = this.weight("bias", [8 * n], { initializer: zerosInitializer() });
    if (numProj) this.#projection = this.weight("projection_weights", [n, numProj]);
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const [c, m] = state as readonly Tensor[] as [Tensor, Tensor];
    const recurrent = matmul(m, this.#recurrent);
    const fresh = matmul(inputs, this.#kernel);
    const past = split(this.#bias ? biasAdd(recurrent, this.#bias) : recurrent, 8, { axis: 1 });
    const seen = split(fresh, 8, { axis: 1 });
    const acts = [sigmoid, relu, sigmoid, relu, tanh, sigmoid, tanh, sigmoid] as readonly Activation[];
    const first = acts.map((act, i) => act((i === 3 ? mul : add)(seen[i]!, past[i]!)));
    const left = tanh(mul(first[0]!, first[1]!));
    const second = tanh(add(first[2]!, first[3]!));
    const third = tanh(mul(first[4]!, first[5]!));
    const fourth = sigmoid(add(first[6]!, first[7]!));
    const nextC = mul(tanh(add(left, c)), second);
    const right = tanh(add(third, fourth));
    const shown = tanh(mul(nextC, right));
    const nextM = this.#projection ? matmul(shown, this.#projection) : shown;
    return [nextM, new LSTMStateTuple(nextC, nextM)];
  }
}

interface IntersectionOptions {
  readonly numInProj?: number | null | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  readonly forgetBias?: number | undefined;
  /** relu by default. */
  readonly yActivation?: Activation | undefined;
  readonly reuse?: boolean | null | undefined;
}

const intersectionPlaces = ["numInProj", "initializer", "forgetBias", "yActivation", "reuse"] as const;

/** Gates over time (the state) and over depth (the output). Inputs have numUnits numbers, or numInProj is given. */
export class IntersectionRNNCell extends RNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #options: IntersectionOptions;
  #projection: Linear | null = null;
  #linear: Linear | null = null;

  constructor(numUnits: number, ...rest: Rest<IntersectionOptions, typeof intersectionPlaces>) {
    const options = byName<IntersectionOptions>(rest, intersectionPlaces);
    super({ reuse: options.reuse ?? undefined }, "IntersectionRNNCell");
    this.stateSize = this.outputSize = numUnits;
    this.#options = options;
  }

  #projected(inputs: Tensor): Tensor {
    if (inputs.shape![1] === this.stateSize) return inputs;
    if (!this.#options.numInProj) {
      throw new ValueError(
        "Must have input size == output size for Intersection RNN. To fix, num_in_proj should be set to num_units at cell init.",
      );
    }
    return variableScope("in_projection", () => {
      this.#projection ??= new Linear([inputs], this.stateSize);
      return this.#projection.apply([inputs]);
    });
  }

  protected override call(given: Nested<Tensor>, before: State): StepResult {
    const { initializer = null, forgetBias = 1, yActivation = relu as Activation } = this.#options;
    const state = before as Tensor;
    const n = this.stateSize;
    if (((given as Tensor).shape?.[1] ?? null) === null) {
      throw new ValueError("Could not infer input size from inputs.get_shape()[-1]");
    }
    return variableScope(getVariableScope(), { initializer }, () => {
      const inputs = this.#projected(given as Tensor);
      const args = [concat([inputs, state], 1)];
      this.#linear ??= new Linear(args, 4 * n);
      const all = this.#linear.apply(args);
      const part = (i: number): Tensor => all.at(":", i === 0 ? `:${n}` : `${i * n}:${(i + 1) * n}`);
      const parts = [part(0), part(1), part(2), part(3)] as const;
      const h = tanh(parts[1]);
      const y = yActivation(parts[3]);
      const overTime = sigmoid(add(parts[0], forgetBias));
      const overDepth = sigmoid(add(parts[2], forgetBias));
      const kept = mul(overTime, state);
      const next = add(kept, mul(oneMinus(overTime), h));
      const passed = mul(overDepth, inputs);
      return [add(passed, mul(oneMinus(overDepth), y)), next];
    });
  }
}

interface GLSTMOptions {
  readonly initializer?: InitializerLike | null | undefined;
  readonly numProj?: number | null | undefined;
  readonly numberOfGroups?: number | undefined;
  readonly forgetBias?: number | undefined;
  readonly activation?: Activation | undefined;
  readonly reuse?: boolean | null | undefined;
}

const glstmPlaces = ["initializer", "numProj", "numberOfGroups", "forgetBias", "activation", "reuse"] as const;

/** An LSTM whose inputs and states fall in groups with gates of their own. Throws ValueError where the sizes do not divide. */
export class GLSTMCell extends RNNCell {
  readonly #units: number;
  readonly #options: GLSTMOptions;
  readonly #groups: number;
  readonly #linears: (Linear | undefined)[] = [];
  #projection: Linear | null = null;

  constructor(numUnits: number, ...rest: Rest<GLSTMOptions, typeof glstmPlaces>) {
    const options = byName<GLSTMOptions>(rest, glstmPlaces);
    super({ reuse: options.reuse ?? undefined }, "GLSTMCell");
    this.#units = numUnits;
    this.#options = options;
    this.#groups = options.numberOfGroups ?? 1;
    if (numUnits % this.#groups !== 0) throw new ValueError("num_units must be divisible by number_of_groups");
    if (options.numProj && options.numProj % this.#groups !== 0) {
      throw new ValueError("num_proj must be divisible by number_of_groups");
    }
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple<number>(this.#units, this.outputSize);
  }

  get outputSize(): number {
    return this.#options.numProj || this.#units;
  }

  protected override call(given: Nested<Tensor>, state: State): StepResult {
    const { initializer = null, numProj, forgetBias = 1, activation = tanh as Activation } = this.#options;
    const inputs = given as Tensor;
    const [c, m] = state as readonly Tensor[] as [Tensor, Tensor];
    const batchSize = inputs.shape?.[0] || shapeOf(inputs).at(0);
    const width = inputs.shape?.[1] ?? null;
    if (width === null) throw new ValueError("input size must be statically known");
    if (width % this.#groups !== 0) {
      throw new ValueError(`input size (${width}) must be divisible by number_of_groups (${this.#groups})`);
    }
    const { dtype } = inputs;
    const [i, j, f, o] = variableScope(getVariableScope(), { initializer }, () => {
      const groups = Array.from({ length: this.#groups }, (_, g) =>
        variableScope(`group${g}`, () => {
          const part = (x: Tensor, size: number): Tensor =>
            slice(x, [0, g * size], [batchSize, size] as never, `GLSTM_group${g}_input_generation`);
          const own = part(inputs, width / this.#groups);
          const x = concat([own, part(m, this.outputSize / this.#groups)], 1);
          const linear = this.#linears[g] ?? new Linear([x], (4 * this.#units) / this.#groups, { useBias: false });
          this.#linears[g] = linear;
          return split(linear.apply([x]), 4, { axis: 1 });
        }),
      );
      const biases = ["i", "j", "f", "o"].map((name) =>
        getVariable(`bias_${name}`, {
          shape: [this.#units],
          dtype,
          initializer: constantInitializer(0, { dtype }),
        }),
      );
      return biases.map((bias, k) =>
        biasAdd(
          concat(
            groups.map((parts) => parts[k]!),
            1,
          ),
          bias,
        ),
      );
    }) as [Tensor, Tensor, Tensor, Tensor];
    const kept = mul(sigmoid(add(f, forgetBias)), c);
    const entered = sigmoid(i);
    const next = add(kept, mul(entered, tanh(j)));
    const gate = sigmoid(o);
    let output = mul(gate, activation(next));
    if (numProj) {
      output = variableScope("projection", () => {
        this.#projection ??= new Linear([output], numProj, { useBias: false });
        return this.#projection.apply([output]);
      });
    }
    return [output, new LSTMStateTuple(next, output)];
  }
}

interface PhasedOptions {
  readonly usePeepholes?: boolean | undefined;
  /** How much a closed gate lets through. */
  readonly leak?: number | undefined;
  /** The part of a period in which the gate is open. */
  readonly ratioOn?: number | undefined;
  readonly trainableRatioOn?: boolean | undefined;
  readonly periodInitMin?: number | undefined;
  readonly periodInitMax?: number | undefined;
  readonly reuse?: boolean | null | undefined;
}

const phasedPlaces = [
  "usePeepholes",
  "leak",
  "ratioOn",
  "trainableRatioOn",
  "periodInitMin",
  "periodInitMax",
  "reuse",
] as const;

/** Periods from min to max, evenly by their logarithm. */
const periods =
  (min: number, max: number): Initializer =>
  (shape, options = {}) =>
    exp(
      randomUniform(shape, {
        minval: log(floatLiteral(min)),
        maxval: log(floatLiteral(max)),
        dtype: options.dtype ?? float32,
      }),
    );

/** mod(x, y), through which the gradient goes as if it were x. */
const modulo = (x: Tensor, y: Tensor): Tensor => add(stopGradient(sub(mod(x, y), x)), x);

/** An LSTM whose units are open at times of their own; inputs are [time [batch, 1], x [batch, depth]]. */
export class PhasedLSTMCell extends RNNCell {
  readonly outputSize: number;
  readonly #options: PhasedOptions;
  readonly #linears = new Map<string, Linear>();

  constructor(numUnits: number, ...rest: Rest<PhasedOptions, typeof phasedPlaces>) {
    const options = byName<PhasedOptions>(rest, phasedPlaces);
    super({ reuse: options.reuse ?? undefined }, "PhasedLSTMCell");
    this.outputSize = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple<number>(this.outputSize, this.outputSize);
  }

  #linear(scope: string, args: readonly Tensor[], size: number, act: Activation): Tensor {
    const linear = this.#linears.get(scope) ?? new Linear(args, size);
    this.#linears.set(scope, linear);
    return act(linear.apply(args));
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const n = this.outputSize;
    const { usePeepholes = false } = this.#options;
    const [c, h] = state as readonly Tensor[] as [Tensor, Tensor];
    const [time, x] = inputs as readonly Tensor[] as [Tensor, Tensor];
    const [enter, forget] = variableScope("mask_gates", () =>
      split(this.#linear("mask_gates", usePeepholes ? [x, h, c] : [x, h], 2 * n, sigmoid), 2, { axis: 1 }),
    ) as [Tensor, Tensor];
    const fresh = variableScope("new_input", () => this.#linear("new_input", [x, h], n, tanh));
    const kept = mul(c, forget);
    const nextC = add(kept, mul(enter, fresh));
    const gate = variableScope("output_gate", () =>
      this.#linear("output_gate", usePeepholes ? [x, h, nextC] : [x, h], n, sigmoid),
    );
    const nextH = mul(tanh(nextC), gate);
    const k = this.#openness(time);
    const heldC = mul(k, nextC);
    const newC = add(heldC, mul(sub(1, k), c));
    const heldH = mul(k, nextH);
    const newH = add(heldH, mul(sub(1, k), h));
    return [newH, new LSTMStateTuple(newC, newH)];
  }

  /** How far each unit is open at the time. */
  #openness(time: Tensor): Tensor {
    const { leak = 0.001, ratioOn = 0.1, trainableRatioOn = true } = this.#options;
    const { periodInitMin = 1, periodInitMax = 1000 } = this.#options;
    const shape = [this.outputSize];
    const period = getVariable("period", { shape, initializer: periods(periodInitMin, periodInitMax) });
    const phase = getVariable("phase", {
      shape,
      initializer: randomUniformInitializer(
        floatLiteral(0) as never,
        (period as unknown as { readonly initialValue: Tensor }).initialValue,
      ),
    });
    const ratio = getVariable("ratio_on", {
      shape,
      initializer: constantInitializer(ratioOn),
      trainable: trainableRatioOn,
    }) as unknown as Tensor;
    const start = cast(phase as unknown as Tensor, time.dtype);
    const length = cast(period as unknown as Tensor, time.dtype);
    const cycle = cast(truediv(modulo(sub(time, start), length), length), float32);
    const up = truediv(mul(2, cycle), ratio);
    const down = sub(2, up);
    const closed = mul(leak, cycle);
    const k = where(cycle.less(ratio), down, closed);
    return where(cycle.less(mul(0.5, ratio)), up, k);
  }
}
