/** How record files are read: the flags of every command whose graph reads them. */
import type { FlagSpecs, FlagsOf } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";

export const recordFlags = {
  strict_records: flag.bool(false, "a record file that ends inside the header of a record is damaged"),
  max_record_mb: flag.int(256, "the longest record of a compressed file, in MiB", { min: 1, max: 2047 }),
} satisfies FlagSpecs;

/** What the flags say to a reader. */
export const readOptions = (flags: FlagsOf<typeof recordFlags>) => ({
  strict: flags.strict_records,
  maxRecordBytes: flags.max_record_mb * 2 ** 20,
});

/** For all readers of the process. */
export async function takeRecordFlags(flags: FlagsOf<typeof recordFlags>): Promise<void> {
  const { setRecordDefaults } = await import("../../io/record/reader.ts");
  setRecordDefaults(readOptions(flags));
}
