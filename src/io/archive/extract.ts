/** Archives into folders. */
import { dirname, join } from "node:path";
import { PermissionDeniedError } from "../../core/error.ts";
import { nodeFiles, readFile, writeFileAtomic } from "../file_system.ts";
import { isInside } from "../paths.ts";
import { isTar, readTar } from "./tar.ts";
import { endMagic, localMagic, readZip } from "./zip.ts";

export type ArchiveFormat = "tar" | "zip";

function isZip(bytes: Uint8Array): boolean {
  if (bytes.length < 22) return false;
  const magic = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return magic === localMagic || magic === endMagic;
}

/**
 * Writes the files of an archive of one of these formats below a folder; whether it was one. PERMISSION_DENIED, before anything is written,
 * for a name that leads out of the folder; links are left out.
 */
export function extractArchive(path: string, folder: string, formats: readonly ArchiveFormat[]): boolean {
  const bytes = readFile(path);
  if (formats.includes("tar") && isTar(bytes)) {
    unpackInto(folder, readTar(bytes, path), path);
    return true;
  }
  if (!formats.includes("zip") || !isZip(bytes)) return false;
  const members = [...readZip(bytes, path)].map(([name, content]) => ({ name, isFolder: name.endsWith("/"), content }));
  unpackInto(folder, members, path);
  return true;
}

interface Member {
  readonly name: string;
  readonly isFolder: boolean;
  readonly content: Uint8Array;
}

function unpackInto(folder: string, members: readonly Member[], path: string): void {
  for (const { name } of members) {
    if (!isInside(folder, join(folder, name)))
      throw new PermissionDeniedError(`${path}: its member ${name} leads out of ${folder}`, { path });
  }
  for (const { name, isFolder, content } of members) {
    const place = join(folder, name);
    nodeFiles.mkdir(isFolder ? place : dirname(place));
    if (!isFolder) writeFileAtomic(place, content);
  }
}
