/** What variants hold here: lists, maps and optionals of tensors, which add up and have zeros of their own. Source: variant_op_registry.h. */
import { variant } from "../../core/dtype.ts";
import { InternalError, invalidArgument } from "../../core/error.ts";
import { elementAt, type Item, NdArray, setElement } from "../../core/nd_array.ts";
import { type FullShape, sameShape } from "../../core/shape.ts";
import { emptyArray } from "../compute/array/basic/elements.ts";

export interface VariantValue {
  /** As error texts name it. */
  readonly typeName: string;
  /** What is inside, as error texts show it. */
  readonly text: string;
  zerosLike(): VariantValue;
  plus(other: VariantValue): VariantValue;
}

/** A scalar variant. */
export const variantOf = (value: unknown): NdArray => new NdArray(variant, [], [value] as never);

/** Variants of any shape. */
export const variantsOf = (shape: FullShape, values: readonly unknown[]): NdArray =>
  new NdArray(variant, shape, values as never);

/** What a scalar variant holds, or undefined. */
export const heldBy = (array: NdArray): unknown => (array.data as unknown as readonly unknown[])[0] ?? undefined;

export const elementsOf = (array: NdArray): readonly unknown[] => array.data as unknown as readonly unknown[];

/** What a variant holds, as error texts show it. */
export const heldText = (held: unknown): string =>
  isValue(held)
    ? `Variant<type: ${held.typeName} value: ${held.text}>`
    : "Variant<type: <unknown> value: Variant with no value>";

const isValue = (value: unknown): value is VariantValue =>
  typeof value === "object" && value !== null && "zerosLike" in value;

/** Zeros of the shape; for variants each one's own. */
export function zerosLikeArray(array: NdArray): NdArray {
  if (array.dtype !== variant) return emptyArray(array.dtype, array.shape);
  return variantsOf(
    array.shape,
    elementsOf(array).map((value) => {
      if (isValue(value)) return value.zerosLike();
      if (value === null || value === undefined) return null;
      throw new InternalError("No unary variant unary_op function found for op ZEROS_LIKE");
    }),
  );
}

/** a + b of one dtype and shape. Throws INVALID_ARGUMENT when the shapes differ. */
export function addArrays(a: NdArray, b: NdArray): NdArray {
  if (!sameShape(a.shape, b.shape)) {
    throw invalidArgument("Cannot add tensors with different shapes");
  }
  if (a.dtype !== variant) return addNumbers(a, b);
  const others = elementsOf(b);
  return variantsOf(
    a.shape,
    elementsOf(a).map((value, i) => {
      const other = others[i];
      if (isValue(value) && isValue(other) && value.typeName === other.typeName) return value.plus(other);
      throw new InternalError("No unary variant binary_op function found for op ADD");
    }),
  );
}

function addNumbers(a: NdArray, b: NdArray): NdArray {
  const sum = emptyArray(a.dtype, a.shape);
  const { data } = sum;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    const [x, y] = [a.data, b.data] as unknown as readonly [Float32Array, Float32Array];
    for (let i = 0; i < data.length; i++) data[i] = x[i]! + y[i]!;
    return sum;
  }
  for (let i = 0; i < sum.size; i++) setElement(a.dtype, data, i, added(elementAt(a, i), elementAt(b, i)));
  return sum;
}

function added(x: Item, y: Item): Item {
  if (typeof x === "bigint") return x + BigInt(y as number);
  if (typeof x === "number") return typeof y === "bigint" ? BigInt(x) + y : x + (y as number);
  const [a, b] = [x, y] as unknown as readonly (readonly [number, number])[];
  return [a![0] + b![0], a![1] + b![1]] as unknown as Item;
}
