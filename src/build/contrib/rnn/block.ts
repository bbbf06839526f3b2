/** `tf.contrib.rnn`: cells whose step is one operation. Source: contrib/rnn lstm_ops.py, gru_ops.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython, type Shape, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { gruBlockCellOp, lstmBlockCellOp, zeros } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { constantInitializer } from "../../initializers.ts";
import { LayerRNNCell, ownKind, type StepResult } from "../../rnn/cell.ts";
import { LSTMStateTuple, type State, type StateSize } from "../../rnn/state.ts";
import type { Variable } from "../../variables/variable.ts";

export interface LSTMBlockOptions {
  /** Added to the forget gate's input; 1 by default. */
  readonly forgetBias?: number | undefined;
  /** Clips the cell to [-cellClip, cellClip]. */
  readonly cellClip?: number | null | undefined;
  /** The gates see the cell too. */
  readonly usePeephole?: boolean | undefined;
  readonly dtype?: DType | undefined;
  readonly reuse?: boolean | null | undefined;
  readonly name?: string | undefined;
}

export const peepholeNames = ["w_i_diag", "w_f_diag", "w_o_diag"] as const;

type Add = (name: string, shape: readonly number[], initializer?: ReturnType<typeof constantInitializer>) => Variable;

/** The variables of an LSTM in one op: kernel, bias, and what the gates see the cell by. */
export interface LSTMBlockWeights {
  readonly kernel: Variable;
  readonly bias: Variable;
  readonly peepholes: readonly Variable[];
}

export function lstmBlockWeights(depth: number, units: number, usePeephole: boolean, add: Add): LSTMBlockWeights {
  const kernel = add("kernel", [depth + units, units * 4]);
  const bias = add("bias", [units * 4], constantInitializer(0));
  return { kernel, bias, peepholes: usePeephole ? peepholeNames.map((name) => add(name, [units])) : [] };
}

/** wci, wcf and wco of the ops: zeros where there are none. */
export function peepholesOf({ peepholes }: LSTMBlockWeights, units: number, dtype: DType) {
  const [wci, wcf, wco] = peepholes;
  if (wci && wcf && wco) return { wci, wcf, wco };
  const none = zeros([units], dtype);
  return { wci: none, wcf: none, wco: none };
}

const lstmPlaces = ["forgetBias", "cellClip", "usePeephole", "dtype", "reuse", "name"] as const;

/** As LSTMCell, in one operation. Inputs [batch, depth], outputs and both states [batch, units]. */
export class LSTMBlockCell extends LayerRNNCell {
  readonly outputSize: number;
  readonly #options: LSTMBlockOptions;
  #weights!: LSTMBlockWeights;

  constructor(numUnits: number, ...rest: Rest<LSTMBlockOptions, typeof lstmPlaces>) {
    const options: LSTMBlockOptions = byName(rest, lstmPlaces);
    const { dtype, name = "lstm_cell" } = options;
    super({ reuse: options.reuse ?? undefined, dtype, name }, "LSTMBlockCell");
    this.outputSize = numUnits;
    this.#options = options;
  }

  get stateSize(): StateSize {
    return new LSTMStateTuple<number>(this.outputSize, this.outputSize);
  }

  protected override build(inputShape: Shape): void {
    if (!inputShape?.[1]) {
      throw new ValueError(`Expecting inputs_shape[1] to be set: ${formatShapePython(inputShape)}`);
    }
    this.buildFor(inputShape[1]);
  }

  protected override buildFor(depth: number): void {
    this.#weights = lstmBlockWeights(
      depth,
      this.outputSize,
      this.#options.usePeephole ?? false,
      (name, shape, initializer) => this.weight(name, shape, { initializer }),
    );
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    if ((state as readonly Tensor[]).length !== 2) throw new ValueError("Expecting state to be a tuple with length 2.");
    const [c, h] = state as readonly Tensor[] as [Tensor, Tensor];
    const { forgetBias = 1, cellClip, usePeephole = false } = this.#options;
    const step = lstmBlockCellOp({
      x: inputs,
      cs_prev: c,
      h_prev: h,
      w: this.#weights.kernel,
      ...peepholesOf(this.#weights, this.outputSize, this.dtype),
      b: this.#weights.bias,
      forget_bias: forgetBias,
      cell_clip: cellClip ?? -1,
      use_peephole: usePeephole,
    });
    return [step.h, new LSTMStateTuple(step.cs, step.h)];
  }
}

export interface GRUBlockOptions {
  readonly numUnits?: number | null | undefined;
  /** The old name of numUnits. */
  readonly cellSize?: number | null | undefined;
  readonly reuse?: boolean | null | undefined;
  readonly name?: string | undefined;
}

const gruPlaces = ["numUnits", "cellSize", "reuse", "name"] as const;
type GRUBlockRest = Rest<GRUBlockOptions, typeof gruPlaces>;

/** As GRUCell, in one operation. Inputs [batch, depth], output and state [batch, units]. */
export class GRUBlockCell extends LayerRNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  static readonly kind: string = "GRUBlockCell";
  #gates!: readonly [kernel: Variable, bias: Variable];
  #candidate!: readonly [kernel: Variable, bias: Variable];

  /** Throws ValueError without a number of units. */
  constructor(...rest: GRUBlockRest) {
    const { numUnits = null, cellSize = null, reuse, name = "gru_cell" } = byName<GRUBlockOptions>(rest, gruPlaces);
    super({ reuse: reuse ?? undefined, name }, ownKind(new.target));
    if ((cellSize === null) === (numUnits === null)) {
      throw new ValueError("Exactly one of num_units or cell_size must be provided.");
    }
    this.stateSize = this.outputSize = (numUnits ?? cellSize) as number;
  }

  /** Names of the variables: gates and candidate, kernel and bias of each. */
  protected weightNames(): readonly [string, string, string, string] {
    return ["w_ru", "b_ru", "w_c", "b_c"];
  }

  protected override build(inputShape: Shape): void {
    const depth = inputShape?.[1] ?? null;
    if (depth === null) throw new ValueError("Expecting input_size to be set.");
    this.buildFor(depth);
  }

  protected override buildFor(depth: number): void {
    const n = this.stateSize;
    const [gateKernel, gateBias, kernel, bias] = this.weightNames();
    this.#gates = [
      this.weight(gateKernel, [depth + n, n * 2]),
      this.weight(gateBias, [n * 2], { initializer: constantInitializer(1) }),
    ];
    this.#candidate = [
      this.weight(kernel, [depth + n, n]),
      this.weight(bias, [n], { initializer: constantInitializer(0) }),
    ];
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const before = state as Tensor;
    const [, size] = withRank(before.shape, 2);
    if (size !== this.stateSize) {
      throw new ValueError(`Shape of h_prev[1] incorrect: cell_size ${this.stateSize} vs ${size ?? "None"}`);
    }
    const { h } = gruBlockCellOp({
      x: inputs,
      h_prev: before,
      w_ru: this.#gates[0],
      w_c: this.#candidate[0],
      b_ru: this.#gates[1],
      b_c: this.#candidate[1],
    });
    return [h, h];
  }
}

/** A GRUBlockCell whose variables have GRUCell's names. */
export class GRUBlockCellV2 extends GRUBlockCell {
  static override readonly kind: string = "GRUBlockCellV2";

  protected override weightNames(): readonly [string, string, string, string] {
    return ["gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias"];
  }
}
