import { NotFoundError } from "../../../core/error.ts";
import { flag } from "../../../core/flags.ts";
import { elementAt, type NdArray } from "../../../core/nd_array.ts";
import { printArray } from "../../../core/print.ts";
import { elementCount } from "../../../core/shape.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { openCheckpoint } from "../../../io/checkpoint/open.ts";
import { writeNpy } from "../../../io/npy.ts";
import { globPattern } from "../../../io/paths.ts";
import { bytes, metric, printable, table, thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import type { Output } from "../../output.ts";
import { findCheckpoint, followFlag, stepOf } from "./find.ts";
import { statisticsOf } from "./statistics.ts";

const shapeText = (shape: readonly number[]): string => `[${shape.join(",")}]`;

/** All values of one tensor. */
function printTensor(array: NdArray, format: string, name: string, out: Output): void {
  switch (format) {
    case "npy":
      out.write(writeNpy(array));
      return;
    case "json":
      out.printJson({ name, dtype: array.dtype.base, shape: array.shape, values: array.toList() });
      return;
    case "csv": {
      const width = array.shape.length === 0 ? 1 : array.shape.at(-1)!;
      for (let i = 0; i < array.size; i += width) {
        const cells = Array.from({ length: width }, (_, k) => String(elementAt(array, i + k)));
        const line = cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",");
        out.writeData(`${line}\n`);
      }
      return;
    }
    default:
      out.print(`${printable(name)}  ${array.dtype.base} ${shapeText(array.shape)}`, printArray(array));
  }
}

/** The single value of a scalar, or mean, std, min, max and the count of NaN. */
function describe(array: NdArray): string[] {
  if (array.size === 1 && !array.dtype.isFloating) return [printable(String(elementAt(array, 0)))];
  const found = statisticsOf(array);
  if (!found) return [""];
  const { mean, std, min, max, nan, infinite } = found;
  const bound = array.dtype.isFloating ? metric : String;
  return [metric(mean), metric(std), bound(min), bound(max), infinite > 0 ? `${nan} + ${infinite} inf` : String(nan)];
}

export default defineCommand({
  usage: "DIR|PREFIX",
  about:
    "list the tensors of a checkpoint with their statistics, or print one; a directory means its newest checkpoint",
  examples: ["checkpoint inspect runs/linear", "checkpoint inspect model.ckpt-600 --tensor weights --format csv"],
  flags: {
    tensor: flag.string(null, "print all values of this tensor"),
    format: flag.enum("text", ["text", "json", "csv", "npy"], "how --tensor is printed"),
    names: flag.bool(false, "only the names, one a line"),
    filter: flag.string(null, "only tensors whose name matches a glob: 'layer1/*'"),
    follow_paths: followFlag,
    stats: flag.bool(true, "read the values: statistics and checksums"),
  },
  words: [1, 1],
  async run({ flags, words, out }) {
    const prefix = findCheckpoint(words[0]!, { followPaths: flags.follow_paths });
    const { version, reader } = openCheckpoint(prefix);
    try {
      if (flags.tensor !== null) {
        if (!reader.has(flags.tensor)) {
          const near = didYouMean(flags.tensor, reader.names());
          throw new NotFoundError(`${prefix} has no tensor "${flags.tensor}".${near}`, { path: prefix });
        }
        const format = flags.json ? "json" : flags.format;
        printTensor(await reader.read(flags.tensor), format, flags.tensor, out);
        return;
      }
      const pattern = flags.filter === null ? undefined : globPattern(flags.filter.replaceAll("/", "\u0001"));
      const names = reader.names().filter((name) => pattern?.test(name.replaceAll("/", "\u0001")) ?? true);
      if (flags.names) {
        out.print(...(out.json ? [] : names.map(printable)));
        if (out.json) out.printJson(names);
        return;
      }
      const rows: string[][] = [];
      const listed: object[] = [];
      let [values, size] = [0, 0];
      for (const name of names) {
        const { dtype, shape } = reader.entry(name);
        const count = elementCount(shape);
        const array = flags.stats ? await reader.read(name) : undefined;
        const sizeBytes = array && dtype.base === "string" ? stringBytes(array) : count * dtype.sizeBytes;
        values += count;
        size += sizeBytes;
        rows.push([printable(name), dtype.base, shapeText(shape), bytes(sizeBytes), ...(array ? describe(array) : [])]);
        listed.push({ name, dtype: dtype.base, shape, bytes: sizeBytes, ...(array && statisticsOf(array)) });
      }
      const step = reader.has("global_step") ? Number(await reader.read("global_step")) : stepOf(prefix);
      if (out.json) {
        out.printJson({ checkpoint: prefix, version, step: step ?? null, tensors: listed });
        return;
      }
      const facts = [
        printable(prefix),
        version,
        ...(step === undefined ? [] : [`step ${step}`]),
        `${names.length} tensors`,
        `${thousands(values)} values`,
        bytes(size),
        ...(flags.stats ? ["checksums ok"] : []),
      ];
      out.print(facts.join(" · "));
      const head = ["name", "dtype", "shape", "size", ...(flags.stats ? ["mean", "std", "min", "max", "nan"] : [])];
      if (rows.length > 0) out.print(...table([head, ...rows]));
    } finally {
      reader.close();
    }
  },
});

const stringBytes = (array: NdArray): number =>
  (array.data as readonly Uint8Array[]).reduce((n, item) => n + item.length, 0);
