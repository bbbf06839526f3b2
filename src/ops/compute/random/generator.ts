/**
 * Random numbers from a state that a resource variable holds: int64 [3] of counter and key. Source: stateful_random_ops.cc,
 * stateful_random_ops_cpu_gpu.h.
 */
import { type DType, int64 } from "../../../core/dtype.ts";
import { InternalError, invalidArgument, UnimplementedError } from "../../../core/error.ts";
import { allocateElements, type Elements, elementAt, NdArray } from "../../../core/nd_array.ts";
import * as philox from "../../../core/philox.ts";
import { elementCount, type FullShape, type Shape, withRank } from "../../../core/shape.ts";
import type { ComputeContext, ShapeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { shapeFromInput } from "../array/basic/shape_input.ts";
import { binomials } from "./binomial.ts";
import { dimsOf } from "./shape.ts";
import { blocksPerOutput, takeBlocks } from "./source.ts";

/** Ids of Philox and of what the device chooses. */
const philoxIds: ReadonlySet<number> = new Set([1, 3]);
const threeFry = 2;

function checkAlgorithm(algorithm: number): void {
  if (algorithm === threeFry) throw new UnimplementedError("Non-XLA devices don't support the ThreeFry algorithm.");
  if (!philoxIds.has(algorithm)) throw invalidArgument(`Unsupported algorithm id: ${algorithm}`);
}

/** The state in the variable; the variable's moves on by `blocks` blocks. */
function advance(
  context: ComputeContext,
  algorithm: number,
  blocks: bigint,
): { state: philox.PhiloxState; before: NdArray } {
  const variable = context.variable("resource");
  const held = variable.read();
  if (held === null) throw new InternalError("Invalid variable reference.");
  if (held.dtype.base !== "int64")
    throw invalidArgument(`dtype of RNG state variable must be int64, not ${held.dtype.name}`);
  if (held.shape.length !== 1)
    throw invalidArgument(`RNG state must have one and only one dimension, not ${held.shape.length}`);
  checkAlgorithm(algorithm);
  if (held.size < 3)
    throw invalidArgument(`For the Philox algorithm, the size of state must be at least 3; got ${held.size}`);
  const words = BigInt64Array.from(held.data as BigInt64Array);
  const before = new NdArray(int64, held.shape, words);
  const [low, high, key] = Array.from(words, (word) => BigInt.asUintN(64, word)) as [bigint, bigint, bigint];
  const counter = ((high << 64n) | low) + blocks;
  const after = words.slice();
  after[0] = BigInt.asIntN(64, counter);
  after[1] = BigInt.asIntN(64, counter >> 64n);
  variable.write(new NdArray(int64, held.shape, after));
  return { state: philox.philoxStateOf(key, low, high), before };
}

const algorithmOf = (array: NdArray | undefined): number => (array ? Number(elementAt(array, 0)) : 1);

type Fill = (state: philox.PhiloxState, out: Elements) => void;

/** How each dtype is filled. */
const fills: Readonly<Record<"normal" | "truncated" | "uniform" | "bits", Readonly<Record<string, Fill>>>> = {
  normal: {
    float32: philox.fillNormalFloat32 as Fill,
    float64: philox.fillNormalFloat64 as Fill,
    float16: philox.fillNormalHalf as Fill,
    bfloat16: philox.fillNormalBfloat16 as Fill,
  },
  truncated: {
    float32: philox.fillTruncatedNormalFloat32 as Fill,
    float64: philox.fillTruncatedNormalFloat64 as Fill,
    float16: philox.fillTruncatedNormalHalf as Fill,
    bfloat16: philox.fillTruncatedNormalBfloat16 as Fill,
  },
  uniform: {
    float32: philox.fillUniformFloat32 as Fill,
    float64: philox.fillUniformFloat64 as Fill,
    float16: philox.fillUniformHalf as Fill,
    bfloat16: philox.fillUniformBfloat16 as Fill,
  },
  bits: {
    int32: philox.fillBits32 as Fill,
    uint32: philox.fillBits32 as Fill,
    int64: philox.fillBits64 as Fill,
    uint64: philox.fillBits64 as Fill,
  },
};

function filled(type: keyof typeof fills, dtype: DType, shape: FullShape, state: philox.PhiloxState): NdArray {
  const fill = fills[type][dtype.base];
  if (!fill) throw invalidArgument(`Unsupported dtype ${dtype.name}`);
  const data = allocateElements(dtype, elementCount(shape));
  fill(state, data);
  return new NdArray(dtype, shape, data);
}

const blocksFor = (shape: FullShape): bigint => BigInt(elementCount(shape)) * BigInt(blocksPerOutput);

function drawnShape(context: ShapeContext, shape: Shape, algorithm?: Shape): Shape {
  if (algorithm !== undefined) withRank(algorithm, 0);
  return shapeFromInput(context, "shape", shape);
}

const drawing = (type: string, kind: keyof typeof fills, byDefault: string) =>
  defineOp(type, {
    inputs: ["resource: resource", "algorithm: int64", "shape: shape_dtype"],
    outputs: ["output: dtype"],
    attrs: [`dtype: type = ${byDefault}` as "dtype: type = DT_FLOAT", "shape_dtype: type = DT_INT64"],
    stateful: true,
    updates: ["resource"],
    shape: ({ shape, algorithm }, context) => [drawnShape(context, shape, algorithm)],
    compute({ algorithm, shape, dtype }, context) {
      const dims = dimsOf(shape);
      return filled(kind, dtype, dims, advance(context, algorithmOf(algorithm), blocksFor(dims)).state);
    },
    gradient: "unregistered",
  });

export const statefulStandardNormalV2Op = drawing("StatefulStandardNormalV2", "normal", "DT_FLOAT");
export const statefulTruncatedNormalOp = drawing("StatefulTruncatedNormal", "truncated", "DT_FLOAT");
export const statefulUniformOp = drawing("StatefulUniform", "uniform", "DT_FLOAT");
/** output: all bits random. */
export const statefulUniformFullIntOp = drawing("StatefulUniformFullInt", "bits", "DT_UINT64");

/** The first form, whose variable holds the algorithm before the counter. */
export const statefulStandardNormalOp = defineOp("StatefulStandardNormal", {
  inputs: ["resource: resource", "shape: shape_dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type = DT_FLOAT", "shape_dtype: type = DT_INT64"],
  stateful: true,
  updates: ["resource"],
  shape: ({ shape }, context) => [drawnShape(context, shape)],
  compute({ shape, dtype }, context) {
    const dims = dimsOf(shape);
    return filled("normal", dtype, dims, advance(context, 1, blocksFor(dims)).state);
  },
  gradient: "unregistered",
});

/** Whole numbers in [minval, maxval). */
export const statefulUniformIntOp = defineOp("StatefulUniformInt", {
  inputs: ["resource: resource", "algorithm: int64", "shape: shape_dtype", "minval: dtype", "maxval: dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type = DT_INT64", "shape_dtype: type = DT_INT64"],
  stateful: true,
  updates: ["resource"],
  shape({ shape, algorithm, minval, maxval }, context) {
    withRank(minval, 0);
    withRank(maxval, 0);
    return [drawnShape(context, shape, algorithm)];
  },
  compute({ algorithm, shape, minval, maxval, dtype }, context) {
    const [min, max] = [elementAt(minval, 0), elementAt(maxval, 0)] as (number | bigint)[] as [number, number];
    if (!(min < max)) throw invalidArgument(`Need minval < maxval, got ${min} >= ${max}`);
    const dims = dimsOf(shape);
    const { state } = advance(context, algorithmOf(algorithm), blocksFor(dims));
    const data = allocateElements(dtype, elementCount(dims));
    if (data instanceof BigInt64Array) philox.fillUniformInt64(state, data, BigInt(min), BigInt(max));
    else philox.fillUniformInt32(state, data as Int32Array, Number(min), Number(max));
    return new NdArray(dtype, dims, data);
  },
  gradient: "unregistered",
});

/** output: how many of `counts` tries succeed with probability `probs`. */
export const statefulRandomBinomialOp = defineOp("StatefulRandomBinomial", {
  inputs: ["resource: resource", "algorithm: int64", "shape: S", "counts: T", "probs: T"],
  outputs: ["output: dtype"],
  attrs: [
    "S: {int32, int64}",
    "T: {half, float, double, int32, int64} = DT_DOUBLE",
    "dtype: {half, float, double, int32, int64} = DT_INT64",
  ],
  stateful: true,
  updates: ["resource"],
  shape: ({ shape, algorithm }, context) => [drawnShape(context, shape, algorithm)],
  compute({ algorithm, shape, counts, probs, dtype }, context) {
    const dims = dimsOf(shape);
    const batches = Math.max(counts.size, probs.size);
    const perBatch = elementCount(dims) / Math.max(batches, 1);
    // Tries of the rejection sampler, four numbers from each block.
    const blocks = Math.floor((batches * 2 * 100 * (perBatch + 3)) / 4) * blocksPerOutput;
    const { state } = advance(context, algorithmOf(algorithm), BigInt(blocks));
    return binomials(state, dtype, dims, counts, probs);
  },
  gradient: "unregistered",
});

/** Moves the state on as if `delta` numbers had been drawn. */
export const rngSkipOp = defineOp("RngSkip", {
  inputs: ["resource: resource", "algorithm: int64", "delta: int64"],
  stateful: true,
  updates: ["resource"],
  shape({ algorithm, delta }) {
    withRank(algorithm, 0);
    withRank(delta, 0);
    return [];
  },
  compute({ algorithm, delta }, context) {
    advance(context, algorithmOf(algorithm), BigInt(elementAt(delta, 0) as number) * BigInt(blocksPerOutput));
    return [];
  },
  gradient: "unregistered",
});

/** value = the state, which moves on as if `delta` numbers had been drawn. */
export const rngReadAndSkipOp = defineOp("RngReadAndSkip", {
  inputs: ["resource: resource", "alg: int32", "delta: uint64"],
  outputs: ["value: int64"],
  stateful: true,
  updates: ["resource"],
  shape({ alg, delta }) {
    withRank(alg, 0);
    withRank(delta, 0);
    return [[3]];
  },
  compute: ({ alg, delta }, context) =>
    advance(context, algorithmOf(alg), BigInt(elementAt(delta, 0) as number) * BigInt(blocksPerOutput)).before,
  gradient: "unregistered",
});

/** Whole numbers of random bits that no seed repeats. */
export const nonDeterministicIntsOp = defineOp("NonDeterministicInts", {
  inputs: ["shape: shape_dtype"],
  outputs: ["output: dtype"],
  attrs: ["dtype: type = DT_INT64", "shape_dtype: type = DT_INT64"],
  stateful: true,
  shape: ({ shape }, context) => [drawnShape(context, shape)],
  compute({ shape, dtype }, context) {
    const dims = dimsOf(shape);
    return filled("bits", dtype, dims, takeBlocks(context, Math.max(1, elementCount(dims))));
  },
  gradient: "unregistered",
});
