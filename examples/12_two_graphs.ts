/** 12. Two graphs have nothing in common: names begin anew, and a session of one knows no tensor of the other. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const sum = tf.add(tf.constant(10), tf.constant(20));
const sess = new tf.Session();
console.log(await sess.run(sum));

const other = new tf.Graph();
const otherSum = other.asDefault(() => {
  const a = tf.constant(30);
  const b = tf.constant(40);
  const result = tf.add(a, b);
  console.log(`[${[a, b, result].map(({ name }) => `'${name}'`).join(", ")}]`);
  return result;
});
await tf.withSession({ graph: other }, async (otherSess) => {
  console.log(await otherSess.run(otherSum));
  console.log(await said(() => otherSess.run(sum)));
});
console.log(sum.graph === tf.getDefaultGraph(), otherSum.graph === other);
await sess.close();
