/** tf.print: values as text, formatted and printed when the operation runs. Source: tensorflow/python/ops/logging_ops.py. */
import { ValueError } from "../../core/error.ts";
import { printValue } from "../../core/print.ts";
import { pformat } from "../../core/text/pprint.ts";
import { streamKey } from "../../core/text/stream.ts";
import type { Operation } from "../../graph/operation.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import { printV2Op, stringFormat } from "../../ops/index.ts";

/** Where a text goes: `process.stdout`, `process.stderr`, `tf.logging.info` (or its level) and its like, or `file://<path>`. */
export type OutputStream = string | number | { readonly fd: number } | ((...args: never[]) => void);

export interface PrintV2Options {
  /** Standard error by default. */
  readonly outputStream?: OutputStream | undefined;
  /** What follows the text: a new line by default. */
  readonly end?: string | undefined;
  /** What stands between the inputs: a space by default. */
  readonly sep?: string | undefined;
  /** How many elements at each end of each dimension; 3 by default, all for -1. */
  readonly summarize?: number | undefined;
  readonly name?: string | undefined;
}

const optionNames: ReadonlySet<string> = new Set(["outputStream", "end", "sep", "summarize", "name"]);
const levels: Readonly<Record<number, string>> = { 20: "log(info)", 30: "log(warning)", 40: "log(error)" };
const streams: Readonly<Record<string, string>> = { stdout: "stdout", stderr: "stderr" };

function streamOf(stream: OutputStream): string {
  const found =
    typeof stream === "string"
      ? stream.startsWith("file://")
        ? stream
        : streams[stream]
      : typeof stream === "number"
        ? levels[stream]
        : typeof stream === "function"
          ? (stream as { readonly [streamKey]?: string })[streamKey]
          : { 1: "stdout", 2: "stderr" }[stream.fd];
  if (found) return found;
  throw new ValueError(
    `Unsupported output stream, logging level, or file.${String(stream)}. Supported streams are sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form of 'file://<filepath>'.`,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isOptions = (value: unknown): value is PrintV2Options =>
  isRecord(value) &&
  !isSymbolic(value) &&
  Object.keys(value).length > 0 &&
  Object.keys(value).every((key) => optionNames.has(key));

const isTensor = (value: unknown): value is TensorLike => isSymbolic(value) || value instanceof SparseTensor;

/** The value with other leaves, visited in the order of nest: sorted keys. */
function mapLeaves(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, change));
  if (!isRecord(value) || isSymbolic(value)) return change(value);
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, mapLeaves(value[key], change)]));
}

/** Digits that Python's generator gives for a seed of 5: what makes a placeholder longer that the text holds by itself. */
const digits = "94580730";

function placeholderFor(text: string): string {
  let placeholder = "{}";
  for (let i = 0; text.includes(placeholder); i++) placeholder += digits[i % digits.length];
  return placeholder;
}

/** A single scalar string is printed as it is. */
function rawText(inputs: readonly unknown[]): TensorLike | null {
  const [only] = inputs;
  if (inputs.length !== 1 || !isSymbolic(only)) return null;
  const tensor = convertToTensor(only);
  return tensor.dtype.base === "string" && tensor.shape?.length === 0 ? tensor : null;
}

/**
 * An operation that prints its inputs: tensors by their values (`[1 2 3 ... 8 9 10]`), in lists and records among plain values too, which
 * print as Python prints them. Run it, or make it a control dependency. The last argument may be options. Throws ValueError for an unknown
 * stream.
 */
export function printV2(...inputs: readonly unknown[]): Operation {
  const last = inputs.at(-1);
  const options: PrintV2Options = inputs.length > 0 && isOptions(last) ? last : {};
  const values = options === last ? inputs.slice(0, -1) : inputs;
  const { outputStream = "stderr", end = "\n", sep = " ", summarize = 3, name } = options;
  const output_stream = streamOf(outputStream);
  const input = rawText(values) ?? formatted(values, { sep, summarize, name: name && `${name}_format` });
  return printV2Op({ input, output_stream, end }, name);
}

function formatted(
  values: readonly unknown[],
  { sep, summarize, name }: { sep: string; summarize: number; name: string | undefined },
): TensorLike {
  const withoutTensors = values.map((value) => mapLeaves(value, (leaf) => (isTensor(leaf) ? "" : leaf)));
  const placeholder = placeholderFor(withoutTensors.map((value) => printValue(value)).join(" "));
  const tensors: TensorLike[] = [];
  const shown = (leaf: unknown): unknown => {
    if (leaf instanceof SparseTensor) {
      tensors.push(leaf.indices, leaf.values, leaf.denseShape);
      return `SparseTensor(indices=${placeholder}, values=${placeholder}, shape=${placeholder})`;
    }
    if (!isSymbolic(leaf)) return leaf;
    tensors.push(leaf);
    return placeholder;
  };
  const templates = values.map((value) => (typeof value === "string" ? value : pformat(mapLeaves(value, shown))));
  const template = templates.join(sep).replaceAll(`'${placeholder}'`, placeholder);
  return stringFormat(template, tensors, { placeholder, summarize, ...(name ? { name } : {}) });
}
