/** One block of bands of a GridLSTMCell. Source: contrib/rnn rnn_cell.py. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { biasAdd, concat, matmul, sigmoid, split, tanh, zeros } from "../../../../ops/index.ts";
import { zerosInitializer } from "../../../initializers.ts";
import { add, mul, sub } from "../../../operators.ts";
import { getVariable } from "../../../variables/scope.ts";
import { shardedVariable } from "./sharded.ts";
import { clipped } from "./time_frequency.ts";

export interface BlockOptions {
  readonly units: number;
  readonly batchSize: number | Tensor;
  readonly usePeepholes?: boolean | undefined;
  readonly shareTimeFrequencyWeights?: boolean | undefined;
  readonly coupleInputForgetGates?: boolean | undefined;
  readonly numUnitShards?: number | undefined;
  readonly forgetBias?: number | undefined;
  readonly cellClip?: number | null | undefined;
}

interface Gates {
  readonly i: Tensor;
  readonly j: Tensor;
  /** Null where it is 1 - i. */
  readonly f: Tensor | null;
  readonly o: Tensor;
}

type Gate = "F" | "I" | "O";
/** What a gate sees of the cells over frequency and over time. */
type Diagonals = ReadonlyMap<Gate, readonly [f: Tensor, t: Tensor]>;

function diagonalsOf(kind: "freq" | "time", block: number, options: BlockOptions, like: Tensor): Diagonals {
  const gates: readonly Gate[] = options.coupleInputForgetGates ? ["I", "O"] : ["F", "I", "O"];
  const one = (gate: Gate, from: string): Tensor =>
    getVariable(`W_${gate}_diag_${kind}${from}_${block}`, {
      shape: [options.units],
      dtype: like.dtype,
    }) as unknown as Tensor;
  return new Map(gates.map((gate) => [gate, [one(gate, "f"), one(gate, "t")] as const]));
}

/** x and what the gate sees of both cells. */
function peeped(x: Tensor, diagonals: Diagonals | null, gate: Gate, cells: readonly [Tensor, Tensor]): Tensor {
  const found = diagonals?.get(gate);
  if (!found) return x;
  const withFrequency = add(x, mul(found[0], cells[0]));
  return add(withFrequency, mul(found[1], cells[1]));
}

function gatesOf(all: Tensor, isCoupled: boolean): Gates {
  const parts = split(all, isCoupled ? 3 : 4, { axis: 1 });
  const [i, j] = parts as [Tensor, Tensor];
  return { i, j, f: isCoupled ? null : parts[2]!, o: parts.at(-1)! };
}

/** The next cell over time or frequency: f · own + i · tanh(j). */
function nextCell(
  { i, j, f }: Gates,
  diagonals: Diagonals | null,
  cells: readonly [frequency: Tensor, time: Tensor],
  own: Tensor,
  { forgetBias = 1, cellClip }: BlockOptions,
): Tensor {
  const enter = sigmoid(peeped(i, diagonals, "I", cells));
  const forget = f ? sigmoid(peeped(add(f, forgetBias), diagonals, "F", cells)) : sub(1, enter);
  const kept = mul(forget, own);
  return clipped(add(kept, mul(enter, tanh(j))), cellClip);
}

/** All bands, each with the one before it: outputs (over time, over frequency), and the next c and m over time. */
export function runBlock(
  bands: readonly Tensor[],
  block: number,
  past: (band: number) => readonly [c: Tensor, m: Tensor],
  options: BlockOptions,
): { readonly outputs: Tensor[]; readonly states: Tensor[] } {
  const { units: n, batchSize, usePeepholes = false, numUnitShards = 1 } = options;
  const isCoupled = options.coupleInputForgetGates ?? false;
  const isShared = options.shareTimeFrequencyWeights ?? false;
  const [like] = bands as [Tensor];
  const { dtype } = like;
  const size = (isCoupled ? 3 : 4) * n;
  const weights = (kind: "f" | "t") => ({
    w: shardedVariable(`W_${kind}_${block}`, [like.shape![1]! + 2 * n, size], dtype, numUnitShards),
    b: getVariable(`B_${kind}_${block}`, { shape: [size], initializer: zerosInitializer(), dtype }),
  });
  const frequency = weights("f");
  const time = isShared ? null : weights("t");
  const byFrequency = usePeepholes ? diagonalsOf("freq", block, options, like) : null;
  const byTime = usePeepholes && !isShared ? diagonalsOf("time", block, options, like) : byFrequency;
  let mBefore = zeros([batchSize, n] as never, dtype);
  let cBefore = zeros([batchSize, n] as never, dtype);
  const outputs: Tensor[] = [];
  const states: Tensor[] = [];
  for (const [band, input] of bands.entries()) {
    const [c, m] = past(band);
    const inputs = concat([input, m, mBefore], 1);
    const freqGates = gatesOf(biasAdd(matmul(inputs, frequency.w), frequency.b), isCoupled);
    const timeGates = time ? gatesOf(biasAdd(matmul(inputs, time.w), time.b), isCoupled) : freqGates;
    const cells = [cBefore, c] as const;
    const cFreq = nextCell(freqGates, byFrequency, cells, cBefore, options);
    const cTime = nextCell(timeGates, byTime, cells, c, options);
    const shownFreq = sigmoid(peeped(freqGates.o, byFrequency, "O", [cFreq, cTime]));
    const mFreq = mul(shownFreq, tanh(cFreq));
    const shownTime = sigmoid(peeped(timeGates.o, byTime, "O", [cFreq, cTime]));
    const mTime = mul(shownTime, tanh(cTime));
    [mBefore, cBefore] = [mFreq, cFreq];
    states.push(cTime, mTime);
    outputs.push(mTime, mFreq);
  }
  return { outputs, states };
}
