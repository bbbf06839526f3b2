/**
 * Three saves of a Saver on a disk in memory: killed before every operation, failing at every operation, with the power cut at every
 * point. After a start's sweep the newest checkpoint is whole, what was acknowledged is there, and nothing lies about.
 */
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { OpError } from "../../src/core/error.ts";
import * as tf from "../../src/index.ts";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { newestWhole, sweepFolder } from "../../src/io/checkpoint/save/recover.ts";
import { cuts, MemoryFiles, onDisk } from "./memory_files.ts";

const folder = "/run";

type Naming = "steps" | "fixed";

/** A run that saves three times, as often as wanted. */
async function savingRun(): Promise<
  (disk: MemoryFiles, naming: Naming, saved?: (step: number) => void) => Promise<unknown[]>
> {
  const graph = new tf.Graph();
  return graph.asDefault(async () => {
    const a = tf.getVariable("a", [3], { initializer: tf.zerosInitializer() });
    const b = tf.getVariable("b", [], { dtype: tf.int32, initializer: tf.zerosInitializer() });
    const next = tf.group(a.assignAdd([1, 1, 1]), b.assignAdd(1));
    const init = tf.globalVariablesInitializer();
    const saver = new tf.train.Saver({ maxToKeep: 2 });
    const sess = new tf.Session({ graph });
    return async (disk, naming, saved = () => undefined) => {
      const errors: unknown[] = [];
      saver.setLastCheckpoints([]);
      await sess.run(init);
      for (let step = 1; step <= 3; step++) {
        await sess.run(next);
        const options = { sums: true, beside: { ".state.json": new TextEncoder().encode(`{"step":${step}}`) } };
        const name = naming === "steps" ? { globalStep: step } : {};
        try {
          await onDisk(disk, () => saver.save(sess, `${folder}/m`, { ...options, ...name }));
          saved(step);
        } catch (error) {
          errors.push(error);
        }
      }
      return errors;
    };
  });
}

const freshDisk = (): MemoryFiles => {
  const disk = new MemoryFiles();
  disk.mkdir(folder);
  return disk;
};

/** The step whose values the newest whole checkpoint holds, 0 for none; throws when tensors are of different steps. */
async function stepThere(disk: MemoryFiles): Promise<number> {
  const { prefix, damaged } = await newestWhole(folder, disk);
  expect(damaged).toEqual([]);
  if (prefix === null) return 0;
  const reader = BundleReader.open(prefix, disk);
  const [a, b] = [reader.readSync("a"), reader.readSync("b")];
  reader.close();
  const step = Number((b.data as Int32Array)[0]);
  expect([...(a.data as Float32Array)]).toEqual([step, step, step]);
  const state = disk.open(`${prefix}.state.json`, "r");
  const bytes = new Uint8Array(state.sizeBytes());
  state.read(bytes, 0);
  expect(bytes.length).toBeGreaterThan(0);
  return step;
}

/** What a start does, and what must hold then. */
async function check(disk: MemoryFiles, done: number): Promise<void> {
  sweepFolder(folder, disk);
  const step = await stepThere(disk);
  expect(step).toBeGreaterThanOrEqual(done);
  const litter = disk
    .paths()
    .filter((path) => basename(path).startsWith(".tsf-tmp-") || path.endsWith(".tsflow-intent"));
  expect(litter).toEqual([]);
  const indexed = disk.paths().filter((path) => path.endsWith(".index"));
  expect(indexed.length).toBeLessThanOrEqual(3);
  for (const path of disk.paths().filter((each) => each.includes(".data-")))
    expect(indexed).toContain(path.replace(/\.data-.*/, ".index"));
}

describe.each(["steps", "fixed"] as const)("saves named by %s", (naming) => {
  test.each(cuts)("crash-points and power-cut: %s", async (cut) => {
    const run = await savingRun();
    const disk = freshDisk();
    const states: { disk: MemoryFiles; done: number }[] = [];
    let done = 0;
    disk.onOperation = () => void states.push({ disk: disk.afterCut(cut), done });
    const errors = await run(disk, naming, (step) => {
      done = step;
    });
    expect(errors).toEqual([]);
    expect(done).toBe(3);
    expect(states.length).toBeGreaterThan(100);
    for (const state of states) await check(state.disk, state.done);
  });

  test.each(["ENOSPC", "EIO", "EACCES", "EMFILE", "short"] as const)("io-faults: %s", async (kind) => {
    const run = await savingRun();
    const whole = freshDisk();
    await run(whole, naming);
    for (const isSticky of [false, true]) {
      for (let at = 0; at < whole.operations; at++) {
        const disk = freshDisk();
        disk.fault = { at, kind, isSticky };
        let done = 0;
        let count = 0;
        const errors = await run(disk, naming, (step) => {
          done = step;
          count++;
        });
        for (const error of errors) expect(error).toBeInstanceOf(OpError);
        if (kind === "short") expect(count).toBe(3);
        else if (!isSticky) expect(count).toBeGreaterThanOrEqual(2);
        disk.fault = null;
        await check(disk.afterCut("all"), done);
      }
    }
  });
});
