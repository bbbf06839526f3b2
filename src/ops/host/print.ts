/** Looking at values while a graph runs: Print, PrintV2, Assert, CheckNumerics. Source: logging_ops.cc, check_numerics_op.cc. */
import { invalidArgument } from "../../core/error.ts";
import { nowSeconds, writeStderr, writeStdout } from "../../core/host.ts";
import { ndarray } from "../../core/nd_array.ts";
import { withRank } from "../../core/shape.ts";
import { summarize as summarizeArray } from "../../core/text/summarize.ts";
import type { Lowering } from "../../engine/lowering.ts";
import type { Value } from "../../engine/primitive.ts";
import type { RunContext } from "../../graph/definition.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { nodeFiles, writeAll } from "../../io/file_system.ts";
import type { TensorLike } from "../convert.ts";
import { defineOp } from "../define.ts";
import { byKeyword, byName, type Rest } from "../options.ts";

/** output = input; prints message and data on standard error, at most first_n times (-1: each time). */
export const printOp = defineOp("Print", {
  inputs: ["input: T", "data: U"],
  outputs: ["output: T"],
  attrs: ["T: type", "U: list(type) >= 0", "message: string = ''", "first_n: int = -1", "summarize: int = 3"],
  stateful: true,
  shape: ({ input }) => [input],
  compute({ input, data, message, first_n, summarize }, context) {
    const printed = context.nodeState(() => ({ times: 0 }));
    if (first_n < 0 || printed.times < first_n) {
      printed.times++;
      writeStderr(`${message}${data.map((array) => `[${summarizeArray(array, summarize)}]`).join("")}\n`);
    }
    return input;
  },
  gradient: (_tf, _op, dy) => ({ input: dy! }),
});

export interface PrintOptions {
  readonly message?: string | undefined;
  /** How often it prints; always by default. */
  readonly firstN?: number | undefined;
  /** How many elements of each tensor; 3 by default, all for -1. */
  readonly summarize?: number | undefined;
  readonly name?: string | undefined;
}

/** The input itself, which prints `data` on standard error whenever it is computed. */
export const Print = (
  input: TensorLike,
  data: readonly TensorLike[],
  ...rest: Rest<PrintOptions, ["message", "firstN", "summarize", "name"]>
): Tensor => {
  const options: PrintOptions = byName(rest, ["message", "firstN", "summarize", "name"]);
  const { message = "", firstN = -1, summarize = 3, name } = options;
  return printOp({ input, data, message, first_n: firstN, summarize }, name);
};

/** Prints a string: on standard error or output, into the log, or at the end of a file. */
export const printV2Op = defineOp("PrintV2", {
  inputs: ["input: string"],
  attrs: ["output_stream: string = 'stderr'", "end: string = '\n'"],
  stateful: true,
  shape: ({ input }) => {
    withRank(input, 0);
    return [];
  },
  access: "file",
  run({ input, output_stream, end }, context) {
    const text = `${new TextDecoder().decode((input.data as readonly Uint8Array[])[0])}${end}`;
    if (output_stream.startsWith("file://")) appendText(output_stream.slice("file://".length), text, context);
    else if (output_stream === "stdout") writeStdout(text);
    else if (output_stream === "stderr" || output_stream.startsWith("log(")) writeStderr(text);
    else
      throw invalidArgument(
        `Unknown output stream: ${output_stream}, Valid output_streams: stdout, stderr, log(info), log(warning), log(error)`,
      );
  },
  gradient: "unregistered",
});

function appendText(path: string, text: string, context: RunContext): void {
  context.permit(path);
  const file = nodeFiles.open(path, "a");
  try {
    writeAll(file, new TextEncoder().encode(text));
  } finally {
    file.close();
  }
}

/** Fails with the data when the condition is false: `assertion failed: [-1] [is not positive]`. */
export const assertOp = defineOp("Assert", {
  inputs: ["condition: bool", "data: T"],
  attrs: ["T: list(type) >= 1", "summarize: int = 3"],
  stateful: true,
  shape: ({ condition }) => {
    withRank(condition, 0);
    return [];
  },
  compute({ condition, data, summarize }) {
    if (condition.data[0]) return;
    throw invalidArgument(`assertion failed:${data.map((array) => ` [${summarizeArray(array, summarize)}]`).join("")}`);
  },
  gradient: "none",
});

const ofGradient = "Not a number (NaN) or infinity (Inf) values detected in gradient";

const numericsAttrs = ["T: {bfloat16, half, float, double}", "message: string"] as const;

/** Fails with the first of these that is there: both kinds, or the one. */
function checkAll(
  p: Lowering,
  tensor: Value,
  complaints: readonly (readonly [readonly Value[], string])[],
  message: string,
): Value {
  for (const [kinds, words] of complaints) {
    const isThere = kinds.reduce((all, each) => p.logicalAnd(all, each));
    p.check(p.logicalNot(isThere), () => invalidArgument(`${message} : Tensor had ${words} values`));
  }
  return tensor;
}

const anyOf = (p: Lowering, x: Value): Value =>
  p.reduce(
    "any",
    x,
    x.shape.map((_, i) => i),
  );

/** output = tensor; fails when an element is not finite: `<message> : Tensor had NaN values`. */
export const checkNumericsOp = defineOp("CheckNumerics", {
  inputs: ["tensor: T"],
  outputs: ["output: T"],
  attrs: numericsAttrs,
  stateful: true,
  shape: ({ tensor }) => [tensor],
  lower(p, { tensor, message }) {
    const nan = anyOf(p, p.isNan(tensor));
    const inf = anyOf(p, p.isInf(tensor));
    return checkAll(
      p,
      tensor,
      [
        [[inf, nan], "Inf and NaN"],
        [[inf], "Inf"],
        [[nan], "NaN"],
      ],
      message,
    );
  },
  gradient: (tf, { message }, dy) => ({
    tensor: tf.checkNumerics(dy!, `${ofGradient}. ${message}`),
  }),
});

/** As CheckNumerics, telling the signs of infinities. */
export const checkNumericsV2Op = defineOp("CheckNumericsV2", {
  inputs: ["tensor: T"],
  outputs: ["output: T"],
  attrs: numericsAttrs,
  stateful: true,
  shape: ({ tensor }) => [tensor],
  lower(p, { tensor, message }) {
    const zero = p.scalar(0, tensor.dtype);
    const nan = anyOf(p, p.isNan(tensor));
    const inf = p.isInf(tensor);
    const negative = anyOf(p, p.logicalAnd(inf, p.lt(tensor, zero)));
    const positive = anyOf(p, p.logicalAnd(inf, p.gt(tensor, zero)));
    const kinds: readonly (readonly [Value, string])[] = [
      [negative, "-Inf"],
      [positive, "+Inf"],
      [nan, "NaN"],
    ];
    const sets = [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]];
    const complaints = sets.map((set) => [set.map((i) => kinds[i]![0]), listed(set.map((i) => kinds[i]![1]))] as const);
    return checkAll(p, tensor, complaints, message);
  },
  gradient: (_tf, { message }, dy) => ({
    tensor: checkNumericsV2(dy!, `${ofGradient}. ${message}`),
  }),
});

function checkNumericsV2(tensor: Tensor, message: string): Tensor {
  return checkNumericsV2Op({ tensor, message });
}

const listed = (words: readonly string[]): string =>
  words.length < 3 ? words.join(" and ") : `${words.slice(0, -1).join(", ")}, and ${words.at(-1)}`;

/** The tensor itself; fails with `message` when an element is NaN or infinite. */
export const checkNumerics = byKeyword(
  ["tensor", "message"],
  function checkNumerics(
    tensor: TensorLike,
    message: string,
    options: { readonly name?: string | undefined } = {},
  ): Tensor {
    return checkNumericsOp({ tensor, message }, options.name);
  },
);

/** ts = seconds since 1970. */
export const timestampOp = defineOp("Timestamp", {
  outputs: ["ts: double"],
  stateful: true,
  shape: () => [[]],
  compute: () => ndarray(nowSeconds(), "float64", []),
  gradient: "none",
});

export const timestamp = (options: { readonly name?: string | undefined } = {}): Tensor =>
  timestampOp({}, options.name);
