/**
 * Event logs as runs, tags and points.
 *
 *     folder ─► its event files, by name ─► events ─► points of tags
 *
 * A SessionLog START at step g says that training went on from there: points of a step >= g that came before it belong to a lost
 * part of the run, and are hidden. Source: tensorboard/backend/event_processing/event_accumulator.py.
 */
import { NotFoundError, OpError } from "../../../core/error.ts";
import { elementAt } from "../../../core/nd_array.ts";
import { eventFiles, readEvents } from "../../../io/event_file.ts";
import { expandPaths, globPattern, listFolder, pathKind, realPath } from "../../../io/paths.ts";
import { decode, fromLong, pb } from "../../../proto/messages.ts";
import { fromTensorProto } from "../../../proto/tensor_proto.ts";

export type Kind = "scalar" | "histogram" | "image" | "audio" | "text" | "graph" | "tensor";

export interface Point {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** The number of a scalar; undefined for other kinds. */
  readonly value?: number;
  /** What the other kinds hold, in a few words. */
  readonly about?: string;
}

export interface Tag {
  readonly name: string;
  readonly kind: Kind;
  readonly points: readonly Point[];
}

export interface Run {
  readonly path: string;
  readonly files: number;
  readonly tags: ReadonlyMap<string, Tag>;
  /** Files that end in, or hold, damaged records; their good records are used. */
  readonly damaged: readonly string[];
}

/** One thing that an event says. */
export interface Entry extends Point {
  readonly tag: string;
  readonly kind: Kind;
}

type Value = pb.Summary.Value.$Properties;

const scalarDtypes = new Set([
  "float32",
  "float64",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "bool",
  "uint8",
  "int8",
  "int16",
]);

function describeValue(value: Value): Omit<Entry, "tag" | "step" | "time"> {
  const plugin = value.metadata?.pluginData?.pluginName ?? "";
  if (value.simpleValue != null) return { kind: "scalar", value: value.simpleValue };
  if (value.histo) {
    const { min, max, num } = value.histo;
    return { kind: "histogram", about: `${num ?? 0} values, ${short(min)}..${short(max)}` };
  }
  if (value.image) return { kind: "image", about: `${value.image.width}x${value.image.height}` };
  if (value.audio) return { kind: "audio", about: `${fromLong(value.audio.lengthFrames)} frames` };
  if (value.tensor) {
    const array = fromTensorProto(value.tensor);
    const isScalar = array.size === 1 && scalarDtypes.has(array.dtype.base);
    if (isScalar && (plugin === "scalars" || plugin === ""))
      return { kind: "scalar", value: Number(elementAt(array, 0)) };
    const text = array.dtype.base === "string" && array.size > 0 ? String(elementAt(array, 0)) : undefined;
    if (plugin === "text") return { kind: "text", about: JSON.stringify(text ?? "") };
    if (plugin === "histograms") return { kind: "histogram", about: `${array.shape[0] ?? 0} buckets` };
    if (plugin === "images") return { kind: "image", about: `${Math.max(0, array.size - 2)} images` };
    return { kind: "tensor", about: `${array.dtype.base} [${array.shape.join(",")}]` };
  }
  return { kind: "tensor", about: "empty" };
}

const short = (x: number | null | undefined): string => String(Number((x ?? 0).toPrecision(4)));

/** What one serialized event says, and the step from which it takes back what was said before. */
export function readEvent(bytes: Uint8Array, path: string): { readonly entries: Entry[]; readonly restart?: number } {
  const event = decode(pb.Event, bytes, path);
  const step = Number(fromLong(event.step));
  const time = event.wallTime ?? 0;
  if (event.sessionLog?.status === pb.SessionLog.SessionStatus.START && step > 0) return { entries: [], restart: step };
  if (event.graphDef)
    return { entries: [{ tag: "graph", kind: "graph", step, time, about: `${event.graphDef.length} B` }] };
  const values = event.summary?.value ?? [];
  return { entries: values.map((value) => ({ tag: value.tag ?? "", step, time, ...describeValue(value) })) };
}

/** The folders with event files at or below the paths; a file stands for itself. Throws NOT_FOUND if there are none and must be. */
export function findRuns(words: readonly string[], { mayBeEmpty = false } = {}): { path: string; files: string[] }[] {
  const found: { path: string; files: string[] }[] = [];
  const seen = new Set<string>();
  const walk = (folder: string): void => {
    const real = realPath(folder);
    if (seen.has(real)) return; // a link that goes in a circle
    seen.add(real);
    const files = eventFiles(folder);
    if (files.length > 0) found.push({ path: folder, files });
    for (const { name, isFolder } of listFolder(folder)) if (isFolder) walk(`${folder.replace(/[/\\]+$/, "")}/${name}`);
  };
  for (const path of expandPaths(words)) {
    if (pathKind(path) === "file") found.push({ path, files: [path] });
    else walk(path);
  }
  if (found.length === 0 && !mayBeEmpty) {
    throw new NotFoundError(`no event files in ${words.join(", ")}: no file has "tfevents" in its name`, {
      path: words[0]!,
    });
  }
  return found;
}

export interface ReadOptions {
  /** Keeps points behind a restart. */
  readonly all: boolean;
}

/** Null for a record that is no event, or whose values make no sense. */
function readable(bytes: Uint8Array, file: string): ReturnType<typeof readEvent> | null {
  try {
    return readEvent(bytes, file);
  } catch (error) {
    if (error instanceof OpError) return null;
    throw error;
  }
}

/** All points of a run in the order of its files. */
export function readRun(path: string, files: readonly string[], { all }: ReadOptions): Run {
  const tags = new Map<string, { name: string; kind: Kind; points: Point[] }>();
  const damaged = new Set<string>();
  for (const file of files) {
    for (const bytes of readEvents(file, { onDamage: () => damaged.add(file) })) {
      const said = readable(bytes, file);
      if (!said) {
        damaged.add(file);
        continue;
      }
      const { entries, restart } = said;
      if (restart !== undefined && !all) {
        for (const tag of tags.values()) tag.points = tag.points.filter(({ step }) => step < restart);
      }
      for (const { tag: name, kind, ...point } of entries) {
        let tag = tags.get(name);
        if (!tag) {
          tag = { name, kind, points: [] };
          tags.set(name, tag);
        }
        tag.points.push(point);
      }
    }
  }
  return { path, files: files.length, tags, damaged: [...damaged] };
}

export interface Selection {
  readonly tag: string | null;
  readonly runs: string | null;
  /** `a:b`, each side optional; both included. */
  readonly step: readonly [number, number];
  readonly last: number | null;
  readonly all: boolean;
}

/** Whether a tag is meant by a glob; every tag by none. */
export function matchTag(glob: string | null): (tag: string) => boolean {
  const pattern = glob === null ? undefined : wholeName(glob);
  return (tag) => pattern === undefined || matches(pattern, tag);
}

const wholeName = (glob: string): RegExp => globPattern(glob.replaceAll("/", "\u0001"));
const matches = (pattern: RegExp, name: string): boolean => pattern.test(name.replaceAll("/", "\u0001"));

/** The runs of the paths with the tags and points that a user asked for. */
export function selectRuns(words: readonly string[], selection: Selection): Run[] {
  const { tag, runs, step, last, all } = selection;
  const isMeant = matchTag(tag);
  const runPattern = runs === null ? undefined : wholeName(runs);
  const [from, to] = step;
  return findRuns(words)
    .filter(({ path }) => runPattern === undefined || matches(runPattern, path))
    .map(({ path, files }) => {
      const run = readRun(path, files, { all });
      const tags = new Map<string, Tag>();
      for (const [name, each] of run.tags) {
        if (!isMeant(name)) continue;
        const points = each.points.filter((point) => point.step >= from && point.step <= to);
        tags.set(name, { ...each, points: last === null ? points : points.slice(Math.max(0, points.length - last)) });
      }
      return { ...run, tags };
    });
}
