/** The programs of docs/guide.md and the pieces of docs/from-tensorflow.md, as they stand there. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { program, temporaryFolder } from "../cli/program.ts";

const root = join(import.meta.dirname, "../..");
const piecesOf = (page: string): string[] =>
  [...readFileSync(join(root, "docs", page), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);

const bundles = mkdtempSync(join(root, "node_modules/.tsflow-test-"));
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

describe("docs/guide.md", () => {
  const [first, flowers] = piecesOf("guide.md");
  const folder = temporaryFolder();

  test("its first program learns 3", async () => {
    const [source, out] = [join(bundles, "first.ts"), join(bundles, "first.mjs")];
    writeFileSync(source, first!);
    await build({
      entryPoints: [source],
      outfile: out,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      alias: { tsflow: join(root, "src/index.ts") },
      packages: "external",
    });
    const { stdout, status } = spawnSync(process.execPath, [out], { encoding: "utf8", timeout: 50_000 });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\[(3\.0|2\.999\d*), /);
  });

  test("its model trains, and a wrong size names the user's line", { timeout: 60_000 }, async () => {
    const tsflow = await program();
    mkdirSync(join(folder, "models"));
    writeFileSync(join(folder, "models/flowers.ts"), flowers!);
    const good = await tsflow("train models/flowers.ts --max_step 300 --learning_rate 0.02 --seed 1", { cwd: folder });
    expect(good.exit, good.stderr).toBe(0);
    expect(Number(/done step=300 .*accuracy=([\d.]+)/.exec(good.stdout)![1])).toBeGreaterThan(0.8);

    const wrong = "tf.matmul(hidden, tf.zeros([5, 3]))";
    const bad = flowers!.replace('tf.layers.dense(hidden, 3, { name: "logits" })', wrong);
    writeFileSync(join(folder, "models/bad.ts"), bad);
    const line = bad.split("\n").findIndex((text) => text.includes(wrong)) + 1;
    const failed = await tsflow("train models/bad.ts --max_step 1", { cwd: folder });
    expect(failed.exit).not.toBe(0);
    expect(failed.stderr).toContain("Dimensions must be equal, but are 8 and 5");
    expect(failed.stderr).toContain(`models/bad.ts:${line}`);
  });
});

describe("docs/from-tensorflow.md", () => {
  test("its names are in the library", () => {
    const missing = piecesOf("from-tensorflow.md")
      .flatMap((piece) => [...piece.matchAll(/\btf((?:\.\w+)+)/g)].map((match) => match[1]!.slice(1)))
      .filter((path) => {
        let found: unknown = tf;
        for (const part of path.split(".")) {
          if (typeof found === "function") return false; // a method or static of a class: compiled elsewhere
          found = (found as Record<string, unknown> | undefined)?.[part];
        }
        return found === undefined && path !== "Tensor";
      });
    expect(missing).toEqual([]);
  });

  test("its training, control flow and input build and run", () =>
    new Graph().asDefault(async () => {
      const v = tf.getVariable("v", [2], { initializer: tf.onesInitializer() });
      const loss = tf.reduceSum(tf.square(v));
      const globalStep = tf.train.getOrCreateGlobalStep();
      const rate = tf.train.exponentialDecay(0.1, globalStep, 1000, 0.96, { staircase: true });
      const optimizer = new tf.train.MomentumOptimizer(rate, 0.9);
      const pairs = optimizer.computeGradients(loss).map(([g, w]) => [tf.clipByNorm(g as tf.Tensor, 1), w] as const);
      const trainOp = optimizer.applyGradients(pairs, { globalStep });
      const [i, total] = tf.whileLoop(
        (i) => i.less(10),
        (i, t) => [i.add(1), t.add(i)],
        [tf.constant(0), tf.constant(0)],
      );
      const [xs, ys] = [
        [1, 2, 3],
        [4, 5, 6],
      ];
      const dataset = tf.data.Dataset.fromTensorSlices({ x: xs, y: ys }).shuffle(1000, { seed: 1 }).batch(2).repeat();
      const { x, y } = dataset.makeOneShotIterator().getNext() as { x: tf.Tensor; y: tf.Tensor };
      await using sess = new tf.Session();
      await sess.run(tf.globalVariablesInitializer());
      await sess.run(trainOp);
      expect(String(await sess.run([globalStep, i, total]))).toBe("[1, 10, 45]");
      const row = await sess.run({ x, y });
      expect(Number(row.y.data[0]) - Number(row.x.data[0])).toBe(3);
    }));
});
