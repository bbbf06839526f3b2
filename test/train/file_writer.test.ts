/** Events made by hand: written by a FileWriter, read by summaryIterator. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { errorLines } from "../error_lines.ts";

function written(write: (writer: tf.summary.FileWriter) => void): tf.Event[] {
  const folder = mkdtempSync(join(tmpdir(), "events-"));
  const writer = new tf.summary.FileWriter(folder);
  write(writer);
  writer.close();
  return [...tf.train.summaryIterator(join(folder, readdirSync(folder)[0]!))];
}

test("a summary made by hand is written at its step", () => {
  const summary = new tf.Summary();
  summary.value.add({ tag: "loss", simpleValue: 0.25 });
  summary.value.add({ tag: "accuracy", simpleValue: 1 });
  const [version, event] = written((writer) => writer.addSummary(summary, 7));
  expect(version!.fileVersion).toBe("brain.Event:2");
  expect(version!.summary.value.length).toBe(0);
  expect(event!.whichOneof("what")).toBe("summary");
  expect(event!.step).toBe(7);
  expect(event!.summary.value.map(({ tag, simpleValue }) => [tag, simpleValue])).toEqual([
    ["loss", 0.25],
    ["accuracy", 1],
  ]);
});

test("fetched values become points and steps", () => {
  const loss = tf.makeNdarray(tf.makeTensorProto(0.5, { dtype: tf.float32 }));
  const step = tf.makeNdarray(tf.makeTensorProto(3, { dtype: tf.int64 }));
  const summary = new tf.Summary({ value: [new tf.Summary.Value({ tag: "loss", simpleValue: loss })] });
  const event = written((writer) => writer.addSummary(summary, step)).at(-1)!;
  expect([event.step, event.summary.value[0]!.simpleValue]).toEqual([3, 0.5]);
});

test("whole events, session logs and meta graphs go into the file", () => {
  const events = written((writer) => {
    writer.addEvent(new tf.Event({ wallTime: 12.5, step: 4, logMessage: { level: 20, message: "here" } }));
    writer.addSessionLog(new tf.SessionLog({ status: tf.SessionLog.CHECKPOINT, checkpointPath: "m-4" }), 4);
    writer.addMetaGraph(new tf.MetaGraphDef({ metaInfoDef: { tags: ["train"] } }), 4);
  });
  expect(events.slice(1).map((event) => event.whichOneof("what"))).toEqual([
    "log_message",
    "session_log",
    "meta_graph_def",
  ]);
  expect(events[1]!.wallTime).toBe(12.5);
  expect(events[2]!.sessionLog.checkpointPath).toBe("m-4");
  expect([...tf.MetaGraphDef.fromString(events[3]!.metaGraphDef).metaInfoDef.tags]).toEqual(["train"]);
});

test("a tensor summary's description is read from its node", () => {
  const description = new TextEncoder().encode('{"typeHint": "x"}');
  const node = new tf.NodeDef({ op: "TensorSummary", attr: { description: { s: description } } });
  expect(tf.summary.getSummaryDescription(node).typeHint).toBe("x");
  expect(() => tf.summary.getSummaryDescription(new tf.NodeDef({ op: "Const" }))).toThrow(
    "Can't get_summary_description on Const",
  );
});

test("a name that is no tag is told, and numbers print in their shortest form", async () => {
  tf.logging.setVerbosity(tf.logging.INFO);
  const lines = await errorLines(() => new tf.Graph().asDefault(() => tf.summary.scalar("a loss", 1)));
  tf.logging.setVerbosity(tf.logging.WARN);
  expect(lines).toEqual(["INFO:tensorflow:Summary name a loss is illegal; using a_loss instead.\n"]);
  const { Example, Feature, Features, FloatList } = tf.train;
  const feature = { v: new Feature({ floatList: new FloatList({ value: [4, 0.1, 1e10] }) }) };
  const text = String(new Example({ features: new Features({ feature }) }));
  expect(text.match(/value: \S+/g)).toEqual(["value: 4", "value: 0.1", "value: 1e+10"]);
});
