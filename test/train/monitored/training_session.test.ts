/** A monitored training session does what Python's does: nodes, losses, files, events; and goes on from its checkpoint. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { readRecords } from "../../../src/io/record/reader.ts";
import { decode, fromLong, pb } from "../../../src/proto/messages.ts";
import { goldenTexts, textsOf } from "../../build/nodes.ts";

interface Expected {
  readonly nodes: string;
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly w: readonly [number, number];
  readonly files: readonly string[];
  readonly events: readonly (readonly [step: number, what: string, tags: unknown])[];
}

const expected = JSON.parse(
  readFileSync(new URL("../../fixtures/queue/monitored.json", import.meta.url), "utf8"),
) as Expected;

function build() {
  const globalStep = tf.train.getOrCreateGlobalStep();
  const x = tf.train.rangeInputProducer(100, { shuffle: false }).dequeue({ name: "x" }) as tf.Tensor;
  const w = tf.getVariable("w", [], { initializer: tf.constantInitializer(1) });
  const loss = tf.square(w.mul(tf.cast(x, tf.float32)).sub(1), { name: "loss" });
  tf.summary.scalar("loss_curve", loss);
  return { loss, train: new tf.train.GradientDescentOptimizer(1e-4).minimize(loss, { globalStep }) };
}

async function train(checkpointDir: string, lastStep: number) {
  const graph = new Graph();
  return graph.asDefault(async () => {
    const { loss, train } = build();
    const losses: number[] = [];
    const final = new tf.train.FinalOpsHook(graph.getTensorByName("w/read:0"));
    const hooks = [new tf.train.StopAtStepHook({ lastStep }), new tf.train.NanTensorHook(loss), final];
    const options = { saveCheckpointSteps: 3, saveSummariesSteps: 2, logStepCountSteps: 4 };
    await tf.train.MonitoredTrainingSession({ checkpointDir, hooks, ...options }).within(async (sess) => {
      while (!sess.shouldStop()) losses.push((await sess.run([loss, train]))[0].item() as number);
    });
    return { graph, losses, w: (final.finalOpsValues as tf.NdArray).item() as number };
  });
}

/** Step, kind and tags of the events of a folder, without the speed. */
function eventsOf(folder: string): unknown[] {
  const files = readdirSync(folder).filter((name) => name.includes("events"));
  expect(files).toHaveLength(1);
  return [...readRecords(join(folder, files[0]!))]
    .map((bytes): [number, string, unknown] => {
      const event = decode(pb.Event, bytes);
      const step = Number(fromLong(event.step ?? 0));
      if (event.fileVersion) return [step, "file_version", null];
      if (event.graphDef?.length) return [step, "graph_def", null];
      if (event.metaGraphDef?.length) return [step, "meta_graph_def", null];
      if (event.sessionLog) return [step, "session_log", event.sessionLog.status];
      return [step, "summary", event.summary!.value!.map(({ tag }) => tag)];
    })
    .filter(([, , tags]) => String(tags) !== "global_step/sec");
}

const near = (got: readonly number[], want: readonly number[]): void => {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 4);
};

test("trains, saves, writes events and goes on as TensorFlow does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-monitored-"));
  const first = await train(folder, 7);
  near(first.losses, expected.first);
  expect(first.w).toBeCloseTo(expected.w[0], 6);
  expect(
    readdirSync(folder)
      .filter((name) => !name.includes("events"))
      .sort(),
  ).toEqual(expected.files);
  expect(eventsOf(folder)).toEqual(expected.events);
  const want = goldenTexts(new Uint8Array(inflateSync(Buffer.from(expected.nodes, "base64"))));
  expect(textsOf(first.graph)).toEqual(want);
  const second = await train(folder, 12);
  near(second.losses, expected.second);
  expect(second.w).toBeCloseTo(expected.w[1], 6);
  rmSync(folder, { recursive: true });
});
