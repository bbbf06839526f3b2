import { flag } from "../../../core/flags.ts";
import type { FeatureValue } from "../../../io/example/example.ts";
import { readRecordsAsync } from "../../../io/record/reader.ts";
import { printable, thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { readOptions } from "../../model/record_flags.ts";
import {
  compressionFlag,
  featureJson,
  maxRecordFlag,
  parseRecord,
  recordFiles,
  recordText,
  showFeature,
  strictFlag,
  textOf,
} from "./files.ts";

const features = (map: ReadonlyMap<string, FeatureValue>): string =>
  [...map].map(([name, feature]) => `${printable(name)} ${showFeature(feature)}`).join("  ");

function describe(data: Uint8Array): string {
  const parsed = parseRecord(data);
  if (parsed.kind === "raw") return recordText(data);
  if (parsed.kind === "example") return features(parsed.features);
  const lists = [...parsed.lists].map(([name, list]) => {
    const shown = list.slice(0, 3).map((feature) => showFeature(feature, 4));
    return `${printable(name)} ${list.length} steps: ${shown.join(" ")}${list.length > 3 ? " …" : ""}`;
  });
  return [features(parsed.context), ...lists].filter((part) => part !== "").join("  ");
}

const jsonOf = (map: ReadonlyMap<string, FeatureValue>) =>
  Object.fromEntries([...map].map(([name, feature]) => [name, featureJson(feature)]));

function json(data: Uint8Array): object {
  const parsed = parseRecord(data);
  if (parsed.kind === "raw") return { data: textOf(data) ?? { b64: Buffer.from(data).toString("base64") } };
  if (parsed.kind === "example") return { features: jsonOf(parsed.features) };
  const lists = [...parsed.lists].map(([name, list]) => [name, list.map(featureJson)]);
  return { context: jsonOf(parsed.context), feature_lists: Object.fromEntries(lists) };
}

export default defineCommand({
  usage: "FILE...",
  about: "print the first records: their offsets, sizes and features",
  examples: ["records head iris-train.tfrecord -n 2", "records head 'mnist-*.tfrecord.gz' --json"],
  flags: {
    records: { ...flag.int(10, "how many", { min: 0 }), short: "n" },
    compression: compressionFlag,
    strict_records: strictFlag,
    max_record_mb: maxRecordFlag,
  },
  words: [1, 100_000],
  async run({ flags, words, out }) {
    const limits = readOptions(flags);
    const files = await recordFiles(words, flags.compression);
    let n = 0;
    for (const { path, compression } of files) {
      let offset = 0;
      if (n >= flags.records) break;
      if (files.length > 1 && !out.json) out.print(out.paint("bold", printable(path)));
      for await (const data of readRecordsAsync(path, { compression, ...limits })) {
        if (n >= flags.records) break;
        if (out.json) out.printJson({ record: n, path, offset, bytes: data.length, ...json(data) });
        else out.print(`#${n}  offset ${thousands(offset)}  ${thousands(data.length)} B   ${describe(data)}`);
        n++;
        offset += data.length + 16;
      }
    }
  },
});
