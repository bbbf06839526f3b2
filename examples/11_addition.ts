/** 11. An addition at once, and one in a graph. */
import * as tf from "tsflow";

console.log(10 + 20);
const a = tf.constant(10);
const b = tf.constant(20);
const sum = tf.add(a, b);
console.log(sum);
const sess = new tf.Session();
console.log(await sess.run(sum));
console.log(await sess.run([a, b, sum]));
await sess.close();

const five = tf.constant(5, tf.float32);
const six = tf.constant(6, tf.float32);
const product = five.mul(six);
await tf.withSession(async (sess) => {
  console.log(await sess.run(product));
  console.log(await product.eval()); // in the session around it
});
