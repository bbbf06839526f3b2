/** Joining strings, and matching them whole. Source: string_join_op.cc, regex_full_match_op.cc. */
import { bool, string } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { formatShape, mergeShapes, type Shape, sameShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** output = the inputs, element by element, with the separator between; scalars stand for all elements. */
export const stringJoinOp = defineOp("StringJoin", {
  inputs: ["inputs: N * string"],
  outputs: ["output: string"],
  attrs: ["N: int >= 0", "separator: string = ''"],
  shape({ inputs }) {
    let shape: Shape = [];
    for (const input of inputs) {
      if (input === null) return [null];
      if (input.length > 0) shape = shape?.length === 0 ? input : mergeShapes(shape, input);
    }
    return [shape];
  },
  compute({ inputs, separator }) {
    const shape = inputs.find((input) => input.shape.length > 0)?.shape ?? [];
    for (const input of inputs) {
      if (input.shape.length > 0 && !sameShape(input.shape, shape)) {
        throw invalidArgument(
          `Input shapes do not match.\nFirst: ${formatShape(shape)}\nExpected: ${formatShape(shape)}\nFound: ${formatShape(input.shape)}`,
        );
      }
    }
    const between = encoder.encode(separator);
    const count = shape.reduce((n, d) => n * d, 1);
    const joined = Array.from({ length: count }, (_, i) => {
      const parts = inputs.map((input) => (input.data as readonly Uint8Array[])[input.shape.length === 0 ? 0 : i]!);
      return Buffer.concat(parts.flatMap((part, k) => (k > 0 ? [between, part] : [part]))) as Uint8Array;
    });
    return new NdArray(string, shape, joined);
  },
  gradient: "unregistered",
});

/** Strings put together element by element. */
export const stringJoin = (
  inputs: readonly TensorLike[],
  options: { readonly separator?: string; readonly name?: string | undefined } = {},
): Tensor => stringJoinOp({ inputs, separator: options.separator ?? "" }, options.name);

/** output = whether the whole string matches the pattern. */
export const staticRegexFullMatchOp = defineOp("StaticRegexFullMatch", {
  inputs: ["input: string"],
  outputs: ["output: bool"],
  attrs: ["pattern: string"],
  shape: ({ input }) => [input],
  compute({ input, pattern }) {
    let whole: RegExp;
    try {
      whole = new RegExp(`^(?:${pattern})$`, "su");
    } catch {
      throw invalidArgument(`Invalid pattern: ${pattern}, error: not a regular expression`);
    }
    const matches = (input.data as readonly Uint8Array[]).map((bytes) => Number(whole.test(decoder.decode(bytes))));
    return new NdArray(bool, input.shape, Uint8Array.from(matches));
  },
  gradient: "unregistered",
});
