/**
 * Saving and restoring tensors in checkpoints. Bundles (V2) are what Saver writes; the ops of the first format (Save, Restore) are
 * for graphs that hold them. Source: save_restore_v2_ops.cc.
 */
import { string } from "../../../core/dtype.ts";
import { invalidArgument } from "../../../core/error.ts";
import { elementAt, NdArray } from "../../../core/nd_array.ts";
import { type Shape, withRank } from "../../../core/shape.ts";
import { BundleReader } from "../../../io/checkpoint/bundle_reader.ts";
import { BundleWriter, mergeBundles } from "../../../io/checkpoint/bundle_writer.ts";
import { isFirstVersion, SliceFiles } from "../../../io/checkpoint/v1/slice_file.ts";
import { defineOp } from "../../define.ts";
import { restoreFrom } from "./slices.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

export const texts = (array: NdArray): string[] =>
  (array.data as readonly Uint8Array[]).map((bytes) => decoder.decode(bytes));

function one(array: NdArray, what: string): string {
  if (array.size !== 1) throw invalidArgument(`Input ${what} should be a scalar tensor, got ${array.size} elements`);
  return texts(array)[0]!;
}

/** As many tensors as names and slices. */
function checkCounts(names: NdArray, slices: NdArray, count: number): void {
  for (const [what, array] of [
    ["tensor_names", names],
    ["shape_and_slices", slices],
  ] as const) {
    if (array.size !== count) {
      throw invalidArgument(`Got ${count} tensors but ${array.size} ${what}.`);
    }
  }
}

/** Writes a bundle under a temporary name and then gives it its own. */
export const saveV2Op = defineOp("SaveV2", {
  inputs: ["prefix: string", "tensor_names: string", "shape_and_slices: string", "tensors: dtypes"],
  attrs: ["dtypes: list(type) >= 1"],
  stateful: true,
  shape: ({ prefix, tensor_names, shape_and_slices }) => {
    withRank(prefix, 0);
    withRank(tensor_names, 1);
    withRank(shape_and_slices, 1);
    return [];
  },
  access: "checkpoint",
  async run({ prefix, tensor_names, shape_and_slices, tensors }, context) {
    checkCounts(tensor_names, shape_and_slices, tensors.length);
    const slices = texts(shape_and_slices);
    const path = one(prefix, "prefix");
    context.permit(path);
    const writer = new BundleWriter(path);
    for (const [i, name] of texts(tensor_names).entries()) {
      if (slices[i] === "") await writer.add(name, tensors[i]!);
      else await writer.addSlice(name, slices[i]!, tensors[i]!);
    }
    await writer.finish();
  },
  gradient: "unregistered",
});

/** tensors[i] = the tensor (or slice) of that name, from a bundle or a file of the first version. Throws NOT_FOUND for an unknown name, INVALID_ARGUMENT for another dtype. */
export const restoreV2Op = defineOp("RestoreV2", {
  inputs: ["prefix: string", "tensor_names: string", "shape_and_slices: string"],
  outputs: ["tensors: dtypes"],
  attrs: ["dtypes: list(type) >= 1"],
  stateful: true,
  shape: ({ prefix, tensor_names, shape_and_slices, dtypes }, context) => {
    withRank(prefix, 0);
    withRank(tensor_names, 1);
    withRank(shape_and_slices, 1);
    const slices = context.value("shape_and_slices");
    const known = slices && slices.size === dtypes.length ? texts(slices) : null;
    return dtypes.map((_, i) => (known ? sliceShape(known[i]!) : null));
  },
  access: "checkpoint",
  async run({ prefix, tensor_names, shape_and_slices, dtypes }, context) {
    checkCounts(tensor_names, shape_and_slices, dtypes.length);
    const slices = texts(shape_and_slices);
    const path = one(prefix, "prefix");
    context.permit(path);
    const names = texts(tensor_names);
    if (isFirstVersion(path)) {
      const files = SliceFiles.open(path);
      return names.map((name, i) =>
        restoreFrom(files, { pattern: path, name, spec: slices[i]!, dtype: dtypes[i]!.base }),
      );
    }
    const reader = BundleReader.open(path);
    try {
      for (const [i, name] of names.entries()) {
        const { dtype } = reader.entry(name);
        if (dtype === dtypes[i]) continue;
        throw invalidArgument(
          `tensor_name = ${name}; expected dtype ${cppName(dtypes[i]!.base)} does not equal original dtype ${cppName(dtype.base)}`,
        );
      }
      const found: NdArray[] = [];
      for (const [i, name] of names.entries()) {
        found.push(slices[i] === "" ? await reader.read(name) : await reader.readSlice(name, slices[i]!));
      }
      return found;
    } finally {
      reader.close();
    }
  },
  gradient: "unregistered",
});

export const cppName = (name: string): string =>
  ({ float32: "float", float64: "double", float16: "half" })[name] ?? name;

/** The shape of what a slice's text picks; null for whole tensors. */
export function sliceShape(text: string): Shape {
  if (text === "") return null;
  const words = text.split(" ");
  const full = words.slice(0, -1).map(Number);
  return words
    .at(-1)!
    .split(":")
    .map((part, i) => (part === "-" ? full[i]! : Number(part.split(",")[1])));
}

/** Joins the bundles of several writers into one, of as many shards. */
export const mergeV2CheckpointsOp = defineOp("MergeV2Checkpoints", {
  inputs: ["checkpoint_prefixes: string", "destination_prefix: string"],
  attrs: ["delete_old_dirs: bool = true", "allow_missing_files: bool = false"],
  stateful: true,
  shape: ({ checkpoint_prefixes, destination_prefix }) => {
    withRank(checkpoint_prefixes, 1);
    withRank(destination_prefix, 0);
    return [];
  },
  access: "checkpoint",
  async run({ checkpoint_prefixes, destination_prefix, delete_old_dirs }, context) {
    const target = one(destination_prefix, "destination_prefix");
    for (const path of [target, ...texts(checkpoint_prefixes)]) context.permit(path);
    await mergeBundles(texts(checkpoint_prefixes), target, { deleteOldDirs: delete_old_dirs });
  },
  gradient: "unregistered",
});

const shardName = (basename: NdArray, shard: string, count: NdArray): NdArray => {
  const total = String(elementAt(count, 0)).padStart(5, "0");
  return new NdArray(string, [], [encoder.encode(`${texts(basename)[0]}-${shard}-of-${total}`)]);
};

/** `/x/m-00001-of-00003`. */
export const shardedFilenameOp = defineOp("ShardedFilename", {
  inputs: ["basename: string", "shard: int32", "num_shards: int32"],
  outputs: ["filename: string"],
  shape: ({ basename, shard, num_shards }) => {
    for (const shape of [basename, shard, num_shards]) withRank(shape, 0);
    return [[]];
  },
  compute: ({ basename, shard, num_shards }) =>
    shardName(basename, String(elementAt(shard, 0)).padStart(5, "0"), num_shards),
  gradient: "unregistered",
});

/** `/x/m-?????-of-00003`. */
export const shardedFilespecOp = defineOp("ShardedFilespec", {
  inputs: ["basename: string", "num_shards: int32"],
  outputs: ["filename: string"],
  shape: ({ basename, num_shards }) => {
    for (const shape of [basename, num_shards]) withRank(shape, 0);
    return [[]];
  },
  compute: ({ basename, num_shards }) => shardName(basename, "?????", num_shards),
  gradient: "unregistered",
});
