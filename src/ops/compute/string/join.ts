/** Strings joined over axes and segments, and base64. Source: reduce_join_op.cc, unsorted_segment_join_op.cc, base64_ops.cc. */

import { int32 } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { type FullShape, formatShape, rowMajorStrides } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { constant } from "../../constant.ts";
import { convertToTensor, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import * as ops from "../../index.ts";
import { byName, type Rest } from "../../options.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { inScope, type Name, type Named, nameOf } from "../array/basic/names.ts";
import { rank as rankOf } from "../array/basic/shape.ts";
import { numbersFromInput } from "../array/basic/shape_input.ts";
import { joinBytes, mapStrings, stringArray, stringsOf, toBytes, toLatin1 } from "./bytes.ts";

/** The axes of a reduction, in the order given. */
function axesOf(given: ArrayLike<number>, rank: number): number[] {
  const axes = Array.from(given, (axis) => {
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank)
      throw new InvalidArgumentError(`Invalid reduction dimension ${axis}, for input with ${rank} dimension(s)`);
    return at;
  });
  const repeated = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (repeated !== undefined) throw new InvalidArgumentError(`Duplicate reduction dimension ${repeated}`);
  return axes;
}

/** output = the elements along the axes joined; the first axis given changes fastest. */
export const reduceJoinOp = defineOp("ReduceJoin", {
  inputs: ["inputs: string", "reduction_indices: int32"],
  outputs: ["output: string"],
  attrs: ["keep_dims: bool = false", "separator: string = ''"],
  shape({ inputs, keep_dims }, context) {
    const axes = numbersFromInput(context, "reduction_indices");
    if (inputs === null) return [null];
    if (!axes) return [keep_dims ? inputs.map(() => null) : null];
    const gone = axesOf(axes, inputs.length);
    return [keep_dims ? inputs.map((n, d) => (gone.includes(d) ? 1 : n)) : inputs.filter((_, d) => !gone.includes(d))];
  },
  compute({ inputs, reduction_indices, keep_dims, separator }) {
    const { shape } = inputs;
    if (reduction_indices.size === 0) return inputs;
    const axes = axesOf(toNumbers(reduction_indices), shape.length);
    const kept = shape.map((_, d) => d).filter((d) => !axes.includes(d));
    const strides = rowMajorStrides(shape);
    const [outer, inner] = [offsets(shape, strides, kept), offsets(shape, strides, [...axes].reverse())];
    const between = toBytes(separator);
    const strings = stringsOf(inputs);
    const output = outer.map((base) =>
      joinBytes(
        inner.map((at) => strings[base + at]!),
        between,
      ),
    );
    return stringArray(
      keep_dims ? shape.map((n, d) => (axes.includes(d) ? 1 : n)) : kept.map((d) => shape[d]!),
      output,
    );
  },
  gradient: "none",
});

/** The flat offsets of all coordinates over some axes, the first of them slowest. */
function offsets(shape: FullShape, strides: readonly number[], axes: readonly number[]): number[] {
  let result = [0];
  for (const d of axes)
    result = result.flatMap((base) => Array.from({ length: shape[d]! }, (_, i) => base + i * strides[d]!));
  return result;
}

/** output[s] = the strings of segment s joined. */
export const unsortedSegmentJoinOp = defineOp("UnsortedSegmentJoin", {
  inputs: ["inputs: string", "segment_ids: Tindices", "num_segments: Tnumsegments"],
  outputs: ["output: string"],
  attrs: ["separator: string = ''", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = DT_INT32"],
  shape({ inputs, segment_ids }, context) {
    if (inputs === null || segment_ids === null) return [null];
    return [[numbersFromInput(context, "num_segments")?.[0] ?? null, ...inputs.slice(segment_ids.length)]];
  },
  compute({ inputs, segment_ids, num_segments, separator }) {
    const lead = segment_ids.shape.length;
    if (lead === 0) throw new InvalidArgumentError("Segment_ids cannot have rank 0");
    if (inputs.shape.slice(0, lead).join() !== segment_ids.shape.join()) {
      throw new InvalidArgumentError(
        `Inputs and Segment_ids are not compatible in shape, got ${formatShape(inputs.shape)} and ${formatShape(segment_ids.shape)}`,
      );
    }
    const count = toNumbers(num_segments)[0]!;
    if (count < 0) throw new InvalidArgumentError("Number of segments has to be non-negative");
    const rest = inputs.shape.slice(lead);
    const size = rest.reduce((n, d) => n * d, 1);
    const parts: Uint8Array[][] = Array.from({ length: count * size }, () => []);
    const ids = toNumbers(segment_ids);
    const strings = stringsOf(inputs);
    for (let row = 0; row < ids.length; row++) {
      if (ids[row]! < 0 || ids[row]! >= count) {
        throw new InvalidArgumentError(
          "segment_ids are not allowed to exceed num_segments or to have negative values.",
        );
      }
      for (let i = 0; i < size; i++) parts[ids[row]! * size + i]!.push(strings[row * size + i]!);
    }
    const between = toBytes(separator);
    return stringArray(
      [count, ...rest],
      parts.map((list) => joinBytes(list, between)),
    );
  },
  gradient: "unregistered",
});

/** output = web-safe base64, with `=` at the end where asked. */
export const encodeBase64Op = defineOp("EncodeBase64", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  attrs: ["pad: bool = false"],
  shape: ({ input }) => [input],
  compute({ input, pad }) {
    return mapStrings(input, (bytes) => {
      const text = Buffer.from(bytes).toString("base64url");
      return toBytes(pad ? text.padEnd(Math.ceil(text.length / 4) * 4, "=") : text);
    });
  },
  gradient: "none",
});

export const decodeBase64Op = defineOp("DecodeBase64", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  shape: ({ input }) => [input],
  compute: ({ input }) =>
    mapStrings(input, (bytes) => {
      const text = toLatin1(bytes);
      const bare = text.replace(/={0,2}$/, "");
      if (!/^[A-Za-z0-9_-]*$/.test(bare)) throw new InvalidArgumentError("Invalid character found in base64.");
      if (bare.length % 4 === 1) throw new InvalidArgumentError("1 + Base64 decoded length is not possible");
      return new Uint8Array(Buffer.from(bare, "base64url"));
    }),
  gradient: "none",
});

export interface ReduceJoinOptions extends Named {
  readonly axis?: TensorLike | null;
  readonly keepdims?: boolean;
  readonly separator?: string;
}

const reduceJoinPlaces = ["axis", "keepdims", "separator", "name"] as const;

/** The strings along axes (all of them, last first, when none are given) joined. Source: string_ops.py. */
export function reduceJoin(inputs: TensorLike, ...rest: Rest<ReduceJoinOptions, typeof reduceJoinPlaces>): Tensor {
  const options = byName<ReduceJoinOptions>(rest, reduceJoinPlaces);
  const { axis, keepdims = false, separator = "", name } = options;
  return inScope(null, "ReduceJoin", () => {
    const x = convertToTensor(inputs);
    return reduceJoinOp(
      { inputs: x, reduction_indices: axis ?? allAxesBackwards(x), keep_dims: keepdims, separator },
      name,
    );
  });
}

function allAxesBackwards(x: Tensor): Tensor {
  const n = x.shape?.length;
  if (n !== undefined)
    return constant(
      Int32Array.from({ length: n }, (_, i) => n - 1 - i),
      { dtype: int32 },
    );
  return ops.range(ops.subtract(rankOf(x), 1, { name: "sub" }), -1, -1);
}

type UnsortedSegmentJoinOptions = { readonly separator?: string } & Named;
const unsortedSegmentJoinPlaces = ["separator", "name"] as const;

/** The strings of each segment joined: [numSegments, …]. */
export const unsortedSegmentJoin = (
  inputs: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: Rest<UnsortedSegmentJoinOptions, typeof unsortedSegmentJoinPlaces>
): Tensor => {
  const options = byName<UnsortedSegmentJoinOptions>(rest, unsortedSegmentJoinPlaces);
  return unsortedSegmentJoinOp(
    { inputs, segment_ids: segmentIds, num_segments: numSegments, separator: options.separator ?? "" },
    options.name,
  );
};

type EncodeBase64Options = { readonly pad?: boolean } & Named;
const encodeBase64Places = ["pad", "name"] as const;

/** Web-safe base64 text of bytes, element by element. */
export const encodeBase64 = (
  input: TensorLike,
  ...rest: Rest<EncodeBase64Options, typeof encodeBase64Places>
): Tensor => {
  const options = byName<EncodeBase64Options>(rest, encodeBase64Places);
  return encodeBase64Op({ input, pad: options.pad ?? false }, options.name);
};

/** The bytes of web-safe base64 text, element by element. */
export const decodeBase64 = (input: TensorLike, name?: Name): Tensor => decodeBase64Op({ input }, nameOf(name));
