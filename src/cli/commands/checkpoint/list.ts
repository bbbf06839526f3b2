import { NotFoundError } from "../../../core/error.ts";
import { openCheckpoint } from "../../../io/checkpoint/open.ts";
import { checkpointFiles } from "../../../io/checkpoint/state.ts";
import { fileSize, modifiedSeconds, pathKind } from "../../../io/paths.ts";
import { bytes, printable, table } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { checkpointsOf, followFlag, stepOf } from "./find.ts";

/** The step that a checkpoint holds; that of its name where it holds none. */
async function storedStep(prefix: string): Promise<number | undefined> {
  const { reader } = openCheckpoint(prefix);
  try {
    return reader.has("global_step") ? Number(await reader.read("global_step")) : stepOf(prefix);
  } finally {
    reader.close();
  }
}

const localTime = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", " ");
};

export default defineCommand({
  usage: "DIR",
  about: "list the checkpoints of a directory, oldest first",
  examples: ["checkpoint list runs/linear"],
  flags: { follow_paths: followFlag },
  words: [1, 1],
  async run({ flags, words, out }) {
    const folder = words[0]!;
    if (pathKind(folder) !== "folder") throw new NotFoundError(`${folder}: no such directory`, { path: folder });
    const best = `${folder.replace(/[/\\]+$/, "")}/best`;
    const options = { followPaths: flags.follow_paths };
    const prefixes = checkpointsOf(folder, options);
    const kept = pathKind(best) === "folder" ? checkpointsOf(best, options) : [];
    if (prefixes.length + kept.length === 0) {
      throw new NotFoundError(`no checkpoint in ${folder}: no file "checkpoint", no *.index`, { path: folder });
    }
    const rows: string[][] = [];
    for (const prefix of [...prefixes, ...kept]) {
      const files = checkpointFiles(prefix);
      const time = modifiedSeconds(files[0] ?? prefix);
      const size = files.reduce((n, file) => n + fileSize(file), 0);
      const step = await storedStep(prefix);
      const note = kept.includes(prefix) ? "best" : prefix === prefixes.at(-1) ? "newest" : "";
      if (out.json) out.printJson({ checkpoint: prefix, step: step ?? null, time, bytes: size, note: note || null });
      else rows.push([printable(prefix), step === undefined ? "-" : String(step), localTime(time), bytes(size), note]);
    }
    if (!out.json) out.print(...table([["checkpoint", "step", "time", "size", ""], ...rows]));
  },
});
