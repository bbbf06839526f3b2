/** 5. Training: y = m x + b is found from one pair of numbers a step, in 100,000 steps of gradient descent. */
import * as tf from "tsflow";
import { draws } from "./support/draws.ts";

const m = tf.getVariable("m", [], { initializer: tf.constantInitializer(0) });
const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
const init = tf.globalVariablesInitializer();
const x = tf.placeholder(tf.float32);
const y = tf.placeholder(tf.float32);
const guess = m.mul(x).add(b);
const loss = tf.square(y.sub(guess));
const trainOp = new tf.train.GradientDescentOptimizer(1e-3).minimize(loss);
console.log(trainOp.name);

const sess = new tf.Session();
await sess.run(init);
const next = draws(7654321);
const [trueM, trueB] = [next(), next()];
let last = Number.NaN;
for (let i = 0; i < 100_000; i++) {
  const example = next();
  const feedDict = [
    [x, example],
    [y, trueM * example + trueB],
  ] as const;
  const [value, nothing] = await sess.run([loss, trainOp], { feedDict });
  last = Number(value);
  if (i === 0) console.log(`step 0: loss ${last.toFixed(6)}, train_op ${nothing}`);
}
const [learnedM, learnedB] = await sess.run([m, b]);
console.log(`last loss below 1e-9: ${last < 1e-9}`);
console.log(`wanted  m ${trueM.toFixed(4)}, b ${trueB.toFixed(4)}`);
console.log(`learned m ${Number(learnedM).toFixed(4)}, b ${Number(learnedB).toFixed(4)}`);
await sess.close();
