/** One primitive, its fed inputs, and the value worked out by hand. */
import type { DTypeName } from "../../../src/core/dtype.ts";
import { type NdArray, ndarray } from "../../../src/core/nd_array.ts";
import type { Lowering } from "../../../src/engine/lowering.ts";
import type { Value } from "../../../src/engine/primitive.ts";

export interface Case {
  readonly name: string;
  readonly inputs: readonly NdArray[];
  readonly body: (p: Lowering, ...inputs: Value[]) => Value;
  readonly expected: unknown;
}

const of =
  (dtype: DTypeName) =>
  (values: unknown): NdArray =>
    ndarray(values, dtype);
export const f32 = of("float32");
export const f64 = of("float64");
export const i32 = of("int32");
export const i64 = of("int64");
export const u64 = of("uint64");
export const u8 = of("uint8");
export const i8 = of("int8");
export const u32 = of("uint32");
export const bool = of("bool");
export const f16 = of("float16");
export const bf16 = of("bfloat16");
export const c64 = of("complex64");

export const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
export const big = 2n ** 53n + 1n;
