/** 13. Every node has a name of its own: given, or the op's with a number. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const a = tf.constant(3, tf.float32);
const b = tf.constant(4, tf.float32);
const sum = tf.add(a, b);
console.log(a.name);
console.log(b.name);
console.log(sum.name);
console.log(tf.constant(42, { name: "answer" }).name);
console.log(tf.constant(42, { name: "answer" }).name);

const x = tf.placeholder(tf.float32, { name: "x" });
const y = tf.placeholder(tf.float32, { name: "y" });
const z = tf.add(x, y, { name: "z" });
const feedDict = [
  [x, 3],
  [y, 4],
] as const;
const sess = new tf.Session();
console.log(await sess.run(z, { feedDict }));
await sess.close();
console.log(await said(() => sess.run(z, { feedDict })));
