/** Goldens that are files: checkpoints, records, event logs. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { OpError } from "../../../src/core/error.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { BundleReader } from "../../../src/io/checkpoint/bundle_reader.ts";
import { eventFiles, readEvents } from "../../../src/io/event_file.ts";
import { decodeExample, decodeSequenceExample } from "../../../src/io/example/example.ts";
import type { Compression } from "../../../src/io/record/compression.ts";
import { readRecords } from "../../../src/io/record/reader.ts";
import { decode, fromLong, pb } from "../../../src/proto/messages.ts";
import { importMetaGraph } from "../../../src/train/import_meta_graph.ts";
import { bytesOf, difference, type GoldenValue } from "../values.ts";
import { defaultTolerance, type Family, type GoldenCase, type Goldens, withSession } from "./verdict.ts";

interface Fault {
  readonly code: string | null;
  readonly regex: string;
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

const sha256 = (parts: Iterable<Uint8Array>): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** What an action throws, in TensorFlow's terms; null when it does not. */
function faultOf(action: () => unknown): OpError | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof OpError) return error;
    throw error;
  }
}

function faultDiffers(got: OpError | null, want: Fault | null, what: string): string | null {
  if (!want) return got ? `${what}: ${got.code} ${got.message}, wanted none` : null;
  if (!got) return `${what}: no error, wanted ${want.regex}`;
  return new RegExp(want.regex).test(got.message) ? null : `${what}: "${got.message}", wanted /${want.regex}/`;
}

interface CheckpointCase {
  readonly checkpoints: readonly {
    readonly prefix: string;
    readonly tensors: Record<string, (GoldenValue & { sha256: string }) | number>;
  }[];
}

/** Every tensor is read; where a graph lies beside it, a session restores it too. */
const checkpoint = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  async run() {
    for (const { prefix, tensors } of goldens.read<CheckpointCase>("checkpoints", name, "expected.json").checkpoints) {
      const path = goldens.path("checkpoints", name, prefix);
      using reader = BundleReader.open(path);
      for (const [key, want] of Object.entries(tensors)) {
        const value = await reader.read(key);
        if (typeof want === "number") {
          if (Number(value.item()) !== want) return `${key}: ${value.item()}, wanted ${want}`;
          continue;
        }
        if (value.dtype.name !== want.dtype || String(value.shape) !== String(want.shape))
          return `${key}: ${value.dtype.name} [${value.shape}], wanted ${want.dtype} [${want.shape}]`;
        const bytes = ArrayBuffer.isView(value.data) ? [value.tobytes()] : (value.data as readonly Uint8Array[]);
        if (want.dtype !== "string" && sha256(bytes) !== want.sha256) return `${key}: its bytes differ`;
        const bad = want.values ? difference(value, want, defaultTolerance) : null;
        if (bad) return `${key}: ${bad}`;
      }
      if (goldens.has("checkpoints", name, `${prefix}.meta`)) await restoreAll(path);
    }
    return null;
  },
});

const restoreAll = (prefix: string): Promise<void> => {
  const graph = new Graph();
  const saver = graph.asDefault(() => importMetaGraph(`${prefix}.meta`));
  return withSession(graph, async (sess) => saver?.restore(sess, prefix));
};

interface DamagedCase {
  readonly prefix: string;
  readonly reader: Fault | null;
  readonly tensors: Record<string, "ok" | Fault>;
}

const damagedCheckpoint = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  run() {
    const golden = goldens.read<DamagedCase>("checkpoints", "damaged", name, "expected.json");
    const folder = goldens.path("checkpoints", "damaged", name);
    const path = `${folder}/${golden.prefix}`;
    const plain = (error: OpError | null): OpError | null => {
      if (error) error.message = error.message.replaceAll(`${folder}/`, "");
      return error;
    };
    const opening = plain(faultOf(() => BundleReader.open(path).close()));
    if (opening || golden.reader) return faultDiffers(opening, golden.reader, "opening");
    using reader = BundleReader.open(path);
    for (const [key, want] of Object.entries(golden.tensors)) {
      const bad = faultDiffers(plain(faultOf(() => reader.readSync(key))), want === "ok" ? null : want, key);
      if (bad) return bad;
    }
    return null;
  },
});

export function checkpoints(goldens: Goldens): Family[] {
  if (!goldens.has("checkpoints")) return [];
  const names = foldersIn(goldens.path("checkpoints")).filter((name) => name !== "damaged");
  const damaged = goldens.has("checkpoints", "damaged") ? foldersIn(goldens.path("checkpoints", "damaged")) : [];
  return [
    { name: "checkpoints", cases: names.map((name) => checkpoint(goldens, name)) },
    { name: "damaged", cases: damaged.map((name) => damagedCheckpoint(goldens, name)) },
  ];
}

interface GoldenRecord {
  readonly length: number;
  readonly sha256: string;
  readonly example?: Record<string, { kind: string | null; value?: readonly unknown[] }>;
}

interface RecordsCase {
  readonly compression: Compression;
  readonly kind: string;
  readonly records: readonly GoldenRecord[];
}

const recordFile = (goldens: Goldens, file: string): GoldenCase => ({
  name: file,
  run() {
    const golden = goldens.read<RecordsCase>("tfrecords", `${file}.expected.json`);
    const { compression } = golden;
    let i = 0;
    for (const record of readRecords(goldens.path("tfrecords", file), { compression })) {
      const want = golden.records[i++];
      if (!want || record.length !== want.length || sha256([record]) !== want.sha256) return `record ${i - 1} differs`;
      if (golden.kind === "sequence_example") decodeSequenceExample(record);
      const bad = want.example ? exampleDiffers(record, want.example) : null;
      if (bad) return `record ${i - 1}: ${bad}`;
    }
    return i === golden.records.length ? null : `${i} records, wanted ${golden.records.length}`;
  },
});

function exampleDiffers(record: Uint8Array, want: NonNullable<GoldenRecord["example"]>): string | null {
  const features = decodeExample(record);
  if (String([...features.keys()].sort()) !== String(Object.keys(want).sort()))
    return `features ${[...features.keys()]}`;
  for (const [key, { kind, value = [] }] of Object.entries(want)) {
    const feature = features.get(key)!;
    const own = feature.kind === "none" ? [] : Array.from(feature.value as ArrayLike<unknown>);
    const name = { bytes: "bytes_list", float: "float_list", int64: "int64_list", none: null }[feature.kind];
    if (name !== kind || own.length !== value.length) return `${key}: ${name} of ${own.length}`;
    const isSame = own.every((item, i) => {
      const other = value[i];
      if (!(item instanceof Uint8Array))
        return String(item) === String(Math.fround(Number(other))) || String(item) === String(other);
      if (typeof other === "string" && other.startsWith("sha256:")) return `sha256:${sha256([item])}` === other;
      return Buffer.compare(item, bytesOf(other)) === 0;
    });
    if (!isSame) return `${key}: ${own.slice(0, 3)}, wanted ${JSON.stringify(value).slice(0, 60)}`;
  }
  return null;
}

interface DamagedRecords {
  readonly file: string;
  readonly compression: Compression;
  readonly records: readonly unknown[];
  readonly iterator_error: Fault | null;
}

const damagedRecords = (goldens: Goldens, golden: DamagedRecords): GoldenCase => ({
  name: golden.file,
  run() {
    const records: Uint8Array[] = [];
    const path = goldens.path("tfrecords", "damaged", golden.file);
    const fault = faultOf(() => {
      for (const record of readRecords(path, { compression: golden.compression })) records.push(record);
    });
    const isSame = records.every((record, i) => Buffer.compare(record, bytesOf(golden.records[i])) === 0);
    if (records.length !== golden.records.length || !isSame)
      return `${records.length} records, wanted ${golden.records.length}`;
    return faultDiffers(fault, golden.iterator_error, "error");
  },
});

export function tfrecords(goldens: Goldens): Family[] {
  const list = goldens.has("tfrecords", "index.json")
    ? goldens.read<{ files: string[] }>("tfrecords", "index.json").files
    : [];
  const damaged = goldens.has("tfrecords", "damaged", "expected.json")
    ? goldens.read<{ files: DamagedRecords[] }>("tfrecords", "damaged", "expected.json").files
    : [];
  return [
    {
      name: "tfrecords",
      cases: list.filter((file) => !file.endsWith(".bin")).map((file) => recordFile(goldens, file)),
    },
    { name: "damaged", cases: damaged.map((golden) => damagedRecords(goldens, golden)) },
  ];
}

interface GoldenSummary {
  readonly tag: string;
  readonly kind: string;
  readonly simple_value?: number | string;
}

interface EventsCase {
  readonly files: readonly {
    readonly file: string;
    readonly record_lengths: readonly number[];
    readonly events: readonly { step: string; what: string; summary?: readonly GoldenSummary[] }[];
  }[];
}

const eventFolder = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  run() {
    const { files = [] } = goldens.read<Partial<EventsCase>>("events", name, "expected.json");
    const found = eventFiles(goldens.path("events", name)).map((path) => path.split("/").at(-1));
    if (String(found) !== String(files.map(({ file }) => file))) return `files ${found}`;
    for (const { file, record_lengths, events } of files) {
      const records = [...readEvents(goldens.path("events", name, file))];
      if (String(records.map(({ length }) => length)) !== String(record_lengths)) return `${file}: lengths of records`;
      for (const [i, record] of records.entries()) {
        const event = decode(pb.Event, record);
        const want = events[i]!;
        if (String(fromLong(event.step as never)) !== want.step) return `${file}: step of event ${i}`;
        const bad = summaryDiffers(event.summary?.value ?? [], want.summary ?? []);
        if (bad) return `${file}: event ${i}: ${bad}`;
      }
    }
    return null;
  },
});

function summaryDiffers(
  values: readonly pb.Summary.Value.$Properties[],
  want: readonly GoldenSummary[],
): string | null {
  if (values.length !== want.length) return `${values.length} values, wanted ${want.length}`;
  for (const [i, { tag, kind, simple_value }] of want.entries()) {
    const value = values[i]! as pb.Summary.Value;
    const own = value.value === "simpleValue" ? "simple_value" : value.value;
    if (value.tag !== tag || own !== kind) return `${value.tag} ${own}, wanted ${tag} ${kind}`;
    if (kind === "simple_value" && !Object.is(value.simpleValue, Math.fround(Number(simple_value))))
      return `${tag}: ${value.simpleValue}, wanted ${simple_value}`;
  }
  return null;
}

export const events = (goldens: Goldens): Family[] =>
  goldens.has("events")
    ? [{ name: "events", cases: foldersIn(goldens.path("events")).map((name) => eventFolder(goldens, name)) }]
    : [];
