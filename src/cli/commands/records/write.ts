/** `tsflow records write`: rows of files become records; the same call again has nothing to do. */
import { DataLossError } from "../../../core/error.ts";
import type { FlagSpecs, FlagsOf } from "../../../core/flags/value.ts";
import { flag } from "../../../core/flags.ts";
import { expandPaths, pathKind } from "../../../io/paths.ts";
import { checkRecords } from "../../../io/record/check.ts";
import type { Compression } from "../../../io/record/compression.ts";
import { digestOf, isUpToDate, readManifest, writeManifest } from "../../../io/source/manifest.ts";
import { type Format, formats, openSources } from "../../../io/source/open.ts";
import type { Column, FeatureType } from "../../../io/source/rows.ts";
import type { Input } from "../../../io/source/text.ts";
import {
  outputNames,
  type Split,
  type WriteOptions,
  type Written,
  writeRecords,
} from "../../../io/source/write_records.ts";
import { bytes, printable, thousands } from "../../../ui/format.ts";
import { type Call, defineCommand, Misuse } from "../../command.ts";

const flags = {
  out: flag.string(null, "the file to write; - is stdout"),
  from: flag.enum(null, formats, "what the inputs are; by default their names tell"),
  label: flag.string(null, "the column that is the label: its words are numbered in alphabetical order"),
  columns: flag.list([], "columns to keep: name, new=name, new=0:64 packs columns 0 to 63 into one feature"),
  types: flag.list([], "types that are not to be guessed: x=float,y=int64,z=bytes; uint8 packs numbers into bytes"),
  header: flag.enum("auto", ["auto", "yes", "no"], "whether the first row of a CSV file has names"),
  split: flag.list([], "parts by name: train=0.8,test=0.2"),
  seed: flag.int(0, "seed of --split and --shuffle", { min: 0 }),
  shuffle: flag.bool(false, "write in random order"),
  shards: flag.int(1, "files per output: name-00000-of-00004", { min: 1, max: 99_999 }),
  compression: flag.enum("auto", ["auto", "none", "gzip", "zlib"], "auto is gzip for names that end in .gz"),
  sequence: flag.bool(false, "SequenceExamples: lists become feature lists, single values the context"),
  raw: flag.bool(false, "one record a line of input, as it is"),
  overwrite: flag.bool(false, "write even if the output is there"),
  append: flag.bool(false, "go on behind the records of --out; a torn one at its end is cut off first"),
} satisfies FlagSpecs;

export default defineCommand({
  usage: "INPUT... --out FILE",
  about: "pack CSV, TSV, JSON, NDJSON, .npy, IDX, image folders or lines into TFRecord files of tf.train.Example",
  examples: [
    "records write iris.csv --out iris.tfrecord --label species --split train=0.8,test=0.2 --seed 7",
    "records write train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz --out mnist.tfrecord.gz --shards 4",
    "records write digits.csv --columns image=0:64,label=64 --types image=uint8 --out digits.tfrecord",
    "records write photos/ --out photos.tfrecord        (one folder a class)",
    "records write - --from ndjson --out rows.tfrecord < rows.ndjson",
  ],
  flags,
  words: [0, 100_000],
  run: write,
});

async function write({ flags: given, words, out }: Call<typeof flags>): Promise<number> {
  if (given.out === null)
    throw new Misuse("records write: --out is missing", "Example: tsflow records write iris.csv --out iris.tfrecord");
  const inputs = await inputsOf(words, given.raw ? "lines" : given.from);
  const splits = given.split.map(parseSplit);
  checkParts(splits);
  const toStdout = given.out === "-";
  const gzip = given.compression === "gzip" || (given.compression === "auto" && /\.gz$/i.test(given.out));
  const compression: Compression = gzip ? "GZIP" : given.compression === "zlib" ? "ZLIB" : "";
  if (toStdout && (splits.length > 0 || given.shards > 1 || compression !== "")) {
    throw new Misuse("records write: stdout takes one output without compression");
  }
  const append = given.append && !toStdout && pathKind(given.out) !== "none";
  if (given.append) await checkAppend(given, compression);
  const { label, columns, types, header, split, seed, shuffle, shards, sequence, raw } = given;
  const recorded = {
    from: given.from,
    label,
    columns,
    types,
    header,
    split,
    seed,
    shuffle,
    shards,
    compression,
    sequence,
    raw,
  };
  const digests = await Promise.all(inputs.map(async (input) => ({ path: input.path, sha256: await digestOf(input) })));
  if (!toStdout && !append) {
    const found = readManifest(given.out);
    if (found && !given.overwrite && isUpToDate(found, { inputs: digests, flags: recorded }, given.out)) {
      if (out.json) out.printJson({ event: "unchanged", out: given.out, files: found.files });
      else out.print(`${given.out}: nothing to do, written from the same inputs with the same flags`);
      return 0;
    }
    const present = outputNames({ out: given.out, splits, shards }).find((path) => pathKind(path) !== "none");
    if (present !== undefined && !given.overwrite) {
      throw new Misuse(`${present} exists, and was written from other inputs or with other flags. Use --overwrite`);
    }
  }
  const format: Format | null = raw ? "lines" : given.from;
  const sources = await openSources(inputs, {
    columns,
    ...(format !== null && { format }),
    ...(header !== "auto" && { header: header === "yes" }),
    ...(label !== null && { label }),
  });
  const options: WriteOptions = {
    sources,
    out: given.out,
    splits,
    shards,
    compression,
    seed,
    shuffle,
    types: new Map(types.map(parseType)),
    ...(label !== null && !raw && { label }),
    sequence,
    append,
    raw,
    ...(toStdout && { sink: (record) => out.write(record) }),
  };
  const written = await writeRecords(options);
  if (toStdout) return 0;
  const features = raw ? [] : written.columns;
  if (!append) writeManifest(given.out, { inputs: digests, flags: recorded, features }, written.files);
  else {
    const before = readManifest(given.out);
    const files = written.files.map((file) => ({ ...file, records: file.records + (before?.files[0]?.records ?? 0) }));
    if (before) writeManifest(given.out, { ...before, inputs: [...before.inputs, ...digests], features }, files);
    if (written.cutBytes > 0)
      out.warn(`${given.out}: cut ${written.cutBytes} bytes of a torn record off its end before appending`);
  }
  if (out.json)
    out.printJson({
      event: "written",
      rows: written.rows,
      files: written.files,
      features,
      seed,
      ...(append && { appended: true, cut_bytes: written.cutBytes }),
    });
  else if (!given.quiet) out.print(...summary(written, options));
  return 0;
}

/** Throws Misuse for what cannot be appended to, DATA_LOSS for a compressed file that is damaged. */
async function checkAppend(given: FlagsOf<typeof flags>, compression: Compression): Promise<void> {
  const { out, split, shards, overwrite } = given;
  const isSingle = split.length === 0 && shards === 1 && out !== "-" && !overwrite;
  if (!isSingle) throw new Misuse("--append: goes with one output file, without --split, --shards and --overwrite");
  if (compression === "ZLIB") throw new Misuse("--append: nothing can be appended to a zlib file");
  if (compression !== "GZIP" || pathKind(out!) === "none") return;
  const { damages } = await checkRecords(out!, { compression });
  if (!damages[0]) return;
  const { offset, what } = damages[0];
  throw new DataLossError(`${out}: ${what} at offset ${offset}`, {
    path: out!,
    offset,
    hint: `Rescue: tsflow records repair ${out} --out fixed.tfrecord.gz`,
  });
}

async function inputsOf(words: readonly string[], format: Format | null): Promise<Input[]> {
  const usesStdin = words.length === 0 || (words.length === 1 && words[0] === "-");
  if (!usesStdin) return expandPaths(words).map((path) => ({ path }));
  if (format === null) throw new Misuse("records write: name the inputs, or say what stdin is with --from");
  if (format === "images") throw new Misuse("records write: a folder of images cannot come through stdin");
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return [{ path: "stdin", bytes: Buffer.concat(parts) }];
}

function parseSplit(text: string): Split {
  const match = /^([\w-]+)=(0?\.\d+|0|1|1\.0+)$/.exec(text);
  if (match) return { name: match[1]!, part: Number(match[2]) };
  throw new Misuse(`--split: expected name=part, got "${text}". Example: train=0.8,test=0.2`);
}

function checkParts(splits: readonly Split[]): void {
  const sum = splits.reduce((total, { part }) => total + part, 0);
  if (splits.length > 0 && Math.abs(sum - 1) > 1e-9)
    throw new Misuse(`--split: the parts add up to ${Number(sum.toPrecision(6))}, not to 1`);
  if (splits.length > 255) throw new Misuse("--split: at most 255 parts");
}

function parseType(text: string): readonly [string, FeatureType] {
  const match = /^(.+)=(float|int64|bytes|uint8)$/s.exec(text);
  if (match) return [match[1]!, match[2] as FeatureType];
  throw new Misuse(`--types: expected name=float, name=int64, name=bytes or name=uint8, got "${text}"`);
}

const describe = ({ name, type, classes }: Column): string => {
  const shown = classes?.slice(0, 10).map((word, i) => `${printable(word)}=${i}`);
  const more = classes && classes.length > 10 ? ", …" : "";
  return `${printable(name)} ${type}${shown ? ` (${shown.join(", ")}${more})` : ""}`;
};

/** What was written, shards together; then the features. */
function summary({ files, columns }: Written, options: WriteOptions): string[] {
  const parts = [...new Set(files.map(({ split }) => split))].map((split) => {
    const mine = files.filter((file) => file.split === split);
    const records = mine.reduce((n, file) => n + file.records, 0);
    const size = mine.reduce((n, file) => n + file.bytes, 0);
    const name = mine.length === 1 ? printable(mine[0]!.path) : `${printable(mine[0]!.path)} … ${mine.length} files`;
    return `${name}  ${thousands(records)} records  ${bytes(size)}`;
  });
  const { seed, shuffle, splits, raw } = options;
  const used = shuffle || splits.length > 0 ? [`seed ${seed}`] : [];
  return [
    ...(parts.length <= 2 ? [parts.join("     ")] : parts),
    ...(raw ? [] : [`features: ${columns.map(describe).join(" · ")}`]),
    ...used,
  ];
}
