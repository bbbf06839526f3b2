/**
 * `model.ckpt-N.state.json`: what a run keeps beside the variables.
 *     {"version": 1, "step": 600, "graph_seed": 3, "op_seeds": {"dropout/random_uniform/RandomUniform": [3, 7]},
 *      "randoms": {"dropout/random_uniform/RandomUniform": [3, 0, 412, 0, 7, 0, 0, 0]}, "data": {"epoch": 2, "batch": 5}, …}
 */
import { DataLossError, NotFoundError, OpError } from "../../../core/error.ts";
import type { Graph } from "../../../graph/graph.ts";
import { checkSum } from "../../../io/checkpoint/save/sums.ts";
import { nodeFiles } from "../../../io/file_system.ts";
import { readTextFile } from "../../../io/text_file.ts";
import type { KeptFacts } from "../input/kept_inputs.ts";

/** A file that a run has read. */
export interface InputFile {
  readonly path: string;
  readonly size: number;
  readonly mtime_ms: number;
}

export interface BestValue {
  readonly name: string;
  readonly value: number;
  readonly step: number;
}

export interface RunState extends KeptFacts {
  readonly version: 1;
  readonly tsflow_version: string;
  readonly step: number;
  readonly engine: string;
  readonly threads: number;
  readonly graph_seed: number;
  /** `seed` and `seed2` of each random node. */
  readonly op_seeds: Readonly<Record<string, readonly [number, number]>>;
  /** Key and counter, 8 words, of each random node that has drawn; those in functions behind `plan|function|`. */
  readonly randoms: Readonly<Record<string, readonly number[]>>;
  /** Where the batches are, as their source says. */
  readonly data: unknown;
  readonly epoch: number | null;
  readonly position: number | null;
  readonly shuffle_seed: number | null;
  readonly inputs: readonly InputFile[];
  /** Queue runners whose elements wait in a queue, in their order. */
  readonly runners: readonly string[];
  /** Points of the curves from this step on belong to whoever goes on from here. */
  readonly purge_step: number;
  readonly examples_seen: number;
  readonly seconds_trained: number;
  readonly best: BestValue | null;
  /** What `--patience` counts from. */
  readonly early_best: BestValue | null;
  /** Evaluations without a better value that are left; null without `--patience`. */
  readonly patience_left: number | null;
}

const statePath = (prefix: string): string => `${prefix}.state.json`;

export const encodeRunState = (state: RunState): Uint8Array => new TextEncoder().encode(`${JSON.stringify(state)}\n`);

/** The state beside a checkpoint; null for checkpoints that TensorFlow wrote. Throws DATA_LOSS when it does not parse. */
export function readRunState(prefix: string): RunState | null {
  const path = statePath(prefix);
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
  checkSum(path, new TextEncoder().encode(text));
  try {
    const state = JSON.parse(text) as RunState;
    if (state.version !== 1 || typeof state.step !== "number") throw new SyntaxError("no run state of version 1");
    return { ...state, kept: state.kept ?? {}, locals: state.locals ?? {}, runners: state.runners ?? [] };
  } catch (cause) {
    if (cause instanceof OpError) throw cause;
    throw new DataLossError(`${path}: ${(cause as Error).message}`, { path, cause });
  }
}

/** `seed` and `seed2` of the nodes of a graph that have such attrs. */
export function seedsOf(graph: Graph): Record<string, readonly [number, number]> {
  const seeds: Record<string, readonly [number, number]> = {};
  for (const op of graph.operations) {
    const [seed, seed2] = ["seed", "seed2"].map((name) =>
      op.definition.attrs.some((attr) => attr.name === name && attr.kind === "int"),
    );
    if (seed && seed2) seeds[op.name] = [Number(op.getAttr("seed")), Number(op.getAttr("seed2"))];
  }
  return seeds;
}

/** Files as they are at this moment; those that are gone are left out. */
export function describeInputs(paths: Iterable<string>): InputFile[] {
  return [...new Set(paths)].sort().flatMap((path) => {
    const stat = nodeFiles.stat(path);
    return stat?.isFile ? [{ path, size: stat.sizeBytes, mtime_ms: Math.round(stat.mtimeMs) }] : [];
  });
}

/** What differs now from the files that a run has read: one text each. */
export function changedInputs(inputs: readonly InputFile[]): string[] {
  return inputs.flatMap(({ path, size, mtime_ms }) => {
    const stat = nodeFiles.stat(path);
    if (!stat?.isFile) return [`${path} is gone`];
    if (stat.sizeBytes !== size) return [`${path} had ${size} bytes, has ${stat.sizeBytes}`];
    return Math.round(stat.mtimeMs) === mtime_ms ? [] : [`${path} was written again`];
  });
}
