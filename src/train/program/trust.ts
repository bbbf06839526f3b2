/**
 * Graphs are programs: which files the nodes of a graph from a file may open. Readers, tables and datasets read below the working directory;
 * checkpoint nodes touch the checkpoints that the caller named; the rest needs trust.
 */
import { basename, dirname, isAbsolute, resolve, sep } from "node:path";
import { PermissionDeniedError } from "../../core/error.ts";
import { finalName } from "../../io/file_system.ts";
import { isInside, realPath } from "../../io/paths.ts";
import type { FilePolicy } from "../../session/state.ts";

export interface TrustOptions {
  readonly workingDirectory: string;
  /** Prefixes that may be restored from and saved to. */
  readonly checkpoints: readonly string[];
}

export const trustHint = "If you trust the program that wrote the graph, add --trust_graph";

/** The checkpoint itself, the parts of a sharded one, and the name under which it is written. */
const isOf = (prefix: string, path: string): boolean => {
  const [folder, name] = [realPath(dirname(prefix)), basename(prefix)];
  const [inside, own] = [realPath(dirname(path)), finalName(basename(path))];
  if (inside === folder) return own === name || own.startsWith(`${name}_temp`);
  return dirname(inside) === folder && basename(inside).startsWith(`${name}_temp`);
};

/** Throws PERMISSION_DENIED, with a hint, for each file that the rules forbid. */
export function workingDirectoryPolicy({ workingDirectory, checkpoints }: TrustOptions): FilePolicy {
  const root = realPath(workingDirectory);
  const prefixes = checkpoints.map((prefix) => resolve(workingDirectory, prefix));
  return (access, path) => {
    const full = isAbsolute(path) ? path : `${workingDirectory}${sep}${path}`; // `..` stays, for links before it
    if (access === "input") {
      if (isInside(root, full)) return;
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
