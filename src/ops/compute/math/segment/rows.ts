/** Arithmetic on rows of arrays, in place, for every number dtype: what segment ops and bin counts are made of. */
import type { DType } from "../../../../core/dtype.ts";
import {
  allocateElements,
  bfloat16ToNumber,
  halfToNumber,
  type NumberArray,
  numberToBfloat16,
  numberToHalf,
  setElement,
} from "../../../../core/nd_array.ts";

export type Combine = "sum" | "prod" | "max" | "min";

/** target[t + i] = target[t + i] combined with source[s + i], for count elements. */
export type RowFunction = (target: NumberArray, t: number, source: NumberArray, s: number, count: number) => void;

type Step = (a: number, b: number) => number;

const steps: Record<Combine, Step> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
};

const bigSteps: Record<Combine, (a: bigint, b: bigint) => bigint> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: (a, b) => larger(a, b)[0],
  min: (a, b) => larger(a, b)[1],
};

function larger(a: bigint, b: bigint): readonly [bigint, bigint] {
  return a > b ? [a, b] : [b, a];
}

const plain =
  (step: Step): RowFunction =>
  (target, t, source, s, count) => {
    for (let i = 0; i < count; i++) target[t + i] = step(target[t + i] as number, source[s + i] as number);
  };

const coded =
  (step: Step, read: (bits: number) => number, write: (value: number) => number): RowFunction =>
  (target, t, source, s, count) => {
    for (let i = 0; i < count; i++) {
      target[t + i] = write(step(read(target[t + i] as number), read(source[s + i] as number)));
    }
  };

const complexProduct: RowFunction = (target, t, source, s, count) => {
  for (let i = 0; i < count; i += 2) {
    const [a, b] = [target[t + i] as number, target[t + i + 1] as number];
    const [c, d] = [source[s + i] as number, source[s + i + 1] as number];
    target[t + i] = a * c - b * d;
    target[t + i + 1] = a * d + b * c;
  }
};

/** The row function of a dtype. Counts and positions are in array elements: a complex number has two. */
export function rowFunction(fn: Combine, dtype: DType): RowFunction {
  const step = steps[fn];
  switch (dtype.base) {
    case "int64":
    case "uint64": {
      const big = bigSteps[fn];
      return (target, t, source, s, count) => {
        for (let i = 0; i < count; i++) target[t + i] = big(target[t + i] as bigint, source[s + i] as bigint);
      };
    }
    case "float16":
      return coded(step, halfToNumber, numberToHalf);
    case "bfloat16":
      return coded(step, bfloat16ToNumber, numberToBfloat16);
    case "complex64":
    case "complex128":
      return fn === "prod" ? complexProduct : plain(step);
    default:
      return fn === "prod" && dtype.isInteger ? plain(Math.imul) : plain(step);
  }
}

/** Elements of an array for one element of the tensor. */
export const partsOf = (dtype: DType): number => (dtype.isComplex ? 2 : 1);

/** An array of `count` elements (of the tensor) that all have the value. */
export function filled(dtype: DType, count: number, value: number | bigint): NumberArray {
  const data = allocateElements(dtype, count) as NumberArray;
  if (Number(value) === 0) return data;
  for (let i = 0; i < count; i++) setElement(dtype, data, i, value);
  return data;
}

/** row[i] /= divisor, truncated for integers. */
export function scaleRow(dtype: DType, row: NumberArray, at: number, count: number, divisor: number): void {
  switch (dtype.base) {
    case "int64":
    case "uint64":
      for (let i = 0; i < count; i++) row[at + i] = (row[at + i] as bigint) / BigInt(divisor);
      return;
    case "float16":
      for (let i = 0; i < count; i++) row[at + i] = numberToHalf(halfToNumber(row[at + i] as number) / divisor);
      return;
    case "bfloat16":
      for (let i = 0; i < count; i++) row[at + i] = numberToBfloat16(bfloat16ToNumber(row[at + i] as number) / divisor);
      return;
    default:
      for (let i = 0; i < count; i++) {
        const quotient = (row[at + i] as number) / divisor;
        row[at + i] = dtype.isInteger ? Math.trunc(quotient) : quotient;
      }
  }
}
