/** Data for a model: arrays by input, in batches. Source: tf_keras/src/engine/training_utils_v1.py. */
import { tuple } from "../../../build/keras/layers/layer.ts";
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import { castArray, type Literal, literalToArray } from "../../../ops/convert.ts";
import { byName } from "../../../ops/options.ts";

/** One array, one for each input or output, or arrays by name. */
export type Data = Literal | readonly NdArray[] | { readonly [name: string]: Literal };

/** Where data goes. */
export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export const isByName = (data: unknown): data is Readonly<Record<string, Literal>> =>
  typeof data === "object" &&
  data !== null &&
  !(data instanceof NdArray) &&
  !Array.isArray(data) &&
  !ArrayBuffer.isView(data);

function asArray(value: Literal, dtype: DType): NdArray {
  const array = value instanceof NdArray ? value : literalToArray(value, dtype);
  return array.dtype === dtype ? array : castArray(array, dtype);
}

const arrayOf = (value: Literal): NdArray => (value instanceof NdArray ? value : literalToArray(value));

/** Options by place or by name, where some of them are objects themselves: the last object holds options when it has a name of one. */
export function placed<O extends object>(rest: readonly unknown[], places: readonly (keyof O)[]): O {
  const last = rest.at(-1);
  const isValue =
    rest.length > 1 && isByName(last) && !Object.keys(last).some((key) => places.includes(key as keyof O));
  return byName<O>(isValue ? [...rest, {}] : rest, places);
}

/** Several arrays are a list of NdArrays; everything else is one array. */
export const splitData = (data: Data, names: readonly string[]): Literal[] => {
  if (isByName(data)) {
    return names.map((name) => {
      if (data[name] !== undefined) return data[name];
      throw new ValueError(
        `No data provided for "${name}". Need data for each key in: [${names.map((each) => `'${each}'`).join(", ")}]`,
      );
    });
  }
  const isList = Array.isArray(data) && (names.length > 1 || data.every((each) => each instanceof NdArray));
  return isList ? [...(data as readonly Literal[])] : [data as Literal];
};

/** The arrays without knowing placeholders yet: for models that are built from their data. */
export const plainArrays = (data: Data): NdArray[] =>
  splitData(data, isByName(data) ? Object.keys(data) : ["x"]).map(arrayOf);

/**
 * An array for each slot, in its dtype; vectors get an axis more where the slot has one. Throws ValueError in Keras' words when the number
 * of arrays or a shape does not fit.
 */
export function arraysFor(data: Data, slots: readonly Slot[], what: "input" | "target"): NdArray[] {
  const parts = splitData(
    data,
    slots.map(({ name }) => name),
  );
  if (parts.length !== slots.length) {
    throw new ValueError(
      `Error when checking model ${what}: the list of Numpy arrays that you are passing to your model is not the size the model expected. Expected to see ${slots.length} array(s), for inputs [${slots.map(({ name }) => `'${name}'`).join(", ")}] but instead got the following list of ${parts.length} arrays: [${parts
        .map((part) => `array(${arrayOf(part)})`)
        .join(", ")
        .slice(0, 200)}...`,
    );
  }
  return slots.map(({ name, dtype, shape }, i) => {
    const array = asArray(parts[i]!, dtype);
    const isVector = array.shape.length === 1 && shape?.length === 2;
    const fitted = isVector ? new NdArray(array.dtype, [array.shape[0]!, 1], array.data) : array;
    checkShape(fitted.shape, shape, name, what);
    return fitted;
  });
}

function checkShape(given: readonly number[], wanted: Shape, name: string, what: string): void {
  if (!wanted) return;
  if (given.length !== wanted.length) {
    throw new ValueError(
      `Error when checking ${what}: expected ${name} to have ${wanted.length} dimensions, but got array with shape ${tuple(given)}`,
    );
  }
  const isWrong = wanted.some((d, i) => i > 0 && d !== null && d !== given[i]);
  if (!isWrong) return;
  throw new ValueError(
    `Error when checking ${what}: expected ${name} to have shape ${tuple(wanted.slice(1))} but got array with shape ${tuple(given.slice(1))}`,
  );
}

/** The number of examples. Throws ValueError when arrays have different ones. */
export function sampleCount(arrays: readonly NdArray[], what = "input arrays (x)"): number {
  const counts = [...new Set(arrays.map(({ shape }) => shape[0] ?? 1))];
  if (counts.length > 1) {
    throw new ValueError(
      `All ${what} should have the same number of samples. Got array shapes: [${arrays.map(({ shape }) => tuple(shape)).join(", ")}]`,
    );
  }
  return counts[0] ?? 0;
}

/** Part of an array by rows, without a copy. */
export const rowsBetween = (array: NdArray, from: number, to: number): NdArray => {
  const [n = 1, ...rest] = array.shape;
  const width = n === 0 ? 0 : array.data.length / n;
  const data = ArrayBuffer.isView(array.data)
    ? (array.data as Float32Array).subarray(from * width, to * width)
    : array.data.slice(from * width, to * width);
  return new NdArray(array.dtype, [to - from, ...rest], data as NdArray["data"]);
};
