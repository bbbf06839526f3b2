/** The nearest falling sequence. Source: isotonic_regression_op.cc, nn_grad.py. */
import { int32 } from "../../../core/dtype.ts";
import { elementAt, setElement } from "../../../core/nd_array.ts";
import { withRankAtLeast } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { defineOp } from "../../define.ts";
import { emptyArray } from "../array/basic/elements.ts";

/** A run of elements that share their mean. */
interface Pool {
  readonly end: number;
  readonly sum: number;
  readonly count: number;
}

/** Pools neighbours that rise until the means do not. */
function pools(values: readonly number[]): Pool[] {
  const found: Pool[] = [];
  for (const [i, value] of values.entries()) {
    let last: Pool = { end: i + 1, sum: value, count: 1 };
    for (
      let before = found.at(-1);
      before && before.sum / before.count < last.sum / last.count;
      before = found.at(-1)
    ) {
      last = { end: last.end, sum: before.sum + last.sum, count: before.count + last.count };
      found.pop();
    }
    found.push(last);
  }
  return found;
}

/** output = the sequence along the last axis that never rises and has the least sum of squared differences from input; segments: its steps, counted. */
export const isotonicRegressionOp = defineOp("IsotonicRegression", {
  inputs: ["input: T"],
  outputs: ["output: output_dtype", "segments: int32"],
  attrs: ["T: realnumbertype", "output_dtype: {half, bfloat16, float, double} = DT_FLOAT"],
  shape({ input }) {
    const shape = withRankAtLeast(input, 1);
    return [shape, shape];
  },
  compute({ input, output_dtype }) {
    const output = emptyArray(output_dtype, input.shape);
    const segments = emptyArray(int32, input.shape);
    const n = input.shape.at(-1) ?? 0;
    for (let start = 0; start < input.size; start += n) {
      const values = Array.from({ length: n }, (_, i) => Number(elementAt(input, start + i)));
      let i = 0;
      for (const [segment, { end, sum, count }] of pools(values).entries())
        for (; i < end; i++) {
          setElement(output_dtype, output.data, start + i, sum / count);
          (segments.data as Int32Array)[start + i] = segment;
        }
    }
    return [output, segments];
  },
  gradient(tf, { segments }, dy): { input: Tensor } {
    const rows = dy!.shape![0]!;
    const parts = tf.split(dy!, rows);
    const means = tf.split(segments, rows).map((steps, i) => {
      const numSegments = tf.reduceMax(steps).add(1);
      const mean = tf.unsortedSegmentMean(parts[i]!, steps, numSegments);
      return tf.reshape(tf.gather(mean, steps), [-1]);
    });
    return { input: tf.stack(means, { axis: 0 }) };
  },
});
