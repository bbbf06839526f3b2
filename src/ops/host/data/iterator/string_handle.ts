/**
 * Iterators by name: a handle as a string is the message ResourceHandleProto (device, container, name, hash of the type, type). A saved iterator
 * is its dataset and how far it has come. Source: iterator_ops.cc, resource_handle.proto
 */
import { string } from "../../../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { WireReader, WireWriter } from "../../../../io/wire.ts";
import { defineOp } from "../../../define.ts";
import { heldBy, variantOf } from "../../../variant/value.ts";
import { bytesOfText } from "../../arrays.ts";

import { iteratorOf, kind } from "./access.ts";
import { checkComponents, type IteratorResource, type Position } from "./resource.ts";
import { iteratorRuntime } from "./runtime.ts";

const device = "/job:localhost/replica:0/task:0/device:CPU:0";
const decoder = new TextDecoder();

export function handleText(container: string, name: string, typeName: string): NdArray {
  const writer = new WireWriter();
  writer.bytes(1, device);
  writer.bytes(2, container || "localhost");
  writer.bytes(3, name);
  writer.bytes(5, typeName);
  return new NdArray(string, [], [writer.finish()]);
}

/** Container and name in a string that stands for a handle. Throws INVALID_ARGUMENT. */
export function parseHandle(text: NdArray): { readonly container: string; readonly name: string } {
  const bytes = (text.data as readonly Uint8Array[])[0]!;
  const fields = new Map<number, string>();
  try {
    const reader = new WireReader(bytes);
    while (reader.hasMore) {
      const tag = reader.varint();
      if ((tag & 7) === 2) fields.set(tag >>> 3, decoder.decode(reader.bytes()));
      else reader.skip(tag);
    }
  } catch {
    fields.clear();
  }
  const name = fields.get(3);
  if (name === undefined) throw invalidArgument("Could not parse string_handle as a valid ResourceHandle");
  return { container: fields.get(2) ?? "", name };
}

/** The handle of an object that is there. */
export function handleOf<T>(
  context: ComputeContext,
  kindName: string,
  text: NdArray,
): { handle: NdArray; resource: T } {
  const { container, name } = parseHandle(text);
  return context.makeResource<T>({
    container,
    kind: kindName,
    name,
    create() {
      throw invalidArgument(`Resource ${container}/${name}/${kindName} does not exist.`);
    },
  });
}

export const iteratorToStringHandleOp = defineOp("IteratorToStringHandle", {
  inputs: ["resource_handle: resource"],
  outputs: ["string_handle: string"],
  stateful: true,
  shape: () => [[]],
  compute({ resource_handle }, context) {
    const { container, name } = iteratorOf(context, resource_handle);
    return handleText(container, name, "N10tensorflow4data16IteratorResourceE");
  },
  gradient: "unregistered",
});

const fromStringHandle = <const T extends string>(type: T) =>
  defineOp(type, {
    inputs: ["string_handle: string"],
    outputs: ["resource_handle: resource"],
    attrs: ["output_types: list(type) >= 0 = []", "output_shapes: list(shape) >= 0 = []"],
    stateful: true,
    shape: () => [[]],
    compute({ string_handle, output_types, output_shapes }, context) {
      const { handle, resource } = handleOf<IteratorResource>(context, kind, string_handle);
      if (output_types.length > 0)
        checkComponents(
          { dtypes: output_types, shapes: output_shapes.length > 0 ? output_shapes : output_types.map(() => null) },
          resource,
        );
      return handle;
    },
    gradient: "unregistered",
  });

export const iteratorFromStringHandleOp = fromStringHandle("IteratorFromStringHandle");
export const iteratorFromStringHandleV2Op = fromStringHandle("IteratorFromStringHandleV2");

export const serializeIteratorOp = defineOp("SerializeIterator", {
  inputs: ["resource_handle: resource"],
  outputs: ["serialized: variant"],
  attrs: ["external_state_policy: int = 0"],
  stateful: true,
  shape: () => [[null]],
  compute({ resource_handle }, context) {
    const position = iteratorOf(context, resource_handle).position();
    if (!position) throw new FailedPreconditionError("Save() failed because the iterator has not been initialized.");
    const saved = variantOf(position);
    return new NdArray(saved.dtype, [1], saved.data);
  },
  gradient: "unregistered",
});

/** Walks the dataset again as far as the saved iterator had come. */
export const deserializeIteratorOp = defineOp("DeserializeIterator", {
  inputs: ["resource_handle: resource", "serialized: variant"],
  stateful: true,
  shape: () => [],
  async run({ resource_handle, serialized }, context) {
    const saved = heldBy(serialized) as Position | undefined;
    if (saved?.dataset === undefined) throw invalidArgument("The given tensor does not hold a saved iterator.");
    const iterator = iteratorOf(context, resource_handle);
    await iterator.restore(saved, iteratorRuntime(context));
  },
  gradient: "unregistered",
});

/** The message ModelProto of an iterator's performance model: nothing is modelled here. */
export const iteratorGetModelProtoOp = defineOp("IteratorGetModelProto", {
  inputs: ["iterator: resource"],
  outputs: ["model_proto: string"],
  stateful: true,
  shape: () => [[]],
  compute({ iterator }, context) {
    iteratorOf(context, iterator);
    return new NdArray(string, [], [bytesOfText("")]);
  },
  gradient: "unregistered",
});
