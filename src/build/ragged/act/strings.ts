/** Strings as their characters, bytes and n-grams: `tf.strings.unicodeDecode`, `unicodeSplit`, `bytesSplit`, `ngrams`. Source: ragged_string_ops.py. */
import { int32, string } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { inScope, type Named } from "../../../ops/compute/array/basic/names.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import * as tf from "../../../ops/index.ts";
import { isRagged, type RaggedLike, type RaggedOrDense, RaggedTensor, toTensorOrRagged } from "../ragged_tensor.ts";
import { raggedExpandDims } from "./shape.ts";

export interface UnicodeOptions extends Named {
  /** What becomes of bytes that are no text: "replace" (by default), "strict" or "ignore". */
  readonly errors?: string | undefined;
  /** The code point for them: 65533 by default. */
  readonly replacementChar?: number | undefined;
}

export interface UnicodeDecodeOptions extends UnicodeOptions {
  /** Control characters are replaced as well. */
  readonly replaceControlCharacters?: boolean | undefined;
}

const rankOf = (value: RaggedOrDense): number | null => value.getShape().ndims;

/** The bytes of each string as strings of their own, in one more axis. Throws ValueError for an unknown rank. */
export const bytesSplit = (input: RaggedLike, options: Named = {}): RaggedOrDense =>
  inScope(options.name, "StringsByteSplit", () => {
    const strings = toTensorOrRagged(input, { name: "input" });
    if (isRagged(strings)) return strings.withFlatValues(bytesSplit(strings.flatValues));
    const rank = rankOf(strings);
    if (rank === null) throw new ValueError("input must have a statically-known rank.");
    if (rank === 0) return (bytesSplit(tf.stack([strings])) as RaggedTensor).at(0);
    if (rank > 1) return bytesSplit(RaggedTensor.fromTensor(strings));
    const { indices, values, shape } = tf.stringSplitOp({ input: strings, delimiter: "", skip_empty: false });
    const ids = indices.at(":", 0);
    return RaggedTensor.fromValueRowids(values, ids, { nrows: shape.at(0), validate: false });
  });

interface Decoded {
  readonly codepoints: RaggedOrDense;
  readonly offsets: RaggedOrDense | null;
}

function decode(given: RaggedLike, encoding: string, options: UnicodeDecodeOptions, withOffsets: boolean): Decoded {
  const { errors = "replace", replacementChar = 65533, replaceControlCharacters = false } = options;
  let input = toTensorOrRagged(given, { name: "input" });
  const rank = rankOf(input);
  if (rank === null) throw new ValueError("Rank of `input` must be statically known.");
  if (rank > 1) {
    if (!isRagged(input)) input = RaggedTensor.fromTensor(input, { raggedRank: rank - 1 });
    else if (input.raggedRank < rank - 1) {
      const raggedRank = rank - input.raggedRank - 1;
      input = input.withFlatValues(RaggedTensor.fromTensor(input.flatValues, { raggedRank }));
    }
  }
  const flat = tf.reshape(isRagged(input) ? input.flatValues : input, [-1]);
  const attrs = {
    input: flat,
    input_encoding: encoding,
    errors,
    replacement_char: replacementChar,
    replace_control_characters: replaceControlCharacters,
  };
  const result = withOffsets ? tf.unicodeDecodeWithOffsetsOp(attrs) : tf.unicodeDecodeOp(attrs);
  const starts = "char_to_byte_starts" in result ? (result.char_to_byte_starts as Tensor) : null;
  const inRows = (values: Tensor): RaggedOrDense => {
    if (rank === 0) return values;
    const rows = RaggedTensor.fromRowSplits(values, result.row_splits, { validate: false });
    return rank > 1 ? (input as RaggedTensor).withFlatValues(rows) : rows;
  };
  const codepoints = inRows(result.char_values);
  return { codepoints, offsets: starts && inRows(starts) };
}

/** The code points of each string, int32, in one more axis, which is ragged unless the input is a scalar. */
export const unicodeDecode = (
  input: RaggedLike,
  inputEncoding: string,
  options: UnicodeDecodeOptions = {},
): RaggedOrDense =>
  inScope(options.name, "UnicodeDecode", () => decode(input, inputEncoding, options, false).codepoints);

/** [code points, the byte at which each begins (int64)]. */
export const unicodeDecodeWithOffsets = (
  input: RaggedLike,
  inputEncoding: string,
  options: UnicodeDecodeOptions = {},
): [RaggedOrDense, RaggedOrDense] =>
  inScope(options.name, "UnicodeDecodeWithOffsets", () => {
    const { codepoints, offsets } = decode(input, inputEncoding, options, true);
    return [codepoints, offsets!];
  });

/** The strings of code points, int32 [..., n]. Throws ValueError for a scalar or an unknown rank. */
export const unicodeEncode = (input: RaggedLike, outputEncoding: string, options: UnicodeOptions = {}): RaggedOrDense =>
  inScope(options.name, "UnicodeEncode", () => {
    const { errors = "replace", replacementChar = 65533 } = options;
    const again = (value: RaggedLike): RaggedOrDense =>
      unicodeEncode(value, outputEncoding, { errors, replacementChar });
    const points = toTensorOrRagged(input);
    const rank = rankOf(points);
    if (rank === null) throw new ValueError("Rank of input_tensor must be statically known.");
    if (isRagged(points)) {
      if (points.flatValues.shape!.length > 1) return points.withFlatValues(again(points.flatValues));
      if (points.raggedRank > 1) return points.withValues(again(points.values));
      return tf.unicodeEncodeOp({
        input_values: points.values as Tensor,
        input_splits: points.rowSplits,
        output_encoding: outputEncoding,
        errors,
        replacement_char: replacementChar,
      });
    }
    if (rank === 0) throw new ValueError("input_tensor's rank must be at least 1.");
    if (rank === 2) return again(RaggedTensor.fromTensor(points));
    if (rank > 2) {
      const flat = tf.reshape(points, tf.stack([-1, tf.shape(points).at(-1)]));
      const { shape } = points;
      return tf.reshape(
        again(flat) as Tensor,
        shape!.slice(0, -1).map((d) => d ?? -1),
      );
    }
    const splits = tf.stack([0, tf.shape(points, { outType: int32 }).at(0)]);
    const row = RaggedTensor.fromRowSplits(points, splits, { validate: false });
    return tf.reshape(again(row) as Tensor, []);
  });

/** The characters of each string as strings of their own. */
export const unicodeSplit = (input: RaggedLike, inputEncoding: string, options: UnicodeOptions = {}): RaggedOrDense =>
  inScope(options.name, "UnicodeSplit", () => {
    const { errors, replacementChar } = options;
    const { codepoints } = decode(input, inputEncoding, { errors, replacementChar }, false);
    return unicodeEncode(raggedExpandDims(codepoints, -1), inputEncoding, { errors, replacementChar });
  });

/** [characters, the byte at which each begins (int64)]. */
export const unicodeSplitWithOffsets = (
  input: RaggedLike,
  inputEncoding: string,
  options: UnicodeOptions = {},
): [RaggedOrDense, RaggedOrDense] =>
  inScope(options.name, "UnicodeSplitWithOffsets", () => {
    const { errors, replacementChar } = options;
    const { codepoints, offsets } = decode(input, inputEncoding, { errors, replacementChar }, true);
    const chars = unicodeEncode(raggedExpandDims(codepoints, -1), inputEncoding, { errors, replacementChar });
    return [chars, offsets!];
  });

/** The number of each code point's script (ICU's UScriptCode), int32. */
export const unicodeScript = (input: TensorLike, options: Named = {}): Tensor =>
  tf.unicodeScriptOp({ input }, options.name);

export interface NgramsOptions extends Named {
  /** A space by default. */
  readonly separator?: string | undefined;
  /** What stands before the first and behind the last token: one string, or one for each side. */
  readonly padValues?: string | readonly [string, string] | undefined;
  /** How many of them; as many as the widest n-gram needs, by default. */
  readonly paddingWidth?: number | undefined;
  /** Sequences shorter than the n-gram are kept as they are. */
  readonly preserveShortSequences?: boolean | undefined;
}

/** Runs of `ngramWidth` tokens along the last axis, joined. Throws ValueError for widths below 1 and for padding without values. */
export const ngrams = (
  data: RaggedLike,
  ngramWidth: number | readonly number[],
  options: NgramsOptions = {},
): RaggedOrDense =>
  inScope(options.name, "StringNGrams", () => {
    const { separator = " ", padValues, preserveShortSequences = false } = options;
    const [left, right] =
      padValues === undefined ? ["", ""] : typeof padValues === "string" ? [padValues, padValues] : padValues;
    if (typeof left !== "string" || typeof right !== "string") {
      throw new TypeError("pad_values must be a string, tuple of strings, or None.");
    }
    if (options.paddingWidth !== undefined) {
      if (options.paddingWidth < 1) throw new ValueError("padding_width must be greater than 0.");
      if (padValues === undefined) throw new ValueError("pad_values must be provided if padding_width is set.");
    }
    const tokens = toTensorOrRagged(data, { name: "data", dtype: string });
    if (!isRagged(tokens)) {
      const rank = rankOf(tokens);
      const shape = tf.concat([tf.shape(tokens).at(":-1"), [-1]], 0);
      if (rank === null) throw new ValueError("Rank of data must be known.");
      if (rank === 0) throw new ValueError("Data must have rank>0");
      if (rank === 1) {
        const row = RaggedTensor.fromRowStarts(tokens, [0], { validate: false });
        return (ngrams(row, ngramWidth, options) as RaggedTensor).at(0);
      }
      const rows = RaggedTensor.fromTensor(tokens, { raggedRank: rank - 1 });
      return tf.reshape(ofRows(rows).flatValues, shape);
    }
    return ofRows(tokens);

    function ofRows(rows: RaggedTensor): RaggedTensor {
      if (rows.raggedRank > 1) return rows.withValues(ngrams(rows.values, ngramWidth, options));
      const widths = typeof ngramWidth === "number" ? [ngramWidth] : [...ngramWidth];
      if (widths.some((width) => width < 1)) {
        throw new ValueError(`All ngram_widths must be greater than 0. Got ${ngramWidth}`);
      }
      const result = tf.stringNGramsOp({
        data: rows.flatValues,
        data_splits: rows.rowSplits,
        separator,
        ngram_widths: widths,
        left_pad: left!,
        right_pad: right!,
        pad_width: padValues === undefined ? 0 : (options.paddingWidth ?? -1),
        preserve_short_sequences: preserveShortSequences,
      });
      return RaggedTensor.fromRowSplits(result.ngrams, result.ngrams_splits, { validate: false });
    }
  });
