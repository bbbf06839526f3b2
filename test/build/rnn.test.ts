/** Recurrent cells and loops, node for node: test/fixtures/build/rnn.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { rnn } from "./programs/rnn.ts";

comparePrograms("rnn", rnn);

const sequence = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape);

test("an LSTM's state has its parts by name", () =>
  new tf.Graph().asDefault(() => {
    const [, state] = tf.nn.dynamicRnn(new tf.nn.rnnCell.BasicLSTMCell(3), sequence(2, 4, 1), { dtype: tf.float32 });
    const { c, h, dtype } = state as tf.nn.rnnCell.LSTMStateTuple;
    expect([c.shape, h.shape, dtype]).toEqual([[2, 3], [2, 3], tf.float32]);
  }));

test("variables lie below the loop's and the cell's name", () =>
  new tf.Graph().asDefault(() => {
    tf.nn.dynamicRnn(new tf.nn.rnnCell.BasicLSTMCell(3), sequence(2, 4, 1), { dtype: tf.float32 });
    expect(tf.trainableVariables().map(({ name }) => name)).toEqual([
      "rnn/basic_lstm_cell/kernel:0",
      "rnn/basic_lstm_cell/bias:0",
    ]);
  }));

test("loops refuse what they cannot run", () =>
  new tf.Graph().asDefault(() => {
    const cell = new tf.nn.rnnCell.GRUCell(2);
    expect(() => tf.nn.dynamicRnn({} as never, sequence(1, 2, 3))).toThrow(
      "is not an RNNCell: 'output_size' property is missing, 'state_size' property is missing",
    );
    expect(() => tf.nn.dynamicRnn(cell, sequence(1, 2, 3))).toThrow(
      "If no initial_state is provided, argument `dtype` must be specified",
    );
    expect(() => tf.nn.dynamicRnn(cell, sequence(1, 2, null), { dtype: tf.float32 })).toThrow(
      "Input size (depth of inputs) must be accessible via shape inference, but saw value None",
    );
    expect(() => tf.nn.staticRnn(cell, [])).toThrow("Argument `inputs` must not be empty.");
    expect(() => new tf.nn.rnnCell.MultiRNNCell([])).toThrow("Must specify at least one cell for MultiRNNCell.");
    expect(() => new tf.nn.rnnCell.DropoutWrapper(cell, { inputKeepProb: 2 })).toThrow(
      "Parameter input_keep_prob must be between 0 and 1: 2",
    );
  }));
