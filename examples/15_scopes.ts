/** 15. Variables and scopes, and the device where each node goes. */
import * as tf from "tsflow";

const v = new tf.Variable(tf.constant(30), { name: "v" });
const total = tf.add(v, 40, { name: "total" });
await tf.withSession(async (sess) => {
  await sess.run(tf.globalVariablesInitializer());
  console.log(await sess.run(total));
});

// A name scope stands before the names of new variables and of operations …
tf.resetDefaultGraph();
const [first, second] = tf.nameScope("name", () => [
  new tf.Variable(tf.zeros([1]), { name: "var" }),
  new tf.Variable(tf.zeros([1]), { name: "var" }),
]);
console.log(first);
console.log(second!.name);

// … but not before those of getVariable, which only variable scopes change.
tf.variableScope("vars", () => {
  const shared = tf.getVariable("shared", [1]);
  tf.nameScope("ops", () => {
    const inner = tf.getVariable("inner", [1]);
    const doubled = tf.multiply(shared, 2, { name: "doubled" });
    console.log(shared.name, inner.name, doubled.name);
  });
});

tf.resetDefaultGraph();
const two = tf.constant(2, { name: "two" });
const three = tf.constant(3, { name: "three" });
const sum = two.add(three);
await tf.withSession({ config: { logDevicePlacement: true } }, async (sess) => {
  console.log(await sess.run(sum));
});
