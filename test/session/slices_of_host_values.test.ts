/** Slices of values that the host made: their bounds come from elsewhere, and count all the same. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";

test.each<[string, (x: tf.Tensor) => tf.Tensor, number[] | number]>([
  ["::-1", (x) => x.at("::-1"), [6, 2, 1, 1]],
  ["::2", (x) => x.at("::2"), [1, 2]],
  ["::-2", (x) => x.at("::-2"), [6, 1]],
  ["1:3", (x) => x.at("1:3"), [1, 2]],
  ["-1", (x) => x.at(-1), 6],
  ["backwards from bounds", (x) => tf.stridedSlice(x, [-1], [-4], [-1]), [6, 2, 1]],
  ["masked by place", (x) => tf.stridedSlice(x, [2], [0], [-1], 1, 1), [6, 2, 1, 1]],
])("%s", async (_, slice, wanted) => {
  await tf.withSession(async (sess) => {
    const x = tf.placeholder(tf.float32, [4]);
    const factorials = tf.round(tf.exp(tf.math.lgamma(x)));
    const feedDict: [tf.Tensor, number[]][] = [[x, [1, 2, 3, 4]]];
    const found = (await sess.run(slice(tf.math.lgamma(x)), { feedDict })) as tf.NdArray;
    expect([found.toList()].flat().map((y) => Math.round(Math.exp(Number(y))))).toEqual([wanted].flat());
    const lowered = (await sess.run(slice(factorials), { feedDict })) as tf.NdArray;
    expect([lowered.toList()].flat()).toEqual([wanted].flat());
  });
});
