/** Estimators at work: input from arrays, training beside evaluation, warm starts, what they log and refuse. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as tf from "../../../src/index.ts";

const { estimator: E, featureColumn: fc } = tf;
const x = { age: Float32Array.of(1, 2, 3, 4, 5) };
const y = Float32Array.of(2, 4, 6, 8, 10);
const input = (numEpochs: number | null = 1) =>
  E.inputs.numpyInputFn({ x, y, batchSize: 2, numEpochs, shuffle: false });

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsflow-estimator-"));
  lines = [];
  tf.logging.setVerbosity(tf.logging.INFO);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    lines.push(String(text).trimEnd());
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  tf.logging.setVerbosity(tf.logging.WARN);
  rmSync(folder, { recursive: true, force: true });
});

const regressor = (modelDir = join(folder, "model"), warmStartFrom: string | null = null) =>
  new E.LinearRegressor([fc.numericColumn("age")], {
    config: new E.RunConfig({ modelDir, tfRandomSeed: 1, saveSummarySteps: null }),
    warmStartFrom,
  });
const numbers = (array: tf.NdArray): number[] => [...(array.data as Float32Array)].map(Number);

describe("numpyInputFn", () => {
  test("and an Estimator take their arguments in Python's order", async () => {
    const rows = { x: [1, 2, 3] };
    const endless = E.inputs.numpyInputFn(rows, [2, 4, 6], 2, null, { shuffle: false });
    const ends = E.inputs.numpyInputFn(rows, [2, 4, 6], 2, { shuffle: false });
    const takes = (inputFn: () => unknown, n: number): Promise<unknown> =>
      new tf.Graph().asDefault(async () => {
        const [, labels] = inputFn() as [unknown, tf.Tensor];
        const session = new tf.train.MonitoredSession();
        let last: unknown;
        for (let i = 0; i < n; i++) last = await session.run(labels);
        await session.close();
        return last;
      });
    expect(String(await takes(endless, 3))).toBe("[4 6]");
    await expect(takes(ends, 3)).rejects.toThrow("insufficient elements");
    const estimator = new E.Estimator(() => null as never, join(folder, "by-place"), null, { rate: 3 });
    expect(estimator.modelDir).toBe(join(folder, "by-place"));
    expect(estimator.params).toEqual({ rate: 3 });
  });

  test("gives the rows in their order, the last batch smaller", async () => {
    const graph = new tf.Graph();
    await graph.asDefault(async () => {
      const [features, labels] = input()() as [Record<string, tf.Tensor>, tf.Tensor];
      const session = new tf.train.MonitoredSession();
      const batches: number[][] = [];
      while (!session.shouldStop()) {
        try {
          const [a, b] = (await session.run([features.age!, labels])) as [tf.NdArray, tf.NdArray];
          batches.push([...numbers(a), ...numbers(b)]);
        } catch (error) {
          if (error instanceof tf.errors.OutOfRangeError) break;
          throw error;
        }
      }
      await session.close();
      expect(batches).toEqual([
        [1, 2, 2, 4],
        [3, 4, 6, 8],
        [5, 10],
      ]);
    });
  });

  test("refuses an unsaid shuffle, no arrays, and arrays of different lengths", () => {
    expect(() => E.inputs.numpyInputFn({ x, y } as never)).toThrow(
      "shuffle must be provided and explicitly set as boolean",
    );
    const of = (options: object) => () => new tf.Graph().asDefault(() => E.inputs.numpyInputFn(options as never)());
    expect(of({ x: {}, shuffle: false })).toThrow("x cannot be an empty dict");
    expect(of({ x, y: {}, shuffle: false })).toThrow("y cannot be empty dict, use None instead.");
    expect(of({ x, y: { age: y }, shuffle: false })).toThrow("1 duplicate keys are found in both x and y: {'age'}");
    expect(of({ x, y: y.slice(1), shuffle: false })).toThrow("Length of tensors in x and y is mismatched.");
  });
});

describe("estimators at work", () => {
  test("log their configuration, the loss and what they save", async () => {
    const model = regressor();
    await model.train(input(null), { steps: 2 });
    await model.evaluate(input());
    const log = lines.join("\n");
    expect(log).toMatch(/INFO:tensorflow:Using config: \{'_model_dir': '/);
    expect(log).toContain("INFO:tensorflow:Calling model_fn.\nINFO:tensorflow:Done calling model_fn.");
    expect(log).toMatch(/INFO:tensorflow:loss = 20\.0, step = 1\n/);
    expect(log).toMatch(/INFO:tensorflow:Loss for final step: [\d.]+\.\n/);
    expect(log).toMatch(
      /INFO:tensorflow:Saving dict for global step 2: average_loss = .*, global_step = 2, label\/mean = 6\.0/,
    );
    expect(readdirSync(join(folder, "model", "eval")).some((name) => name.includes("tfevents"))).toBe(true);
  });

  test("train and evaluate until the last step", async () => {
    const model = regressor();
    const result = await E.trainAndEvaluate(
      model,
      new E.TrainSpec(input(null), { maxSteps: 6 }),
      new E.EvalSpec(input(), { steps: null }),
    );
    expect(
      Object.entries(result[0] ?? {})
        .find(([name]) => name === "global_step")?.[1]
        .item(),
    ).toBe(6);
    expect(model.latestCheckpoint()).toBe(join(folder, "model", "model.ckpt-6"));
  });

  test("start warm with another one's variables", async () => {
    const first = regressor();
    await first.train(input(null), { steps: 3 });
    const second = regressor(join(folder, "second"), join(folder, "model"));
    await second.train(input(null), { steps: 1 });
    const name = "linear/linear_model/age/weights";
    expect(first.getVariableNames()).toContain(name);
    const [before, after] = [first, second].map((each) => numbers(each.getVariableValue(name))[0]!);
    expect(before).toBeGreaterThan(0.1);
    expect(after).toBeGreaterThan(before!);
    expect(lines.join("\n")).toContain("INFO:tensorflow:Warm-started 2 variables.");
  });

  test("refuse what is no configuration, and steps that are none; a model never trained predicts from its initial values", async () => {
    expect(() => new E.RunConfig({ saveCheckpointsSteps: 1, saveCheckpointsSecs: 1 })).toThrow(
      "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set.",
    );
    const model = regressor();
    await expect(model.train(input(), { steps: 0 })).rejects.toThrow("Must specify steps > 0, given: 0");
    await expect(model.train(input(), { steps: 1, maxSteps: 1 })).rejects.toThrow(
      "Can not provide both steps and max_steps.",
    );
    await model.predict(input()).next();
    expect(lines.join("\n")).toMatch(
      /Could not find trained model in model_dir: .*, running initialization to predict\./,
    );
  });

  test("a specification needs what its mode uses", () => {
    expect(() => new E.EstimatorSpec("train", {})).toThrow("Missing train_op.");
    expect(() => new E.EstimatorSpec("infer", {})).toThrow("Missing predictions.");
    new tf.Graph().asDefault(() => {
      expect(() => new E.EstimatorSpec("train", { trainOp: tf.noOp() })).toThrow("Missing loss.");
      expect(() => new E.EstimatorSpec("eval", { loss: tf.constant([1, 2]) })).toThrow("Loss must be scalar, given: ");
    });
  });
});
