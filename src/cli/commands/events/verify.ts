import { OpError } from "../../../core/error.ts";
import { checkRecords } from "../../../io/record/check.ts";
import { decode, pb } from "../../../proto/messages.ts";
import { printable, thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { findRuns, readEvent } from "./runs.ts";

/** So many are told of one file. */
const faultsMax = 1000;

interface Verdict {
  readonly path: string;
  readonly events: number;
  readonly faults: readonly string[];
}

/** Checksums, messages, the version event at the start, and steps that do not go back without a restart. */
async function verify(path: string): Promise<Verdict> {
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
        if (before !== undefined && step < before && faults.length < faultsMax)
          faults.push(`${where}: tag ${printable(tag)} goes back from step ${before} to ${step}`);
        newest.set(tag, step);
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      faults.push(`${where}: ${printable(error.message)}`);
    }
  };
  const { damages } = await checkRecords(path, { compression: "", onRecord });
  faults.push(...damages.map(({ offset, what }) => `offset ${thousands(offset)}: ${what}`));
  return { path, events: n, faults };
}

export default defineCommand({
  usage: "DIR...",
  about: "check the checksums of event files and the order of their steps; exit 3 if something is wrong",
  examples: ["events verify runs/linear"],
  flags: {},
  words: [1, 1000],
  async run({ words, out }) {
    const verdicts: Verdict[] = [];
    for (const { files } of findRuns(words)) for (const file of files) verdicts.push(await verify(file));
    for (const { path, events, faults } of verdicts) {
      if (out.json) out.printJson({ path, ok: faults.length === 0, events, faults });
      else if (faults.length > 0)
        out.print(`${printable(path)}   ${out.paint("red", "DAMAGED")}`, ...faults.map((fault) => `    ${fault}`));
      else if (!out.quiet) out.print(`${printable(path)}   ${thousands(events)} events   ok`);
    }
    return verdicts.every(({ faults }) => faults.length === 0) ? 0 : 3;
  },
});
