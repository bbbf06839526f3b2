/** From what a user names to checkpoints: a folder means its newest one, a prefix or one of its files that one. */
import { NotFoundError } from "../../../core/error.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { checkpointExists, readCheckpointState } from "../../../io/checkpoint/state.ts";
import { listFolder, modifiedSeconds, pathKind } from "../../../io/paths.ts";

const join = (folder: string, name: string): string => `${folder.replace(/[/\\]+$/, "")}/${name}`;

/** `model.ckpt-600` from the name of any of its files. */
const prefixOf = (path: string): string => path.replace(/\.(index|meta|state\.json|data-\d{5}-of-\d{5})$/, "");

/** The step in a prefix, `model.ckpt-600`; undefined without one. */
export function stepOf(prefix: string): number | undefined {
  const step = /-(\d+)$/.exec(prefix)?.[1];
  return step === undefined ? undefined : Number(step);
}

/** The checkpoints of a folder, oldest first: those that its state file lists, else all that have an index. */
export function checkpointsOf(folder: string): string[] {
  const listed = readCheckpointState(folder)?.allModelCheckpointPaths ?? [];
  const found = listFolder(folder)
    .filter(({ name, isFolder }) => !isFolder && name.endsWith(".index"))
    .map(({ name }) => join(folder, prefixOf(name)));
  const normal = (path: string) => path.replace(/^\.\//, "").replaceAll("\\", "/");
  const known = new Set(listed.map(normal));
  const unlisted = found
    .filter((prefix) => !known.has(normal(prefix)))
    .sort(
      (a, b) => (stepOf(a) ?? 0) - (stepOf(b) ?? 0) || modifiedSeconds(`${a}.index`) - modifiedSeconds(`${b}.index`),
    );
  return [...unlisted, ...listed.filter((prefix) => checkpointExists(prefix))];
}

/** The prefix that a path means. Throws NOT_FOUND, saying what was looked for. */
export function findCheckpoint(path: string): string {
  if (pathKind(path) === "folder") {
    const newest = checkpointsOf(path).at(-1);
    if (newest !== undefined) return newest;
    throw new NotFoundError(`no checkpoint in ${path}: no file "checkpoint", no *.index`, { path });
  }
  const prefix = prefixOf(path);
  if (checkpointExists(prefix)) return prefix;
  const folder = /^(.*)[/\\]/.exec(prefix)?.[1] ?? ".";
  const near = didYouMean(
    prefix,
    pathKind(folder) === "folder" ? checkpointsOf(folder).map((name) => name.replace(/^\.\//, "")) : [],
  );
  throw new NotFoundError(`${path}: no such checkpoint: no ${prefix}.index.${near}`, { path });
}
