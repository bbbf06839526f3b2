/** Checkpoints of the first version: Save, SaveSlices, Restore, RestoreSlice. Source: save_restore_op.cc, save_restore_tensor.cc. */
import { InvalidArgumentError, invalidArgument, NotFoundError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type Shape, withRank } from "../../../core/shape.ts";
import type { RunContext } from "../../../graph/definition.ts";
import { SliceFiles, writeSliceFile } from "../../../io/checkpoint/v1/slice_file.ts";
import { defineOp } from "../../define.ts";
import { cppName, sliceShape, texts } from "./bundle.ts";

function filenameOf(filename: NdArray): string {
  if (filename.size !== 1) {
    throw invalidArgument(`Input 0 (filename) must be a string scalar; got a tensor of ${filename.size}elements`);
  }
  return texts(filename)[0]!;
}

interface Saved {
  readonly filename: NdArray;
  readonly tensor_names: NdArray;
  readonly specs: NdArray | null;
  readonly data: readonly NdArray[];
}

/** Writes the file in the order of names. */
function save({ filename, tensor_names, specs, data }: Saved, context: RunContext): void {
  const path = filenameOf(filename);
  const names = texts(tensor_names);
  if (names.length !== data.length) {
    throw invalidArgument(`Got ${names.length} tensor names but ${data.length} tensors: `);
  }
  if (specs && specs.size !== names.length) {
    throw invalidArgument(`Expected ${names.length} elements for the tensor slice spec, but got ${specs.size}`);
  }
  context.permit(path);
  const slices = specs ? texts(specs) : names.map(() => "");
  const parts = names.map((name, i) => ({ name, spec: slices[i]!, array: data[i]! }));
  writeSliceFile(
    path,
    parts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  );
}

/** Writes tensors to one file. */
export const saveOp = defineOp("Save", {
  inputs: ["filename: string", "tensor_names: string", "data: T"],
  attrs: ["T: list(type) >= 1"],
  stateful: true,
  shape({ filename, tensor_names, data }) {
    withRank(filename, 0);
    checkCount(tensor_names, data.length);
    return [];
  },
  access: "checkpoint",
  run: ({ filename, tensor_names, data }, context) => save({ filename, tensor_names, specs: null, data }, context),
  gradient: "unregistered",
});

/** As Save, of slices such as `"4 2 0,2:-"`, or "" for whole tensors. */
export const saveSlicesOp = defineOp("SaveSlices", {
  inputs: ["filename: string", "tensor_names: string", "shapes_and_slices: string", "data: T"],
  attrs: ["T: list(type) >= 1"],
  stateful: true,
  shape({ filename, tensor_names, shapes_and_slices, data }) {
    withRank(filename, 0);
    checkCount(tensor_names, data.length);
    checkCount(shapes_and_slices, data.length);
    return [];
  },
  access: "checkpoint",
  run: ({ filename, tensor_names, shapes_and_slices, data }, context) =>
    save({ filename, tensor_names, specs: shapes_and_slices, data }, context),
  gradient: "unregistered",
});

function checkCount(names: Shape, count: number): void {
  const [n] = withRank(names, 1);
  if (n !== null && n !== count) {
    throw new InvalidArgumentError(`Dimension must be ${count} but is ${n}`);
  }
}

interface Wanted {
  readonly file_pattern: NdArray;
  readonly tensor_name: NdArray;
  readonly spec: string;
  readonly dt: { readonly base: string };
}

function restore({ file_pattern, tensor_name, spec, dt }: Wanted, context: RunContext): NdArray {
  if (file_pattern.size !== 1) {
    throw invalidArgument(
      `Input 0 (file_pattern) must be a string scalar; got a tensor of ${file_pattern.size} elements`,
    );
  }
  const pattern = texts(file_pattern)[0]!;
  const name = texts(tensor_name)[0]!;
  context.permit(pattern);
  return restoreFrom(SliceFiles.open(pattern), { pattern, name, spec, dtype: dt.base });
}

/** One tensor (or slice). Throws NOT_FOUND for an unknown name, INVALID_ARGUMENT for another dtype. */
export function restoreFrom(
  files: SliceFiles,
  wanted: { readonly pattern: string; readonly name: string; readonly spec: string; readonly dtype: string },
): NdArray {
  const { pattern, name, spec, dtype } = wanted;
  const saved = files.get(name);
  if (!saved) throw new NotFoundError(`Tensor name "${name}" not found in checkpoint files ${pattern}`);
  if (saved.dtype.base !== dtype) {
    throw invalidArgument(
      `Expected to restore a tensor of type ${cppName(dtype)}, got a tensor of type ${cppName(saved.dtype.base)} instead: tensor_name = ${name}`,
    );
  }
  return files.read(name, spec);
}

/** The tensor of that name in the file, or in the files that the pattern names. */
export const restoreOp = defineOp("Restore", {
  inputs: ["file_pattern: string", "tensor_name: string"],
  outputs: ["tensor: dt"],
  attrs: ["dt: type", "preferred_shard: int = -1"],
  stateful: true,
  shape({ file_pattern, tensor_name }) {
    withRank(file_pattern, 0);
    withRank(tensor_name, 0);
    return [null];
  },
  access: "checkpoint",
  run: ({ file_pattern, tensor_name, dt }, context) => restore({ file_pattern, tensor_name, spec: "", dt }, context),
  gradient: "unregistered",
});

/** As Restore, of a slice. */
export const restoreSliceOp = defineOp("RestoreSlice", {
  inputs: ["file_pattern: string", "tensor_name: string", "shape_and_slice: string"],
  outputs: ["tensor: dt"],
  attrs: ["dt: type", "preferred_shard: int = -1"],
  stateful: true,
  shape({ file_pattern, tensor_name, shape_and_slice }, context) {
    for (const shape of [file_pattern, tensor_name, shape_and_slice]) withRank(shape, 0);
    const spec = context.value("shape_and_slice");
    return [spec ? sliceShape(texts(spec)[0]!) : null];
  },
  access: "checkpoint",
  run: ({ file_pattern, tensor_name, shape_and_slice, dt }, context) =>
    restore({ file_pattern, tensor_name, spec: texts(shape_and_slice)[0]!, dt }, context),
  gradient: "unregistered",
});
