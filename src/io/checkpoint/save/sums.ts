/**
 * `.tsflow-sums` of a folder: length and CRC-32C of checkpoint files that carry none themselves.
 *     {"m-40.meta": {"length": 5210, "crc32c": 3735928559}, …}
 */
import { basename, dirname, join } from "node:path";
import { DataLossError, OpError } from "../../../core/error.ts";
import { crc32c } from "../../crc.ts";
import { type FileSystem, nodeFiles, readFile, writeFileAtomic } from "../../file_system.ts";

export interface FileSum {
  readonly length: number;
  readonly crc32c: number;
}

const sumsPath = (folder: string): string => join(folder, ".tsflow-sums");
const bytesMax = 2 ** 24;
const pieceBytes = 2 ** 20;

/** Length and checksum of a file, read piece by piece, with turns for others in between. */
export async function fileSum(path: string, fs: FileSystem = nodeFiles): Promise<FileSum> {
  const file = fs.open(path, "r");
  try {
    const length = file.sizeBytes();
    const piece = new Uint8Array(Math.min(length, pieceBytes));
    let crc = 0;
    for (let at = 0; at < length; ) {
      const n = await file.readAsync(piece.subarray(0, Math.min(pieceBytes, length - at)), at);
      if (n === 0) break;
      crc = crc32c(piece.subarray(0, n), crc);
      at += n;
    }
    return { length, crc32c: crc };
  } finally {
    file.close();
  }
}

/** The sums of a folder; empty where there are none or they do not read. */
export function readSums(folder: string, fs: FileSystem = nodeFiles): Map<string, FileSum> {
  const stat = fs.stat(sumsPath(folder));
  if (!stat?.isFile || stat.sizeBytes > bytesMax) return new Map();
  try {
    const parsed = JSON.parse(new TextDecoder().decode(readFile(sumsPath(folder), fs))) as Record<string, FileSum>;
    const entries = Object.entries(parsed).filter(
      ([, sum]) => Number.isSafeInteger(sum?.length) && Number.isSafeInteger(sum?.crc32c),
    );
    return new Map(entries);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof OpError) return new Map();
    throw error;
  }
}

/** Adds sums, and takes those of deleted prefixes and of files that are gone out. */
export function writeSums(
  folder: string,
  added: ReadonlyMap<string, FileSum>,
  deleted: readonly string[],
  fs: FileSystem = nodeFiles,
): void {
  const sums = new Map([...readSums(folder, fs), ...added]);
  for (const name of sums.keys()) {
    const isDeleted = deleted.some((prefix) => name.startsWith(`${prefix}.`));
    if (isDeleted || (!added.has(name) && !fs.stat(join(folder, name)))) sums.delete(name);
  }
  const text = `${JSON.stringify(Object.fromEntries(sums))}\n`;
  writeFileAtomic(sumsPath(folder), new TextEncoder().encode(text), fs);
}

/** DATA_LOSS when a file is not what its folder knows of it. */
function compare(path: string, found: FileSum, known: FileSum): void {
  if (found.length === known.length && found.crc32c === known.crc32c) return;
  throw new DataLossError(
    `${path}: ${found.length} bytes with checksum ${found.crc32c}, ${known.length} bytes with checksum ${known.crc32c} were written`,
    { path, hint: "If another program wrote it anew, remove .tsflow-sums beside it" },
  );
}

/** DATA_LOSS when the folder of a file knows other bytes of it. */
export function checkSum(path: string, bytes: Uint8Array, fs: FileSystem = nodeFiles): void {
  const known = readSums(dirname(path), fs).get(basename(path));
  if (known) compare(path, { length: bytes.length, crc32c: crc32c(bytes) }, known);
}

/** The same of a file that is read piece by piece; one that is not there is not checked. */
export async function checkFileSum(path: string, fs: FileSystem = nodeFiles): Promise<void> {
  const known = readSums(dirname(path), fs).get(basename(path));
  if (known && fs.stat(path)) compare(path, await fileSum(path, fs), known);
}
