/** How long does a checkpoint of 100 MB keep training from its next step, next to a copy of the same bytes? */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "tsflow";
import { type EngineChoice, openSession } from "./works.ts";

export interface CheckpointTimes {
  readonly megabytes: number;
  /** From the call of `save` until the checkpoint is durable. */
  readonly saveMs: number;
  /** The longest that a step took while it was written, beyond what steps take otherwise. */
  readonly stallMs: number;
  /** Copying as many bytes in memory. */
  readonly copyMs: number;
}

const floats = 25_000_000;

export async function measureCheckpoints(rounds: number, choice: EngineChoice): Promise<CheckpointTimes> {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  const graph = new tf.Graph();
  try {
    return await graph.asDefault(async () => {
      new tf.Variable(tf.zeros([floats / 4, 4]), { name: "large" });
      const small = new tf.Variable(tf.zeros([1000]), { name: "small" });
      const step = tf.assignAdd(small, tf.ones([1000])).op;
      const saver = new tf.train.Saver({ maxToKeep: 1 });
      await using sess = openSession(graph, choice);
      await sess.run(tf.globalVariablesInitializer());
      const times = { saveMs: Number.POSITIVE_INFINITY, stallMs: Number.POSITIVE_INFINITY };
      for (let round = 0; round <= rounds; round++) {
        const { saveMs, stallMs } = await saveBesideSteps(sess, saver, join(folder, `m-${round}`), step);
        if (round === 0) continue;
        times.saveMs = Math.min(times.saveMs, saveMs);
        times.stallMs = Math.min(times.stallMs, stallMs);
      }
      return { megabytes: (4 * floats) / 1e6, ...times, copyMs: timeCopy() };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function saveBesideSteps(
  sess: tf.Session,
  saver: tf.train.Saver,
  path: string,
  step: tf.Operation,
): Promise<{ saveMs: number; stallMs: number }> {
  let isDone = false;
  const start = performance.now();
  const saved = saver.save(sess, path).then(() => {
    isDone = true;
    return performance.now() - start;
  });
  let longest = performance.now() - start;
  while (!isDone) {
    const before = performance.now();
    await sess.run(step);
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, performance.now() - before);
  }
  return { saveMs: await saved, stallMs: longest };
}

function timeCopy(): number {
  const from = new Uint8Array(4 * floats).fill(1);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    const copy = from.slice();
    best = Math.min(best, performance.now() - start);
    if (copy[copy.length - 1] !== 1) throw new Error("bug: a copy that is none");
  }
  return best;
}
