/** Members of .npz files: arrays of numbers, and arrays of lists of numbers. */
import { DataLossError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { readFile } from "../../../io/file_system.ts";
import { npzMembers } from "../../../io/npz.ts";
import { isObjects, type ObjectArray } from "../../../io/pickle/objects.ts";
import { readObjects } from "../../../io/pickle/pickle.ts";

/** A member of this name. DATA_LOSS without it. */
export function member<T>(members: ReadonlyMap<string, T>, name: string, path: string): T {
  const found = members.get(name);
  if (found !== undefined) return found;
  throw new DataLossError(`${path}: it has no array ${name}, but ${[...members.keys()].join(", ")}`, { path });
}

export const readMembers = (path: string): Map<string, NdArray | ObjectArray> =>
  npzMembers(readFile(path), path, readObjects);

/** The numbers of a member. DATA_LOSS for other things. */
export function numbersIn(members: ReadonlyMap<string, NdArray | ObjectArray>, name: string, path: string): NdArray {
  const found = member(members, name, path);
  if (found instanceof NdArray) return found;
  throw new DataLossError(`${path}: ${name} is no array of numbers`, { path });
}

/** The lists of numbers of a member. DATA_LOSS for other things. */
export function sequencesIn(
  members: ReadonlyMap<string, NdArray | ObjectArray>,
  name: string,
  path: string,
): readonly (readonly number[])[] {
  const found = member(members, name, path);
  const isLists = !(found instanceof NdArray) && isObjects(found) && found.items.every((item) => Array.isArray(item));
  if (isLists) return found.items as readonly (readonly number[])[];
  if (found instanceof NdArray && found.shape.length === 2) return found.toList() as number[][];
  throw new DataLossError(`${path}: ${name} is no array of lists`, { path });
}
