/**
 * `.tsflow-intent`: what a save is writing and what it will delete, so that a start may clean up after a crash, and the next save may
 * delete what could not be deleted.
 *     {"writes": "m-40", "deletes": ["m-10"]}
 */
import { basename, join } from "node:path";
import { OpError } from "../../../core/error.ts";
import { type FileSystem, readFile } from "../../file_system.ts";
import { readCheckpointState } from "../state.ts";

interface Intent {
  readonly writes: string;
  readonly deletes: readonly string[];
}

export const intentPath = (folder: string): string => join(folder, ".tsflow-intent");

const bytesMax = 2 ** 20;

/** Null without one, or for a file that is not ours, or torn: it allows nothing. Names are those of files in the folder. */
export function readIntent(folder: string, fs: FileSystem): Intent | null {
  const stat = fs.stat(intentPath(folder));
  if (!stat?.isFile || stat.sizeBytes > bytesMax) return null;
  try {
    const { writes, deletes } = JSON.parse(new TextDecoder().decode(readFile(intentPath(folder), fs))) as Intent;
    const names = [writes, ...deletes];
    const isName = (name: unknown): boolean =>
      typeof name === "string" && !["", ".", ".."].includes(name) && basename(name) === name;
    return names.every(isName) ? { writes, deletes } : null;
  } catch (error) {
    if (error instanceof OpError) throw error;
    return null;
  }
}

/** Prefixes that the state file names, oldest first; none when it is missing or does not parse. */
export function listedPrefixes(folder: string, fs: FileSystem): string[] {
  try {
    const state = readCheckpointState(folder, { fs });
    return state ? [...new Set([...state.allModelCheckpointPaths, state.modelCheckpointPath])] : [];
  } catch (error) {
    if (error instanceof OpError) return [];
    throw error;
  }
}

export const listedNames = (folder: string, fs: FileSystem): Set<string> =>
  new Set(listedPrefixes(folder, fs).map((prefix) => basename(prefix)));
