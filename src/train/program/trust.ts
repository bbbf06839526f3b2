/**
 * Graphs are programs: which files the nodes of a graph from a file may open. Readers, tables and datasets read below the working directory;
 * checkpoint nodes touch the checkpoints that the caller named; the rest needs trust.
 */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { PermissionDeniedError } from "../../core/error.ts";
import { finalName, nodeFiles } from "../../io/file_system.ts";
import type { FilePolicy } from "../../session/state.ts";

export interface TrustOptions {
  readonly workingDirectory: string;
  /** Prefixes that may be restored from and saved to. */
  readonly checkpoints: readonly string[];
}

export const trustHint = "If you trust the program that wrote the graph, add --trust_graph";

/** Where a path leads when links are followed, also when its last parts are not there yet. */
function realPath(path: string): string {
  if (nodeFiles.stat(path)) return nodeFiles.realpath(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}

const isInside = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && resolve(way) !== way);
};

/** The checkpoint itself, the parts of a sharded one, and the name under which it is written. */
const isOf = (prefix: string, path: string): boolean =>
  path === prefix ||
  path.startsWith(`${prefix}_temp`) ||
  (dirname(path) === dirname(prefix) && finalName(basename(path)) === basename(prefix));

/** Throws PERMISSION_DENIED, with a hint, for each file that the rules forbid. */
export function workingDirectoryPolicy({ workingDirectory, checkpoints }: TrustOptions): FilePolicy {
  const root = realPath(resolve(workingDirectory));
  const prefixes = checkpoints.map((prefix) => resolve(workingDirectory, prefix));
  return (access, path) => {
    const full = resolve(workingDirectory, path);
    if (access === "input") {
      if (isInside(root, realPath(full))) return;
      throw new PermissionDeniedError(`${path}; lies outside the working directory ${root}`, {
        path,
        hint: trustHint,
      });
    }
    if (access === "python") throw new PermissionDeniedError(`${path} is a Python function, which tsflow never runs`);
    if (access === "checkpoint" && prefixes.some((prefix) => isOf(prefix, full))) return;
    throw new PermissionDeniedError(`${path}; the graph names this file itself`, { path, hint: trustHint });
  };
}
