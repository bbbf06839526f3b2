/** Strings cut in parts: StringSplit, StringSplitV2, StringNGrams. Source: string_split_op.cc, string_ngrams_op.cc. */

import { int64 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import type { SparseTensor as SparseParts } from "../../../graph/sparse_tensor.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { integerArray, toNumbers } from "../array/basic/elements.ts";
import { inScope, type Named } from "../array/basic/names.ts";
import { SparseTensor } from "../sparse/tensor.ts";
import { joinBytes, stringArray, stringsOf, toBytes } from "./bytes.ts";

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Cuts at any byte of the delimiter; at every byte for an empty one. */
function splitAtAny(bytes: Uint8Array, delimiters: Uint8Array, skipEmpty: boolean): Uint8Array[] {
  if (delimiters.length === 0) return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && !delimiters.includes(bytes[i]!)) continue;
    if (i > from || !skipEmpty) parts.push(bytes.subarray(from, i));
    from = i + 1;
  }
  return parts;
}

function indexOf(bytes: Uint8Array, separator: Uint8Array, from: number): number {
  for (let i = from; i + separator.length <= bytes.length; i++) {
    let k = 0;
    while (k < separator.length && bytes[i + k] === separator[k]) k++;
    if (k === separator.length) return i;
  }
  return -1;
}

/**
 * Cuts at the separator, or at runs of white space for an empty one, at most maxsplit times (without limit for 0 and less). After the
 * last cut allowed, what is left is a part even when it is empty.
 */
function splitLikePython(bytes: Uint8Array, separator: Uint8Array, maxsplit: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (separator.length > 0) {
    let from = 0;
    for (let at = indexOf(bytes, separator, 0); at >= 0; at = indexOf(bytes, separator, from)) {
      parts.push(bytes.subarray(from, at));
      from = at + separator.length;
      if (parts.length === maxsplit) break;
    }
    parts.push(bytes.subarray(from));
    return parts;
  }
  let from = 0;
  const skipSpace = () => {
    while (from < bytes.length && isSpace(bytes[from]!)) from++;
  };
  skipSpace();
  while (from < bytes.length) {
    let end = from;
    while (end < bytes.length && !isSpace(bytes[end]!)) end++;
    parts.push(bytes.subarray(from, end));
    from = end;
    skipSpace();
    if (parts.length === maxsplit) {
      parts.push(bytes.subarray(from));
      break;
    }
  }
  return parts;
}

/** The parts of each string as a sparse matrix. */
function sparseParts(rows: readonly (readonly Uint8Array[])[]): NdArray[] {
  const coordinates = rows.flatMap((parts, row) => parts.flatMap((_, i) => [row, i]));
  const values = rows.flat();
  const widest = rows.reduce((most, parts) => Math.max(most, parts.length), 0);
  return [
    integerArray(int64, coordinates, [values.length, 2]),
    stringArray([values.length], values),
    integerArray(int64, [rows.length, widest]),
  ];
}

/** indices, values, shape = the parts of each string, cut at any character of the delimiter. */
export const stringSplitOp = defineOp("StringSplit", {
  inputs: ["input: string", "delimiter: string"],
  outputs: ["indices: int64", "values: string", "shape: int64"],
  attrs: ["skip_empty: bool = true"],
  shape({ input, delimiter }) {
    withRank(input, 1);
    withRank(delimiter, 0);
    return [[null, 2], [null], [2]];
  },
  compute({ input, delimiter, skip_empty }) {
    if (input.shape.length !== 1)
      throw new InvalidArgumentError(`input must be a vector, got shape: [${input.shape.join(",")}]`);
    if (delimiter.shape.length !== 0)
      throw new InvalidArgumentError(`delimiter must be a scalar, got shape: [${delimiter.shape.join(",")}]`);
    const delimiters = stringsOf(delimiter)[0]!;
    return sparseParts(stringsOf(input).map((bytes) => splitAtAny(bytes, delimiters, skip_empty)));
  },
  gradient: "none",
});

/** As StringSplit, with the whole separator and Python's rules. */
export const stringSplitV2Op = defineOp("StringSplitV2", {
  inputs: ["input: string", "sep: string"],
  outputs: ["indices: int64", "values: string", "shape: int64"],
  attrs: ["maxsplit: int = -1"],
  shape({ input, sep }) {
    withRank(input, 1);
    withRank(sep, 0);
    return [[null, 2], [null], [2]];
  },
  compute({ input, sep, maxsplit }) {
    if (input.shape.length !== 1)
      throw new InvalidArgumentError(`input must be a vector, got shape: [${input.shape.join(",")}]`);
    if (sep.shape.length !== 0)
      throw new InvalidArgumentError(`sep must be a scalar, got shape: [${sep.shape.join(",")}]`);
    const separator = stringsOf(sep)[0]!;
    return sparseParts(stringsOf(input).map((bytes) => splitLikePython(bytes, separator, maxsplit)));
  },
  gradient: "unregistered",
});

interface NGramRules {
  readonly separator: string;
  readonly left_pad: string;
  readonly right_pad: string;
  readonly pad_width: number;
}

/** The n-grams of a width: words joined, with padding at both ends. */
function ngramsOf(words: readonly Uint8Array[], width: number, rules: NGramRules): Uint8Array[] {
  const pads = Math.min(rules.pad_width < 0 ? width - 1 : rules.pad_width, width - 1);
  const all = [
    ...new Array<Uint8Array>(pads).fill(toBytes(rules.left_pad)),
    ...words,
    ...new Array<Uint8Array>(pads).fill(toBytes(rules.right_pad)),
  ];
  const between = toBytes(rules.separator);
  return Array.from({ length: Math.max(0, all.length - width + 1) }, (_, i) =>
    joinBytes(all.slice(i, i + width), between),
  );
}

/** ngrams of each row of a ragged list of words, width by width. */
export const stringNGramsOp = defineOp("StringNGrams", {
  inputs: ["data: string", "data_splits: Tsplits"],
  outputs: ["ngrams: string", "ngrams_splits: Tsplits"],
  attrs: [
    "separator: string",
    "ngram_widths: list(int) >= 0",
    "left_pad: string",
    "right_pad: string",
    "pad_width: int",
    "preserve_short_sequences: bool",
    "Tsplits: {int32, int64} = DT_INT64",
  ],
  shape: ({ data_splits }) => [[null], data_splits],
  compute({ data, data_splits, ngram_widths, preserve_short_sequences, Tsplits, ...rules }) {
    const splits = toNumbers(data_splits);
    const words = stringsOf(data);
    if (splits.length > 0 && splits[0] !== 0)
      throw new InvalidArgumentError(`First split value must be 0, got ${splits[0]}`);
    for (let i = 1; i < splits.length; i++) {
      if (splits[i]! < splits[i - 1]! || splits[i]! > words.length) {
        throw new InvalidArgumentError(
          `Invalid split value ${splits[i]}, must be in [${splits[i - 1]}, ${words.length}]`,
        );
      }
    }
    const output: Uint8Array[] = [];
    const ends: number[] = splits.length ? [0] : [];
    for (let row = 0; row + 1 < splits.length; row++) {
      const own = words.slice(splits[row]!, splits[row + 1]!);
      const before = output.length;
      for (const width of ngram_widths) output.push(...ngramsOf(own, width, rules));
      if (preserve_short_sequences && output.length === before && own.length > 0)
        output.push(...ngramsOf(own, own.length + 2 * Math.max(0, rules.pad_width), rules));
      ends.push(output.length);
    }
    return [stringArray([output.length], output), integerArray(Tsplits, ends)];
  },
  gradient: "unregistered",
});

interface StringSplitArguments extends Named {
  readonly sep?: TensorLike | null;
  readonly skipEmpty?: boolean;
}

const stringSplitPlaces = ["sep", "skipEmpty"] as const;

/** The parts of each string as a sparse matrix, cut at any character of the delimiter. Source: string_ops.py. */
export const stringSplit = byKeyword(
  ["source"],
  function stringSplit(source: TensorLike, ...rest: Rest<StringSplitArguments, typeof stringSplitPlaces>): SparseParts {
    const { sep, skipEmpty = true, name } = byName<StringSplitArguments>(rest, stringSplitPlaces);
    return inScope(name, "StringSplit", () => {
      const delimiter = convertToTensor(sep ?? " ");
      const { indices, values, shape } = stringSplitOp({
        input: convertToTensor(source),
        delimiter,
        skip_empty: skipEmpty,
      });
      return sparse(indices, values, shape);
    });
  },
);

type StringSplitV2Options = { readonly sep?: TensorLike | null; readonly maxsplit?: number } & Named;
const stringSplitV2Places = ["sep", "maxsplit"] as const;

/** Python's str.split of each string (or of one), as a sparse matrix. Source: ragged_string_ops.py. */
export function stringSplitV2(
  source: TensorLike,
  ...rest: Rest<StringSplitV2Options, typeof stringSplitV2Places>
): SparseParts {
  const options = byName<StringSplitV2Options>(rest, stringSplitV2Places);
  return inScope(options.name, "StringSplit", () => {
    const given = convertToTensor(source, { name: "input" });
    const text = given.shape?.length === 0 ? ops.expandDims(given, 0) : given;
    const separator = convertToTensor(options.sep ?? "");
    const maxsplit = options.maxsplit ?? -1;
    const { indices, values, shape } = stringSplitV2Op({ input: text, sep: separator, maxsplit });
    return sparse(indices, values, shape);
  });
}

type Part = SparseParts["values"];

function sparse(indices: Part, values: Part, shape: Part): SparseParts {
  indices.setShape([null, 2]);
  values.setShape([null]);
  shape.setShape([2]);
  return new SparseTensor({ indices, values, denseShape: shape });
}
