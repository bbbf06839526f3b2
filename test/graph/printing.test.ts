/** What console.log shows of graphs and values is what Python's print shows: str() of a value, repr() of what lies in a list. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";

const inGraph = <T>(fn: () => T): T => new Graph().asDefault(fn);

describe("console.log", () => {
  test("shows tensors, shapes and dtypes as print does", () =>
    inGraph(() => {
      const x = tf.placeholder(tf.float32, [null, 10]);
      expect(inspect(x)).toBe('Tensor("Placeholder:0", shape=(?, 10), dtype=float32)');
      expect(inspect([x])).toBe("[ <tf.Tensor 'Placeholder:0' shape=(?, 10) dtype=float32> ]");
      expect(inspect(x.shape)).toBe("(?, 10)");
      expect(inspect(tf.placeholder(tf.float32).getShape())).toBe("<unknown>");
      expect(inspect(x.dtype)).toBe("<dtype: 'float32'>");
      expect(inspect([x.dtype])).toBe("[ tf.float32 ]");
      expect(inspect(tf.noOp())).toBe('name: "NoOp"\nop: "NoOp"\n');
    }));

  test("shows lists and records of results as Python's lists and dicts", () =>
    inGraph(async () => {
      await using sess = new tf.Session();
      const list = await sess.run([tf.constant(2), tf.constant([1.5, 2])]);
      expect(inspect(list)).toBe("[2, array([1.5, 2. ], dtype=float32)]");
      expect(`${list}`).toBe("[2, array([1.5, 2. ], dtype=float32)]");
      expect(list.map((value) => value.size)).toEqual([1, 2]);
      const record = await sess.run({ a: tf.constant(1), b: [tf.noOp()] });
      expect(inspect(record)).toBe("{'a': 1, 'b': [None]}");
      expect(Object.keys(record)).toEqual(["a", "b"]);
    }));
});

describe("TensorShape", () => {
  const partial = new tf.TensorShape([null, 3]);
  const unknown = new tf.TensorShape(null);

  test("is an array of dimensions that prints as in Python", () => {
    expect([...partial]).toEqual([null, 3]);
    expect(String(partial)).toBe("(?, 3)");
    expect(partial.repr()).toBe("TensorShape([Dimension(None), Dimension(3)])");
    expect([unknown.ndims, String(unknown), unknown.repr()]).toEqual([null, "<unknown>", "TensorShape(None)"]);
    expect(partial.dims!.map(({ value }) => value)).toEqual([null, 3]);
    expect(partial.map((dim) => dim)).not.toBeInstanceOf(tf.TensorShape);
  });

  test("merges, joins and counts", () => {
    expect([...partial.mergeWith([2, 3])]).toEqual([2, 3]);
    expect([...partial.concatenate([4])]).toEqual([null, 3, 4]);
    expect(partial.concatenate(unknown).ndims).toBeNull();
    expect([...partial.mostSpecificCompatibleShape([5, 4])]).toEqual([null, null]);
    expect([...unknown.withRank(2)]).toEqual([null, null]);
    expect([partial.numElements(), new tf.TensorShape([2, 3]).numElements()]).toEqual([null, 6]);
    expect([partial.isCompatibleWith([2, 3]), partial.isCompatibleWith([2, 4])]).toEqual([true, false]);
  });

  test.each([
    ["mergeWith", () => partial.mergeWith([2, 4]), "Shapes (?, 3) and (2, 4) are not compatible"],
    ["withRank", () => partial.withRank(3), "Shape (?, 3) must have rank 3"],
    ["withRankAtLeast", () => partial.withRankAtLeast(3), "Shape (?, 3) must have rank at least 3"],
    ["withRankAtMost", () => partial.withRankAtMost(1), "Shape (?, 3) must have rank at most 1"],
    ["assertSameRank", () => partial.assertSameRank([1]), "Shapes (?, 3) and (1,) must have the same rank"],
    ["assertIsFullyDefined", () => partial.assertIsFullyDefined(), "Shape (?, 3) is not fully defined"],
    ["asList", () => unknown.asList(), "as_list() is not defined on an unknown TensorShape."],
    ["a negative dimension", () => new tf.TensorShape([-1]), "Dimension -1 must be >= 0"],
  ])("%s says what is wrong", (_, fn, text) => expect(fn).toThrow(text));

  test("of unknown rank stays unknown in placeholders and setShape", () =>
    inGraph(() => {
      const shape = tf.placeholder(tf.float32).getShape();
      expect(tf.placeholder(tf.float32, shape).shape).toBeNull();
      const x = tf.placeholder(tf.float32, [null, 3]);
      x.setShape(shape);
      x.setShape(new tf.TensorShape([2, null]));
      expect(x.getShape().asList()).toEqual([2, 3]);
    }));
});
