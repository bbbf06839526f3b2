/** 3. A placeholder is a hole in the graph that each run fills, and the path to what is asked decides whether it must be filled. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

const input = tf.placeholder(tf.int32);
let sess = new tf.Session();
console.log(await said(() => sess.run(input)));
console.log(await sess.run(input, { feedDict: [[input, 2]] }));
await sess.close();

tf.resetDefaultGraph();
const hole = tf.placeholder(tf.int32);
const three = tf.constant(3);
const sum = hole.add(three);
sess = new tf.Session();
console.log(await sess.run(three)); // no path leads from here to the placeholder
console.log(await said(() => sess.run(sum)));
await sess.close();
