/** Text files: read whole, or written line by line as a log. */
import { closeSync, existsSync, lstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { NotFoundError, opError } from "../core/error.ts";
import { isInside } from "./paths.ts";

/** The text of a file in UTF-8. Throws NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION for a folder. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new NotFoundError(`${path}: no such file`, { path });
    if (code === "EISDIR") throw opError("FAILED_PRECONDITION", `${path}: is a folder`, { path });
    throw opError("PERMISSION_DENIED", `${path}: cannot be read (${code})`, { path, cause: error });
  }
}

/** A log that grows by whole lines. Each `write` reaches the file before it returns, or is dropped: a full disk ends no run. */
export interface LineFile {
  write(lines: string): void;
  /** Lines that could not be written. */
  readonly dropped: number;
  close(): void;
}

/** Opens a log at its end; it is made if it is not there. PERMISSION_DENIED for a link that leads out of its folder. */
export function appendLines(path: string): LineFile {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (isLink && !(existsSync(path) && isInside(dirname(path), path)))
    throw opError("PERMISSION_DENIED", `${path}: is a link that leads out of its folder`, { path });
  const file = openSync(path, "a");
  let dropped = 0;
  return {
    write(lines) {
      try {
        writeSync(file, lines);
      } catch {
        dropped++;
      }
    },
    get dropped() {
      return dropped;
    },
    close: () => closeSync(file),
  };
}
