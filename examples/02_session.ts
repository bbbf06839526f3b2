/** 2. A session computes what it is asked for, and what that needs. */
import * as tf from "tsflow";

const two = tf.constant(2);
const three = tf.constant(3);
const sum = two.add(three);
const sess = new tf.Session();
console.log(await sess.run(sum));
console.log(await sess.run([two, sum]));

// Asking for nodes on the way is how one looks into a computation; asking at once costs less than asking twice.
console.log(await sess.run([two, three]));
console.log(await sess.run(sum));
await sess.close();
