import { describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const dtypesOf = (...make: readonly (() => tf.Tensor)[]): string[] =>
  new tf.Graph().asDefault(() => make.map((each) => each().dtype.name));

describe("a whole number", () => {
  test("is int32 by itself, float32 beside a fraction, and where an op knows floats alone", () => {
    const x = () => tf.constant([1.5]);
    expect(
      dtypesOf(
        () => tf.add(1, 2),
        () => tf.add(1, 2.5),
        () => tf.concat([[1, 2], [0.5]], 0),
        () => tf.matmul([[1, 2]], [[0.5], [1]]),
        () => tf.sqrt(4),
        () => tf.multiply(2, x()),
        () => tf.nn.sigmoidCrossEntropyWithLogits({ labels: [1], logits: x() }),
      ),
    ).toEqual(["int32", "float32", "float32", "float32", "float32", "float32", "float32"]);
  });

  test("of an int32 tensor stays what it is", () => {
    expect(() => dtypesOf(() => tf.sqrt(tf.constant(4)))).toThrow(/has DataType int32 not in list of allowed values/);
  });
});

describe("arguments that Python takes by position or by name", () => {
  test("may be given either way", () => {
    new tf.Graph().asDefault(() => {
      const x = tf.constant([[1.5, 2]]);
      const shapes = [tf.squeeze(tf.zeros([1, 2, 1]), [0]), tf.squeeze(tf.zeros([1, 2, 1]), { axis: [0] })];
      expect(shapes.map((t) => t.shape)).toEqual([
        [2, 1],
        [2, 1],
      ]);
      expect(tf.placeholder(tf.float32, { shape: [null, 3], name: "p" }).toString()).toBe(
        'Tensor("p:0", shape=(?, 3), dtype=float32)',
      );
      expect(tf.zeros([2], { dtype: tf.int32, name: "z" }).toString()).toBe('Tensor("z:0", shape=(2,), dtype=int32)');
      expect(tf.constant(3, tf.float32, { name: "three" }).toString()).toBe(
        'Tensor("three:0", shape=(), dtype=float32)',
      );
      const image = tf.zeros([1, 8, 8, 1]);
      const filter = tf.zeros([3, 3, 1, 4]);
      expect(tf.nn.conv2d(image, filter, [1, 2, 2, 1], "VALID").shape).toEqual([1, 3, 3, 4]);
      expect(tf.nn.maxPool(image, [1, 2, 2, 1], [1, 2, 2, 1], "SAME").shape).toEqual([1, 4, 4, 1]);
      expect(tf.nn.avgPool(image, { ksize: 3, strides: 1, padding: "VALID" }).shape).toEqual([1, 6, 6, 1]);
      expect(() => tf.nn.conv2d(image, filter, [1, 1, 1, 1], "FOO")).toThrow(
        "Attr 'padding' of 'Conv2D' Op passed string 'FOO' not in: \"SAME\", \"VALID\", \"EXPLICIT\".",
      );
      expect(tf.cumsum(x, 1).op.inputs[1]!.op.type).toBe("Const");
      expect(tf.oneHot([0], 2, 5, -1).dtype.name).toBe("int32");
    });
  });

  test("give the same values", async () => {
    await new tf.Graph().asDefault(() =>
      tf.withSession(async (sess) => {
        const x = tf.constant([
          [1.5, 2],
          [3, 4],
        ]);
        const pairs = [tf.nn.softmax(x, 0), tf.nn.softmax(x, { axis: 0 }), tf.cumsum(x, 1), tf.cumsum(x, { axis: 1 })];
        const [a, b, c, d] = (await sess.run(pairs)) as tf.NdArray[];
        expect(a!.toList()).toEqual(b!.toList());
        expect(c!.toList()).toEqual([
          [1.5, 3.5],
          [3, 7],
        ]);
        expect(d!.toList()).toEqual(c!.toList());
      }),
    );
  });
});
