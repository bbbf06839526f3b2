import { OpError } from "../../../core/error.ts";
import { openCheckpoint, type TensorReader } from "../../../io/checkpoint/open.ts";
import { checkSum } from "../../../io/checkpoint/save/sums.ts";
import { checkpointExists, checkpointFiles } from "../../../io/checkpoint/state.ts";
import { readFile } from "../../../io/file_system.ts";
import { expandPaths, fileSize, pathKind } from "../../../io/paths.ts";
import { decode, pb } from "../../../proto/messages.ts";
import { bytes, printable } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { checkpointsOf, findCheckpoint, followFlag, prefixOf } from "./find.ts";

interface Verdict {
  readonly tensors: number;
  readonly faults: readonly { readonly tensor: string | null; readonly message: string }[];
}

const damageCodes = ["DATA_LOSS", "NOT_FOUND", "OUT_OF_RANGE", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"];

/** Reads every tensor; a damage is noted and the rest is read too. Other errors pass. */
async function verify(prefix: string): Promise<Verdict> {
  const faults: { tensor: string | null; message: string }[] = [];
  const note = (tensor: string | null, error: unknown) => {
    const isDamage = error instanceof OpError && damageCodes.includes(error.code);
    if (!isDamage) throw error;
    faults.push({ tensor, message: error.message });
  };
  let reader: TensorReader;
  try {
    ({ reader } = openCheckpoint(prefix));
  } catch (error) {
    note(null, error);
    return { tensors: 0, faults };
  }
  const beside = `${prefix}.meta`;
  if (pathKind(beside) === "file") {
    try {
      const content = readFile(beside);
      checkSum(beside, content);
      decode(pb.MetaGraphDef, content, beside);
    } catch (error) {
      note(null, error);
    }
  }
  const names = reader.names();
  for (const name of names) {
    try {
      await reader.read(name);
    } catch (error) {
      note(name, error);
    }
  }
  reader.close();
  return { tensors: names.length, faults };
}

/** Globs mean the folders and checkpoints whose files match. */
function expanded(word: string): string[] {
  if (pathKind(word) !== "none" || !/[*?[{]/.test(word)) return [word];
  const found = expandPaths([word]).map((path) => (pathKind(path) === "folder" ? path : prefixOf(path)));
  return [...new Set(found)].filter((path) => pathKind(path) === "folder" || checkpointExists(path));
}

export default defineCommand({
  usage: "DIR|PREFIX...",
  about: "read all bytes of checkpoints against their index; of a directory all checkpoints; exit 3 if one is damaged",
  examples: ["checkpoint verify runs/linear", "checkpoint verify runs/linear/model.ckpt-1000"],
  flags: { follow_paths: followFlag },
  words: [1, 1000],
  async run({ flags, words, out }) {
    const options = { followPaths: flags.follow_paths };
    const prefixes = words.flatMap(expanded).flatMap((word) => {
      const all = pathKind(word) === "folder" ? checkpointsOf(word, options) : [];
      return all.length > 0 ? all : [findCheckpoint(word, options)];
    });
    let damaged = 0;
    for (const prefix of prefixes) {
      const { tensors, faults } = await verify(prefix);
      const files = checkpointFiles(prefix);
      const size = (files.length > 0 ? files : [prefix]).reduce((n, file) => n + fileSize(file), 0);
      if (faults.length > 0) damaged++;
      if (out.json) out.printJson({ checkpoint: prefix, ok: faults.length === 0, tensors, bytes: size, faults });
      else if (faults.length === 0) {
        if (!out.quiet) out.print(`${printable(prefix)}   ${tensors} tensors   ${bytes(size)}   ok`);
      } else {
        const lines = faults.map(
          ({ tensor, message }) => `    ${tensor === null ? "" : `${printable(tensor)}: `}${printable(message)}`,
        );
        out.print(`${printable(prefix)}   ${out.paint("red", "DAMAGED")}`, ...lines);
      }
    }
    if (damaged > 0 && !out.json) out.print(`${damaged} of ${prefixes.length} checkpoints damaged (exit 3)`);
    return damaged > 0 ? 3 : 0;
  },
});
