/**
 * The file `checkpoint` of a folder: which checkpoints there are, the newest last.
 *     model_checkpoint_path: "model-20"
 *     all_model_checkpoint_paths: "model-10"
 *     all_model_checkpoint_paths: "model-20"
 * Paths are relative to the folder, or absolute. Source: tensorflow/python/checkpoint/checkpoint_management.py
 */
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { DataLossError, OpError, PermissionDeniedError, ResourceExhaustedError } from "../../core/error.ts";
import { pythonFloat } from "../../core/text/float_text.ts";
import { type FileSystem, nodeFiles, readFile, writeFileAtomic } from "../file_system.ts";
import { isInside } from "../paths.ts";
import { BundleReader, dataPath, indexPath } from "./bundle_reader.ts";
import { shardFiles } from "./v1/shards.ts";
import { isFirstVersion } from "./v1/slice_file.ts";

export interface CheckpointState {
  readonly modelCheckpointPath: string;
  /** Oldest first, the newest included. */
  readonly allModelCheckpointPaths: readonly string[];
  /** Seconds since 1970 of each; may be empty. */
  readonly allModelCheckpointTimestamps: readonly number[];
  readonly lastPreservedTimestamp: number | null;
}

export interface StateOptions {
  /** Another name than `checkpoint`. */
  readonly latestFilename?: string;
  readonly fs?: FileSystem;
}

const bytesMax = 2 ** 20;
const entriesMax = 10_000;

/** As Python joins: `./` stays. */
const inFolder = (folder: string, name: string): string =>
  folder === "" || folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;

const statePath = (folder: string, { latestFilename = "checkpoint" }: StateOptions) => join(folder, latestFilename);

const escapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "'": "\\'",
  "\\": "\\\\",
};

function quoted(text: string): string {
  const escaped = text.replace(
    /[\u0000-\u001f"'\\\u007f]/g,
    (c) => escapes[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}

/** The text of the file, as Python's text_format writes it. */
export function formatCheckpointState(state: CheckpointState): string {
  const lines = [`model_checkpoint_path: ${quoted(state.modelCheckpointPath)}`];
  for (const path of state.allModelCheckpointPaths) lines.push(`all_model_checkpoint_paths: ${quoted(path)}`);
  for (const time of state.allModelCheckpointTimestamps)
    lines.push(`all_model_checkpoint_timestamps: ${pythonFloat(time)}`);
  if (state.lastPreservedTimestamp)
    lines.push(`last_preserved_timestamp: ${pythonFloat(state.lastPreservedTimestamp)}`);
  return `${lines.join("\n")}\n`;
}

const blank = /\s+|#[^\n]*/y;
const field = /([a-z_]+)\s*:\s*(?:("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([-+.\w]+))(?:\s*[,;])?/y;

function skipBlank(text: string, from: number): number {
  let at = from;
  for (blank.lastIndex = at; blank.test(text); blank.lastIndex = at) at = blank.lastIndex;
  return at;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Parses the text of the file. DATA_LOSS naming the line for anything else, RESOURCE_EXHAUSTED beyond 1 MiB or 10,000 entries. */
export function parseCheckpointState(bytes: Uint8Array, path: string): CheckpointState {
  const bad = (why: string) => new DataLossError(`${path}: ${why}`, { path });
  if (bytes.length > bytesMax)
    throw new ResourceExhaustedError(`${path}: ${bytes.length} bytes, the most is ${bytesMax}`, { path });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad("it is not UTF-8");
  }
  if (text.includes("\0")) throw bad("it holds a NUL");
  let modelCheckpointPath: string | undefined;
  const paths: string[] = [];
  const times: number[] = [];
  let preserved: number | null = null;
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, field.lastIndex)) {
    field.lastIndex = at;
    const match = field.exec(text);
    if (!match) throw bad(`line ${lineAt(text, at)} is no field of a checkpoint state`);
    const [, name, string, number] = match;
    const value = string === undefined ? Number(number) : unquoted(string);
    if (value === undefined || (typeof value === "string" && value.includes("\0")))
      throw bad(`line ${lineAt(text, at)}: a path that is not UTF-8, or holds a NUL`);
    if (typeof value === "string" && name === "model_checkpoint_path") modelCheckpointPath = value;
    else if (typeof value === "string" && name === "all_model_checkpoint_paths") paths.push(value);
    else if (typeof value === "number" && name === "all_model_checkpoint_timestamps") times.push(value);
    else if (typeof value === "number" && name === "last_preserved_timestamp") preserved = value;
    else
      throw bad(`line ${lineAt(text, at)}: ${name} is no field of a checkpoint state, or its value is of another kind`);
    if (paths.length > entriesMax || times.length > entriesMax) {
      throw new ResourceExhaustedError(`${path}: more than ${entriesMax} entries`, { path });
    }
  }
  if (modelCheckpointPath === undefined) throw bad("it names no model_checkpoint_path");
  return {
    modelCheckpointPath,
    allModelCheckpointPaths: paths,
    allModelCheckpointTimestamps: times,
    lastPreservedTimestamp: preserved,
  };
}

const named: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11 };

/** Undefined for bytes that are not UTF-8. */
function unquoted(quotedText: string): string | undefined {
  const bytes: number[] = [];
  const body = quotedText.slice(1, -1);
  const part = /\\([0-7]{1,3})|\\x([0-9a-fA-F]{1,2})|\\(.)|([^\\]+)/gsu;
  for (const [, octal, hex, simple, plain] of body.matchAll(part)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (simple !== undefined)
      bytes.push(...(named[simple] === undefined ? new TextEncoder().encode(simple) : [named[simple]]));
    else for (const byte of new TextEncoder().encode(plain)) bytes.push(byte);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** The state of a folder with its paths as they are in the file, or null without one. */
export function readRawCheckpointState(folder: string, options: StateOptions = {}): CheckpointState | null {
  const { fs = nodeFiles } = options;
  const path = statePath(folder, options);
  const stat = fs.stat(path);
  if (!stat) return null;
  if (stat.sizeBytes > bytesMax)
    throw new ResourceExhaustedError(`${path}: ${stat.sizeBytes} bytes, the most is ${bytesMax}`, { path });
  return parseCheckpointState(readFile(path, fs), path);
}

/** The state of a folder with relative paths joined to it, or null without one. DATA_LOSS for a file that does not parse. */
export function readCheckpointState(folder: string, options: StateOptions = {}): CheckpointState | null {
  const state = readRawCheckpointState(folder, options);
  if (!state) return null;
  const joined = (path: string) => (isAbsolute(path) ? path : inFolder(folder, path));
  return {
    ...state,
    modelCheckpointPath: joined(state.modelCheckpointPath),
    allModelCheckpointPaths: state.allModelCheckpointPaths.map(joined),
  };
}

/** Puts a state in place of the folder's, at once and durably. Paths inside the folder are written relative to it. */
export function writeCheckpointState(folder: string, state: CheckpointState, options: StateOptions = {}): void {
  const short = (path: string) => {
    const inside = relative(resolve(folder), resolve(folder, path));
    return inside === "" || inside.startsWith("..") || isAbsolute(inside) ? path : inside;
  };
  const text = formatCheckpointState({
    ...state,
    modelCheckpointPath: short(state.modelCheckpointPath),
    allModelCheckpointPaths: state.allModelCheckpointPaths.map(short),
  });
  writeFileAtomic(statePath(folder, options), new TextEncoder().encode(text), options.fs);
}

export interface LatestOptions extends StateOptions {
  /** Follows a path that leads out of the folder; else it is PERMISSION_DENIED. */
  readonly followPaths?: boolean;
}

/**
 * The prefix of the newest checkpoint that the folder's state names, if its index is there; else null. A path out of the folder is looked
 * for in the folder under its last name (a folder that was moved), and refused if it is not there either. `latest`: the name of the state
 * file, or options.
 */
export function latestCheckpoint(folder: string, latest: LatestOptions | string | null = null): string | null {
  const options = typeof latest === "string" ? { latestFilename: latest } : (latest ?? {});
  const path = readCheckpointState(folder, options)?.modelCheckpointPath;
  return path === undefined ? null : placeOf(folder, path, options);
}

/** Where a checkpoint lies that the folder's state names; null when it is not there. Throws as `latestCheckpoint`. */
export function placeOf(folder: string, path: string, options: LatestOptions = {}): string | null {
  const { fs = nodeFiles, followPaths = false } = options;
  if (followPaths || liesInside(folder, path, fs))
    return checkpointExists(path, fs) || isFirstVersion(path, fs) ? path : null;
  const here = inFolder(folder, basename(path));
  if (checkpointExists(here, fs) && liesInside(folder, here, fs)) return here;
  if (!checkpointExists(path, fs)) return null;
  throw new PermissionDeniedError(`${statePath(folder, options)} names ${path}, which is outside the folder`, {
    path: statePath(folder, options),
    hint: "--follow_paths",
  });
}

/** Whether all files of a checkpoint lie in a folder, links followed. */
const liesInside = (folder: string, prefix: string, fs: FileSystem): boolean =>
  isInside(folder, dirname(prefix), fs) &&
  ((!checkpointExists(prefix, fs) && !isFirstVersion(prefix, fs)) ||
    checkpointFiles(prefix, fs).every((path) => isInside(folder, path, fs)));

export const checkpointExists = (prefix: string, fs: FileSystem = nodeFiles): boolean =>
  fs.stat(indexPath(prefix))?.isFile === true;

/**
 * `.index`, `.meta`, `.state.json`, `.queues` and the data files that the index counts, as far as they are there; the index first. The
 * files of the first version and their `.meta`.
 */
export function checkpointFiles(prefix: string, fs: FileSystem = nodeFiles): string[] {
  if (isFirstVersion(prefix, fs)) {
    const meta = `${prefix.replace(/-\?{5}-of-\d{5}$/, "")}.meta`;
    return [...shardFiles(prefix), meta].filter((path) => fs.stat(path)?.isFile);
  }
  const names = [indexPath(prefix), `${prefix}.meta`, `${prefix}.state.json`, `${prefix}.queues`];
  const shards = numShards(prefix, fs);
  for (let i = 0; i < shards; i++) names.push(dataPath(prefix, i, shards));
  return names.filter((path) => fs.stat(path)?.isFile);
}

/** One shard for an index that is damaged or not there: what a Saver without sharding leaves. */
function numShards(prefix: string, fs: FileSystem): number {
  if (!fs.stat(indexPath(prefix))) return 1;
  try {
    return BundleReader.open(prefix, fs).numShards;
  } catch (error) {
    if (error instanceof OpError) return 1;
    throw error;
  }
}

/**
 * Removes a checkpoint by the exact names of its files (never by a pattern, which could match what another program wrote), the index first, so
 * that no half of it is ever taken for a whole. The files removed.
 */
export function deleteCheckpoint(prefix: string, fs: FileSystem = nodeFiles): string[] {
  const files = checkpointFiles(prefix, fs);
  for (const path of files) fs.unlink(path);
  return files;
}
