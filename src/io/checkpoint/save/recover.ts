/** What a start finds in a folder after a crash: litter of saves that did not end, and checkpoints that do not read. */
import { basename, dirname, join } from "node:path";
import { NotFoundError, OpError, PermissionDeniedError } from "../../../core/error.ts";
import { type FileSystem, isTemporaryName, nodeFiles, removeQuietly, syncFolder } from "../../file_system.ts";
import { isStrayLock } from "../../folder_lock.ts";
import { checkpointExists, deleteCheckpoint, placeOf } from "../state.ts";
import { removeOtherData, verifyBundle } from "./commit.ts";
import { intentPath, listedPrefixes, readIntent } from "./intent.ts";
import { checkFileSum } from "./sums.ts";

/**
 * Removes temporary files, and what an unfinished save left of the prefixes that it names and the state file does not. Only under the
 * folder's lock: another process may be writing. The files removed.
 */
export function sweepFolder(folder: string, fs: FileSystem = nodeFiles): string[] {
  if (!fs.stat(folder)?.isDirectory) return [];
  const removed: string[] = [];
  for (const name of fs.readdir(folder)) {
    if (!isTemporaryName(name) && !isStrayLock(name)) continue;
    fs.unlink(join(folder, name));
    removed.push(join(folder, name));
  }
  const intent = readIntent(folder, fs);
  if (intent) {
    const listed = new Set(listedPrefixes(folder, fs).map((prefix) => basename(prefix)));
    for (const name of [intent.writes, ...intent.deletes]) {
      const prefix = join(folder, name);
      if (!listed.has(name)) removed.push(...deleteCheckpoint(prefix, fs), ...deleteData(prefix, fs));
      else if (checkpointExists(prefix, fs)) removed.push(...removeOtherData(prefix, fs));
    }
  }
  if (fs.stat(intentPath(folder))) removeQuietly(fs, intentPath(folder));
  if (removed.length > 0) syncFolder(fs, folder);
  return removed;
}

/** Data files of a save whose index never came. */
function deleteData(prefix: string, fs: FileSystem): string[] {
  const folder = dirname(prefix);
  const start = `${basename(prefix)}.data-`;
  const isData = (name: string): boolean => name.startsWith(start) && /^\d{5}-of-\d{5}$/.test(name.slice(start.length));
  const paths = fs
    .readdir(folder)
    .filter(isData)
    .map((name) => join(folder, name));
  for (const path of paths) fs.unlink(path);
  return paths;
}

export interface Damaged {
  readonly prefix: string;
  readonly error: OpError;
}

export interface Newest {
  /** The newest checkpoint that reads, null when none does. */
  readonly prefix: string | null;
  /** Newer ones that do not. */
  readonly damaged: readonly Damaged[];
}

/**
 * Reads the checkpoints of a folder from the newest until one is whole: those that the state file names, or all that are there when it is
 * missing or does not parse. Throws PERMISSION_DENIED for one outside the folder.
 */
export async function newestWhole(folder: string, fs: FileSystem = nodeFiles): Promise<Newest> {
  const damaged: Damaged[] = [];
  const listed = listedPrefixes(folder, fs);
  for (const path of (listed.length > 0 ? listed : indexedPrefixes(folder, fs)).reverse()) {
    try {
      const prefix = placeOf(folder, path, { fs });
      if (prefix === null) throw new NotFoundError(`${path}.index is not there`);
      await verifyBundle(prefix, fs);
      await verifyBeside(prefix, fs);
      return { prefix, damaged };
    } catch (error) {
      if (!(error instanceof OpError) || error instanceof PermissionDeniedError) throw error;
      damaged.push({ prefix: path, error });
    }
  }
  return { prefix: null, damaged };
}

/** What a run keeps beside its variables must be what was written, where the folder's sums know it: of names that are used once, by step. */
async function verifyBeside(prefix: string, fs: FileSystem): Promise<void> {
  if (!/-\d+$/.test(prefix)) return;
  for (const suffix of [".state.json", ".queues"]) await checkFileSum(prefix + suffix, fs);
}

/** Prefixes by step of all indices of a folder. */
function indexedPrefixes(folder: string, fs: FileSystem): string[] {
  if (!fs.stat(folder)?.isDirectory) return [];
  const steps = fs.readdir(folder).flatMap((name) => {
    const match = /^([^.].*-(\d+))\.index$/.exec(name);
    // `nan-N` is the state of a run that could not go on.
    return match && !/^nan-\d+$/.test(match[1]!) ? [{ prefix: join(folder, match[1]!), step: Number(match[2]) }] : [];
  });
  return steps.sort((a, b) => a.step - b.step).map(({ prefix }) => prefix);
}
