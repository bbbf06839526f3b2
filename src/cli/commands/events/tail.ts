import { OpError } from "../../../core/error.ts";
import { flag } from "../../../core/flags.ts";
import { pathKind } from "../../../io/paths.ts";
import { RecordReader } from "../../../io/record/reader.ts";
import { metric, printable, timeOfDay } from "../../../ui/format.ts";
import { defineCommand, Misuse } from "../../command.ts";
import type { Output } from "../../output.ts";
import { selectionFlags } from "./flags.ts";
import { type Entry, findRuns, matchTag, readEvent } from "./runs.ts";

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** The records of a file from an offset to its end. A record that is still being written ends them. */
async function readFrom(path: string, offset: number, take: (record: Uint8Array) => void): Promise<number> {
  const reader = new RecordReader(path);
  try {
    await reader.skipTo(offset);
    for (let record = await reader.next(); record; record = await reader.next()) {
      take(record);
      offset = reader.offset;
    }
  } catch (error) {
    const isUnfinished =
      error instanceof OpError && error.code === "DATA_LOSS" && error.message.startsWith("truncated");
    if (!isUnfinished) throw error;
  } finally {
    reader.close();
  }
  return offset;
}

function show(entry: Entry, run: string, severalRuns: boolean, out: Output): void {
  const { tag, step, time, kind, value, about } = entry;
  if (out.json) out.printJson({ run, tag, kind, step, time, value: value ?? null, about });
  else {
    const shown = value === undefined ? printable(about ?? "") : metric(value);
    out.print(`${timeOfDay(time)} ${severalRuns ? `${printable(run)} ` : ""}step=${step} ${printable(tag)}=${shown}`);
  }
}

export default defineCommand({
  usage: "DIR",
  about: "follow a live run: print each point as it is written; Ctrl-C ends it",
  examples: ["events tail runs/linear", "events tail runs/linear --tag loss --idle 60"],
  flags: {
    tag: selectionFlags.tag,
    fresh: flag.bool(false, "only points written from now on"),
    idle: flag.seconds(null, "leave when nothing was written for so long", { min: 0 }),
    interval: flag.seconds(0.5, "time between looks", { min: 0.01 }),
  },
  words: [1, 1],
  async run({ flags, words, out }) {
    const folder = words[0]!;
    if (pathKind(folder) === "none") throw new Misuse(`${folder}: no such directory`);
    const offsets = new Map<string, number>();
    const matches = matchTag(flags.tag);
    let quietSeconds = 0;
    for (let isFirst = true; ; isFirst = false) {
      let seen = 0;
      const runs = findRuns([folder], { mayBeEmpty: true });
      for (const { path, files } of runs) {
        for (const file of files) {
          const take = (record: Uint8Array) => {
            seen++;
            if (isFirst && flags.fresh) return;
            for (const entry of readEvent(record, file).entries)
              if (matches(entry.tag)) show(entry, path, runs.length > 1, out);
          };
          offsets.set(file, await readFrom(file, offsets.get(file) ?? 0, take));
        }
      }
      quietSeconds = seen > 0 ? 0 : quietSeconds + flags.interval;
      if (flags.idle !== null && quietSeconds >= flags.idle) return 0;
      await pause(flags.interval);
    }
  },
});
