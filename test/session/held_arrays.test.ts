/** What a run gives belongs to who asked: writing to it changes no later run. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";

test.each([
  ["a constant", () => tf.constant([1, 2, 3])],
  ["folded constants", () => tf.constant([1, 1, 1]).add([0, 1, 2])],
  ["strings", () => tf.constant(["a", "b", "c"])],
  ["a variable", () => tf.identity(new tf.Variable([1, 2, 3]))],
  ["a large constant", () => tf.constant(new Float32Array(5000).fill(2), { shape: [5000] })],
])("%s", async (_, make) => {
  await tf.withSession(async (sess) => {
    const value = make();
    await sess.run(tf.globalVariablesInitializer());
    const first = (await sess.run(value)) as tf.NdArray;
    const wanted = String(first);
    (first.data as { fill(value: unknown): unknown }).fill(value.dtype.name === "string" ? "z" : 9);
    expect(String(await sess.run(value))).toBe(wanted);
    expect(String((await sess.run([value, value]))[1])).toBe(wanted);
  });
});
