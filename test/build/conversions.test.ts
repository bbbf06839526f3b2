/** Conversions, static facts and tf.test: words as TensorFlow 2.21 gives them. */
import { expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import * as tf from "../../src/index.ts";

test("dtypes by name and number", () => {
  expect(tf.asDtype("float")).toBe(tf.float32);
  expect(tf.asDtype("int64")).toBe(tf.int64);
  expect(tf.asDtype(7)).toBe(tf.string);
  expect(() => tf.asDtype("none")).toThrow("Cannot convert the argument `type_value`: 'none' to a TensorFlow DType.");
});

test("shapes and dimensions", () => {
  expect(tf.broadcastStaticShape([3, 1], [null, 4])).toEqual([3, 4]);
  expect(() => tf.broadcastStaticShape([3], [4])).toThrow(
    "Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they are either equal or one of them is 1. Received: (3,) and (4,).",
  );
  expect([tf.dimensionValue(3), tf.dimensionAtIndex([2, null], 1), tf.dimensionAtIndex(null, 0)]).toEqual([
    3,
    null,
    null,
  ]);
});

test("arrays as messages and back", () => {
  const proto = tf.makeTensorProto([[1, 2]], { dtype: tf.float64 });
  expect(proto.dtype).toBe(2);
  expect(tf.makeNdarray(proto).toList()).toEqual([[1, 2]]);
});

test("sparse tensors and slices stay what they are", () =>
  new tf.Graph().asDefault(() => {
    const sparse = new tf.SparseTensor({ indices: [[0]], values: [1], denseShape: [3] });
    expect(tf.convertToTensorOrSparseTensor(sparse)).toBe(sparse);
    expect(() => tf.convertToTensorOrSparseTensor(sparse, { dtype: tf.string })).toThrow(
      "Sparse dtype mismatch. Requested: string  Actual: int32",
    );
    const slices = new tf.IndexedSlices(tf.constant([[1.5]]), tf.constant([0]));
    expect(tf.convertToTensorOrIndexedSlices(slices)).toBe(slices);
    expect((tf.convertToTensorOrIndexedSlices([1, 2]) as tf.Tensor).shape).toEqual([2]);
    expect(tf.guaranteeConst(tf.constant(1)).op.type).toBe("GuaranteeConst");
    const inside = tf.controlDependencies([tf.noOp()], () => tf.initScope(() => tf.constant(1)));
    expect(inside.op.controlInputs).toEqual([]);
    expect(tf.constant([1, 2]).at(tf.newaxis, ":").shape).toEqual([1, 2]);
  }));

test("tf.test compares gradients with differences", () =>
  new tf.Graph().asDefault(() =>
    tf.withSession(async () => {
      const x = tf.placeholder(tf.float64, [2]);
      const y = tf.square(x).mul(ndarray([1, 3], "float64"));
      const [theoretical, numeric] = await tf.test.computeGradient(x, [2], y, [2], {
        xInitValue: ndarray([2, 5], "float64"),
      });
      expect(theoretical).toEqual([
        [4, 0],
        [0, 30],
      ]);
      expect(numeric[1]![1]).toBeCloseTo(30, 8);
      expect(await tf.test.computeGradientError(x, [2], y, [2])).toBeLessThan(1e-8);
      expect(await tf.test.computeGradientError(x, [2], tf.stopGradient(y), [2])).toBeGreaterThan(0.1);
      expect([tf.test.isGpuAvailable(), tf.test.gpuDeviceName()]).toEqual([false, ""]);
    }),
  ));
