/** tf.ragged and the strings that need it, node for node: test/fixtures/build/ragged.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { ragged } from "./programs/ragged.ts";

comparePrograms("ragged", ragged);

test("a run gives and takes values of ragged tensors, which print as Python's", () =>
  new tf.Graph().asDefault(async () => {
    const x = tf.ragged.placeholder(tf.int32, 1, { name: "x" });
    await using sess = new tf.Session();
    const fed = tf.ragged.constantValue([[1, 2], [], [3]], { dtype: tf.int32 });
    const { doubled } = await sess.run({ doubled: x.mul(2) }, { feedDict: [[x, fed]] });
    const value = doubled as unknown as InstanceType<typeof tf.ragged.RaggedTensorValue>;
    expect(value.toList()).toEqual([[2, 4], [], [6]]);
    expect(String(value)).toBe("<tf.RaggedTensorValue [[2, 4], [], [6]]>");
    expect(value.repr()).toBe(
      "tf.RaggedTensorValue(values=array([2, 4, 6], dtype=int32), row_splits=array([0, 2, 2, 3]))",
    );
    expect(String(tf.ragged.constant([[1], []], { name: "c" }))).toBe(
      'tf.RaggedTensor(values=Tensor("c/values:0", shape=(1,), dtype=int32), row_splits=Tensor("c/Const:0", shape=(3,), dtype=int64))',
    );
  }));

test("lists of different depths and wrong splits are refused in TensorFlow's words", () =>
  new tf.Graph().asDefault(async () => {
    expect(() => tf.ragged.constant([1, [2]])).toThrow("all scalar values must have the same nesting depth");
    expect(() => tf.RaggedTensor.fromRowSplits([1, 2], [])).toThrow("row_splits tensor may not be empty.");
    expect(() => tf.RaggedTensor.fromTensor([1, 2])).toThrow("The rank of a RaggedTensor must be greater than 1");
    expect(() => tf.convertToTensor(tf.ragged.constant([[1], []]))).toThrow("Failed to convert elements of");
    expect(() => tf.ragged.constant([[1], []]).at(":", 0)).toThrow("Cannot index into an inner ragged dimension.");
  }));
