/** 4. A variable keeps a value from run to run, and has none until one is assigned, be it by its initializer. */
import * as tf from "tsflow";
import { said } from "./support/said.ts";

let count = tf.getVariable("count", []);
let sess = new tf.Session();
console.log(await said(() => sess.run(count)));
const zero = tf.constant(0, tf.float32);
const assign = tf.assign(count, zero);
await sess.run(assign);
console.log(await sess.run(count));
await sess.close();

// An initializer is a node like any other: it must be run, in each new session.
tf.resetDefaultGraph();
count = tf.getVariable("count", [], { initializer: tf.constantInitializer(0) });
sess = new tf.Session();
console.log(await said(() => sess.run(count)));
const init = tf.globalVariablesInitializer();
await sess.run(init);
console.log(await sess.run(count));
await sess.close();
