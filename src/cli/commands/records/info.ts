import { ValueCounts } from "../../../io/example/counts.ts";
import { fileSize } from "../../../io/paths.ts";
import { readRecordsAsync } from "../../../io/record/reader.ts";
import { bytes, printable, table, thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { readOptions } from "../../model/record_flags.ts";
import { compressionFlag, maxRecordFlag, parseRecord, recordFiles, showFloat, strictFlag } from "./files.ts";

const range = (least: number, most: number): string => (least === most ? String(least) : `${least}..${most}`);

/** `0..9 (10 distinct; least 5421 × 5, most 6742 × 1)`, `0.1..7.9 mean 3.76`, `784 B each`. */
function valuesText(counts: ValueCounts): string {
  const { kind } = counts;
  if (counts.values === 0) return "none";
  if (kind === "bytes") {
    const sizes = counts.low === counts.high ? `${thousands(counts.low)} B each` : `${counts.low}..${counts.high} B`;
    return counts.distinct === undefined ? sizes : `${sizes} (${counts.distinct.size} distinct)`;
  }
  const show = kind === "float" ? showFloat : (x: number) => String(x);
  const bounds = `${show(counts.low)}..${show(counts.high)}`;
  const notFinite = counts.notFinite > 0 ? `, ${counts.notFinite} not finite` : "";
  if (kind === "float") return `${bounds} mean ${Number(counts.mean.toPrecision(5))}${notFinite}`;
  if (counts.distinct === undefined || counts.distinct.size > 1000) return bounds;
  const sorted = [...counts.distinct].sort((a, b) => a[1] - b[1]);
  const [[rare, fewest], [common, most]] = [sorted[0]!, sorted.at(-1)!];
  const ends =
    sorted.length > 1 && sorted.length < counts.values ? `; least ${fewest} × ${rare}, most ${most} × ${common}` : "";
  return `${bounds} (${sorted.length} distinct${ends})`;
}

export default defineCommand({
  usage: "FILE...",
  about: "count records, sizes and features over all files",
  examples: ["records info 'mnist-*.tfrecord.gz'", "records info train.tfrecord --json"],
  flags: { compression: compressionFlag, strict_records: strictFlag, max_record_mb: maxRecordFlag },
  words: [1, 100_000],
  async run({ flags, words, out }) {
    const limits = readOptions(flags);
    const files = await recordFiles(words, flags.compression);
    const features = new Map<string, ValueCounts>();
    const kinds = new Map<string, number>();
    let [records, payload, least, most] = [0, 0, Number.POSITIVE_INFINITY, 0];
    const add = (name: string, each: Parameters<ValueCounts["add"]>[0]) => {
      let counts = features.get(name);
      if (!counts) {
        counts = new ValueCounts();
        features.set(name, counts);
      }
      counts.add(each);
    };
    for (const { path, compression } of files) {
      for await (const data of readRecordsAsync(path, { compression, ...limits })) {
        records++;
        payload += data.length;
        least = Math.min(least, data.length);
        most = Math.max(most, data.length);
        const parsed = parseRecord(data);
        kinds.set(parsed.kind, (kinds.get(parsed.kind) ?? 0) + 1);
        if (parsed.kind === "example") for (const [name, feature] of parsed.features) add(name, feature);
        if (parsed.kind === "sequence") {
          for (const [name, feature] of parsed.context) add(name, feature);
          for (const [name, list] of parsed.lists) for (const feature of list) add(`${name}[]`, feature);
        }
      }
    }
    const onDisk = files.reduce((n, { path }) => n + fileSize(path), 0);
    const sizeBytes = payload + 16 * records;
    const compressions = [...new Set(files.map(({ compression }) => compression))].filter((name) => name !== "");
    if (out.json) {
      const listed = [...features].map(([name, counts]) => ({ name, ...counts.toJson(records) }));
      out.printJson({
        files: files.length,
        records,
        bytes: sizeBytes,
        bytes_on_disk: onDisk,
        compression: compressions.map((name) => name.toLowerCase()),
        kinds: Object.fromEntries(kinds),
        features: listed,
      });
      return;
    }
    const types = { example: "tf.train.Example", sequence: "tf.train.SequenceExample", raw: "other data" };
    const shownKinds = [...kinds.keys()].map((kind) => types[kind as keyof typeof types]).join(" and ");
    const packed =
      compressions.length === 0 ? "" : ` (${compressions.join(", ").toLowerCase()}, ${bytes(onDisk)} on disk)`;
    const sizes = records === 0 ? [] : [`${range(least, most).replace("..", "-")} B per record`];
    const head = [`${thousands(files.length)} file${files.length === 1 ? "" : "s"}`, `${thousands(records)} records`];
    out.print([...head, `${bytes(sizeBytes)}${packed}`, ...(shownKinds ? [shownKinds] : []), ...sizes].join(" · "));
    if (features.size === 0) return;
    const rows = [...features].map(([name, counts]) => [
      printable(name),
      counts.kindText,
      range(counts.fewest, counts.longest),
      `${Math.floor((100 * Math.min(counts.present, records)) / records)} %`,
      valuesText(counts),
    ]);
    out.print(...table([["feature", "type", "shape", "present", "values"], ...rows]));
  },
});
