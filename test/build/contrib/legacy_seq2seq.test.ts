/** tf.contrib.legacy_seq2seq's decoder: it runs a cell as tf.nn.static_rnn does, and feeds what a loop function makes of outputs. */
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { legacySeq2seq } = tf.contrib;
const steps = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [-1, 0],
    [0.5, -2],
  ],
];

/** The outputs of two steps, with every weight 0.1. */
function outputsOf(
  run: (inputs: tf.Tensor[], state: tf.Tensor, cell: tf.nn.rnnCell.BasicRNNCell) => readonly tf.Tensor[],
): Promise<unknown[]> {
  return new tf.Graph().asDefault(async () => {
    const outputs = tf.variableScope("in", { initializer: tf.constantInitializer(0.1) }, () => {
      const inputs = steps.map((step) => tf.constant(step, tf.float32));
      return run(inputs, tf.zeros([2, 2]), new tf.nn.rnnCell.BasicRNNCell(2));
    });
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());
    return (await sess.run([...outputs])).map((each) => each.toList());
  });
}

test("the decoder gives what static_rnn gives", async () => {
  const decoded = await outputsOf((inputs, state, cell) => legacySeq2seq.rnnDecoder(inputs, state, cell)[0]);
  const unrolled = await outputsOf(
    (inputs, state, cell) => tf.nn.staticRnn(cell, inputs, { initialState: state })[0] as tf.Tensor[],
  );
  expect(decoded).toEqual(unrolled);
});

test("a loop function makes the inputs behind the first", async () => {
  const looped = await outputsOf(
    (inputs, state, cell) =>
      legacySeq2seq.rnnDecoder(inputs, state, cell, { loopFunction: (before, i) => before.mul(0).add(inputs[i]!) })[0],
  );
  const plain = await outputsOf((inputs, state, cell) => legacySeq2seq.rnnDecoder(inputs, state, cell)[0]);
  expect(looped).toEqual(plain);
});
