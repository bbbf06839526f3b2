/** ImmutableConst: a tensor whose elements are a file's bytes. Source: immutable_constant_op.cc. */
import { InternalError, InvalidArgumentError } from "../../../core/error.ts";
import { NdArray, viewElements } from "../../../core/nd_array.ts";
import { elementCount, isFull } from "../../../core/shape.ts";
import { readFile } from "../../../io/file_system.ts";
import { defineOp } from "../../define.ts";

/** The file memory_region_name as a tensor of dtype and shape. Throws NOT_FOUND without it, INTERNAL where it is too short. */
export const immutableConstOp = defineOp("ImmutableConst", {
  outputs: ["tensor: dtype"],
  attrs: ["dtype: type", "shape: shape", "memory_region_name: string"],
  shape: ({ shape }) => [shape],
  access: "file",
  run({ dtype, shape, memory_region_name }, context) {
    if (dtype.base === "string") {
      throw new InvalidArgumentError("Sorry, DT_STRING is not currently supported for ImmutableConstOp.");
    }
    if (!shape || !isFull(shape)) throw new InvalidArgumentError("shape must be fully defined");
    context.permit(memory_region_name);
    const bytes = readFile(memory_region_name);
    const count = elementCount(shape);
    if (bytes.length < count * dtype.sizeBytes) {
      throw new InternalError(`${memory_region_name}: ${bytes.length} bytes for ${count} elements of ${dtype.name}`);
    }
    const copy = bytes.slice(0, count * dtype.sizeBytes);
    return new NdArray(dtype, shape, viewElements(dtype, copy.buffer, copy.byteOffset, count));
  },
  gradient: "unregistered",
});
