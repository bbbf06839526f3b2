import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { encode, pb } from "../../src/proto/messages.ts";

const folder = mkdtempSync(join(tmpdir(), "saved-model-"));
afterAll(() => rmSync(folder, { recursive: true }));
const program = join(import.meta.dirname, "../fixtures/programs/opt_ftrl");

/** A SavedModel around a checkpoint and a graph that TensorFlow wrote. */
async function savedModel(name: string, tags: readonly string[]): Promise<string> {
  const { readMetaGraphFile } = await import("../../src/train/meta_graph.ts");
  const meta = readMetaGraphFile(join(program, "model.meta"));
  const model = {
    savedModelSchemaVersion: 1,
    metaGraphs: [{ ...meta, metaInfoDef: { ...meta.metaInfoDef, tags: [...tags] } }],
  };
  const path = join(folder, name);
  cpSync(join(program, "model.index"), join(path, "variables/variables.index"));
  cpSync(join(program, "model.data-00000-of-00001"), join(path, "variables/variables.data-00000-of-00001"));
  writeFileSync(join(path, "saved_model.pb"), encode(pb.SavedModel, model));
  return path;
}

const load = (tags: readonly string[], path: string) => {
  const sess = new tf.Session({ graph: new Graph() });
  return { sess, loaded: tf.savedModel.loader.load(sess, tags, path) };
};

describe("SavedModel", () => {
  test("its graph is imported and its variables restored", async () => {
    const path = await savedModel("simple", ["serve"]);
    const { sess, loaded } = load(["serve"], path);
    expect((await loaded).saverDef?.restoreOpName).toBe("save/restore_all");
    expect(Number(await sess.run("global_step:0"))).toBe(0);
    expect(String(await sess.run("Mean:0", { feedDict: [["ids:0", [0, 1, 2, 3]]] }))).toMatch(/^[\d.]+$/);
    sess.close();
  });

  test("other tags are refused, with those that there are", async () => {
    const path = await savedModel("tagged", ["serve", "gpu"]);
    await expect(load(["serve"], path).loaded).rejects.toThrow(
      "MetaGraphDef associated with tags 'serve' could not be found in SavedModel, with available tags '[{'serve', 'gpu'}]'.",
    );
    expect((await load(["gpu", "serve"], path).loaded).metaInfoDef?.tags).toEqual(["serve", "gpu"]);
  });

  test("a folder without one is NOT_FOUND", async () => {
    expect(tf.savedModel.maybeSavedModelDirectory(folder)).toBe(false);
    await expect(load(["serve"], folder).loaded).rejects.toThrow(
      `SavedModel file does not exist at: ${folder}/{saved_model.pbtxt|saved_model.pb}`,
    );
  });
});
