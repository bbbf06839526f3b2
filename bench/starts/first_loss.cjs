// From the start of the process to the first loss of W1: what bench/peers/tf_start.py is in TensorFlow.
const tf = require("tsflow");

async function firstLoss() {
  const m = tf.getVariable("m", [], { initializer: tf.constantInitializer(0) });
  const b = tf.getVariable("b", [], { initializer: tf.constantInitializer(0) });
  const x = tf.placeholder(tf.float32, []);
  const y = tf.placeholder(tf.float32, []);
  const loss = tf.square(y.sub(tf.multiply(m, x).add(b)));
  const train = new tf.train.GradientDescentOptimizer(1e-3).minimize(loss);
  const session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const feedDict = [
    [x, 1],
    [y, 2],
  ];
  console.log((await session.run([loss, train], { feedDict }))[0]);
}

firstLoss();
