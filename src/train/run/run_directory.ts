/**
 * A run's folder:
 *     checkpoint, model.ckpt-N.*    what Saver writes
 *     model.ckpt-N.state.json       what is no variable: data position, random counters, best value, time used
 *     flags.txt                     the effective flags; `--model` tells whose run this is
 *     log.jsonl                     every report
 *     events.out.tfevents.*         for TensorBoard
 */
import { join } from "node:path";
import { DataLossError, NotFoundError } from "../../core/error.ts";
import { latestCheckpoint } from "../../io/checkpoint/state.ts";
import { nodeFiles, writeFileAtomic } from "../../io/file_system.ts";
import { readTextFile } from "../../io/text_file.ts";

export const checkpointName = "model.ckpt";

/** What a run keeps beside the variables. */
export interface RunState {
  readonly version: 1;
  readonly step: number;
  readonly seed: number;
  readonly engine: string;
  /** 8 words for each random op that has drawn. */
  readonly randoms: Readonly<Record<string, readonly number[]>>;
  readonly data: unknown;
  readonly best: { readonly name: string; readonly value: number; readonly step: number } | null;
  readonly secondsTrained: number;
  readonly examples: number;
}

const statePath = (prefix: string): string => `${prefix}.state.json`;

/** The file `.state.json` beside a checkpoint. */
export const runStateFile = (state: RunState): Record<string, Uint8Array> => ({
  ".state.json": new TextEncoder().encode(`${JSON.stringify(state)}\n`),
});

/** The state beside a checkpoint; null for checkpoints that TensorFlow wrote. Throws DATA_LOSS when it does not parse. */
export function readRunState(prefix: string): RunState | null {
  let text: string;
  try {
    text = readTextFile(statePath(prefix));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
  try {
    const state = JSON.parse(text) as RunState;
    if (state.version !== 1 || typeof state.step !== "number") throw new SyntaxError("no run state of version 1");
    return state;
  } catch (cause) {
    throw new DataLossError(`${statePath(prefix)}: ${(cause as Error).message}`, { path: statePath(prefix), cause });
  }
}

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
