/**
 * Random numbers from seeds that are inputs: the same seeds give the same numbers in every run. Version 2 takes key, counter and
 * algorithm. Source: stateless_random_ops.cc, stateless_random_ops_v2.cc.
 */
import { type DType, int32, uint64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { allocateElements, NdArray } from "../../../../core/nd_array.ts";
import * as philox from "../../../../core/philox.ts";
import { elementCount, type FullShape, formatShape, type Shape, withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Distribution, Value } from "../../../../engine/primitive.ts";
import { defineOp } from "../../../define.ts";
import { takeRows } from "../../array/basic/elements.ts";
import { checkedShape, shapeFromInput } from "../../array/basic/shape_input.ts";
import { dimsOf } from "../shape.ts";
import { checkAlgorithm, checkKey, checkSeed, keyedState, seededState, seedShape } from "./seed.ts";

const floats = "dtype: {half, bfloat16, float, double} = DT_FLOAT";
const wholes = "{int32, int64, uint32, uint64}";

const fromSeeds = (type: string, distribution: Distribution) =>
  defineOp(type, {
    inputs: ["shape: T", "seed: Tseed"],
    outputs: ["output: dtype"],
    attrs: [floats, "T: {int32, int64} = DT_INT32", "Tseed: {int32, int64} = DT_INT64"],
    shape({ shape, seed }, context) {
      seedShape(seed);
      return [shapeFromInput(context, "shape", shape)];
    },
    lower(p, { shape, seed, dtype }) {
      checkSeed(seed.shape);
      return p.random(distribution, dtype.base, checkedShape(p, shape), [], seed);
    },
    gradient: "none",
  });

/** output in [0, 1). */
export const statelessRandomUniformOp = fromSeeds("StatelessRandomUniform", "uniform");
export const statelessRandomNormalOp = fromSeeds("StatelessRandomNormal", "normal");
export const statelessTruncatedNormalOp = fromSeeds("StatelessTruncatedNormal", "truncated");

/** Key and counter as the engine takes them, [3]. */
function keyed(p: Lowering, key: Value, counter: Value, alg: Value): Value {
  checkKey(key.shape, counter.shape, alg.shape);
  checkAlgorithm(p.numbers(alg)[0]!);
  return p.concat([p.slice(key, [0], [1]), p.slice(counter, [0], [2])], 0);
}

function keyedShape(key: Shape, counter: Shape, alg: Shape): void {
  withRank(key, 1);
  withRank(counter, 1);
  withRank(alg, 0);
}

const fromKey = (type: string, distribution: Distribution) =>
  defineOp(type, {
    inputs: ["shape: Tshape", "key: uint64", "counter: uint64", "alg: int32"],
    outputs: ["output: dtype"],
    attrs: [floats, "Tshape: {int32, int64} = DT_INT32"],
    shape({ shape, key, counter, alg }, context) {
      keyedShape(key, counter, alg);
      return [shapeFromInput(context, "shape", shape)];
    },
    lower: (p, { shape, key, counter, alg, dtype }) =>
      p.random(distribution, dtype.base, checkedShape(p, shape), [], keyed(p, key, counter, alg)),
    gradient: "none",
  });

export const statelessRandomUniformV2Op = fromKey("StatelessRandomUniformV2", "uniform");
export const statelessRandomNormalV2Op = fromKey("StatelessRandomNormalV2", "normal");
export const statelessTruncatedNormalV2Op = fromKey("StatelessTruncatedNormalV2", "truncated");

/** Whole numbers in [minval, maxval). Throws INVALID_ARGUMENT `Need minval < maxval, got 5 >= 3`. */
function integers(p: Lowering, shape: Value, min: Value, max: Value, seed: Value): Value {
  for (const [name, { shape }] of [
    ["minval", min],
    ["maxval", max],
  ] as const) {
    if (shape.length) throw invalidArgument(`${name} must be 0-D, got shape ${formatShape(shape)}`);
  }
  const dims = checkedShape(p, shape);
  const words = `${p.constantOf(min) ?? ""} >= ${p.constantOf(max) ?? ""}`;
  p.check(
    p.lt(min, max),
    ({ details }) => invalidArgument(`Need minval < maxval, got ${details ? `${details[0]} >= ${details[1]}` : words}`),
    [min, max],
  );
  return p.random("integers", min.dtype, dims, [min, max], seed);
}

export const statelessRandomUniformIntOp = defineOp("StatelessRandomUniformInt", {
  inputs: ["shape: T", "seed: Tseed", "minval: dtype", "maxval: dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: {int32, int64}", "T: {int32, int64}", "Tseed: {int32, int64} = DT_INT64"],
  shape({ shape, seed, minval, maxval }, context) {
    seedShape(seed);
    withRank(minval, 0);
    withRank(maxval, 0);
    return [shapeFromInput(context, "shape", shape)];
  },
  lower(p, { shape, seed, minval, maxval }) {
    checkSeed(seed.shape);
    return integers(p, shape, minval, maxval, seed);
  },
  gradient: "none",
});

export const statelessRandomUniformIntV2Op = defineOp("StatelessRandomUniformIntV2", {
  inputs: ["shape: Tshape", "key: uint64", "counter: uint64", "alg: int32", "minval: dtype", "maxval: dtype"],
  outputs: ["output: dtype"],
  attrs: [`dtype: ${wholes}` as "dtype: type", "Tshape: {int32, int64} = DT_INT32"],
  shape({ shape, key, counter, alg, minval, maxval }, context) {
    keyedShape(key, counter, alg);
    withRank(minval, 0);
    withRank(maxval, 0);
    return [shapeFromInput(context, "shape", shape)];
  },
  lower: (p, { shape, key, counter, alg, minval, maxval }) =>
    integers(p, shape, minval, maxval, keyed(p, key, counter, alg)),
  gradient: "none",
});

function bits(state: philox.PhiloxState, dtype: DType, shape: FullShape): NdArray {
  const data = allocateElements(dtype, elementCount(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) philox.fillBits64(state, data);
  else philox.fillBits32(state, data as Uint32Array);
  return new NdArray(dtype, shape, data);
}

/** output: all bits random. */
export const statelessRandomUniformFullIntOp = defineOp("StatelessRandomUniformFullInt", {
  inputs: ["shape: T", "seed: Tseed"],
  outputs: ["output: dtype"],
  attrs: [
    `dtype: ${wholes} = DT_UINT64` as "dtype: type = DT_UINT64",
    "T: {int32, int64} = DT_INT32",
    `Tseed: ${wholes} = DT_INT64` as "Tseed: type = DT_INT64",
  ],
  shape({ shape, seed }, context) {
    seedShape(seed);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute: ({ shape, seed, dtype }) => bits(seededState(seed), dtype, dimsOf(shape)),
  gradient: "none",
});

export const statelessRandomUniformFullIntV2Op = defineOp("StatelessRandomUniformFullIntV2", {
  inputs: ["shape: Tshape", "key: uint64", "counter: uint64", "alg: int32"],
  outputs: ["output: dtype"],
  attrs: [`dtype: ${wholes} = DT_UINT64` as "dtype: type = DT_UINT64", "Tshape: {int32, int64} = DT_INT32"],
  shape({ shape, key, counter, alg }, context) {
    keyedShape(key, counter, alg);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute: ({ shape, key, counter, alg, dtype }) => bits(keyedState(key, counter, alg), dtype, dimsOf(shape)),
  gradient: "none",
});

/** Philox: what the CPU has. */
const algorithm = 1;

function keyAndCounter(seed: NdArray): [key: NdArray, counter: NdArray] {
  const { key0, key1, counter0, counter1, counter2, counter3 } = seededState(seed);
  const join = (low: number, high: number): bigint => BigInt(low) | (BigInt(high) << 32n);
  return [
    new NdArray(uint64, [1], BigUint64Array.of(join(key0, key1))),
    new NdArray(uint64, [2], BigUint64Array.of(join(counter0, counter1), join(counter2, counter3))),
  ];
}

/** The algorithm of this device: 1 is Philox. */
export const statelessRandomGetAlgOp = defineOp("StatelessRandomGetAlg", {
  outputs: ["alg: int32"],
  stateful: true,
  shape: () => [[]],
  lower: (p) => p.scalar(algorithm, "int32"),
  gradient: "unregistered",
});

/** Two seeds scrambled into a key [1] and a counter [2]. */
export const statelessRandomGetKeyCounterOp = defineOp("StatelessRandomGetKeyCounter", {
  inputs: ["seed: Tseed"],
  outputs: ["key: uint64", "counter: uint64"],
  attrs: ["Tseed: {int32, int64} = DT_INT64"],
  shape({ seed }) {
    seedShape(seed);
    return [[1], [2]];
  },
  compute: ({ seed }) => keyAndCounter(seed),
  gradient: "unregistered",
});

export const statelessRandomGetKeyCounterAlgOp = defineOp("StatelessRandomGetKeyCounterAlg", {
  inputs: ["seed: Tseed"],
  outputs: ["key: uint64", "counter: uint64", "alg: int32"],
  attrs: ["Tseed: {int32, int64} = DT_INT64"],
  shape({ seed }) {
    seedShape(seed);
    return [[1], [2], []];
  },
  compute: ({ seed }) => [...keyAndCounter(seed), new NdArray(int32, [], Int32Array.of(algorithm))],
  gradient: "unregistered",
});

/** output = the rows of value in random order. */
export const statelessShuffleOp = defineOp("StatelessShuffle", {
  inputs: ["value: T", "key: uint64", "counter: uint64", "alg: int32"],
  outputs: ["output: T"],
  attrs: ["T: type"],
  shape({ value, key, counter, alg }) {
    keyedShape(key, counter, alg);
    return [value];
  },
  compute({ value, key, counter, alg }) {
    const state = keyedState(key, counter, alg);
    const rows = value.shape[0] ?? 1;
    if (rows <= 1 || value.size <= 1) return value;
    return takeRows(value, philox.shuffle(state, rows), value.size / rows, value.shape);
  },
  gradient: "unregistered",
});
