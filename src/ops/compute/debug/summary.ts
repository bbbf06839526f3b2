/** What a tensor's elements are like: DebugNanCount, DebugNumericSummary, DebugNumericSummaryV2. Source: debug_ops.h, debug_ops.cc. */
import { float32, float64, int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError, UnimplementedError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { defineOp } from "../../define.ts";
import { toNumbers } from "../array/basic/elements.ts";

const watched = [
  "T: type",
  "device_name: string = ''",
  "tensor_name: string = ''",
  "debug_urls: list(string) = []",
] as const;

/** TensorFlow wants to know whose output it watches. */
export function checkTensorName(name: string): void {
  if (!/^.+:\d+$/.test(name)) throw new InvalidArgumentError(`Failed to parse tensor name: "${name}"`);
}

/** How many elements are NaN. */
export const debugNanCountOp = defineOp("DebugNanCount", {
  inputs: ["input: T"],
  outputs: ["output: int64"],
  attrs: [...watched, "gated_grpc: bool = false"],
  shape: () => [[]],
  compute({ input, tensor_name }) {
    checkTensorName(tensor_name);
    const n = Array.from(toNumbers(input)).filter(Number.isNaN).length;
    return new NdArray(int64, [1], BigInt64Array.of(BigInt(n)));
  },
  gradient: "unregistered",
});

interface Counts {
  nan: number;
  negativeInfinite: number;
  positiveInfinite: number;
  negative: number;
  zero: number;
  positive: number;
}

function countsOf(values: ArrayLike<number>): Counts {
  const counts = { nan: 0, negativeInfinite: 0, positiveInfinite: 0, negative: 0, zero: 0, positive: 0 };
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (Number.isNaN(x)) counts.nan++;
    else if (x === Number.NEGATIVE_INFINITY) counts.negativeInfinite++;
    else if (x === Number.POSITIVE_INFINITY) counts.positiveInfinite++;
    else if (x < 0) counts.negative++;
    else if (x === 0) counts.zero++;
    else counts.positive++;
  }
  return counts;
}

/** Least, greatest, mean and variance of the finite elements. */
function moments(values: ArrayLike<number>): [number, number, number, number] {
  const finite = Array.from(values).filter(Number.isFinite);
  if (finite.length === 0) return [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN];
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  const variance = finite.reduce((a, b) => a + (b - mean) ** 2, 0) / finite.length;
  return [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b)), mean, variance];
}

/**
 * [1, size, NaNs, at most lower_bound, negative, zero, positive, at least upper_bound, least, greatest, mean, variance, dtype, rank, ...shape].
 */
export const debugNumericSummaryOp = defineOp("DebugNumericSummary", {
  inputs: ["input: T"],
  outputs: ["output: double"],
  attrs: [
    ...watched,
    "lower_bound: float = -Infinity",
    "upper_bound: float = Infinity",
    "mute_if_healthy: bool = false",
    "gated_grpc: bool = false",
  ],
  shape: () => [null],
  compute({ input, tensor_name, lower_bound, upper_bound }) {
    checkTensorName(tensor_name);
    const values = toNumbers(input);
    const clipped = Float64Array.from(values, (x) =>
      x <= lower_bound ? Number.NEGATIVE_INFINITY : x >= upper_bound ? Number.POSITIVE_INFINITY : x,
    );
    const c = countsOf(clipped);
    const counted = [c.nan, c.negativeInfinite, c.negative, c.zero, c.positive, c.positiveInfinite];
    const facts = [input.dtype.number, input.shape.length, ...input.shape];
    const data = Float64Array.of(1, values.length, ...counted, ...moments(values), ...facts);
    return new NdArray(float64, [data.length], data);
  },
  gradient: "unregistered",
});

const shapeSlots = 6;

/**
 * By tensor_debug_mode: 2 [id, any that is not finite], 3 [id, size, -inf, inf, NaN], 4 [id, device, dtype, rank, size, -inf, inf, NaN, negative,
 * zero, positive], 5 [id, dtype, rank, size, six sizes], 8 [-inf, inf, NaN] where there are some.
 */
export const debugNumericSummaryV2Op = defineOp("DebugNumericSummaryV2", {
  inputs: ["input: T"],
  outputs: ["output: output_dtype"],
  attrs: ["output_dtype: {float, double} = DT_FLOAT", "T: type", "tensor_debug_mode: int = -1", "tensor_id: int = -1"],
  shape: () => [null],
  compute({ input, output_dtype, tensor_debug_mode: mode, tensor_id: id }) {
    const { dtype, shape } = input;
    const values = toNumbers(input);
    const c = countsOf(values);
    const facts = (): number[] => {
      if (mode === 2) return [id, c.nan + c.negativeInfinite + c.positiveInfinite > 0 ? 1 : 0];
      if (mode === 3) return [id, values.length, c.negativeInfinite, c.positiveInfinite, c.nan];
      if (mode === 4) {
        const infinite = [c.negativeInfinite, c.positiveInfinite, c.nan];
        return [id, -1, dtype.number, shape.length, values.length, ...infinite, c.negative, c.zero, c.positive];
      }
      if (mode === 5) {
        const sizes = shape.slice(-shapeSlots);
        const rest = new Array<number>(shapeSlots - sizes.length).fill(0);
        return [id, dtype.number, shape.length, values.length, ...sizes, ...rest];
      }
      if (mode === 8) {
        return [
          c.negativeInfinite ? Number.NEGATIVE_INFINITY : 0,
          c.positiveInfinite ? Number.POSITIVE_INFINITY : 0,
          c.nan ? Number.NaN : 0,
        ];
      }
      throw new UnimplementedError(`Unimplemented tensor debug mode: ${mode}`);
    };
    const data = facts();
    const isFloat = output_dtype === float32;
    return new NdArray(output_dtype, [data.length], isFloat ? Float32Array.from(data) : Float64Array.from(data));
  },
  gradient: "unregistered",
});
