import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { slim, training } = tf.contrib;

/** A regression to a line, in the default graph. */
function regression(): tf.Tensor {
  const x = tf.constant([[1], [2], [3]], tf.float32);
  const y = slim.fullyConnected(x, 1, { activationFn: null, weightsInitializer: tf.zerosInitializer(), scope: "line" });
  const loss = tf.losses.meanSquaredError(tf.constant([[3], [5], [7]], tf.float32), y);
  return slim.learning.createTrainOp(loss, new tf.train.GradientDescentOptimizer(0.05));
}

test("slim.learning.train runs so many steps, leaves a checkpoint and goes on from it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slim-"));
  try {
    const run = (numberOfSteps: number): Promise<number | null> => {
      const graph = new tf.Graph();
      return graph.asDefault(() => slim.learning.train(regression(), folder, { numberOfSteps, logEveryNSteps: 0 }));
    };
    const first = await run(10);
    const second = await run(30);
    expect(second!).toBeLessThan(first!);
    expect(readdirSync(folder)).toContain("model.ckpt-30.index");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("slim.learning.train refuses options that contradict", async () => {
  await new tf.Graph().asDefault(async () => {
    const op = regression();
    await expect(slim.learning.train(op, null, { numberOfSteps: 0 })).rejects.toThrow(
      "`number_of_steps` must be either None or a positive number.",
    );
  });
});

test("HParams are parsed by the kinds of their first values", () => {
  const hparams = new training.HParams({ learning_rate: 0.1, layers: [64, 32], name: "net", debug: false });
  hparams.parse("learning_rate=0.25, layers=[1,2,3],name=deep,debug=true");
  expect(hparams.values()).toEqual({ learning_rate: 0.25, layers: [1, 2, 3], name: "deep", debug: true });
  expect(hparams.toString()).toBe("learning_rate=0.25,layers=[1, 2, 3],name=deep,debug=True");
  expect(hparams.toJson()).toBe('{"learning_rate": 0.25, "layers": [1, 2, 3], "name": "deep", "debug": true}');
  expect(hparams.get("missing", 3)).toBe(3);
});

test.each([
  ["layers=3", "Must pass a list for multi-valued parameter: layers."],
  ["name=[a]", "Must not pass a list for single-valued parameter: name"],
  ["other=1", "Unknown hyperparameter type for other"],
  ["name=a,name=b", "Multiple assignments to variable 'name' in name=a,name=b"],
  ["=1", "Malformed hyperparameter value: =1"],
])("HParams refuse %s", (text, message) => {
  const hparams = new training.HParams({ layers: [1], name: "net" });
  expect(() => hparams.parse(text)).toThrow(message);
});

test("arg_scope refuses functions that are not wrapped, and arguments given twice", () => {
  expect(() => slim.argScope([() => 1], {}, () => 1)).toThrow("is not decorated with @add_arg_scope");
  new tf.Graph().asDefault(() => {
    const x = tf.ones([1, 4, 4, 1]);
    expect(() => slim.argScope([slim.conv2d], { stride: 2 }, () => slim.conv2d(x, 1, 3, 1))).toThrow(
      "convolution2d() got multiple values for argument 'stride'",
    );
    expect(() => slim.fullyConnected(x, 1.5)).toThrow("num_outputs type should be one of");
  });
});

test("a function of one's own takes arguments from a scope", () => {
  const add = slim.addArgScope((x: number, options: { by?: number } = {}) => x + (options.by ?? 1));
  const found = slim.argScope([add], { by: 5 }, () => [add(1), add(1, { by: 2 })]);
  expect([add(1), ...found]).toEqual([2, 6, 3]);
});
