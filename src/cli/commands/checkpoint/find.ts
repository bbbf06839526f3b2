/** From what a user names to checkpoints: a folder means its newest one, a prefix or one of its files that one. */
import { NotFoundError } from "../../../core/error.ts";
import { flag } from "../../../core/flags.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { checkpointExists, placeOf, readCheckpointState } from "../../../io/checkpoint/state.ts";
import { isFirstVersion } from "../../../io/checkpoint/v1/slice_file.ts";
import { isInside, listFolder, modifiedSeconds, pathKind } from "../../../io/paths.ts";

const join = (folder: string, name: string): string => `${folder.replace(/[/\\]+$/, "")}/${name}`;

/** `model.ckpt-600` from the name of any of its files. */
export const prefixOf = (path: string): string => path.replace(/\.(index|meta|state\.json|data-\d{5}-of-\d{5})$/, "");

/** The step in a prefix, `model.ckpt-600`; undefined without one. */
export function stepOf(prefix: string): number | undefined {
  const step = /-(\d+)$/.exec(prefix)?.[1];
  return step === undefined ? undefined : Number(step);
}

export const followFlag = flag.bool(false, "also read checkpoints that a state file names outside its folder");

const normal = (path: string): string => path.replace(/^\.\//, "").replaceAll("\\", "/");

/** Those that the state file names, oldest first. Throws PERMISSION_DENIED for one outside the folder. */
function listedIn(folder: string, followPaths: boolean): string[] {
  const state = readCheckpointState(folder);
  if (!state) return [];
  const paths = new Set([...state.allModelCheckpointPaths, state.modelCheckpointPath]);
  return [...paths].flatMap((path) => {
    const place = placeOf(folder, path, { followPaths });
    if (place !== null) return [place];
    return isFirstVersion(path) && (followPaths || isInside(folder, path)) ? [path] : [];
  });
}

/** The checkpoints of a folder, oldest first: those that its state file lists, else all that have an index. */
export function checkpointsOf(folder: string, { followPaths = false } = {}): string[] {
  const listed = listedIn(folder, followPaths);
  const found = listFolder(folder)
    .filter(({ name, isFolder }) => !isFolder && name.endsWith(".index"))
    .map(({ name }) => join(folder, prefixOf(name)));
  const known = new Set(listed.map(normal));
  const unlisted = found
    .filter((prefix) => !known.has(normal(prefix)))
    .sort(
      (a, b) => (stepOf(a) ?? 0) - (stepOf(b) ?? 0) || modifiedSeconds(`${a}.index`) - modifiedSeconds(`${b}.index`),
    );
  return [...unlisted, ...listed];
}

/** The prefix that a path means. Throws NOT_FOUND, saying what was looked for, and PERMISSION_DENIED as `checkpointsOf`. */
export function findCheckpoint(path: string, options: { readonly followPaths?: boolean } = {}): string {
  if (pathKind(path) === "folder") {
    const newest = checkpointsOf(path, options).at(-1);
    if (newest !== undefined) return newest;
    throw new NotFoundError(`no checkpoint in ${path}: no file "checkpoint", no *.index`, { path });
  }
  const prefix = prefixOf(path);
  if (checkpointExists(prefix) || isFirstVersion(prefix)) return prefix;
  const folder = /^(.*)[/\\]/.exec(prefix)?.[1] ?? ".";
  const near = didYouMean(prefix, pathKind(folder) === "folder" ? indicesIn(folder) : []);
  throw new NotFoundError(`${path}: no such checkpoint: no ${prefix}.index.${near}`, { path });
}

const indicesIn = (folder: string): string[] =>
  listFolder(folder)
    .filter(({ name }) => name.endsWith(".index"))
    .map(({ name }) => join(folder, prefixOf(name)).replace(/^\.\//, ""));
