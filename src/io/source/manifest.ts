/**
 * OUT.json beside record files: what they were made from, so that the same call again has nothing to do, and what is in them.
 *
 *     { "version": 1, "inputs": [{ "path", "sha256" }], "flags": {…}, "files": [{ "path", "records", "bytes" }],
 *       "features": [{ "name", "type", "classes" }] }
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { NotFoundError } from "../../core/error.ts";
import { writeFileAtomic } from "../file_system.ts";
import { fileSize, pathKind } from "../paths.ts";
import { readTextFile } from "../text_file.ts";
import { imageFiles } from "./arrays.ts";
import type { Column } from "./rows.ts";
import { type Input, pieces } from "./text.ts";
import type { WrittenFile } from "./write_records.ts";

export interface Manifest {
  readonly version: 1;
  readonly inputs: readonly { readonly path: string; readonly sha256: string }[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** Paths are relative to the manifest's folder. */
  readonly files: readonly { readonly path: string; readonly records: number; readonly bytes: number }[];
  readonly features: readonly Column[];
}

export const manifestPath = (out: string): string => `${out}.json`;

/** The digest of an input: of a file's content as it is unpacked, of a folder's names and files. */
export async function digestOf(input: Input): Promise<string> {
  const hash = createHash("sha256");
  const isFolder = input.bytes === undefined && pathKind(input.path) === "folder";
  const files = isFolder ? imageFiles(input.path).map(({ path }) => ({ path })) : [input];
  for (const file of files) {
    if (isFolder) hash.update(`${file.path.slice(input.path.length)}\0`);
    for await (const piece of pieces(file)) hash.update(piece);
  }
  return hash.digest("hex");
}

/** The manifest beside an output, if there is one that can be read. */
export function readManifest(out: string): Manifest | undefined {
  let text: string;
  try {
    text = readTextFile(manifestPath(out));
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  try {
    const manifest = JSON.parse(text) as Manifest;
    return manifest.version === 1 ? manifest : undefined;
  } catch {
    return undefined; // somebody else's file: it is as good as none
  }
}

/** Whether the files of a manifest are those that the same call would write: same inputs, same flags, all files in place. */
export function isUpToDate(found: Manifest, wanted: Pick<Manifest, "inputs" | "flags">, out: string): boolean {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const digests = ({ inputs }: Pick<Manifest, "inputs">) => inputs.map(({ sha256 }) => sha256);
  if (!same(digests(found), digests(wanted)) || !same(found.flags, wanted.flags)) return false;
  return found.files.every(({ path, bytes }) => {
    const file = join(dirname(out), path);
    return pathKind(file) === "file" && fileSize(file) === bytes;
  });
}

export function writeManifest(
  out: string,
  manifest: Omit<Manifest, "version" | "files">,
  files: readonly WrittenFile[],
): void {
  const listed = files.map(({ path, records, bytes }) => ({ path: basename(path), records, bytes }));
  const { inputs, flags, features } = manifest;
  const text = JSON.stringify({ version: 1, inputs, flags, files: listed, features }, null, 1);
  writeFileAtomic(manifestPath(out), new TextEncoder().encode(`${text}\n`));
}
