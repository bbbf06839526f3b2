import { OpError } from "../../../core/error.ts";
import { checkRecords } from "../../../io/record/check.ts";
import { decode, pb } from "../../../proto/messages.ts";
import { thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { findRuns, readEvent } from "./runs.ts";

interface Verdict {
  readonly path: string;
  readonly events: number;
  readonly faults: readonly string[];
}

/** Checksums, messages, the version event at the start, and steps that do not go back without a restart. */
function verify(path: string): Verdict {
  const faults: string[] = [];
  const newest = new Map<string, number>();
  let n = 0;
  const onRecord = (data: Uint8Array, offset: number) => {
    const where = `event ${thousands(n)} at offset ${thousands(offset)}`;
    n++;
    try {
      const first = n === 1 ? decode(pb.Event, data, path).fileVersion : undefined;
      if (n === 1 && !first?.startsWith("brain.Event:")) faults.push(`${where}: the first event names no version`);
      const { entries, restart } = readEvent(data, path);
      if (restart !== undefined) newest.clear();
      for (const { tag, step } of entries) {
        const before = newest.get(tag);
        if (before !== undefined && step < before)
          faults.push(`${where}: tag ${tag} goes back from step ${before} to ${step}`);
        newest.set(tag, step);
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      faults.push(`${where}: ${error.message}`);
    }
  };
  const { damages } = checkRecords(path, { compression: "", onRecord });
  faults.push(...damages.map(({ offset, what }) => `offset ${thousands(offset)}: ${what}`));
  return { path, events: n, faults };
}

export default defineCommand({
  usage: "DIR...",
  about: "check the checksums of event files and the order of their steps; exit 3 if something is wrong",
  examples: ["events verify runs/linear"],
  flags: {},
  words: [1, 1000],
  run({ words, out }) {
    const verdicts = findRuns(words).flatMap(({ files }) => files.map(verify));
    for (const { path, events, faults } of verdicts) {
      if (out.json) out.printJson({ path, ok: faults.length === 0, events, faults });
      else if (faults.length > 0)
        out.print(`${path}   ${out.paint("red", "DAMAGED")}`, ...faults.map((fault) => `    ${fault}`));
      else if (!out.quiet) out.print(`${path}   ${thousands(events)} events   ok`);
    }
    return verdicts.every(({ faults }) => faults.length === 0) ? 0 : 3;
  },
});
