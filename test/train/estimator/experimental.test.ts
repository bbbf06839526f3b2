/** tf.estimator.experimental, and what else extends estimators. Source: early_stopping_test.py, extenders_test.py, parsing_utils_test.py. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

const { estimator: E, featureColumn: fc } = tf;
const { experimental: X } = E;
const x = { age: Float32Array.of(1, 2, 3, 4) };
const y = Float32Array.of(2, 4, 6, 8);
const input = (numEpochs: number | null = 1) =>
  E.inputs.numpyInputFn({ x, y, batchSize: 2, numEpochs, shuffle: false });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsflow-estimator-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const regressor = () =>
  new E.LinearRegressor([fc.numericColumn("age")], { config: new E.RunConfig({ modelDir: folder, tfRandomSeed: 1 }) });
const stepOf = (model: ReturnType<typeof regressor>): number => Number(model.getVariableValue("global_step").item());

/** Evaluations by step, as an evaluator would write them. */
function evaluations(values: Readonly<Record<number, number>>): void {
  const writer = new tf.summary.FileWriter(join(folder, "eval"));
  for (const [step, value] of Object.entries(values)) {
    writer.addSummary(new tf.Summary({ value: [{ tag: "accuracy", simpleValue: value }] } as never), Number(step));
  }
  writer.close();
}

async function stopsAt(hook: tf.train.SessionRunHook): Promise<number> {
  const model = regressor();
  await model.train(input(null), { maxSteps: 4, hooks: [hook] });
  return stepOf(model);
}

const often = { runEverySecs: null, runEverySteps: 1 };

describe("early stopping", () => {
  test("ends training once a metric is above or below a threshold", async () => {
    evaluations({ 10: 0.5, 20: 0.8 });
    expect(await stopsAt(X.stopIfHigherHook(regressor(), "accuracy", 0.7, often))).toBe(1);
  });

  test("goes on while the metric is on the right side, and before minSteps", async () => {
    evaluations({ 10: 0.5, 20: 0.8 });
    expect(await stopsAt(X.stopIfLowerHook(regressor(), "accuracy", 0.6, { ...often, minSteps: 15 }))).toBe(4);
  });

  test("ends training when a metric has not grown for so many steps", async () => {
    evaluations({ 10: 0.8, 20: 0.7, 30: 0.75 });
    expect(await stopsAt(X.stopIfNoIncreaseHook(regressor(), "accuracy", 20, often))).toBe(1);
  });

  test("goes on while a metric falls", async () => {
    evaluations({ 10: 0.8, 20: 0.7, 30: 0.6 });
    expect(await stopsAt(X.stopIfNoDecreaseHook(regressor(), "accuracy", 20, often))).toBe(4);
  });

  test("leaves the variable signal_early_stopping/STOP true", async () => {
    const hook = X.makeEarlyStoppingHook(regressor(), () => true, often);
    expect(await stopsAt(hook)).toBe(1);
    expect(regressor().getVariableValue("signal_early_stopping/STOP").item()).toBe(true);
  });

  test("refuses what is no estimator, and seconds beside steps", () => {
    expect(() => X.makeEarlyStoppingHook({} as never, () => true)).toThrow(
      "`estimator` must have type `tf.estimator.Estimator`. Got: ",
    );
    expect(() => X.makeEarlyStoppingHook(regressor(), () => true, { runEverySteps: 5 })).toThrow(
      "Only one of `run_every_secs` and `run_every_steps` must be set.",
    );
  });

  test("a hook stops at a step", async () => {
    expect(await stopsAt(X.makeStopAtCheckpointStepHook(regressor(), 2))).toBe(2);
  });
});

describe("extensions", () => {
  test("addMetrics adds to an evaluation's metrics", async () => {
    const model = E.addMetrics(regressor(), ({ labels, predictions }) => ({
      greatest: tf.metrics.mean(tf.reduceMax(labels as tf.Tensor)),
      shape: tf.metrics.mean(tf.size((predictions as Record<string, tf.Tensor>).predictions!)),
    }));
    await model.train(input(null), { steps: 1 });
    const metrics = await model.evaluate(input());
    expect([metrics.greatest!.item(), metrics.shape!.item()]).toEqual([6, 2]);
    expect(Object.keys(metrics)).toContain("average_loss");
  });

  test("parse specs hold columns, label and weight", () => {
    const columns = [fc.numericColumn("a"), fc.categoricalColumnWithHashBucket("b", 5)];
    const spec = E.classifierParseExampleSpec(columns, "label", { weightColumn: "w" });
    expect(Object.keys(spec).sort()).toEqual(["a", "b", "label", "w"]);
    expect(spec.label).toEqual(new tf.FixedLenFeature([1], tf.int64, null));
    const other = E.regressorParseExampleSpec({ featureColumns: columns, labelKey: "y", labelDimension: 3 });
    expect(other.y).toEqual(new tf.FixedLenFeature([3], tf.float32, null));
    expect(() => E.classifierParseExampleSpec(columns, "a")).toThrow(
      "label should not be used as feature. label_key: a, features: dict_keys(['a', 'b'])",
    );
    expect(() => E.classifierParseExampleSpec(columns, "y", { weightColumn: "a" })).toThrow(
      "weight_column should not be used as feature. weight_column: a, features: dict_keys(['a', 'b', 'y'])",
    );
  });

  test("logit functions make the variables of linear models and networks", () => {
    new tf.Graph().asDefault(() => {
      const features = { a: tf.constant([[1], [2]], { dtype: tf.float32 }) };
      const linear = X.linearLogitFnBuilder(2, [fc.numericColumn("a")]);
      const logits = X.callLogitFn((given: never) => linear(given), features, "train", {}, new E.RunConfig());
      expect((logits as tf.Tensor).shape).toEqual([2, 2]);
      const network = X.dnnLogitFnBuilder({
        units: 3,
        hiddenUnits: [4],
        featureColumns: [fc.numericColumn("a")],
        activationFn: tf.nn.relu,
        dropout: null,
        batchNorm: false,
      });
      expect(tf.variableScope("dnn", () => network(features, "train")).shape).toEqual([2, 3]);
      expect(tf.trainableVariables().map(({ name }) => name)).toEqual([
        "linear_model/a/weights:0",
        "linear_model/bias_weights:0",
        "dnn/hiddenlayer_0/kernel:0",
        "dnn/hiddenlayer_0/bias:0",
        "dnn/logits/kernel:0",
        "dnn/logits/bias:0",
      ]);
      expect(() => X.callLogitFn(() => 3 as never, features, "train", {}, new E.RunConfig())).toThrow(
        "logit_fn should return a Tensor or a dictionary mapping strings to Tensors.  logit_fn returned: 3",
      );
    });
  });
});
