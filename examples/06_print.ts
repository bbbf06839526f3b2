/** 6. tf.Print passes its first tensor on and writes others to standard error: only in runs whose path leads through it. */
import * as tf from "tsflow";

const two = tf.constant(2);
const three = tf.constant(3);
const sum = two.add(three);
const watched = tf.Print(sum, [two, three]);
const sess = new tf.Session();
console.log(await sess.run(watched));
console.log(await sess.run(sum)); // not on the path: nothing is written
await sess.close();
