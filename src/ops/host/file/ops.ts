/** Files as strings: ReadFile, WriteFile, MatchingFiles. Source: whole_file_read_ops.cc, matching_files_op.cc */
import { dirname } from "node:path";
import { string } from "../../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { formatShape, withRank } from "../../../core/shape.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { nodeFiles, readFile as readBytes, writeAll } from "../../../io/file_system.ts";
import { matchingFiles as matching } from "../../../io/stream/match.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword } from "../../options.ts";
import { bytesOfText, textOf, textsOf } from "../arrays.ts";

function scalarText(array: NdArray, what: string): string {
  if (array.shape.length !== 0) {
    throw invalidArgument(`Input ${what} tensor must be scalar, but had shape: ${formatShape(array.shape)}`);
  }
  return textOf(array);
}

/** contents = all bytes of a file. Throws NOT_FOUND. */
export const readFileOp = defineOp("ReadFile", {
  inputs: ["filename: string"],
  outputs: ["contents: string"],
  shape({ filename }) {
    withRank(filename, 0);
    return [[]];
  },
  access: "file",
  run({ filename }, context) {
    const path = scalarText(filename, "filename");
    context.permit(path);
    return new NdArray(string, [], [readWhole(path)]);
  },
  gradient: "unregistered",
});

function readWhole(path: string): Uint8Array {
  if (nodeFiles.stat(path)?.isDirectory) throw new FailedPreconditionError(`${path}; Is a directory`, { path });
  return readBytes(path);
}

/** Puts a file in place of what was there; makes its folder. */
export const writeFileOp = defineOp("WriteFile", {
  inputs: ["filename: string", "contents: string"],
  stateful: true,
  shape({ filename, contents }) {
    withRank(filename, 0);
    withRank(contents, 0);
    return [];
  },
  access: "file",
  run({ filename, contents }, context) {
    const path = scalarText(filename, "filename");
    context.permit(path);
    scalarText(contents, "contents");
    const folder = dirname(path);
    if (!nodeFiles.stat(folder)) nodeFiles.mkdir(folder);
    const file = nodeFiles.open(path, "w");
    try {
      writeAll(file, contents.data[0] as Uint8Array);
    } finally {
      file.close();
    }
  },
  gradient: "unregistered",
});

/** filenames = the sorted paths that match any of the patterns. */
export const matchingFilesOp = defineOp("MatchingFiles", {
  inputs: ["pattern: string"],
  outputs: ["filenames: string"],
  shape({ pattern }) {
    if (pattern !== null && pattern.length > 1) {
      throw invalidArgument(`Shape must be at most rank 1 but is rank ${pattern.length}`);
    }
    return [[null]];
  },
  access: "file",
  run({ pattern }, context) {
    for (const each of textsOf(pattern)) context.permit(each);
    const found = textsOf(pattern)
      .flatMap((each) => matching(each))
      .sort();
    return new NdArray(string, [found.length], found.map(bytesOfText));
  },
  gradient: "unregistered",
});

interface Named {
  readonly name?: string | undefined;
}

/** All bytes of the file, a scalar string. */
export const readFile = (filename: TensorLike, options: Named = {}): Tensor => readFileOp({ filename }, options.name);

export const writeFile = byKeyword(
  ["filename", "contents"],
  function writeFile(filename: TensorLike, contents: TensorLike, options: Named = {}): Operation {
    return writeFileOp({ filename, contents }, options.name);
  },
);

/** The sorted paths that match a pattern or any of several: `*`, `?`, `[a-z]` within names. */
export const matchingFiles = (pattern: TensorLike, options: Named = {}): Tensor =>
  matchingFilesOp({ pattern }, options.name);

const newline = 10;

/** How many lines a file has, also the last one where no newline ends it; null without the file. */
export function lineCount(path: string): number | null {
  if (!nodeFiles.stat(path)) return null;
  const bytes = readWhole(path);
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines++;
  return bytes.length > 0 && bytes.at(-1) !== newline ? lines + 1 : lines;
}
