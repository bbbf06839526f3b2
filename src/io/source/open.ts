/** From names of files to sources of rows: which format each has, and how they go together. */
import { basename } from "node:path";
import { invalidArgument } from "../../core/error.ts";
import { readIdx } from "../idx.ts";
import { readNpy } from "../npy.ts";
import { readNpz } from "../npz.ts";
import { pathKind } from "../paths.ts";
import { arraySource, imageSource, type NamedArray } from "./arrays.ts";
import { type Source, selectColumns } from "./rows.ts";
import { csvSource, headOf, type Input, jsonSource, linesOf, ndjsonSource, pieces } from "./text.ts";

export const formats = ["csv", "tsv", "json", "ndjson", "npy", "npz", "idx", "images", "lines"] as const;
export type Format = (typeof formats)[number];

export interface OpenOptions {
  /** What the inputs are; by their names and first bytes if left out. */
  readonly format?: Format;
  readonly header?: boolean;
  readonly columns: readonly string[];
  /** The name of labels that come without one: of rank 1 among IDX files. */
  readonly label?: string;
}

const byExtension: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  json: "json",
  ndjson: "ndjson",
  jsonl: "ndjson",
  npy: "npy",
  npz: "npz",
  idx: "idx",
  txt: "lines",
};

/** The format of an input. Throws INVALID_ARGUMENT where neither name nor content tells. */
async function formatOf(input: Input): Promise<Format> {
  if (input.bytes === undefined && pathKind(input.path) === "folder") return "images";
  const name = basename(input.path).replace(/\.gz$/i, "");
  if (/-ubyte$|idx\d-/.test(name)) return "idx";
  const known = byExtension[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ""];
  if (known) return known;
  const [a, b, type, rank] = await headOf(input, 4);
  if (a === 0 && b === 0 && type! >= 8 && rank! >= 1 && rank! <= 4) return "idx";
  throw invalidArgument(`${input.path}: cannot tell its format; say it with --from ${formats.join("|")}`, {
    path: input.path,
  });
}

async function wholeInput(input: Input): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces(input)) parts.push(piece);
  return Buffer.concat(parts);
}

const stem = (path: string): string => basename(path).replace(/(\.\w+)+$/, "");

/** The arrays of one input: of an .npz file by their names in it, of an IDX file by what they are. */
async function arraysOf(input: Input, format: Format, label: string): Promise<NamedArray[]> {
  const { path } = input;
  const bytes = await wholeInput(input);
  if (format === "npy") return [{ name: stem(path), path, array: readNpy(bytes, path) }];
  if (format === "npz") return Array.from(readNpz(bytes, path), ([name, array]) => ({ name, path, array }));
  const array = readIdx(bytes, path);
  const name = array.shape.length === 1 ? label : array.shape.length >= 3 ? "image_raw" : stem(path);
  return [{ name, path, array }];
}

/**
 * The sources of some inputs: tables, texts and folders one after the other, arrays side by side as one. Throws INVALID_ARGUMENT for
 * inputs of different formats, and for tables whose columns differ.
 */
export async function openSources(inputs: readonly Input[], options: OpenOptions): Promise<Source[]> {
  const found = await Promise.all(inputs.map((input) => options.format ?? formatOf(input)));
  const [format] = found;
  const other = found.findIndex((each) => each !== format);
  if (other > 0) {
    throw invalidArgument(
      `${inputs[other]!.path} is ${found[other]}, and ${inputs[0]!.path} is ${format}: write them apart`,
    );
  }
  const sources = await sourcesOf(inputs, format!, options);
  const chosen = options.columns.length > 0 ? sources.map((source) => selectColumns(source, options.columns)) : sources;
  for (const { names, path } of chosen.slice(1)) {
    if (names.join("\n") === chosen[0]!.names.join("\n")) continue;
    throw invalidArgument(
      `${path}: columns ${names.join(", ")}, where ${chosen[0]!.path} has ${chosen[0]!.names.join(", ")}`,
    );
  }
  return chosen;
}

async function sourcesOf(inputs: readonly Input[], format: Format, options: OpenOptions): Promise<Source[]> {
  const { header } = options;
  switch (format) {
    case "csv":
    case "tsv": {
      const delimiter = format === "csv" ? "," : "\t";
      return Promise.all(
        inputs.map((input) => csvSource(input, { delimiter, ...(header !== undefined && { header }) })),
      );
    }
    case "json":
      return inputs.map(jsonSource);
    case "ndjson":
      return inputs.map(ndjsonSource);
    case "images":
      return inputs.map(({ path }) => imageSource(path));
    case "lines":
      return inputs.map(linesSource);
    case "npy":
    case "npz":
    case "idx": {
      const arrays = await Promise.all(inputs.map((input) => arraysOf(input, format, options.label ?? "label")));
      return [arraySource(arrays.flat())];
    }
  }
}

/** Each line as one cell. */
export const linesSource = (input: Input): Source => ({
  path: input.path,
  names: ["line"],
  async *rows() {
    for await (const lines of linesOf(input)) yield lines.map((line) => [line]);
  },
});
