/** Cells with long short-term memory. Source: rnn_cell_impl.py, BasicLSTMCell, LSTMCell. */
import { int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import * as tf from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { zerosInitializer } from "../initializers.ts";
import { add, mul } from "../operators.ts";
import { fixedSizePartitioner } from "../variables/partitioned.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { type CellOptions, LayerRNNCell, type StepResult } from "./cell.ts";
import type { Sized } from "./simple.ts";
import { LSTMStateTuple, type State, type StateSize } from "./state.ts";

export interface BasicLSTMCellOptions extends CellOptions {
  /** Added to the forget gate's input; 1 by default. */
  readonly forgetBias?: number | undefined;
  /** False: c and h side by side in one tensor. */
  readonly stateIsTuple?: boolean | undefined;
}

type Four = [Tensor, Tensor, Tensor, Tensor];

const places = ["forgetBias", "stateIsTuple", "activation", "reuse", "name", "dtype"] as const;

/** i, j, f, o = [inputs, h] W + b; c' = c sigmoid(f + forgetBias) + sigmoid(i) activation(j); h' = activation(c') sigmoid(o). */
export class BasicLSTMCell extends LayerRNNCell {
  readonly stateSize: StateSize;
  readonly outputSize: number;
  readonly #forgetBias: number;
  readonly #isTuple: boolean;
  #kernel!: Variable;
  #bias!: Variable;

  constructor(...given: Rest<BasicLSTMCellOptions & Sized, readonly ["numUnits", ...typeof places]>) {
    const { numUnits, ...options } = byName<BasicLSTMCellOptions & Sized>(given, ["numUnits", ...places]);
    super(options, new.target === BasicLSTMCell ? "BasicLSTMCell" : undefined);
    this.#forgetBias = options.forgetBias ?? 1;
    this.#isTuple = options.stateIsTuple ?? true;
    this.stateSize = this.#isTuple ? new LSTMStateTuple(numUnits, numUnits) : 2 * numUnits;
    this.outputSize = numUnits;
  }

  protected override buildFor(depth: number): void {
    const n = this.outputSize;
    this.#kernel = this.weight("kernel", [depth + n, 4 * n]);
    this.#bias = this.weight("bias", [4 * n], { initializer: zerosInitializer() });
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const one = tf.constant(1, { dtype: int32 });
    const [c, h] = (this.#isTuple ? state : tf.split(state as Tensor, 2, { axis: one })) as [Tensor, Tensor];
    const [i, j, f, o] = tf.split(this.linear([inputs, h], this.#kernel, this.#bias), 4, { axis: one }) as Four;
    const forgetBias = tf.constant(this.#forgetBias, { dtype: f.dtype });
    const kept = tf.multiply(c, tf.sigmoid(tf.add(f, forgetBias)));
    const entered = tf.sigmoid(i);
    const nextC = tf.add(kept, tf.multiply(entered, this.activation(j)));
    const shown = this.activation(nextC);
    const nextH = tf.multiply(shown, tf.sigmoid(o));
    return [nextH, this.#isTuple ? new LSTMStateTuple(nextC, nextH) : tf.concat([nextC, nextH], 1)];
  }
}

export interface LSTMCellOptions extends BasicLSTMCellOptions {
  /** The gates see the cell too. */
  readonly usePeepholes?: boolean | undefined;
  /** Clips the cell to [-cellClip, cellClip]. */
  readonly cellClip?: number | undefined;
  readonly initializer?: InitializerLike | undefined;
  /** Projects the output to so many units. */
  readonly numProj?: number | undefined;
  /** Clips the projected output. */
  readonly projClip?: number | undefined;
  readonly numUnitShards?: number | undefined;
  readonly numProjShards?: number | undefined;
}

const lstmCellPlaces = [
  "usePeepholes",
  "cellClip",
  "initializer",
  "numProj",
  "projClip",
  "numUnitShards",
  "numProjShards",
  "forgetBias",
  "stateIsTuple",
  "activation",
  "reuse",
  "name",
  "dtype",
] as const;

/** As BasicLSTMCell, with peepholes, clipping and a projection of the output if wanted. */
export class LSTMCell extends LayerRNNCell {
  readonly stateSize: StateSize;
  readonly outputSize: number;
  readonly #units: number;
  readonly #options: LSTMCellOptions;
  readonly #isTuple: boolean;
  #kernel!: Variable;
  #bias!: Variable;
  #peepholes: { readonly f: Variable; readonly i: Variable; readonly o: Variable } | null = null;
  #projection: Variable | null = null;

  constructor(...given: Rest<LSTMCellOptions & Sized, readonly ["numUnits", ...typeof lstmCellPlaces]>) {
    const { numUnits, ...options } = byName<LSTMCellOptions & Sized>(given, ["numUnits", ...lstmCellPlaces]);
    super(options, new.target === LSTMCell ? "LSTMCell" : undefined);
    this.#units = numUnits;
    this.#options = options;
    this.#isTuple = options.stateIsTuple ?? true;
    const shown = options.numProj || numUnits;
    this.stateSize = this.#isTuple ? new LSTMStateTuple(numUnits, shown) : numUnits + shown;
    this.outputSize = shown;
  }

  protected override buildFor(depth: number): void {
    const n = this.#units;
    const { initializer, numProj, numUnitShards, numProjShards, usePeepholes } = this.#options;
    const shards = (count: number | undefined) => (count === undefined ? undefined : fixedSizePartitioner(count));
    const kernelShape = [depth + (numProj ?? n), 4 * n];
    this.#kernel = this.weight("kernel", kernelShape, { initializer, partitioner: shards(numUnitShards) });
    this.#bias = this.weight("bias", [4 * n], { initializer: zerosInitializer() });
    if (usePeepholes) {
      const f = this.weight("w_f_diag", [n], { initializer });
      const i = this.weight("w_i_diag", [n], { initializer });
      this.#peepholes = { f, i, o: this.weight("w_o_diag", [n], { initializer }) };
    }
    if (numProj !== undefined) {
      this.#projection = this.weight("projection/kernel", [n, numProj], {
        initializer,
        partitioner: shards(numProjShards),
      });
    }
  }

  protected override compute(inputs: Tensor, state: State): StepResult {
    const { forgetBias = 1, cellClip, projClip } = this.#options;
    const [c, m] = this.#parts(state);
    if ((inputs.shape?.[1] ?? null) === null)
      throw new ValueError("Could not infer input size from inputs.get_shape()[-1]");
    const [i, j, f, o] = tf.split(this.linear([inputs, m], this.#kernel, this.#bias), 4, { axis: 1 }) as Four;
    const peep = this.#peepholes;
    const forget = add(f, forgetBias);
    const kept = mul(tf.sigmoid(peep ? add(forget, mul(peep.f, c)) : forget), c);
    const entered = tf.sigmoid(peep ? add(i, mul(peep.i, c)) : i);
    let nextC = add(kept, mul(entered, this.activation(j)));
    if (cellClip !== undefined) nextC = tf.clipByValue(nextC, -cellClip, cellClip) as Tensor;
    const gate = tf.sigmoid(peep ? add(o, mul(peep.o, nextC)) : o);
    let output = mul(gate, this.activation(nextC));
    if (this.#projection) {
      output = tf.matmul(output, this.#projection);
      if (projClip !== undefined) output = tf.clipByValue(output, -projClip, projClip) as Tensor;
    }
    return [output, this.#isTuple ? new LSTMStateTuple(nextC, output) : tf.concat([nextC, output], 1)];
  }

  #parts(state: State): [Tensor, Tensor] {
    if (this.#isTuple) return state as unknown as [Tensor, Tensor];
    const n = this.#units;
    const c = tf.slice(state as Tensor, [0, 0], [-1, n]);
    return [c, tf.slice(state as Tensor, [0, n], [-1, this.#options.numProj ?? n])];
  }
}
