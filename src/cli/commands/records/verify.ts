import { OpError } from "../../../core/error.ts";
import { flag } from "../../../core/flags.ts";
import { decodeExample } from "../../../io/example/example.ts";
import { fileSize } from "../../../io/paths.ts";
import { checkRecords, looksLike, type RecordCheck } from "../../../io/record/check.ts";
import { readManifest } from "../../../io/source/manifest.ts";
import { headOf } from "../../../io/source/text.ts";
import { readTextFile } from "../../../io/text_file.ts";
import { printable, thousands } from "../../../ui/format.ts";
import { defineCommand, Misuse } from "../../command.ts";
import { compressionFlag, maxRecordFlag, type RecordFile, recordFiles } from "./files.ts";

interface Report {
  readonly path: string;
  readonly check: RecordCheck | undefined;
  /** Why the file cannot be read at all. */
  readonly fault?: string;
  /** The first record that is no Example, or does not fit the schema. */
  readonly misfit?: string;
}

type Schema = ReadonlyMap<string, string>;

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Misuse(`${path}: ${error.message}`);
    throw error;
  }
}

/** Feature names and types of an OUT.json that `records write` left. */
function readSchema(path: string): Schema {
  const fromManifest = readManifest(path.replace(/\.json$/, ""));
  const features = fromManifest?.features ?? (parseJson(path) as { features?: unknown } | null)?.features;
  if (!Array.isArray(features))
    throw new Misuse(`${path}: no "features": a schema is the .json that records write leaves`);
  return new Map(
    (features as ({ name?: unknown; type?: unknown } | null)[]).map((feature) => {
      const { name, type } = feature ?? {};
      if (typeof name === "string" && typeof type === "string") return [name, type === "uint8" ? "bytes" : type];
      throw new Misuse(`${path}: a feature without "name" and "type"`);
    }),
  );
}

/** Why a record is not what it should be. */
function misfitOf(data: Uint8Array, schema: Schema | undefined): string | undefined {
  let features: ReturnType<typeof decodeExample>;
  try {
    features = decodeExample(data);
  } catch (error) {
    return `is no tf.train.Example: ${(error as Error).message}`;
  }
  if (!schema) return undefined;
  for (const [name, { kind }] of features) {
    const type = schema.get(name);
    if (type === undefined) return `has a feature "${printable(name)}" that the schema has not`;
    if (kind !== "none" && kind !== type) return `feature ${printable(name)} is ${kind}, and ${type} in the schema`;
  }
  return undefined;
}

interface Wanted {
  readonly decode: boolean;
  readonly schema: Schema | undefined;
  readonly maxRecordBytes: number;
}

async function examine({ path, compression }: RecordFile, wanted: Wanted): Promise<Report> {
  const { decode, schema, maxRecordBytes } = wanted;
  let misfit: string | undefined;
  let n = 0;
  const onRecord = (data: Uint8Array, offset: number) => {
    const why = decode && misfit === undefined ? misfitOf(data, schema) : undefined;
    if (why !== undefined) misfit = `record ${thousands(n)} at offset ${thousands(offset)} ${why}`;
    n++;
  };
  try {
    const check = await checkRecords(path, { compression, maxRecordBytes, onRecord });
    const isForeign = check.records === 0 && check.damages.length > 0;
    const kind = isForeign ? looksLike(await headOf({ path }, 512)) : undefined;
    const fault = kind ? `not a TFRecord file: it looks like ${kind}` : undefined;
    return { path, check, ...(fault && { fault }), ...(misfit !== undefined && { misfit }) };
  } catch (error) {
    if (!(error instanceof OpError) || error.code !== "DATA_LOSS") throw error;
    const kind = looksLike(await headOf({ path }, 512));
    return { path, check: undefined, fault: `${error.message}${kind ? `; it looks like ${kind}` : ""}` };
  }
}

const isWhole = ({ check, fault, misfit }: Report): boolean =>
  fault === undefined && misfit === undefined && check?.damages.length === 0;

/** `DAMAGED at offset 8 312 004 (record 9 665): data checksum is …`, and what is left. */
function describe({ path, check, fault, misfit }: Report, red: (text: string) => string): string[] {
  if (fault !== undefined || !check) return [`${printable(path)}   ${red("DAMAGED")}: ${printable(fault ?? "")}`];
  const [first] = check.damages;
  if (!first) {
    const state = misfit === undefined ? "ok" : `${red("MISFIT")}: ${misfit}`;
    return [`${printable(path)}   ${thousands(check.records)} records   ${state}`];
  }
  const where = `at offset ${thousands(first.offset)} (record ${thousands(first.record)})`;
  const after = check.records - check.goodRecords;
  const rest =
    first.resumesAt === undefined
      ? "none readable after it"
      : `${thousands(after)} more readable after a resync at offset ${thousands(first.resumesAt)}`;
  const others = check.damages.length > 1 ? `; ${check.damages.length - 1} more damaged places` : "";
  return [
    `${printable(path)}   ${red("DAMAGED")} ${where}: ${first.what}`,
    `    ${thousands(check.goodRecords)} good records before it; ${rest}${others}`,
  ];
}

export default defineCommand({
  usage: "FILE...",
  about: "check every length and checksum; say where a file is damaged and what can still be read",
  examples: ["records verify 'data/*.tfrecord'", "records verify train.tfrecord --decode --quiet"],
  flags: {
    compression: compressionFlag,
    max_record_mb: maxRecordFlag,
    decode: flag.bool(false, "parse each record as a tf.train.Example"),
    schema: flag.string(null, "an OUT.json that records write left: features must be of its names and types"),
  },
  words: [1, 100_000],
  async run({ flags, words, out }) {
    const files = await recordFiles(words, flags.compression);
    const schema = flags.schema === null ? undefined : readSchema(flags.schema);
    const decode = flags.decode || schema !== undefined;
    const wanted: Wanted = { decode, schema, maxRecordBytes: flags.max_record_mb * 2 ** 20 };
    const reports: Report[] = [];
    for (const file of files) {
      const report = await examine(file, wanted);
      reports.push(report);
      const { path, check, fault, misfit } = report;
      if (out.json) {
        const facts = { records: check?.records ?? 0, bytes: fileSize(path), damages: check?.damages ?? [] };
        out.printJson({ path, ok: isWhole(report), ...facts, fault, misfit });
      } else if (!out.quiet || !isWhole(report)) out.print(...describe(report, (text) => out.paint("red", text)));
    }
    const damaged = reports.filter((report) => !isWhole(report));
    if (damaged.length === 0) return 0;
    if (out.json) return 3;
    const rescue = damaged.find(({ check }) => check && check.records > 0 && check.damages.length > 0);
    const how = rescue ? `. Rescue: tsflow records repair ${printable(rescue.path)} --out fixed.tfrecord` : "";
    out.print(`${damaged.length} of ${reports.length} files damaged (exit 3)${out.quiet ? "" : how}`);
    return 3;
  },
});
