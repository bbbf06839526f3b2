/** Hooks and sessions take their arguments by place as Python does, and say Python's words. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { errorLines } from "../../error_lines.ts";

const inGraph = (body: () => unknown): Promise<void> => new Graph().asDefault(async () => void (await body()));

const loop = () => {
  const step = tf.train.getOrCreateGlobalStep();
  return { step, train: tf.assignAdd(step, 1) };
};

describe("arguments by place", () => {
  test("StopAtStepHook(3) runs three steps", () =>
    inGraph(async () => {
      const { train, step } = loop();
      const sess = new tf.train.SingularMonitoredSession([new tf.train.StopAtStepHook(3)]);
      let last = 0;
      while (!sess.shouldStop()) last = Number((await sess.run([train, step]))[0]);
      expect(last).toBe(3);
      await sess.close();
    }));

  test("a session's creator takes its scaffold first", () =>
    inGraph(async () => {
      const { step } = loop();
      const scaffold = new tf.train.Scaffold(tf.noOp(), { readyOp: tf.reportUninitializedVariables([step]) });
      const sess = new tf.train.MonitoredSession(new tf.train.ChiefSessionCreator(scaffold));
      await expect(sess.run(step)).rejects.toThrow(
        "Init operations did not make model ready for local_init.  Init op: NoOp, init fn: None, error: Variables not initialized: global_step",
      );
    }));

  test("steps per second are in the folder when the session ends", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsflow-counter-"));
    try {
      await inGraph(async () => {
        const { train } = loop();
        const hooks = [new tf.train.StepCounterHook(2, null, folder), new tf.train.StopAtStepHook(null, 5)];
        await tf.train.MonitoredTrainingSession("", true, null, null, hooks).within(async (sess) => {
          while (!sess.shouldStop()) await sess.run(train);
        });
      });
      const [file] = readdirSync(folder);
      const tags: string[] = [];
      for (const event of tf.train.summaryIterator(join(folder, file!)))
        for (const { tag } of event.summary?.value ?? []) tags.push(tag!);
      expect(tags).toContain("global_step/sec");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("what hooks need may come by name, too", () =>
    inGraph(async () => {
      const { train, step } = loop();
      const lines: number[] = [];
      const formatter = ({ step }: Readonly<Record<string, tf.NdArray>>) => String(lines.push(Number(step)));
      const hooks = [
        new tf.train.LoggingTensorHook({ tensors: { step }, everyNIter: 2, formatter }),
        new tf.train.StopAtStepHook({ numSteps: 4 }),
      ];
      const sess = new tf.train.SingularMonitoredSession({ hooks });
      while (!sess.shouldStop()) await sess.run(train);
      await sess.close();
      expect(lines).toHaveLength(2);
      expect(() => new tf.train.CheckpointSaverHook({ checkpointDir: "x", saveSteps: 1, saveSecs: 2 })).toThrow(
        "Can not provide both every_secs and every_steps.",
      );
    }));

  const mistakes: readonly (readonly [() => unknown, string])[] = [
    [() => new tf.train.StopAtStepHook(), "One of num_steps or last_step must be specified."],
    [() => new tf.train.StopAtStepHook(1, 2), "Only one of num_steps or last_step can be specified."],
    [() => new tf.train.CheckpointSaverHook("x"), "Either every_secs or every_steps should be provided."],
    [() => new tf.train.CheckpointSaverHook("x", 1, 2), "Can not provide both every_secs and every_steps."],
    [() => new tf.train.SummarySaverHook(1), "Exactly one of scaffold or summary_op must be provided."],
    [() => new tf.train.StepCounterHook(1, 2), "exactly one of every_n_steps and every_n_secs should be provided."],
    [() => new tf.train.SecondOrStepTimer(1, 2), "Can not provide both every_secs and every_steps."],
    [
      () => new tf.train.LoggingTensorHook(["a"]),
      "either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.",
    ],
  ];
  test.each(mistakes.map(([make, message]) => [message, make] as const))("%s", (message, make) => {
    expect(make).toThrow(message);
  });
});

describe("errors of a program's own", () => {
  test("take Python's arguments, of which two are None", () => {
    const error = new tf.errors.OutOfRangeError(null, null, "end of data");
    expect(error.message).toBe("end of data");
    expect(error.code).toBe("OUT_OF_RANGE");
  });

  test("are reported with their class, and without it where the coordinator caught them", async () => {
    const verbosity = tf.logging.getVerbosity();
    tf.logging.setVerbosity(tf.logging.INFO);
    const lines = await errorLines(() => {
      new tf.train.Coordinator().requestStop(new tf.errors.InvalidArgumentError(null, null, "bad"));
      new tf.train.Coordinator().requestStop(new tf.errors.ValueError("worse"));
      new tf.train.Coordinator().stopOnException(() => {
        throw new tf.errors.ValueError("worst");
      });
    });
    tf.logging.setVerbosity(verbosity);
    expect(lines.map((line) => line.trimEnd())).toEqual([
      "INFO:tensorflow:Error reported to Coordinator: <class 'tensorflow.python.framework.errors_impl.InvalidArgumentError'>, bad",
      "INFO:tensorflow:Error reported to Coordinator: <class 'ValueError'>, worse",
      "INFO:tensorflow:Error reported to Coordinator: worst",
    ]);
  });
});

describe("what a run gave", () => {
  test("is a message's bytes", () =>
    inGraph(async () => {
      tf.summary.scalar("loss", 0.5);
      await using sess = new tf.Session();
      const summary = tf.Summary.fromString(await sess.run(tf.summary.mergeAll()!));
      expect(summary.value.map(({ tag, simpleValue }) => [tag, simpleValue])).toEqual([["loss", 0.5]]);
      expect(() => tf.Summary.fromString(new tf.NdArray(tf.float32, [1], new Float32Array(1)))).toThrow(
        "a bytes-like object is required",
      );
    }));

  test("a session tells its devices, its graph and its target", () =>
    inGraph(async () => {
      tf.constant(1, { name: "one" });
      await using sess = new tf.Session();
      expect(sess.listDevices().map(({ name, deviceType }) => [name, deviceType])).toEqual([
        ["/job:localhost/replica:0/task:0/device:CPU:0", "CPU"],
      ]);
      expect(sess.graphDef.node.map(({ name }) => name)).toEqual(["one"]);
      expect(sess.sessStr).toBe("");
    }));
});
