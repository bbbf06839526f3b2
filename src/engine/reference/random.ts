/** Draws of random numbers into a typed array, and the state between runs. The algorithm is core/philox.ts. */
import type { DTypeName } from "../../core/dtype.ts";
import type { NumberArray } from "../../core/nd_array.ts";
import * as philox from "../../core/philox.ts";
import type { Distribution } from "../primitive.ts";
import type { Scalar } from "./format.ts";

export interface Draw {
  readonly distribution: Distribution;
  readonly dtype: DTypeName;
  readonly count: number;
  /** integers: the draw is in [min, max). */
  readonly min: Scalar | null;
  readonly max: Scalar | null;
}

type Fill = (state: philox.PhiloxState, out: never) => void;

const fills: Record<"uniform" | "normal" | "truncated", Partial<Record<DTypeName, Fill>>> = {
  uniform: {
    float16: philox.fillUniformHalf,
    bfloat16: philox.fillUniformBfloat16,
    float32: philox.fillUniformFloat32,
    float64: philox.fillUniformFloat64,
  },
  normal: {
    float16: philox.fillNormalHalf,
    bfloat16: philox.fillNormalBfloat16,
    float32: philox.fillNormalFloat32,
    float64: philox.fillNormalFloat64,
  },
  truncated: {
    float16: philox.fillTruncatedNormalHalf,
    bfloat16: philox.fillTruncatedNormalBfloat16,
    float32: philox.fillTruncatedNormalFloat32,
    float64: philox.fillTruncatedNormalFloat64,
  },
};

const bits: Partial<Record<DTypeName, Fill>> = {
  int32: philox.fillBits32,
  uint32: philox.fillBits32,
  int64: philox.fillBits64,
  uint64: philox.fillBits64,
};

function stateless(seed: NumberArray): philox.PhiloxState {
  if (!(seed instanceof BigUint64Array)) return philox.statelessState(seed[0]!, seed[1]!);
  return philox.philoxStateOf(seed[0]!, seed[1]!, seed[2]!);
}

const load = (words: Uint32Array): philox.PhiloxState => ({
  key0: words[0]!,
  key1: words[1]!,
  counter0: words[2]!,
  counter1: words[3]!,
  counter2: words[4]!,
  counter3: words[5]!,
});

function store(state: philox.PhiloxState, words: Uint32Array): void {
  words.set([state.key0, state.key1, state.counter0, state.counter1, state.counter2, state.counter3]);
}

/** Whether a distribution can be drawn in a dtype. */
export const hasDraw = (distribution: Distribution, dtype: DTypeName): boolean => {
  if (distribution === "shuffle") return dtype === "int32";
  if (distribution === "integers") return dtype === "int32" || dtype === "int64";
  if (distribution === "bits") return dtype in bits;
  return fills[distribution][dtype] !== undefined;
};

/** Fills `out`. `words` is the op's state, moved on; null with a seed. */
export function draw(
  { distribution, dtype, count, min, max }: Draw,
  words: Uint32Array | null,
  seed: NumberArray | null,
  out: NumberArray,
): void {
  const state = words ? load(words) : stateless(seed!);
  if (distribution === "shuffle") {
    (out as Int32Array).set(philox.shuffle(state, count));
    if (words) store(state, words);
    return;
  }
  const mine = words ? philox.reserve(state, count) : state;
  if (words) store(state, words);
  if (distribution === "bits") bits[dtype]!(mine, out as never);
  else if (distribution !== "integers") fills[distribution][dtype]!(mine, out as never);
  else if (dtype === "int64") philox.fillUniformInt64(mine, out as BigInt64Array, min as bigint, max as bigint);
  else philox.fillUniformInt32(mine, out as Int32Array, min as number, max as number);
}
