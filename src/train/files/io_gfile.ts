/** `tf.io.gfile`: files by the names of TensorFlow 2. Source: tensorflow/python/lib/io/file_io.py. */
import { byName, type Rest } from "../../ops/options.ts";
import {
  Copy,
  DeleteRecursively,
  Exists,
  type FileStatistics,
  Glob,
  IsDirectory,
  ListDirectory,
  MakeDirs,
  MkDir,
  Remove,
  Rename,
  Stat,
  Walk,
} from "./gfile.ts";

type OverwriteRest = Rest<{ readonly overwrite?: boolean }, ["overwrite"]>;
const overwriteOf = (rest: readonly unknown[]) => byName<{ readonly overwrite?: boolean }>(rest, ["overwrite"]);

/** Throws NOT_FOUND without a source, ALREADY_EXISTS where the target is there and `overwrite` is false. */
export const copy = (src: string, dst: string, ...rest: OverwriteRest): void => Copy(src, dst, overwriteOf(rest));

/** Is there a file or folder at this path? */
export const exists = (path: string): boolean => Exists(path);

/** The kinds of paths that can be opened: those of the machine. */
export const getRegisteredSchemes = (): string[] => [""];

/** Paths that match a pattern, or one of a list. */
export const glob = (pattern: string | readonly string[]): string[] => Glob(pattern);

/** Is there a folder at this path? */
export const isdir = (path: string): boolean => IsDirectory(path);

/** The parts with slashes between them; an absolute one begins anew. */
export const join = (path: string, ...paths: readonly string[]): string =>
  paths.reduce(
    (whole, part) =>
      part.startsWith("/") || whole === "" ? part : whole.endsWith("/") ? `${whole}${part}` : `${whole}/${part}`,
    path,
  );

/** Names in a folder. Throws NOT_FOUND. */
export const listdir = (path: string): string[] => ListDirectory(path);

/** A folder and those above it; no error where they are there. */
export const makedirs = (path: string): void => MakeDirs(path);

/** A folder in one that is there. Throws NOT_FOUND and ALREADY_EXISTS. */
export const mkdir = (path: string): void => MkDir(path);

/** A file. Throws NOT_FOUND. */
export const remove = (path: string): void => Remove(path);

/** Throws NOT_FOUND without a source, ALREADY_EXISTS where the target is there and `overwrite` is false. */
export const rename = (src: string, dst: string, ...rest: OverwriteRest): void => Rename(src, dst, overwriteOf(rest));

/** A folder and all in it. */
export const rmtree = (path: string): void => DeleteRecursively(path);

/** Size and times. Throws NOT_FOUND. */
export const stat = (path: string): FileStatistics => Stat(path);

/** A folder with its folders and files, then so for each folder below; those below first where `topdown` is false. */
export const walk = (
  top: string,
  ...rest: Rest<{ readonly topdown?: boolean }, ["topdown"]>
): ReturnType<typeof Walk> => {
  const { topdown = true } = byName<{ readonly topdown?: boolean }>(rest, ["topdown"]);
  return Walk(top, { inOrder: topdown });
};
