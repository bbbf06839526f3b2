/** tf.layers, node for node: test/fixtures/build/layers.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { layers } from "./programs/layers.ts";

comparePrograms("layers", layers);

const input = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape);

test("a layer says what it wants of its inputs", () =>
  new tf.Graph().asDefault(() => {
    expect(() => tf.layers.dense(input(3), 2, { name: "d" })).toThrow(
      'Input 0 of layer "d" is incompatible with the layer: expected min_ndim=2, found ndim=1. Full shape received: (3,)',
    );
    expect(() => tf.layers.dense(input(3, null), 2)).toThrow(
      "The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: (3, ?)",
    );
    expect(() => tf.layers.maxPooling2d(input(3, 2), 2, 2, { name: "p" })).toThrow("expected ndim=4, found ndim=2");
    expect(() => tf.layers.dense(input(3, 2), 0)).toThrow("expected a positive integer. Received: units=0");
    expect(() => tf.layers.conv2d(input(1, 2, 2, 1), 1, 3, { name: "c" })).toThrow(
      "One of the dimensions in the output is <= 0 due to downsampling in c.",
    );
  }));

test("a layer that was used keeps to its channels", () =>
  new tf.Graph().asDefault(() => {
    const layer = new tf.layers.Dense(2, { name: "d" });
    layer.apply(input(1, 3));
    expect(layer.scopeName).toBe("d");
    expect(layer.weights.map(({ name }) => name)).toEqual(["d/kernel:0", "d/bias:0"]);
    expect(() => layer.apply(input(1, 4))).toThrow(
      "expected axis -1 of input shape to have value 3, but received input with shape (1, 4)",
    );
  }));

test("a layer of one's own has variables below its name", () =>
  new tf.Graph().asDefault(() => {
    class Scaled extends tf.layers.Layer {
      #scale: tf.Variable | null = null;

      protected override build(): void {
        this.#scale = this.addWeight("scale", [], { initializer: tf.onesInitializer() });
      }

      protected override call(inputs: tf.Tensor): tf.Tensor {
        return inputs.mul(this.#scale!);
      }
    }
    const y = new Scaled().apply(input(2));
    expect(y.name).toBe("scaled/mul:0");
    expect(tf.trainableVariables().map(({ name }) => name)).toEqual(["scaled/scale:0"]);
  }));
