/**
 * Three saves of a Saver on a disk in memory: killed before every operation, failing at every operation, with the power cut at every
 * point. After a start's sweep the newest checkpoint is whole, what was acknowledged is there, and nothing lies about.
 */
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { OpError } from "../../src/core/error.ts";
import * as tf from "../../src/index.ts";
import { BundleReader } from "../../src/io/checkpoint/bundle_reader.ts";
import { CheckpointCommit } from "../../src/io/checkpoint/save/commit.ts";
import { newestWhole, sweepFolder } from "../../src/io/checkpoint/save/recover.ts";
import { readFile, syncFolder } from "../../src/io/file_system.ts";
import { cuts, MemoryFiles, onDisk } from "./memory_files.ts";

const folder = "/run";

type Naming = "steps" | "fixed";

/** A run that saves three times, as often as wanted. */
async function savingRun(): Promise<
  (disk: MemoryFiles, naming: Naming, saved?: (step: number) => unknown) => Promise<unknown[]>
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

test("a start goes back to the checkpoint before when what lies beside the newest one is damaged", async () => {
  const run = await savingRun();
  const disk = freshDisk();
  await run(disk, "steps");
  const path = `${folder}/m-3.state.json`;
  const bytes = readFile(path, disk);
  bytes[bytes.length - 2]! ^= 1;
  disk.unlink(path);
  const file = disk.open(path, "wx");
  file.write(bytes);
  file.close();
  const { prefix, damaged } = await newestWhole(folder, disk);
  expect(prefix).toBe(`${folder}/m-2`);
  expect(damaged.map(({ error }) => error.code)).toEqual(["DATA_LOSS"]);
});

describe("on Windows", () => {
  const windowsDisk = (): MemoryFiles => {
    const disk = freshDisk();
    disk.isWindows = true;
    return disk;
  };

  test("folders are not synced, and saves are whole", async () => {
    const disk = windowsDisk();
    expect(await (await savingRun())(disk, "steps")).toEqual([]);
    expect(await stepThere(disk)).toBe(3);
  });

  test("a file that is held open for a while is waited for", async () => {
    const disk = windowsDisk();
    disk.heldOpen.add(`${folder}/checkpoint`);
    disk.onPause = () => {
      if (disk.waitedMs >= 150) disk.heldOpen.clear();
    };
    expect(await (await savingRun())(disk, "steps")).toEqual([]);
    expect(disk.waitedMs).toBe(10 + 20 + 40 + 80);
    expect(await stepThere(disk)).toBe(3);
  });

  test("one that stays open fails the save after 10 s, naming it; the one before is whole", async () => {
    const disk = windowsDisk();
    const run = await savingRun();
    const errors = await run(disk, "steps", (step) => {
      if (step === 2) disk.heldOpen.add(`${folder}/checkpoint`);
    });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(tf.errors.FailedPreconditionError);
    expect((errors[0] as Error).message).toContain(`${folder}/checkpoint`);
    expect(disk.waitedMs).toBe(10_000);
    disk.heldOpen.clear();
    await check(disk, 2);
  });

  test("an old checkpoint that cannot be deleted stays in the intent and goes with the next save", async () => {
    const disk = windowsDisk();
    const run = await savingRun();
    const intent = () => new TextDecoder().decode(readFile(`${folder}/.tsflow-intent`, disk));
    const hold = (step: number): unknown => step === 1 && disk.heldOpen.add(`${folder}/m-1.data-00000-of-00001`);
    expect(await run(disk, "steps", hold)).toEqual([]);
    expect(JSON.parse(intent())).toEqual({ writes: "m-3", deletes: ["m-1"] });
    disk.heldOpen.clear();
    const commit = new CheckpointCommit(`${folder}/m-4`, { fs: disk });
    expect(JSON.parse(intent())).toEqual({ writes: "m-4", deletes: ["m-1"] });
    commit.close(() => undefined);
    expect(disk.paths().filter((path) => /m-1\.|intent/.test(path))).toEqual([]);
  });

  test.each(["aux", "COM1.ckpt", "a:b", "what?", "dot."])("the name %s is refused", (name) => {
    expect(() => new CheckpointCommit(`${folder}/${name}`, { fs: windowsDisk() })).toThrow(
      tf.errors.InvalidArgumentError,
    );
    new CheckpointCommit(`${folder}/${name}`, { fs: freshDisk() }).abort();
  });
});

test.each(["EINVAL", "ENOTSUP"] as const)(
  "a file system whose folders cannot be synced (%s) is told of once",
  (kind) => {
    const disk = freshDisk();
    const lines: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = ((text: string) => lines.push(text) > 0) as never;
    try {
      for (let i = 0; i < 3; i++) {
        disk.fault = { at: disk.operations, kind };
        syncFolder(disk, folder);
      }
    } finally {
      process.stderr.write = write;
    }
    // Once a process: the second kind finds it told.
    expect(lines.length).toBe(kind === "EINVAL" ? 1 : 0);
  },
);
