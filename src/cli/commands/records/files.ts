/** What the reading commands of records share: which files, how they are compressed, and how their features are shown. */
import { flag } from "../../../core/flags.ts";
import { decodeExample, decodeSequenceExample, type FeatureValue } from "../../../io/example/example.ts";
import { expandPaths, pathKind } from "../../../io/paths.ts";
import { detectCompression } from "../../../io/record/check.ts";
import type { Compression } from "../../../io/record/compression.ts";
import { headOf } from "../../../io/source/text.ts";
import { printable, short } from "../../../ui/format.ts";
import { Misuse } from "../../command.ts";
import { recordFlags } from "../../model/record_flags.ts";

export const compressionFlag = flag.enum("auto", ["auto", "none", "gzip", "zlib"], "how the files are compressed");

export const { max_record_mb: maxRecordFlag, strict_records: strictFlag } = recordFlags;

export interface RecordFile {
  readonly path: string;
  readonly compression: Compression;
}

/** The files of a command line, globs expanded, each with its compression. Throws NOT_FOUND, and Misuse for a folder. */
export async function recordFiles(words: readonly string[], given: string): Promise<RecordFile[]> {
  const known: Readonly<Record<string, Compression>> = { none: "", gzip: "GZIP", zlib: "ZLIB" };
  const files: RecordFile[] = [];
  for (const path of expandPaths(words)) {
    if (path.endsWith(".json") && !words.includes(path)) continue; // what `records write` notes beside its files
    if (pathKind(path) === "folder") throw new Misuse(`${path} is a folder: name its files, '${path}/*.tfrecord'`);
    files.push({ path, compression: known[given] ?? detectCompression(await headOf({ path }, 64)) });
  }
  return files;
}

export type Parsed =
  | { readonly kind: "example"; readonly features: ReadonlyMap<string, FeatureValue> }
  | {
      readonly kind: "sequence";
      readonly context: ReadonlyMap<string, FeatureValue>;
      readonly lists: ReadonlyMap<string, readonly FeatureValue[]>;
    }
  | { readonly kind: "raw" };

/** A record as an Example, a SequenceExample, or neither. An empty record is neither. */
export function parseRecord(data: Uint8Array): Parsed {
  if (data.length === 0) return { kind: "raw" };
  try {
    const { context, featureLists } = decodeSequenceExample(data);
    if (featureLists.size > 0) return { kind: "sequence", context, lists: featureLists };
    return { kind: "example", features: decodeExample(data) };
  } catch {
    return { kind: "raw" }; // most record files hold other messages; what they are is not known here
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text that bytes are, or undefined for binary data. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return /[\u0000-\u0008\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined; // not UTF-8
  }
}

const cut = (text: string, n: number): string => (text.length > n ? `${text.slice(0, n)}…` : text);

const showBytes = (bytes: Uint8Array): string => {
  const text = textOf(bytes);
  return text === undefined ? `<${bytes.length} B>` : JSON.stringify(cut(text, 40));
};

/** `[5.1]`, `["setosa"]`, `[0, 0, 5, … 64]`. */
export function showFeature(feature: FeatureValue, most = 8): string {
  if (feature.kind === "none") return "[]";
  const { kind, value } = feature;
  const shown = Array.from({ length: Math.min(value.length, most) }, (_, i) => {
    const item = value[i]!;
    return kind === "bytes" ? showBytes(item as Uint8Array) : kind === "float" ? showFloat(Number(item)) : String(item);
  });
  return `[${shown.join(", ")}${value.length > most ? `, … ${value.length}` : ""}]`;
}

/** The shortest decimals that name a float32, with a point. */
export function showFloat(x: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = x.toPrecision(digits);
    if (Math.fround(Number(text)) === x)
      return Number.isInteger(x) && Math.abs(x) < 1e7 ? x.toFixed(1) : String(Number(text));
  }
  return short(x);
}

/** A feature as JSON: bytes as text where they are UTF-8, else as {"b64": …}. */
export function featureJson(feature: FeatureValue): unknown {
  if (feature.kind === "none") return [];
  if (feature.kind !== "bytes")
    return Array.from(feature.value, (item) => (feature.kind === "float" ? Number(showFloat(Number(item))) : item));
  return feature.value.map((bytes) => textOf(bytes) ?? { b64: Buffer.from(bytes).toString("base64") });
}

export const recordText = (data: Uint8Array): string => {
  const text = textOf(data);
  return text === undefined ? `<${data.length} B of binary data>` : printable(cut(text, 100));
};
