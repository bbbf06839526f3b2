/** A MetaGraph with queue runners that Python wrote runs here, to the end of its input: test/fixtures/queue/make_program.py. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { decode, pb } from "../../../src/proto/messages.ts";

interface Program {
  readonly path: string;
  readonly text: string;
  readonly meta: string;
  readonly steps: readonly { readonly loss: number; readonly x: readonly number[] }[];
  readonly error: string;
  readonly w: readonly number[];
  readonly c: number;
}

const program = JSON.parse(
  readFileSync(new URL("../../fixtures/queue/program.json", import.meta.url), "utf8"),
) as Program;

/** The MetaGraph as Python wrote it, with its file in another place. */
function metaGraph(path: string): pb.MetaGraphDef.$Properties {
  const meta = decode(pb.MetaGraphDef, new Uint8Array(Buffer.from(program.meta, "base64")));
  const files = meta.graphDef!.node!.find((node) => node.name === "files")!;
  files.attr!.value!.tensor!.stringVal = [new TextEncoder().encode(path)];
  return meta;
}

/** The first line, without the number that a session gives a queue. */
const unnumbered = (text: string): string => text.split("\n")[0]!.replace(/'_\d+_/, "'_n_");

const near = (got: readonly number[], want: readonly number[]): void => {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 5);
};

const numbers = (array: tf.NdArray): number[] => Array.from(array.data as Float32Array);

const messagesOf = (meta: pb.MetaGraphDef.$Properties): string[] =>
  meta.collectionDef!.queue_runners!.bytesList!.value!.map((bytes) => Buffer.from(bytes).toString("hex"));

test("an imported MetaGraph trains from its queues until the input ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-queue-"));
  const path = join(folder, "data.csv");
  writeFileSync(path, program.text);
  const graph = new Graph();
  await graph.asDefault(async () => {
    tf.train.importMetaGraph(metaGraph(path));
    await using sess = new tf.Session({ graph });
    await sess.run("start");
    const coord = new tf.train.Coordinator();
    const threads = tf.train.startQueueRunners({ sess, coord });
    const steps: { loss: number; x: number[] }[] = [];
    let failure: unknown;
    try {
      while (!coord.shouldStop()) {
        const [loss, x] = (await sess.run(["loss:0", "batch:0", "train"])) as [tf.NdArray, tf.NdArray, null];
        steps.push({ loss: loss.item() as number, x: numbers(x) });
      }
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(tf.errors.OutOfRangeError);
    expect(unnumbered((failure as Error).message)).toBe(unnumbered(program.error));
    coord.requestStop();
    await coord.join(threads);
    expect(steps).toHaveLength(program.steps.length);
    for (const [i, want] of program.steps.entries()) {
      near(steps[i]!.x, want.x);
      near([steps[i]!.loss], [want.loss]);
    }
    const [w, c] = (await sess.run(["w:0", "c:0"])) as [tf.NdArray, tf.NdArray];
    near(numbers(w), program.w);
    near(numbers(c), [program.c]);
  });
  rmSync(folder, { recursive: true });
});

test("the runners of an imported MetaGraph are exported again, byte for byte", () => {
  const meta = metaGraph(program.path);
  const graph = new Graph();
  graph.asDefault(() => {
    tf.train.importMetaGraph(meta);
    const again = tf.train.exportMetaGraph();
    expect(messagesOf(again)).toEqual(messagesOf(meta));
    expect(messagesOf(meta)).toHaveLength(2);
  });
});

test("runners imported under a scope carry it", () => {
  const graph = new Graph();
  graph.asDefault(() => {
    tf.train.importMetaGraph(metaGraph(program.path), { importScope: "in" });
    const names = graph.getCollection<tf.train.QueueRunner>("queue_runners").map((runner) => runner.name);
    expect(names).toEqual(["in/input_producer", "in/batch/fifo_queue"]);
  });
});
