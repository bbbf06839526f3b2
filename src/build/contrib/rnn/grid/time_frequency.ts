/** `tf.contrib.rnn.TimeFreqLSTMCell`: an LSTM over time and over bands of frequencies. Source: contrib/rnn rnn_cell.py. */
import { ValueError } from "../../../../core/error.ts";
import { withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { biasAdd, clipByValue, concat, matmul, sigmoid, slice, split, tanh, zeros } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Nested } from "../../../control_flow/structure.ts";
import { zerosInitializer } from "../../../initializers.ts";
import { add, mul } from "../../../operators.ts";
import { RNNCell, type StepResult } from "../../../rnn/cell.ts";
import type { State } from "../../../rnn/state.ts";
import { getVariable } from "../../../variables/scope.ts";
import type { InitializerLike } from "../../../variables/store.ts";
import { shardedVariable } from "./sharded.ts";

export interface FrequencyOptions {
  readonly usePeepholes?: boolean | undefined;
  /** Clips the cell to [-cellClip, cellClip]. */
  readonly cellClip?: number | null | undefined;
  readonly initializer?: InitializerLike | null | undefined;
  /** Parts of each matrix of weights. */
  readonly numUnitShards?: number | undefined;
  readonly forgetBias?: number | undefined;
  /** Numbers of one band. */
  readonly featureSize?: number | null | undefined;
  /** From the start of a band to that of the next one. */
  readonly frequencySkip?: number | null | undefined;
  readonly reuse?: boolean | null | undefined;
}

const places = [
  "usePeepholes",
  "cellClip",
  "initializer",
  "numUnitShards",
  "forgetBias",
  "featureSize",
  "frequencySkip",
  "reuse",
] as const;

export const clipped = (c: Tensor, limit: number | null | undefined): Tensor =>
  limit === null || limit === undefined ? c : clipByValue(c, -limit, limit);

/** Numbers of a row. Throws ValueError where they are not known. */
export function inputWidth({ shape }: Tensor): number {
  const width = withRank(shape, 2)[1] ?? null;
  if (width === null) throw new ValueError("Cannot infer input_size from static shape inference.");
  return width;
}

/** Each band of [batch, numbers] with the band before it and its own past: [outputs of all bands], [c, m of all bands]. */
export class TimeFreqLSTMCell extends RNNCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #options: FrequencyOptions;

  constructor(numUnits: number, ...rest: Rest<FrequencyOptions, typeof places>) {
    const options = byName<FrequencyOptions>(rest, places);
    super({ reuse: options.reuse ?? undefined }, "TimeFreqLSTMCell");
    this.stateSize = 2 * numUnits;
    this.outputSize = numUnits;
    this.#options = options;
  }

  #bands(inputs: Tensor): Tensor[] {
    const { featureSize, frequencySkip } = this.#options;
    const size = featureSize ?? 0;
    const skip = frequencySkip ?? 1;
    const count = Math.trunc((inputWidth(inputs) - size) / skip) + 1;
    return Array.from({ length: count }, (_, f) => slice(inputs, [0, f * skip], [-1, size]));
  }

  protected override call(given: Nested<Tensor>, before: State): StepResult {
    const { usePeepholes = false, numUnitShards = 1, forgetBias = 1, cellClip } = this.#options;
    const inputs = given as Tensor;
    const state = before as Tensor;
    const bands = this.#bands(inputs);
    const { dtype } = inputs;
    const n = this.outputSize;
    const weights = shardedVariable("W", [bands[0]!.shape![1]! + 2 * n, 4 * n], dtype, numUnitShards);
    const bias = getVariable("B", { shape: [4 * n], initializer: zerosInitializer(), dtype });
    const diagonals = usePeepholes
      ? ["W_F_diag", "W_I_diag", "W_O_diag"].map(
          (name) => getVariable(name, { shape: [n], dtype }) as unknown as Tensor,
        )
      : [];
    const [forgetDiagonal, inputDiagonal, outputDiagonal] = diagonals;
    const peeped = (x: Tensor, diagonal: Tensor | undefined, c: Tensor): Tensor =>
      diagonal ? add(x, mul(diagonal, c)) : x;
    let previous = zeros([inputs.shape![0] as number, n], dtype);
    let out: readonly [m: Tensor, state: Tensor] | null = null;
    for (const [i, band] of bands.entries()) {
      const c = slice(state, [0, 2 * i * n], [-1, n]);
      const m = slice(state, [0, (2 * i + 1) * n], [-1, n]);
      const all = biasAdd(matmul(concat([band, m, previous], 1), weights), bias);
      const [enter, j, forget, o] = split(all, 4, { axis: 1 }) as [Tensor, Tensor, Tensor, Tensor];
      const kept = mul(sigmoid(peeped(add(forget, forgetBias), forgetDiagonal, c)), c);
      const gate = sigmoid(peeped(enter, inputDiagonal, c));
      const next = clipped(add(kept, mul(gate, tanh(j))), cellClip);
      const shown = sigmoid(peeped(o, outputDiagonal, next));
      previous = mul(shown, tanh(next));
      const stateOut: Tensor = concat(out ? [out[1], next, previous] : [next, previous], 1);
      out = [out ? concat([out[0], previous], 1) : previous, stateOut];
    }
    return out!;
  }
}
