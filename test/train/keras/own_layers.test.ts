/** What a program's own layers call: variables by name or by place. And a rate of nothing drops nothing. */
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { layers } = tf.keras;

class Scaled extends layers.Layer {
  kernel!: tf.Variable;
  bias!: tf.Variable;

  override build(): void {
    this.kernel = this.addWeight({ name: "kernel", shape: [2, 2], initializer: "ones", trainable: true });
    this.bias = this.addWeight("bias", [2], { initializer: "zeros" });
  }

  protected override call(x: tf.Tensor): tf.Tensor {
    return tf.matmul(x, this.kernel).add(this.bias);
  }
}

test("addWeight takes the name and the shape by place or by name", () =>
  new tf.Graph().asDefault(() => {
    const layer = new Scaled();
    layer.apply(tf.zeros([1, 2]));
    expect(layer.trainableWeights.map((each) => String(each))).toEqual([
      "<tf.Variable 'scaled/kernel:0' shape=(2, 2) dtype=float32>",
      "<tf.Variable 'scaled/bias:0' shape=(2,) dtype=float32>",
    ]);
  }));

test("a Dropout of rate 0 is one Identity, as in Keras", () =>
  new tf.Graph().asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 3]);
    new layers.Dropout(0).apply(x);
    const made = tf.getDefaultGraph().getOperations();
    expect(made.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "Placeholder Placeholder",
      "dropout/Identity Identity",
    ]);
  }));
