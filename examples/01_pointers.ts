/** 1. A variable of the program is a pointer to a node of the graph. Each call makes a node; assigning only moves the pointer. */
import * as tf from "tsflow";

let two: tf.Tensor | null = tf.constant(2);
console.log(two);

// Three calls are three nodes, though the first one has no name left in this program; a node without any name is one as well.
tf.resetDefaultGraph();
two = tf.constant(2);
const anotherTwo = tf.constant(2);
two = tf.constant(2);
tf.constant(3);
const nodes = anotherTwo.graph.getOperations();
console.log(`[${nodes.map(({ name }) => `'${name}'`).join(", ")}]`);

// Two pointers to one node: letting go of one changes nothing for the other.
tf.resetDefaultGraph();
two = tf.constant(2);
const sameTwo = two;
two = null;
console.log(two);
console.log(sameTwo);

// An operation on tensors is a node that points at them. Nothing has been added up yet.
tf.resetDefaultGraph();
two = tf.constant(2);
const three = tf.constant(3);
const sum = two.add(three);
console.log(sum);
