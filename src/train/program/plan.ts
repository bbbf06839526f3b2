/**
 * What is to be done with a graph that another program wrote: plan.json, and feeds.json beside it.
 *
 *     plan.json    {"meta", "checkpoint", "init", "setup": [{"targets", "feeds"}], "queue_runners", "runs": [{"targets", "fetches", "feeds", "error"}]}
 *     feeds.json   {"sets": [{tensor name: {"dtype", "shape", "values"}}]}       values: flat, row-major
 */
import { dirname, join } from "node:path";
import { type DType, dtypeOf, findDtype } from "../../core/dtype.ts";
import { InvalidArgumentError } from "../../core/error.ts";
import { allocateElements, NdArray, setElement } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import { nodeFiles, readFile } from "../../io/file_system.ts";
import { readNpz } from "../../io/npz.ts";

export type FeedSet = ReadonlyMap<string, NdArray>;

export interface PlannedRun {
  readonly targets: readonly string[];
  readonly fetches: readonly string[];
  /** An index into the sets of feeds; null: nothing is fed. */
  readonly feeds: number | null;
  /** The code with which this run must end. */
  readonly error: string | null;
}

export interface ProgramPlan {
  readonly meta: string | null;
  readonly checkpoint: string | null;
  readonly init: string | null;
  readonly setup: readonly PlannedRun[];
  readonly queueRunners: boolean;
  readonly runs: readonly PlannedRun[];
  /** The file of feeds beside the plan, where there is one. */
  readonly feedsFile: string | null;
}

const bad = (path: string, what: string) => new InvalidArgumentError(`${path}: ${what}`, { path });

function readJson(path: string): Record<string, unknown> {
  const text = new TextDecoder().decode(readFile(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(`${path}: ${(cause as Error).message}`, { path, cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(path, "expected a JSON object");
  return value as Record<string, unknown>;
}

/** Throws NOT_FOUND without the file, INVALID_ARGUMENT for what is no plan. Paths come back joined to the plan's folder. */
export function readPlan(path: string): ProgramPlan {
  const json = readJson(path);
  const folder = dirname(path);
  const file = (key: string): string | null => {
    const value = json[key];
    if (value === undefined || value === null) return null;
    if (typeof value !== "string") throw bad(path, `"${key}" is no text`);
    return join(folder, value);
  };
  const runsOf = (key: string): PlannedRun[] => {
    const list = json[key] ?? [];
    if (!Array.isArray(list)) throw bad(path, `"${key}" is no list`);
    return list.map((entry, i) => plannedRun(entry, path, `${key}[${i}]`));
  };
  if (json.init !== undefined && json.init !== null && typeof json.init !== "string")
    throw bad(path, `"init" is no name of an operation`);
  const feedsFile = join(folder, "feeds.json");
  return {
    meta: file("meta"),
    checkpoint: file("checkpoint"),
    init: (json.init as string | null | undefined) ?? null,
    setup: runsOf("setup"),
    queueRunners: json.queue_runners === true,
    runs: runsOf("runs"),
    feedsFile: nodeFiles.stat(feedsFile) ? feedsFile : null,
  };
}

function plannedRun(entry: unknown, path: string, where: string): PlannedRun {
  if (typeof entry !== "object" || entry === null) throw bad(path, `${where} is no object`);
  const { targets = [], fetches = [], feeds = null, error = null } = entry as Record<string, unknown>;
  for (const [key, names] of Object.entries({ targets, fetches })) {
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
      throw bad(path, `${where}.${key} is no list of names`);
  }
  const isNone = feeds === null || (typeof feeds === "object" && Object.keys(feeds as object).length === 0);
  if (!isNone && !Number.isInteger(feeds)) throw bad(path, `${where}.feeds is no index`);
  return {
    targets: targets as string[],
    fetches: fetches as string[],
    feeds: isNone ? null : (feeds as number),
    error: error as string | null,
  };
}

/** Sets of feeds: JSON as above (or one object of nested values), or the arrays of an .npz file as one set. */
export function readFeedSets(path: string): FeedSet[] {
  if (path.endsWith(".npz")) return [readNpz(readFile(path), path)];
  const json = readJson(path);
  const { sets } = json;
  if (sets === undefined) return [feedSet(json, path)];
  if (!Array.isArray(sets)) throw bad(path, `"sets" is no list`);
  return sets.map((set) => feedSet(set as Record<string, unknown>, path));
}

const feedSet = (set: Readonly<Record<string, unknown>>, path: string): FeedSet =>
  new Map(Object.entries(set).map(([name, value]) => [name, arrayOf(value, name, path)]));

const words: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

function arrayOf(value: unknown, name: string, path: string): NdArray {
  const { dtype, shape, values } = (value ?? {}) as Record<string, unknown>;
  const found = typeof dtype === "string" ? findDtype(dtype) : undefined;
  if (!found || !Array.isArray(shape) || !Array.isArray(values))
    throw bad(path, `${name}: expected {"dtype", "shape", "values"}`);
  const n = elementCount(shape as number[]);
  if (values.length !== n) throw bad(path, `${name}: ${values.length} values for shape [${shape.join(",")}]`);
  const data = allocateElements(dtypeOf(found.base), n);
  for (let i = 0; i < n; i++) setElement(found, data, i, elementOf(values[i], found));
  return new NdArray(found, shape as number[], data);
}

/** int64 stand as numbers or texts, strings as text or base64, complex numbers as pairs. */
function elementOf(value: unknown, dtype: DType): unknown {
  if (dtype.base === "string") {
    if (typeof value === "string") return new TextEncoder().encode(value);
    return new Uint8Array(Buffer.from((value as { b64: string }).b64, "base64"));
  }
  if (dtype.base === "int64" || dtype.base === "uint64") return BigInt(value as string | number);
  return typeof value === "string" ? (words[value] ?? Number(value)) : value;
}
