/** Floats rounded as if they were stored in few bits, for training. Source: fake_quant_ops.cc, fake_quant_ops_functor.h, array_ops.py. */

import { float32 } from "../../../core/dtype.ts";
import { InvalidArgumentError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { mergeDims, mergeShapes, type Shape, sameShape, withRank, withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { bracketed, type Named } from "../array/basic/names.ts";

const f = Math.fround;

interface Bits {
  readonly num_bits: number;
  readonly narrow_range: boolean;
}

/** The range moved so that 0 is a step of it. */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly inverse: number;
}

function checkBits({ num_bits }: Bits): void {
  if (num_bits < 2 || num_bits > 16) throw new InvalidArgumentError("num_bits must be between 2 and 16, inclusive");
}

function nudge(min: number, max: number, { num_bits, narrow_range }: Bits): Range {
  const low = narrow_range ? 1 : 0;
  const high = 2 ** num_bits - 1;
  const width = f(max - min);
  const scale = f(width / (high - low));
  const inverse = f((high - low) / width);
  const zero = f(low - f(min / scale));
  const nudged = zero < low ? low : zero > high ? high : Math.floor(zero + 0.5);
  return { min: f((low - nudged) * scale), max: f((high - nudged) * scale), scale, inverse };
}

/** Rounds the elements from `start` on, `step` apart. */
function round(input: Float32Array, output: Float32Array, start: number, step: number, range: Range | null): void {
  if (!range) return;
  const { min, max, scale, inverse } = range;
  const zero = Math.floor(f(f(-min * inverse) + 0.5));
  for (let i = start; i < input.length; i += step) {
    const x = input[i]!;
    const clamped = Number.isNaN(x) ? x : Math.max(Math.min(x, max), min);
    output[i] = Math.floor(f(f(f(f(clamped - min) * inverse) - zero) + 0.5)) * scale;
  }
}

/** null: both limits are 0, and so is every result. */
const rangeOf = (min: number, max: number, bits: Bits): Range | null =>
  min === 0 && max === 0 ? null : nudge(min, max, bits);

interface Backward {
  readonly gradients: Float32Array;
  readonly inputs: Float32Array;
  readonly output: Float32Array;
}

/** Gradients within the range go on; the sums of those below and above it. */
function back({ gradients, inputs, output }: Backward, start: number, step: number, range: Range | null): number[] {
  let [below, above] = [0, 0];
  for (let i = start; i < inputs.length; i += step) {
    const [x, dy] = [inputs[i]!, gradients[i]!];
    if (!range || (x >= range.min && x <= range.max)) output[i] = dy;
    if (range && x < range.min) below += dy;
    if (range && x > range.max) above += dy;
  }
  return [below, above];
}

const numbers = (array: NdArray): Float32Array => array.data as Float32Array;
const like = (array: NdArray): NdArray => new NdArray(float32, array.shape, new Float32Array(array.size));

const argsAttrs = ["min: float = -6.0", "max: float = 6.0", "num_bits: int = 8", "narrow_range: bool = false"] as const;
const bitsAttrs = ["num_bits: int = 8", "narrow_range: bool = false"] as const;

function checkLimits(min: number, max: number): void {
  if (min >= max) throw new InvalidArgumentError(`min has to be smaller than max, was: ${min} >= ${max}`);
}

/** outputs = inputs rounded to 2^num_bits steps from min to max, which are moved a little so that 0 is one of them. */
export const fakeQuantWithMinMaxArgsOp = defineOp("FakeQuantWithMinMaxArgs", {
  inputs: ["inputs: float"],
  outputs: ["outputs: float"],
  attrs: argsAttrs,
  shape: ({ inputs }) => [inputs],
  compute({ inputs, min, max, ...bits }) {
    checkLimits(min, max);
    checkBits(bits);
    const output = like(inputs);
    round(numbers(inputs), numbers(output), 0, 1, nudge(min, max, bits));
    return output;
  },
  gradient(tf, { inputs, min, max, num_bits, narrow_range }, dy) {
    return {
      inputs: tf.fakeQuantWithMinMaxArgsGradientOp({ gradients: dy!, inputs, min, max, num_bits, narrow_range }),
    };
  },
});

export const fakeQuantWithMinMaxArgsGradientOp = defineOp("FakeQuantWithMinMaxArgsGradient", {
  inputs: ["gradients: float", "inputs: float"],
  outputs: ["backprops: float"],
  attrs: argsAttrs,
  shape: ({ gradients, inputs }) => [mergeShapes(gradients, inputs)],
  compute({ gradients, inputs, min, max, ...bits }, { node }) {
    checkLimits(min, max);
    checkBits(bits);
    if (!sameShape(gradients.shape, inputs.shape))
      throw new InvalidArgumentError(
        `Inputs to operation ${node.name} of type ${node.type} must have the same size and shape.  Input 0: ${bracketed(gradients.shape)} != input 1: ${bracketed(inputs.shape)}`,
      );
    const output = like(inputs);
    const record = { gradients: numbers(gradients), inputs: numbers(inputs), output: numbers(output) };
    back(record, 0, 1, nudge(min, max, bits));
    return output;
  },
  gradient: "none",
});

function checkScalars(min: NdArray, max: NdArray): void {
  for (const [name, limit] of Object.entries({ min, max }))
    if (limit.shape.length !== 0)
      throw new InvalidArgumentError(`\`${name}\` must be rank 0 but is rank ${limit.shape.length}`);
}

/** As `fakeQuantWithMinMaxArgsOp`, min and max are tensors. */
export const fakeQuantWithMinMaxVarsOp = defineOp("FakeQuantWithMinMaxVars", {
  inputs: ["inputs: float", "min: float", "max: float"],
  outputs: ["outputs: float"],
  attrs: bitsAttrs,
  shape({ inputs, min, max }) {
    withRank(min, 0);
    withRank(max, 0);
    return [inputs];
  },
  compute({ inputs, min, max, ...bits }) {
    checkBits(bits);
    checkScalars(min, max);
    const output = like(inputs);
    round(numbers(inputs), numbers(output), 0, 1, rangeOf(numbers(min)[0]!, numbers(max)[0]!, bits));
    return output;
  },
  gradient(tf, { inputs, min, max, num_bits, narrow_range }, dy) {
    const record = { gradients: dy!, inputs, min, max, num_bits, narrow_range };
    const grads = tf.fakeQuantWithMinMaxVarsGradientOp(record);
    return { inputs: grads.backprops_wrt_input, min: grads.backprop_wrt_min, max: grads.backprop_wrt_max };
  },
});

export const fakeQuantWithMinMaxVarsGradientOp = defineOp("FakeQuantWithMinMaxVarsGradient", {
  inputs: ["gradients: float", "inputs: float", "min: float", "max: float"],
  outputs: ["backprops_wrt_input: float", "backprop_wrt_min: float", "backprop_wrt_max: float"],
  attrs: bitsAttrs,
  shape({ gradients, inputs, min, max }) {
    const merged = mergeShapes(gradients, inputs);
    withRank(min, 0);
    withRank(max, 0);
    return [merged, [], []];
  },
  compute({ gradients, inputs, min, max, ...bits }) {
    checkBits(bits);
    if (!sameShape(gradients.shape, inputs.shape))
      throw new InvalidArgumentError("gradient and input must be the same size");
    checkScalars(min, max);
    const output = like(inputs);
    const record = { gradients: numbers(gradients), inputs: numbers(inputs), output: numbers(output) };
    const sums = back(record, 0, 1, rangeOf(numbers(min)[0]!, numbers(max)[0]!, bits));
    return [output, ...sums.map((sum) => new NdArray(float32, [], Float32Array.of(sum)))];
  },
  gradient: "none",
});

/** The inputs' shape with the last dimension that all three agree on. */
function channelShape(inputs: Shape, min: Shape, max: Shape): Shape {
  const shape = withRankAtLeast(inputs, 1);
  const last = [withRank(min, 1)[0]!, withRank(max, 1)[0]!].reduce(
    (a, b) => mergedDim(a, b),
    shape ? shape.at(-1)! : null,
  );
  return shape && [...shape.slice(0, -1), last];
}

function mergedDim(a: number | null, b: number | null): number | null {
  if (a !== null && b !== null && a !== b) throw invalidArgument(`Dimensions must be equal, but are ${a} and ${b}`);
  return mergeDims(a, b);
}

function checkVectors(inputs: NdArray, min: NdArray, max: NdArray): number {
  const channels = inputs.shape.at(-1) ?? 0;
  for (const [name, limit] of Object.entries({ min, max })) {
    if (limit.shape.length !== 1)
      throw new InvalidArgumentError(`\`${name}\` must be rank 1 but is rank ${limit.shape.length}`);
    if (limit.size !== channels)
      throw new InvalidArgumentError(`${name} has incorrect size, expected ${channels} was ${limit.size}`);
  }
  return channels;
}

/** As `fakeQuantWithMinMaxVarsOp` with a range for each index of the last axis: min and max are [inputs.shape.at(-1)]. */
export const fakeQuantWithMinMaxVarsPerChannelOp = defineOp("FakeQuantWithMinMaxVarsPerChannel", {
  inputs: ["inputs: float", "min: float", "max: float"],
  outputs: ["outputs: float"],
  attrs: bitsAttrs,
  shape: ({ inputs, min, max }) => [channelShape(inputs, min, max)],
  compute({ inputs, min, max, ...bits }) {
    checkBits(bits);
    const channels = checkVectors(inputs, min, max);
    const output = like(inputs);
    for (let c = 0; c < channels; c++) {
      const range = rangeOf(numbers(min)[c]!, numbers(max)[c]!, bits);
      round(numbers(inputs), numbers(output), c, channels, range);
    }
    return output;
  },
  gradient(tf, { inputs, min, max, num_bits, narrow_range }, dy) {
    const record = { gradients: dy!, inputs, min, max, num_bits, narrow_range };
    const grads = tf.fakeQuantWithMinMaxVarsPerChannelGradientOp(record);
    return { inputs: grads.backprops_wrt_input, min: grads.backprop_wrt_min, max: grads.backprop_wrt_max };
  },
});

export const fakeQuantWithMinMaxVarsPerChannelGradientOp = defineOp("FakeQuantWithMinMaxVarsPerChannelGradient", {
  inputs: ["gradients: float", "inputs: float", "min: float", "max: float"],
  outputs: ["backprops_wrt_input: float", "backprop_wrt_min: float", "backprop_wrt_max: float"],
  attrs: bitsAttrs,
  shape({ gradients, inputs, min, max }) {
    const shape = channelShape(mergeShapes(withRankAtLeast(gradients, 1), inputs), min, max);
    const channel = [shape ? shape.at(-1)! : null];
    return [shape, channel, channel];
  },
  compute({ gradients, inputs, min, max, ...bits }) {
    checkBits(bits);
    if (!sameShape(gradients.shape, inputs.shape))
      throw new InvalidArgumentError("gradient and input must be the same size");
    const channels = checkVectors(inputs, min, max);
    const output = like(inputs);
    const record = { gradients: numbers(gradients), inputs: numbers(inputs), output: numbers(output) };
    const sums = Array.from({ length: channels }, (_, c) =>
      back(record, c, channels, rangeOf(numbers(min)[c]!, numbers(max)[c]!, bits)),
    );
    const vector = (k: number): NdArray =>
      new NdArray(
        float32,
        [channels],
        Float32Array.from(sums, (pair) => pair[k]!),
      );
    return [output, vector(0), vector(1)];
  },
  gradient: "none",
});

interface FakeQuantOptions extends Named {
  /** 2 to 16. */
  readonly numBits?: number;
  /** 1 to 2^numBits - 1 in place of 0 to 2^numBits - 1. */
  readonly narrowRange?: boolean;
}

interface FakeQuantArgs extends FakeQuantOptions {
  readonly min?: number;
  readonly max?: number;
}

const bitsOf = ({ numBits = 8, narrowRange = false }: FakeQuantOptions): Bits => ({
  num_bits: numBits,
  narrow_range: narrowRange,
});

const fakeQuantWithMinMaxArgsPlaces = ["min", "max", "numBits", "narrowRange", "name"] as const;

/** `inputs` rounded to 2^numBits steps from min to max. */
export const fakeQuantWithMinMaxArgs = (
  inputs: TensorLike,
  ...rest: Rest<FakeQuantArgs, typeof fakeQuantWithMinMaxArgsPlaces>
): Tensor => {
  const options = byName<FakeQuantArgs>(rest, fakeQuantWithMinMaxArgsPlaces);
  return fakeQuantWithMinMaxArgsOp(
    { inputs, min: options.min ?? -6, max: options.max ?? 6, ...bitsOf(options) },
    options.name,
  );
};

export const fakeQuantWithMinMaxArgsGradient = byKeyword(
  ["gradients", "inputs"],
  function fakeQuantWithMinMaxArgsGradient(
    gradients: TensorLike,
    inputs: TensorLike,
    ...rest: Rest<FakeQuantArgs, typeof fakeQuantWithMinMaxArgsPlaces>
  ): Tensor {
    const options = byName<FakeQuantArgs>(rest, fakeQuantWithMinMaxArgsPlaces);
    return fakeQuantWithMinMaxArgsGradientOp(
      { gradients, inputs, min: options.min ?? -6, max: options.max ?? 6, ...bitsOf(options) },
      options.name,
    );
  },
);

const fakeQuantWithMinMaxVarsPlaces = ["numBits", "narrowRange", "name"] as const;

export const fakeQuantWithMinMaxVars = byKeyword(
  ["inputs", "min", "max"],
  function fakeQuantWithMinMaxVars(
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    ...rest: Rest<FakeQuantOptions, typeof fakeQuantWithMinMaxVarsPlaces>
  ): Tensor {
    const options = byName<FakeQuantOptions>(rest, fakeQuantWithMinMaxVarsPlaces);
    return fakeQuantWithMinMaxVarsOp({ inputs, min, max, ...bitsOf(options) }, options.name);
  },
);

/** `min`, `max`: one for each index of the last axis. */
export const fakeQuantWithMinMaxVarsPerChannel = byKeyword(
  ["inputs", "min", "max"],
  function fakeQuantWithMinMaxVarsPerChannel(
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    ...rest: Rest<FakeQuantOptions, typeof fakeQuantWithMinMaxVarsPlaces>
  ): Tensor {
    const options = byName<FakeQuantOptions>(rest, fakeQuantWithMinMaxVarsPlaces);
    return fakeQuantWithMinMaxVarsPerChannelOp({ inputs, min, max, ...bitsOf(options) }, options.name);
  },
);

/** The gradients of `fakeQuantWithMinMaxVars` for the inputs, min and max. */
export const fakeQuantWithMinMaxVarsGradient = byKeyword(
  ["gradients", "inputs", "min", "max"],
  function fakeQuantWithMinMaxVarsGradient(
    gradients: TensorLike,
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    ...rest: Rest<FakeQuantOptions, typeof fakeQuantWithMinMaxVarsPlaces>
  ): ReturnType<typeof fakeQuantWithMinMaxVarsGradientOp> {
    const options = byName<FakeQuantOptions>(rest, fakeQuantWithMinMaxVarsPlaces);
    return fakeQuantWithMinMaxVarsGradientOp({ gradients, inputs, min, max, ...bitsOf(options) }, options.name);
  },
);

export const fakeQuantWithMinMaxVarsPerChannelGradient = byKeyword(
  ["gradients", "inputs", "min", "max"],
  function fakeQuantWithMinMaxVarsPerChannelGradient(
    gradients: TensorLike,
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    ...rest: Rest<FakeQuantOptions, typeof fakeQuantWithMinMaxVarsPlaces>
  ): ReturnType<typeof fakeQuantWithMinMaxVarsPerChannelGradientOp> {
    const options = byName<FakeQuantOptions>(rest, fakeQuantWithMinMaxVarsPlaces);
    return fakeQuantWithMinMaxVarsPerChannelGradientOp(
      { gradients, inputs, min, max, ...bitsOf(options) },
      options.name,
    );
  },
);
