/** 14. What a tensor is known to be before anything runs: its node, dtype and shape. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const a = tf.constant(
  [
    [1, 2],
    [3, 4],
  ],
  tf.float32,
);
const b = tf.constant(
  [
    [1, 1],
    [0, 1],
  ],
  tf.float32,
);
const sum = tf.add(a, b, { name: "my_add" });
console.log(sum.op.name);
console.log(sum.op);
console.log(sum.shape);
console.log(sum.dtype);

// What is learned about a shape is kept, and cannot be unlearned.
const x = tf.placeholder(tf.float32, [null, null]);
console.log(x.shape);
x.setShape([null, 10]);
console.log(x.shape);
console.log(await said(() => x.setShape([null, 5])));

// setShape says what a shape is; reshape makes another one of the same elements.
const t = tf.constant(
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  tf.float32,
);
console.log(t.getShape());
const r = tf.reshape(t, [2, 3]);
console.log(r);
console.log(await said(() => t.setShape([2, 3])));
console.log(await said(() => t.setShape([6])));
console.log(await said(() => tf.reshape(t, [4, 2])));
await tf.withSession(async (sess) => {
  console.log(await sess.run(sum));
  console.log(await sess.run(r));
});
