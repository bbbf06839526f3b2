/** Maps from tensors to tensors, which variants hold. A map never changes: each change gives another one. Source: map_ops.cc, map_kernels.cc, map_ops.py. */

import { InternalError, invalidArgument } from "../../core/error.ts";
import { type NdArray, ndarray } from "../../core/nd_array.ts";
import { type FullShape, formatShape, sameShape } from "../../core/shape.ts";
import { cppName } from "../../graph/def/node_text.ts";
import { defineOp } from "../define.ts";
import { copyArray, stackRows } from "../host/arrays.ts";
import { addArrays, heldBy, heldText, type VariantValue, variantOf } from "./value.ts";

interface Entry {
  readonly key: NdArray;
  readonly value: NdArray;
}

class TensorMap implements VariantValue {
  readonly typeName = "tensorflow::TensorMap";
  readonly text = "TensorMap";
  readonly entries: ReadonlyMap<string, Entry>;

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.entries = entries;
  }

  /** A map without entries. */
  zerosLike(): TensorMap {
    return new TensorMap(new Map());
  }

  /** The entries of both; values of a common key add up. */
  plus(other: TensorMap): TensorMap {
    const entries = new Map(this.entries);
    for (const [text, { key, value }] of other.entries) {
      const own = entries.get(text);
      entries.set(text, { key, value: own ? addArrays(own.value, value) : value });
    }
    return new TensorMap(entries);
  }
}

const textOf = (key: NdArray): string =>
  `${key.dtype.base} ${key.shape} ${Array.from(key.data as ArrayLike<unknown>, (item) => (item instanceof Uint8Array ? `"${item}"` : String(item)))}`;

function mapOf(handle: NdArray): TensorMap {
  if (handle.shape.length !== 0) {
    throw invalidArgument(`Input map must be a scalar. Saw: ${formatShape(handle.shape)}`);
  }
  const map = heldBy(handle);
  if (!(map instanceof TensorMap)) {
    throw invalidArgument(`Input handle is not a map. Saw: '${heldText(map)}'`);
  }
  return map;
}

const keyed = ["key_dtype: type", "value_dtype: type"] as const;
const scalarHandle = () => [[]];

export const emptyTensorMapOp = defineOp("EmptyTensorMap", {
  outputs: ["handle: variant"],
  shape: scalarHandle,
  compute: () => variantOf(new TensorMap(new Map())),
  gradient: "unregistered",
});

export const tensorMapSizeOp = defineOp("TensorMapSize", {
  inputs: ["input_handle: variant"],
  outputs: ["size: int32"],
  shape: scalarHandle,
  compute: ({ input_handle }) => ndarray(mapOf(input_handle).entries.size, "int32"),
  gradient: "unregistered",
});

/** output_handle = the map with value under key, in place of what was there. */
export const tensorMapInsertOp = defineOp("TensorMapInsert", {
  inputs: ["input_handle: variant", "key: key_dtype", "value: value_dtype"],
  outputs: ["output_handle: variant"],
  attrs: keyed,
  shape: scalarHandle,
  compute({ input_handle, key, value }) {
    const entries = new Map(mapOf(input_handle).entries);
    const text = textOf(key);
    entries.set(text, { key: entries.get(text)?.key ?? copyArray(key), value: copyArray(value) });
    return variantOf(new TensorMap(entries));
  },
  gradient: "unregistered",
});

/** value = what is under key. Throws INVALID_ARGUMENT when there is nothing, or a value of another dtype. */
export const tensorMapLookupOp = defineOp("TensorMapLookup", {
  inputs: ["input_handle: variant", "key: key_dtype"],
  outputs: ["value: value_dtype"],
  attrs: keyed,
  shape: () => [null],
  compute({ input_handle, key, value_dtype }, context) {
    const entry = mapOf(input_handle).entries.get(textOf(key));
    if (!entry)
      throw invalidArgument('Trying to lookup non-existent key. Could not find key "'.concat(keyText(key), '".'));
    if (entry.value.dtype !== value_dtype) {
      throw new InternalError(
        `Output 0 of type ${cppName(entry.value.dtype)} does not match declared output type ${cppName(value_dtype)} for node {{node ${context.node.name}}}`,
      );
    }
    return entry.value;
  },
  gradient: "unregistered",
});

const keyText = (key: NdArray): string => {
  const item = (key.data as ArrayLike<unknown>)[0];
  return item instanceof Uint8Array ? new TextDecoder().decode(item) : String(item);
};

/** output_handle = the map without key. Throws INVALID_ARGUMENT when it is not there. */
export const tensorMapEraseOp = defineOp("TensorMapErase", {
  inputs: ["input_handle: variant", "key: key_dtype"],
  outputs: ["output_handle: variant"],
  attrs: keyed,
  shape: scalarHandle,
  compute({ input_handle, key }) {
    const entries = new Map(mapOf(input_handle).entries);
    if (!entries.delete(textOf(key))) {
      throw invalidArgument('Trying to erase non-existent item. Could not find key "'.concat(keyText(key), '".'));
    }
    return variantOf(new TensorMap(entries));
  },
  gradient: "unregistered",
});

export const tensorMapHasKeyOp = defineOp("TensorMapHasKey", {
  inputs: ["input_handle: variant", "key: key_dtype"],
  outputs: ["has_key: bool"],
  attrs: ["key_dtype: type"],
  shape: scalarHandle,
  compute: ({ input_handle, key }) => ndarray(mapOf(input_handle).entries.has(textOf(key)), "bool"),
  gradient: "unregistered",
});

/** keys = all keys, of one dtype and shape, as rows. Throws INVALID_ARGUMENT for others, and for an empty map. */
export const tensorMapStackKeysOp = defineOp("TensorMapStackKeys", {
  inputs: ["input_handle: variant"],
  outputs: ["keys: key_dtype"],
  attrs: ["key_dtype: type"],
  shape: () => [null],
  compute({ input_handle, key_dtype }) {
    const keys = [...mapOf(input_handle).entries.values()].map(({ key }) => key);
    if (keys.length === 0) {
      throw invalidArgument("TensorMapStackKeys cannot be called on empty map.");
    }
    const shape: FullShape = keys[0]!.shape;
    for (const key of keys) {
      if (key.dtype !== key_dtype) throw invalidArgument("Key does not match requested dtype.");
      if (!sameShape(key.shape, shape)) throw invalidArgument("Keys must all have the same shape.");
    }
    return stackRows(key_dtype, shape, keys);
  },
  gradient: "unregistered",
});
