/** TensorShapeProto ⇄ Shape: a size of -1 is an unknown dimension, `unknown_rank` a shape of unknown rank. */
import { InvalidArgumentError } from "../core/error.ts";
import type { FullShape, Shape } from "../core/shape.ts";
import { fromLong, type pb } from "./messages.ts";

/** What TensorFlow's TensorShape can hold. */
const maxRank = 254;

export function toShapeProto(shape: Shape): pb.TensorShapeProto.$Properties {
  if (shape === null) return { unknownRank: true };
  return { dim: shape.map((size) => ({ size: size ?? -1 })) };
}

/** An absent proto is a scalar. INVALID_ARGUMENT for sizes under -1, over 2^53 - 1, and for more than 254 dimensions. */
export function fromShapeProto(proto: pb.TensorShapeProto.$Properties | null | undefined): Shape {
  if (proto == null) return [];
  if (proto.unknownRank) return null;
  const dims = proto.dim ?? [];
  if (dims.length > maxRank)
    throw new InvalidArgumentError(`Shape has ${dims.length} dimensions, the most is ${maxRank}`);
  return dims.map((dim) => {
    const size = fromLong(dim.size);
    if (typeof size === "bigint" || size < -1) {
      throw new InvalidArgumentError(
        `Shape [${dims.map((d) => fromLong(d.size)).join(",")}] has dimensions that are out of range`,
      );
    }
    return size === -1 ? null : size;
  });
}

/** A shape without unknown dimensions whose product is at most 2^53 - 1; INVALID_ARGUMENT otherwise. */
export function fromFullShapeProto(proto: pb.TensorShapeProto.$Properties | null | undefined): FullShape {
  const shape = fromShapeProto(proto);
  if (shape === null) throw new InvalidArgumentError("Shape <unknown> is not fully defined");
  let count = 1n;
  for (const size of shape) {
    if (size === null) {
      throw new InvalidArgumentError(`Shape [${shape.map((d) => d ?? -1).join(",")}] is not fully defined`);
    }
    count *= BigInt(size);
    if (count > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError(
        `Shape [${shape.map((d) => d ?? -1).join(",")}] would have more than 2**53 - 1 elements`,
      );
    }
  }
  return shape as FullShape;
}
