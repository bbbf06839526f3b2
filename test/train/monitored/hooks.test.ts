/** What hooks do around runs, one by one; and how monitored sessions begin, stop and close. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import type { SessionRunValues } from "../../../src/train/monitored/hooks/session_run_hook.ts";
import { errorLines } from "../../error_lines.ts";

const inGraph = (body: () => Promise<void>): Promise<void> => new Graph().asDefault(body);

/** A step that counts, and its number after it. */
function counting() {
  const step = tf.train.getOrCreateGlobalStep();
  const next = step.assignAdd(1) as tf.Tensor;
  return { step, next };
}

const until = (hooks: readonly tf.train.SessionRunHook[]) => new tf.train.SingularMonitoredSession({ hooks });

async function runAll(sess: tf.train.SingularMonitoredSession, fetch: tf.Tensor): Promise<number> {
  let runs = 0;
  await sess.within(async () => {
    while (!sess.shouldStop()) {
      await sess.run(fetch);
      runs++;
    }
  });
  return runs;
}

describe("hooks", () => {
  test("are called in order, with their own fetches and feeds", () =>
    inGraph(async () => {
      const x = tf.placeholder(tf.float32, []);
      const y = x.mul(2);
      const z = y.add(1);
      const calls: string[] = [];
      class Own extends tf.train.SessionRunHook {
        override begin() {
          calls.push("begin");
        }
        override afterCreateSession() {
          calls.push("created");
        }
        override beforeRun() {
          calls.push("before");
          return new tf.train.SessionRunArgs({ y }, { feedDict: [[x, 4]] });
        }
        override afterRun(context: tf.train.SessionRunContext, values: SessionRunValues) {
          calls.push(`after ${values.results.y.item()}`);
          context.requestStop();
        }
        override end() {
          calls.push("end");
        }
      }
      const sess = until([new Own()]);
      expect(calls).toEqual(["begin"]);
      const value = await sess.run(z);
      expect([value.item(), sess.shouldStop()]).toEqual([9, true]);
      await expect(sess.run(y)).rejects.toThrow("Run called even after should_stop requested.");
      await sess.close();
      expect(calls).toEqual(["begin", "created", "before", "after 8", "end"]);
      expect(sess.shouldStop()).toBe(true);
      await expect(sess.run(y)).rejects.toThrow("Session is already closed.");
    }));

  test("may not feed what another one or the user feeds", () =>
    inGraph(async () => {
      const x = tf.placeholder(tf.float32, [], { name: "x" });
      const hook = () => new tf.train.FeedFnHook(() => [[x, 1]]);
      await until([hook(), hook()]).within(async (sess) => {
        await expect(sess.run(x)).rejects.toThrow("Same tensor is fed by two hooks. Conflict(s): ");
      });
      await until([hook()]).within(async (sess) => {
        await expect(sess.run(x, { feedDict: [[x, 2]] })).rejects.toThrow(
          "Same tensor is fed by a SessionRunHook and user. Conflict(s): ",
        );
        expect((await sess.run(x)).item()).toBe(1);
      });
    }));

  test("StopAtStepHook counts from where training began, or to a step", () =>
    inGraph(async () => {
      const { next } = counting();
      expect(await runAll(until([new tf.train.StopAtStepHook({ numSteps: 4 })]), next)).toBe(4);
      expect(await runAll(until([new tf.train.StopAtStepHook({ lastStep: 3 })]), next)).toBe(3);
      expect(() => new tf.train.StopAtStepHook({})).toThrow("One of num_steps or last_step must be specified.");
      expect(() => new tf.train.StopAtStepHook({ numSteps: 1, lastStep: 2 })).toThrow(
        "Only one of num_steps or last_step can be specified.",
      );
    }));

  test("StopAtStepHook needs a global step", () =>
    inGraph(async () => {
      expect(() => until([new tf.train.StopAtStepHook({ numSteps: 1 })])).toThrow(
        "Global step should be created to use StopAtStepHook.",
      );
    }));

  test("LoggingTensorHook logs values every few runs and at the end", () =>
    inGraph(async () => {
      const { next } = counting();
      const value = tf.identity(next, { name: "value" });
      const hooks = [
        new tf.train.StopAtStepHook({ numSteps: 5 }),
        new tf.train.LoggingTensorHook(
          { value: "value" },
          { everyNIter: 2, atEnd: true, formatter: (v) => `v ${v.value}` },
        ),
      ];
      tf.logging.setVerbosity(tf.logging.INFO);
      const lines = await errorLines(() => runAll(until(hooks), value));
      tf.logging.setVerbosity(tf.logging.WARN);
      expect(lines.filter((line) => line.startsWith("INFO:tensorflow:v "))).toEqual(
        ["v 1", "v 3", "v 5", "v 6"].map((text) => `INFO:tensorflow:${text}\n`),
      );
      expect(() => new tf.train.LoggingTensorHook(["a"], {})).toThrow(
        "either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.",
      );
    }));

  test("NanTensorHook throws, or stops", () =>
    inGraph(async () => {
      const { next } = counting();
      const loss = tf.log(tf.cast(next, tf.float32).rsub(2.5));
      const errors = await errorLines(async () => {
        await expect(runAll(until([new tf.train.NanTensorHook(loss)]), loss)).rejects.toThrow(
          "NaN loss during training.",
        );
        expect(await runAll(until([new tf.train.NanTensorHook(loss, { failOnNanLoss: false })]), loss)).toBe(3);
      });
      expect(errors).toEqual([
        "ERROR:tensorflow:Model diverged with loss = NaN.\n",
        "WARNING:tensorflow:Model diverged with loss = NaN.\n",
      ]);
    }));

  test("GlobalStepWaiterHook waits for others", () =>
    inGraph(async () => {
      const { step, next } = counting();
      const others = step.assignAdd(2) as tf.Tensor;
      const sess = until([new tf.train.GlobalStepWaiterHook(2)]);
      const raw = await sess.rawSession();
      const waiting = sess.run(next);
      await raw.run(others);
      expect(Number((await waiting).item())).toBe(3);
      await sess.close();
    }));

  test("ProfilerHook writes a timeline and the run's metadata", () =>
    inGraph(async () => {
      const folder = mkdtempSync(join(tmpdir(), "tsflow-profile-"));
      const { next } = counting();
      const hooks = [
        new tf.train.ProfilerHook({ saveSteps: 2, outputDir: folder }),
        new tf.train.StopAtStepHook({ numSteps: 5 }),
      ];
      await runAll(until(hooks), next);
      const [first] = readdirSync(folder).filter((name) => name.startsWith("timeline-"));
      const { traceEvents } = JSON.parse(readFileSync(join(folder, first!), "utf8")) as {
        traceEvents: { name: string }[];
      };
      expect(traceEvents.some(({ name }) => name === "AssignAdd")).toBe(true);
      rmSync(folder, { recursive: true });
    }));

  test("CheckpointSaverHook tells its listeners, and one may stop training", () =>
    inGraph(async () => {
      const folder = mkdtempSync(join(tmpdir(), "tsflow-listener-"));
      const { next } = counting();
      const calls: string[] = [];
      class Own extends tf.train.CheckpointSaverListener {
        override beforeSave(_: tf.Session, step: number) {
          calls.push(`before ${step}`);
        }
        override afterSave(_: tf.Session, step: number) {
          calls.push(`after ${step}`);
          return step === 4;
        }
        override end(_: tf.Session, step: number) {
          calls.push(`end ${step}`);
        }
      }
      const scaffold = new tf.train.Scaffold();
      const hook = new tf.train.CheckpointSaverHook(folder, { saveSteps: 2, scaffold, listeners: [new Own()] });
      const sess = new tf.train.SingularMonitoredSession({ scaffold, hooks: [hook] });
      expect(await runAll(sess, next)).toBe(4);
      expect(calls).toEqual(["before 0", "after 0", "before 2", "after 2", "before 4", "after 4", "end 4"]);
      rmSync(folder, { recursive: true });
    }));
});

describe("monitored sessions", () => {
  test("take the end of the input for an ordinary end", () =>
    inGraph(async () => {
      const x = tf.train.rangeInputProducer(3, { shuffle: false, numEpochs: 1 }).dequeue() as tf.Tensor;
      const seen: unknown[] = [];
      await tf.train.MonitoredTrainingSession().within(async (sess) => {
        while (!sess.shouldStop()) seen.push((await sess.run(x)).item());
      });
      expect(seen).toEqual([0, 1, 2]);
    }));

  test("finalize the graph while they are open", () =>
    inGraph(async () => {
      counting();
      const sess = until([]);
      expect(() => tf.constant(1)).toThrow("Graph is finalized and cannot be modified.");
      await sess.close();
      expect(tf.constant(1).dtype).toBe(tf.int32);
    }));

  test("throw what a queue runner reports when they are closed", () =>
    inGraph(async () => {
      const queue = new tf.FIFOQueue(1, tf.string);
      tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [queue.enqueue([tf.readFile("/no/such/file")])]));
      const one = tf.constant(1);
      const sess = new tf.train.MonitoredSession();
      while (!sess.shouldStop()) {
        await sess.run(one);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expect(sess.close()).rejects.toThrow("/no/such/file; No such file or directory");
    }));

  test("are made anew when a run is aborted", () =>
    inGraph(async () => {
      const { next } = counting();
      let made = 0;
      let failures = 1;
      class Counts extends tf.train.SessionRunHook {
        override afterCreateSession() {
          made++;
        }
        override afterRun() {
          if (failures-- > 0) throw new tf.errors.AbortedError("the server is gone");
        }
      }
      const sess = new tf.train.MonitoredSession({ hooks: [new Counts()] });
      expect(Number((await sess.run(next)).item())).toBe(1);
      expect(made).toBe(2);
      await sess.close();
    }));

  test("run functions of a step", () =>
    inGraph(async () => {
      const { next } = counting();
      await new tf.train.MonitoredSession().within(async (sess) => {
        const values = await sess.runStepFn(async (context) => [
          (await context.session.run(next)).item(),
          (await context.runWithHooks(next)).item(),
        ]);
        expect(values.map(Number)).toEqual([1, 2]);
        await sess.runStepFn((context) => context.requestStop());
      });
    }));

  test("say which variables the given operations leave without a value", () =>
    inGraph(async () => {
      tf.getVariable("w", [], { initializer: tf.zerosInitializer() });
      const scaffold = new tf.train.Scaffold({ initOp: tf.noOp({ name: "nothing" }) });
      await expect(new tf.train.SingularMonitoredSession({ scaffold }).close()).rejects.toThrow(
        "Init operations did not make model ready for local_init.  Init op: nothing, init fn: None, error: Variables not initialized: w",
      );
    }));
});
