/** Files in memory, to read only. */
import { type FileSystem, fileError, nodeFiles, type OpenFile } from "../../../src/io/file_system.ts";

const missing = (path: string): Error => fileError(Object.assign(new Error("ENOENT"), { code: "ENOENT" }), path);

/** A disk that has these files and no others. */
export function filesOf(files: Readonly<Record<string, Uint8Array>>): FileSystem {
  const find = (path: string): Uint8Array => {
    const bytes = files[path];
    if (!bytes) throw missing(path);
    return bytes;
  };
  const read = (bytes: Uint8Array, into: Uint8Array, position: number): number => {
    const part = bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  };
  return {
    ...nodeFiles,
    open(path) {
      const bytes = find(path);
      const file: Partial<OpenFile> = {
        path,
        sizeBytes: () => bytes.length,
        read: (into, position) => read(bytes, into, position),
        readAsync: async (into, position) => read(bytes, into, position),
        close() {},
      };
      return file as OpenFile;
    },
    stat(path) {
      const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
      return bytes ? { sizeBytes: bytes.length, mtimeMs: 0, isFile: true, isDirectory: false } : null;
    },
  };
}
