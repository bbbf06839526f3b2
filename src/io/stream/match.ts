/** Files by pattern, as TensorFlow's file system finds them: `*` and `?` match names with a leading dot too. Source: file_system_helper.cc */
import { type FileSystem, nodeFiles } from "../file_system.ts";

/** `*`, `?`, `[a-z]`, `[!a-z]` within a name, and `\` before a character that means itself. */
function namePattern(glob: string): RegExp {
  const source = glob.replace(/\\.|\[[!^]?\]?[^\]]*\]|[*?^$.+()[\]{}|\\]/gs, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("[") && part.length > 1) return part.replace(/^\[[!^]/, "[^").replace(/\\/g, "\\\\");
    return `\\${part.at(-1)}`;
  });
  return new RegExp(`^${source}$`, "su");
}

/** The paths that match, in no particular order; none where a folder cannot be read. */
export function matchingFiles(pattern: string, files: FileSystem = nodeFiles): string[] {
  const parts = pattern.split("/");
  let bases = [""];
  for (const [i, part] of parts.entries()) {
    const separator = i < parts.length - 1 ? "/" : "";
    if (!/[*?[\\]/.test(part)) {
      bases = bases.map((base) => `${base}${part}${separator}`);
      continue;
    }
    const matches = namePattern(part);
    bases = bases.flatMap((base) =>
      namesIn(base, files)
        .filter((name) => matches.test(name))
        .map((name) => `${base}${name}${separator}`),
    );
  }
  return bases.filter((path) => files.stat(path) !== null);
}

function namesIn(folder: string, files: FileSystem): string[] {
  const path = folder === "" ? "." : folder;
  return files.stat(path)?.isDirectory ? files.readdir(path) : [];
}
