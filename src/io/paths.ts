/** Names of files as a command line gives them: globs, folders, and files that are not there; and which folder a path leads into. */
import { existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { NotFoundError } from "../core/error.ts";
import { type FileSystem, nodeFiles } from "./file_system.ts";

const isGlob = (path: string): boolean => /[*?[{]/.test(path);

/** `*`, `?`, `[a-z]`, `[!a-z]` within a name; `{a,b}` must have been expanded. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/\[!?[^\]]+\]|[*?^$.+()[\]{}|\\]/g, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`, "su");
}

/** `a{b,c}d` as `abd`, `acd`; nested ones too. */
function expandBraces(glob: string): string[] {
  const braces = /\{([^{}]*,[^{}]*)\}/.exec(glob);
  if (!braces) return [glob];
  const [whole, inner] = braces;
  const rest = (choice: string) => glob.slice(0, braces.index) + choice + glob.slice(braces.index + whole.length);
  return inner!.split(",").flatMap((choice) => expandBraces(rest(choice)));
}

const namesIn = (folder: string): { name: string; isLink: boolean; isFolder: boolean }[] => {
  try {
    return readdirSync(folder === "" ? "." : folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isLink: entry.isSymbolicLink(),
      isFolder: entry.isDirectory() || (entry.isSymbolicLink() && pathKind(join(folder, entry.name)) === "folder"),
    }));
  } catch {
    return []; // a glob goes on where a folder cannot be read
  }
};

/** The paths that match a glob, sorted. `**` matches any number of folders, no links to folders (they may go in a circle); names with a leading dot only if the glob has it. */
function expandGlob(glob: string): string[] {
  const found: string[] = [];
  const walk = (base: string, parts: readonly string[]): void => {
    const [part, ...rest] = parts;
    if (part === undefined) {
      if (base !== "" && existsSync(base)) found.push(base);
    } else if (part === "**") {
      walk(base, rest);
      for (const { name, isFolder, isLink } of namesIn(base)) {
        if (isFolder && !isLink && !name.startsWith(".")) walk(`${base}${name}/`, parts);
      }
    } else if (isGlob(part)) {
      const pattern = globPattern(part);
      for (const { name, isFolder } of namesIn(base)) {
        const isHidden = name.startsWith(".") && !part.startsWith(".");
        if (isHidden || !pattern.test(name) || (rest.length > 0 && !isFolder)) continue;
        walk(rest.length > 0 ? `${base}${name}/` : base + name, rest);
      }
    } else walk(rest.length > 0 ? `${base}${part}/` : base + part, rest);
  };
  const parts = glob.replaceAll("\\", process.platform === "win32" ? "/" : "\\").split("/");
  walk(parts[0] === "" ? "/" : "", parts[0] === "" ? parts.slice(1) : parts);
  return [...new Set(found)].sort();
}

export type PathKind = "file" | "folder" | "none";

/** What cannot be looked at is as good as absent: a path that is too long, goes in a circle, or leads through a file. */
export function pathKind(path: string): PathKind {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? "none" : stat.isDirectory() ? "folder" : "file";
  } catch {
    return "none";
  }
}

/** Paths in the order given, globs expanded where no file has that very name. Throws NOT_FOUND for a path or glob without a file. */
export function expandPaths(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    if (existsSync(word)) return [word];
    const found = isGlob(word) ? expandBraces(word).flatMap(expandGlob) : [];
    if (found.length > 0) return found;
    throw new NotFoundError(isGlob(word) ? `no file matches ${word}` : `${word}: no such file or folder`, {
      path: word,
    });
  });
}

/** Names in a folder, sorted. */
export const listFolder = (folder: string): { name: string; isFolder: boolean }[] =>
  namesIn(folder).sort((a, b) => (a.name < b.name ? -1 : 1));

/** A folder of its own among the system's temporary files. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), "tmp"));

/** The user's folder. */
export const homeFolder = (): string => homedir();

/** The system's folder of temporary files. */
export const sharedTemporaryFolder = (): string => tmpdir();

export const fileSize = (path: string): number => statSync(path).size;

export const modifiedSeconds = (path: string): number => statSync(path).mtimeMs / 1000;

/**
 * Where the system would look for a path: links are followed part by part before `..` is, so that `link/..` is the folder above the link's
 * target. Parts that are not there yet stay as they are.
 */
export function realPath(path: string, files: FileSystem = nodeFiles): string {
  const separators = sep === "\\" ? /[/\\]+/ : /\/+/;
  const parts = path.split(separators);
  // Node's realpath takes `..` away before it follows links, so it is asked only for paths without.
  if (!parts.includes("..") && exists(path, files)) return files.realpath(path);
  if (parts.length > 1 && parts.at(-1) === "") parts.pop();
  const name = parts.pop()!;
  const above = parts.length === 0 ? "." : parts.length === 1 && parts[0] === "" ? sep : parts.join(sep);
  const parent = realPath(above, files);
  if (name === "..") return dirname(parent);
  const place = join(parent, name);
  return exists(place, files) ? files.realpath(place) : place;
}

/** A part of the path that is a file, or a name that the system refuses, is as good as absent. */
function exists(path: string, files: FileSystem): boolean {
  try {
    return files.stat(path) !== null;
  } catch {
    return false; // the one who opens it tells why
  }
}

/** Whether a path leads to the folder or below it, links followed. The one rule for paths that come out of files. */
export function isInside(folder: string, path: string, files: FileSystem = nodeFiles): boolean {
  if (path.includes("\0")) return false;
  const way = relative(realPath(folder, files), realPath(path, files));
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Whether two names mean one file. */
export const isSameFile = (a: string, b: string): boolean => realPath(a) === realPath(b);
