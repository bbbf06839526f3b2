/** `tf.keras.utils`. Source: tf_keras/src/utils/np_utils.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { type Literal, literalToArray } from "../../ops/convert.ts";

/** Whole numbers [n] (or [n, 1]) as rows with a one at that place: float32 [n, numClasses]. Throws ValueError for numbers out of range. */
export function toCategorical(y: Literal, numClasses?: number): NdArray {
  const labels = literalToArray(y);
  const { shape } = labels;
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  const values = Array.from(labels.data as ArrayLike<number | bigint>, Number);
  const classes = numClasses ?? Math.max(-1, ...values) + 1;
  const data = new Float32Array(values.length * classes);
  for (const [i, label] of values.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ValueError(`index ${label} is out of bounds for ${classes} classes`);
    }
    data[i * classes + label] = 1;
  }
  return new NdArray(float32, [...kept, classes], data);
}

/** Rows of norm 1: x over its norm of this order along the axis. */
export function normalize(x: Literal, axis = -1, order = 2): NdArray {
  const array = literalToArray(x, float32);
  const { shape } = array;
  const at = axis < 0 ? axis + shape.length : axis;
  const n = shape[at] ?? 1;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const source = array.data as Float32Array;
  const data = new Float32Array(source.length);
  for (let outer = 0; outer < source.length / (n * inner); outer++) {
    for (let k = 0; k < inner; k++) {
      const index = (i: number): number => (outer * n + i) * inner + k;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.abs(source[index(i)]!) ** order;
      const norm = sum ** (1 / order) || 1;
      for (let i = 0; i < n; i++) data[index(i)] = source[index(i)]! / norm;
    }
  }
  return new NdArray(float32, shape, data);
}
