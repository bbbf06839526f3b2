/** Savers of the first version, and of checkpoints that tf.train.Checkpoint wrote, against TensorFlow's (test/fixtures/train/make_savers.py). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { errorLines } from "../error_lines.ts";
import expected from "../fixtures/train/savers.json" with { type: "json" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "savers-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inGraph = (body: () => Promise<void>): Promise<void> => new Graph().asDefault(body);

test.each(["single", "sharded"] as const)("a %s saver of the first version leaves TensorFlow's files", (kind) =>
  inGraph(async () => {
    const v = tf.device("/cpu:0", () => tf.getVariable("v", { initializer: tf.constant([1, 2], tf.float32) }));
    tf.device("/cpu:1", () => tf.getVariable("w", { initializer: tf.constant([[3], [4]]) }));
    const saver = new tf.train.Saver({ maxToKeep: 2, sharded: kind === "sharded", writeVersion: tf.train.SaverDef.V1 });
    await using sess = new tf.Session({ config: { allowSoftPlacement: true } });
    await sess.run(tf.globalVariablesInitializer());
    for (const [step, want] of expected[kind].saves.entries()) {
      let returned = "";
      const words = await errorLines(async () => {
        returned = (await saver.save(sess, join(folder, "m"), step))!;
      });
      const latest = tf.train.latestCheckpoint(folder)!;
      expect({
        returned: relative(folder, returned),
        files: readdirSync(folder).sort(),
        words: words.join(""),
        latest: relative(folder, latest),
      }).toEqual(want);
    }
    const state = readFileSync(join(folder, "checkpoint"), "utf8").replaceAll(folder, "FOLDER");
    expect(state).toBe(expected[kind].state);
    for (const [name, base64] of Object.entries(expected[kind].written))
      expect(readFileSync(join(folder, name)).toString("base64"), name).toBe(base64);
    await sess.run(v.assign([0, 0]));
    await saver.restore(sess, tf.train.latestCheckpoint(folder));
    expect((await v.eval(sess)).toList()).toEqual([1, 2]);
  }),
);

test("a saver reads what tf.train.Checkpoint wrote, by the names of variables", async () => {
  let path = "";
  await inGraph(async () => {
    const x = tf.getVariable("a", { initializer: tf.constant([1, 2], tf.float32), useResource: true });
    const y = tf.getVariable("scope/b", { initializer: tf.constant(3), useResource: true });
    await using session = new tf.Session();
    await session.run(tf.globalVariablesInitializer());
    path = await new tf.train.Checkpoint({ x, y }).save(join(folder, "o"), { session });
  });
  await inGraph(async () => {
    const a = tf.getVariable("a", [2], { useResource: true });
    const b = tf.getVariable("scope/b", [], { dtype: tf.int32, useResource: true });
    const saver = new tf.train.Saver();
    await using sess = new tf.Session();
    const words = await errorLines(() => saver.restore(sess, path));
    const values = [(await a.eval(sess)).toList(), (await b.eval(sess)).item()];
    const names = tf.getDefaultGraph().operations.map(({ name }) => name);
    expect({ words: words.join(""), values, names: names.filter((name) => name.startsWith("save")) }).toEqual({
      words: expected.objects.words,
      values: expected.objects.values,
      names: expected.objects.names,
    });
  });
  await inGraph(async () => {
    tf.getVariable("a", [2], { useResource: true });
    tf.getVariable("c", [2], { useResource: true });
    await using sess = new tf.Session();
    let message = "";
    await errorLines(() =>
      new tf.train.Saver().restore(sess, path).catch((error: Error) => {
        message = error.message;
      }),
    );
    expect(message).toBe(expected.objects.missing);
  });
});
