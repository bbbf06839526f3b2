import { OpError } from "../../../core/error.ts";
import { BundleReader } from "../../../io/checkpoint/bundle_reader.ts";
import { checkpointFiles } from "../../../io/checkpoint/state.ts";
import { fileSize, pathKind } from "../../../io/paths.ts";
import { bytes, printable } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { checkpointsOf, findCheckpoint } from "./find.ts";

interface Verdict {
  readonly tensors: number;
  readonly faults: readonly { readonly tensor: string | null; readonly message: string }[];
}

/** Reads every tensor; a damage is noted and the rest is read too. Other errors pass. */
async function verify(prefix: string): Promise<Verdict> {
  const faults: { tensor: string | null; message: string }[] = [];
  const note = (tensor: string | null, error: unknown) => {
    const isDamage =
      error instanceof OpError && ["DATA_LOSS", "NOT_FOUND", "OUT_OF_RANGE", "INVALID_ARGUMENT"].includes(error.code);
    if (!isDamage) throw error;
    faults.push({ tensor, message: error.message });
  };
  let reader: BundleReader;
  try {
    reader = BundleReader.open(prefix);
  } catch (error) {
    note(null, error);
    return { tensors: 0, faults };
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

export default defineCommand({
  usage: "DIR|PREFIX...",
  about: "read all bytes of checkpoints against their index; of a directory all checkpoints; exit 3 if one is damaged",
  examples: ["checkpoint verify runs/linear", "checkpoint verify runs/linear/model.ckpt-1000"],
  flags: {},
  words: [1, 1000],
  async run({ words, out }) {
    const prefixes = words.flatMap((word) => {
      const all = pathKind(word) === "folder" ? checkpointsOf(word) : [];
      return all.length > 0 ? all : [findCheckpoint(word)];
    });
    let damaged = 0;
    for (const prefix of prefixes) {
      const { tensors, faults } = await verify(prefix);
      const size = checkpointFiles(prefix).reduce((n, file) => n + fileSize(file), 0);
      if (faults.length > 0) damaged++;
      if (out.json) out.printJson({ checkpoint: prefix, ok: faults.length === 0, tensors, bytes: size, faults });
      else if (faults.length === 0) {
        if (!out.quiet) out.print(`${prefix}   ${tensors} tensors   ${bytes(size)}   ok`);
      } else {
        const lines = faults.map(
          ({ tensor, message }) => `    ${tensor === null ? "" : `${printable(tensor)}: `}${printable(message)}`,
        );
        out.print(`${prefix}   ${out.paint("red", "DAMAGED")}`, ...lines);
      }
    }
    if (damaged > 0 && !out.json) out.print(`${damaged} of ${prefixes.length} checkpoints damaged (exit 3)`);
    return damaged > 0 ? 3 : 0;
  },
});
