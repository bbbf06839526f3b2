/** The state file of checkpoints as TensorFlow's functions read and write it. Source: tensorflow/python/checkpoint/checkpoint_management.py. */

import { isAbsolute, join, relative } from "node:path";
import { NotFoundError, OpError, RuntimeError, ValueError } from "../core/error.ts";
import { inspectKey } from "../core/text/inspect.ts";
import * as logging from "../core/text/logging.ts";
import {
  type CheckpointState,
  deleteCheckpoint,
  formatCheckpointState,
  checkpointExists as hasIndex,
  readCheckpointState,
} from "../io/checkpoint/state.ts";
import { shardFiles } from "../io/checkpoint/v1/shards.ts";
import { isFirstVersion } from "../io/checkpoint/v1/slice_file.ts";
import { nodeFiles, writeFileAtomic } from "../io/file_system.ts";
import { byKeyword } from "../ops/options.ts";

export interface CheckpointPaths {
  /** All that are not deleted yet, oldest first; the newest is added when it is not the last. */
  readonly allModelCheckpointPaths?: readonly string[] | undefined;
  /** Seconds since 1970, one for each path. */
  readonly allModelCheckpointTimestamps?: readonly number[] | undefined;
  readonly lastPreservedTimestamp?: number | null | undefined;
}

export interface UpdateStateOptions extends CheckpointPaths {
  /** `checkpoint` by default. */
  readonly latestFilename?: string | null | undefined;
  /** Paths relative to the folder even where absolute ones are given. */
  readonly saveRelativePaths?: boolean | undefined;
}

/** The state with its paths relative to a relative folder. Throws ValueError when there are other numbers of times than paths. */
export const generateCheckpointStateProto = byKeyword(
  ["saveDir", "modelCheckpointPath"],
  function generateCheckpointStateProto(
    saveDir: string,
    modelCheckpointPath: string,
    options: CheckpointPaths = {},
  ): CheckpointState {
    const { allModelCheckpointTimestamps: times = [], lastPreservedTimestamp = null } = options;
    const paths = [...(options.allModelCheckpointPaths ?? [])];
    if (paths.at(-1) !== modelCheckpointPath) paths.push(modelCheckpointPath);
    if (times.length > 0 && times.length !== paths.length) {
      throw new ValueError(
        `Checkpoint timestamps, if provided, must match checkpoint paths (got paths [${paths.map((path) => `'${path}'`).join(", ")}] and timestamps [${times.join(", ")}])`,
      );
    }
    const shortened = (path: string): string =>
      isAbsolute(saveDir) || isAbsolute(path) ? path : relative(saveDir, path) || ".";
    return {
      modelCheckpointPath: shortened(modelCheckpointPath),
      allModelCheckpointPaths: paths.map(shortened),
      allModelCheckpointTimestamps: times,
      lastPreservedTimestamp,
    };
  },
);

/** Writes the state file of a folder at once and durably. Throws RuntimeError when the checkpoint has the file's own name. */
export const updateCheckpointState = byKeyword(
  ["saveDir", "modelCheckpointPath"],
  function updateCheckpointState(saveDir: string, modelCheckpointPath: string, options: UpdateStateOptions = {}): void {
    const { latestFilename, saveRelativePaths = false, allModelCheckpointPaths = [] } = options;
    const file = join(saveDir, latestFilename ?? "checkpoint");
    const inside = (path: string): string => (saveRelativePaths && isAbsolute(path) ? relative(saveDir, path) : path);
    const state = generateCheckpointStateProto(saveDir, inside(modelCheckpointPath), {
      ...options,
      allModelCheckpointPaths: allModelCheckpointPaths.map(inside),
    });
    if (file === state.modelCheckpointPath) {
      throw new RuntimeError(
        `Save path '${modelCheckpointPath}' conflicts with path used for checkpoint state.  Please use a different save path.`,
      );
    }
    writeFileAtomic(file, new TextEncoder().encode(formatCheckpointState(state)));
  },
);

/** The state, printing as its file reads. */
function printing(state: CheckpointState): CheckpointState {
  const value = () => formatCheckpointState(state);
  return Object.defineProperties({ ...state }, { toString: { value }, [inspectKey]: { value } });
}

/** The state of a folder, its paths joined with the folder; null without a file, and with a warning when the file cannot be read. */
export function getCheckpointState(checkpointDir: string, latestFilename?: string | null): CheckpointState | null {
  try {
    const state = readCheckpointState(checkpointDir, latestFilename ? { latestFilename } : {});
    return state && printing(state);
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    logging.warn(`${error.name}: ${error.message}`);
    logging.warn(`${join(checkpointDir, latestFilename ?? "checkpoint")}: Checkpoint ignored`);
    return null;
  }
}

/** Whether there is a checkpoint with the prefix: its index, or the files of the old format. */
export const checkpointExists = (prefix: string): boolean => hasIndex(prefix) || isFirstVersion(prefix);

/** When each checkpoint that is there was written, in seconds since 1970. */
export function getCheckpointMtimes(prefixes: readonly string[]): number[] {
  return prefixes.flatMap((prefix) => {
    const stat = nodeFiles.stat(`${prefix}.index`) ?? nodeFiles.stat(shardFiles(prefix)[0]!);
    return stat?.isFile ? [stat.mtimeMs / 1000] : [];
  });
}

/** Deletes the files of a checkpoint, as far as they are there. */
export function removeCheckpoint(prefix: string, metaGraphSuffix = "meta"): void {
  deleteCheckpoint(prefix);
  if (metaGraphSuffix === "meta") return;
  try {
    nodeFiles.unlink(metaGraphFilename(prefix, metaGraphSuffix));
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}

/** `model-20.meta` for `model-20`, `model.meta` for the sharded `model-?????-of-00002`. */
export const metaGraphFilename = (checkpoint: string, metaGraphSuffix = "meta"): string =>
  `${checkpoint.replace(/-[\d?]+-of-\d+$/, "")}.${metaGraphSuffix}`;
