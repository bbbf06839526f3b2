/** `tsflow records repair`: what can be read of a damaged file becomes a whole one. */
import { flag } from "../../../core/flags.ts";
import { isSameFile, pathKind } from "../../../io/paths.ts";
import { checkRecords, type Damage, type RecordCheck } from "../../../io/record/check.ts";
import { RecordWriter } from "../../../io/record/writer.ts";
import { bytes, printable, thousands } from "../../../ui/format.ts";
import { defineCommand, Misuse } from "../../command.ts";
import { compressionFlag, maxRecordFlag, recordFiles } from "./files.ts";

/** From the damaged record to where the file can be read again. */
const rangeOf = ({ offset, resumesAt }: Damage, { sizeBytes }: RecordCheck) => ({
  from: offset,
  to: resumesAt ?? sizeBytes,
});

function describe(damage: Damage, check: RecordCheck): string {
  const { from, to } = rangeOf(damage, check);
  return `    left out: bytes ${thousands(from)} to ${thousands(to)} (${bytes(to - from)}): ${printable(damage.what)}`;
}

export default defineCommand({
  usage: "FILE --out FILE",
  about: "copy all whole records of a damaged file, and say which bytes were left out",
  examples: ["records repair train.tfrecord --out fixed.tfrecord"],
  flags: {
    out: flag.string(null, "the file to write"),
    compression: compressionFlag,
    max_record_mb: maxRecordFlag,
    overwrite: flag.bool(false, "write even if the output is there"),
  },
  words: [1, 1],
  async run({ flags, words, out }) {
    const target = flags.out;
    if (target === null) throw new Misuse("records repair: --out is missing", "Example: --out fixed.tfrecord");
    const files = await recordFiles(words, flags.compression);
    const [file, other] = files;
    if (!file || other) throw new Misuse(`records repair: ${files.length} files match; repair them one by one`);
    if (isSameFile(file.path, target)) throw new Misuse(`records repair: --out ${target} is the damaged file itself`);
    if (pathKind(target) !== "none" && !flags.overwrite) throw new Misuse(`${target} exists. Use --overwrite`);
    const { path, compression } = file;
    const writer = new RecordWriter(target, { compression, atomic: true });
    let check: RecordCheck;
    try {
      check = await checkRecords(path, {
        compression,
        maxRecordBytes: flags.max_record_mb * 2 ** 20,
        onRecord: (data) => writer.write(data),
      });
      writer.close();
    } catch (error) {
      writer.abort();
      throw error;
    }
    const { records, damages } = check;
    if (out.json) {
      const left = damages.map((damage) => ({ ...rangeOf(damage, check), what: damage.what }));
      out.printJson({ path, out: target, records, left_out: left });
      return 0;
    }
    const found = damages.length === 0 ? "no damage found" : `${damages.length} damaged ranges left out`;
    if (!out.quiet) out.print(`${printable(target)}   ${thousands(records)} records copied   ${found}`);
    out.print(...damages.map((damage) => describe(damage, check)));
    return 0;
  },
});
