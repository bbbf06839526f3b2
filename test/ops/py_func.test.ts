/** tf.pyFunc: functions of this process as operations. Names and words as TensorFlow 2.21 gives them. */
import { expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import * as tf from "../../src/index.ts";

const doubled = (v: tf.NdArray) =>
  ndarray(
    Array.from(v.data as Float32Array, (x) => 2 * x),
    "float32",
  );

test("calls the function with the inputs' values", () =>
  new tf.Graph().asDefault(async () => {
    const x = tf.placeholder(tf.float32, [2], { name: "x" });
    const y = tf.pyFunc(doubled, [x], tf.float32);
    const [a, b] = tf.pyFunc((v, n) => [v, Number(n.item()) + 1], [x, tf.constant(1)], [tf.float32, tf.int64], {
      stateful: false,
      name: "mine",
    }) as tf.Tensor[];
    const seen: number[] = [];
    const quiet = tf.pyFunc(() => seen.push(1), [], []) as tf.Operation;
    const later = tf.numpyFunction(async (v) => doubled(v), [y], tf.float32);
    expect([y.name, a!.name, b!.name, quiet.name, later.name]).toEqual([
      "PyFunc:0",
      "mine:0",
      "mine:1",
      "PyFunc_1",
      "PyFunc_2:0",
    ]);
    expect([y.op.type, a!.op.type, y.shape]).toEqual(["PyFunc", "PyFuncStateless", null]);
    await using sess = new tf.Session();
    const feedDict = [[x, [1, 2]]] as const;
    expect((await sess.run([y, a!, b!, later], { feedDict })).map((v) => v.toList())).toEqual([
      [2, 4],
      [1, 2],
      2,
      [4, 8],
    ]);
    await sess.run(quiet);
    expect(seen).toEqual([1]);
  }));

test("says what does not fit", () =>
  new tf.Graph().asDefault(async () => {
    await using sess = new tf.Session();
    const run = (fn: () => unknown, Tout: tf.DType | tf.DType[] = tf.float32) =>
      sess.run(tf.pyFunc(fn, [], Tout as tf.DType));
    await expect(run(() => ndarray(1, "int32"))).rejects.toThrow(
      /0-th value returned by pyfunc_\d+ is int32, but expects float\b/,
    );
    await expect(run(() => [1], [tf.float32, tf.float32])).rejects.toThrow(
      /pyfunc_\d+ returns 1 values, but expects to see 2 values\./,
    );
    const broken = () => {
      throw new RangeError("too far");
    };
    await expect(run(broken)).rejects.toThrow("RangeError: too far");
    expect(() => tf.pyFunc(3 as never, [], tf.float32)).toThrow("Expected func to be callable. Received func=3");
  }));

test("a graph from elsewhere knows no function", () =>
  new tf.Graph().asDefault(async () => {
    const y = tf.pyFunc(() => 1, [], tf.float32);
    const graphDef = tf.getDefaultGraph().asGraphDef();
    graphDef.node[0]!.attr.token = { s: new TextEncoder().encode("pyfunc_999999") };
    expect(y.op.type).toBe("PyFunc");
    await new tf.Graph().asDefault(async () => {
      const [other] = tf.importGraphDef(graphDef, { returnElements: ["PyFunc:0"] })!;
      await using sess = new tf.Session();
      await expect(sess.run(other as tf.Tensor)).rejects.toThrow();
    });
  }));

test("a list of typed arrays has their dtype", () =>
  new tf.Graph().asDefault(() => {
    expect(tf.constant([Float32Array.of(1, 2), Float32Array.of(3, 4)]).dtype).toBe(tf.float32);
    expect(tf.constant([Float64Array.of(1), Float64Array.of(2)]).dtype).toBe(tf.float64);
    expect(tf.constant([[1, 2], Float32Array.of(3, 4)]).dtype).toBe(tf.float32);
  }));
