/**
 * A run's folder:
 *     checkpoint, model.ckpt-N.*    what Saver writes
 *     model.ckpt-N.state.json       what is no variable: data position, random counters, best value, time used
 *     model.ckpt-N.queues           elements of queues, where the model has some
 *     flags.txt                     the effective flags; `--model` tells whose run this is
 *     log.jsonl                     every report
 *     events.out.tfevents.*         for TensorBoard
 */
import { join } from "node:path";
import { NotFoundError } from "../../core/error.ts";
import { latestCheckpoint } from "../../io/checkpoint/state.ts";
import { nodeFiles, writeFileAtomic } from "../../io/file_system.ts";
import { readTextFile } from "../../io/text_file.ts";

export const checkpointName = "model.ckpt";

/** The model whose run lies in the folder, and its flags as lines of a flagfile; null when there is no run. */
export function readRunFlags(directory: string): { model: string; lines: readonly string[] } | null {
  let text: string;
  try {
    text = readTextFile(join(directory, "flags.txt"));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
  const lines = text.split("\n").filter((line) => line.startsWith("--"));
  const model = lines.find((line) => line.startsWith("--model="))?.slice("--model=".length);
  return model ? { model, lines } : null;
}

export function writeRunFlags(directory: string, flagfile: string): void {
  nodeFiles.mkdir(directory);
  writeFileAtomic(join(directory, "flags.txt"), new TextEncoder().encode(flagfile));
}

/** The prefix of the newest checkpoint; null when there is none. */
export const newestCheckpoint = (directory: string): string | null => latestCheckpoint(directory);

/** `model.ckpt-600` as 600; null for a prefix without a step. */
export function stepOfPrefix(prefix: string): number | null {
  const match = /-(\d+)$/.exec(prefix);
  return match ? Number(match[1]) : null;
}

/** Bytes of files together. */
export const bytesOfFiles = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + (nodeFiles.stat(path)?.sizeBytes ?? 0), 0);
