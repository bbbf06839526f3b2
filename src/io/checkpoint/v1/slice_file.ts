/** Checkpoints of the first version: one table of tensors and their slices, or several together. Source: tensor_slice_reader.cc, tensor_slice_writer.cc */
import { DataLossError, InvalidArgumentError, NotFoundError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { type FullShape, formatShape, sameShape } from "../../../core/shape.ts";
import { type FileSystem, nodeFiles, writeFileAtomic } from "../../file_system.ts";
import { expandPaths } from "../../paths.ts";
import { located } from "../../wire.ts";
import { Assembly } from "../assembly.ts";
import { indexPath } from "../bundle_reader.ts";
import { fullExtents, parseSliceSpec, type Slice, sliceKey, sliceShape } from "../slice.ts";
import { readTable, type TableEntry } from "../table_reader.ts";
import { buildTable, compareBytes } from "../table_writer.ts";
import { decodeData, decodeMeta, encodeData, encodeMeta, type SavedTensor } from "./messages.ts";
import { shardFiles } from "./shards.ts";

export interface SavedPart {
  readonly name: string;
  /** `"4 2 0,2:-"`, or "" for a whole tensor. */
  readonly spec: string;
  readonly array: NdArray;
}

/** Writes the tensors and slices as one file. Throws INVALID_ARGUMENT for a slice that is not its tensor's shape. */
export function writeSliceFile(path: string, parts: readonly SavedPart[]): void {
  const tensors = new Map<string, SavedTensor>();
  const entries: [Uint8Array, Uint8Array][] = [];
  for (const { name, spec, array } of parts) {
    const { fullShape, slice } = spec === "" ? whole(array) : parseSliceSpec(spec);
    const expected = sliceShape(fullShape, slice);
    if (expected.join() !== array.shape.join()) {
      throw new InvalidArgumentError(
        `Slice in shape_and_slice specification does not match the shape of the tensor to  save: ${spec}, tensor: ${formatShape(array.shape)}`,
      );
    }
    const tensor = tensors.get(name);
    if (tensor) tensor.slices.push(slice);
    else tensors.set(name, { name, dtype: array.dtype, shape: fullShape, slices: [slice] });
    entries.push([sliceKey(name, slice), encodeData(name, slice, array)]);
  }
  entries.sort(([a], [b]) => compareBytes(a, b));
  writeFileAtomic(path, buildTable([[new Uint8Array(), encodeMeta([...tensors.values()])], ...entries]));
}

/** Is it one of these, rather than a bundle's prefix? */
export const isFirstVersion = (path: string, files: FileSystem = nodeFiles): boolean =>
  !files.stat(indexPath(path)) && shardFiles(path).every((file) => files.stat(file)?.isFile ?? false);

const whole = (array: NdArray): { fullShape: FullShape; slice: Slice } => ({
  fullShape: array.shape,
  slice: array.shape.map(() => ({ start: 0, length: -1 })),
});

const keyText = (key: Uint8Array): string => Buffer.from(key).toString("latin1");

/** The tensors of the files that a pattern names. */
export class SliceFiles {
  readonly #tensors = new Map<string, SavedTensor>();
  readonly #data = new Map<string, Uint8Array>();
  /** The last file that has a part of a tensor. */
  readonly #paths = new Map<string, string>();
  #bytes = 0;

  private constructor(paths: readonly string[], files: FileSystem) {
    for (const path of paths) this.#add(path, readTable(path, files));
  }

  #add(path: string, [meta, ...rest]: readonly TableEntry[]): void {
    if (meta && meta[0].length > 0)
      throw new DataLossError(`${path}: no list of tensors at its start`, { path, offset: 0 });
    for (const tensor of meta ? located(path, () => decodeMeta(meta[1])) : []) {
      const known = this.#tensors.get(tensor.name);
      if (!known) this.#tensors.set(tensor.name, tensor);
      else if (known.dtype !== tensor.dtype || !sameShape(known.shape, tensor.shape))
        throw new DataLossError(`${path}: ${tensor.name} has two shapes or types`, { path });
      else for (const slice of tensor.slices) known.slices.push(slice);
      this.#paths.set(tensor.name, path);
    }
    for (const [key, value] of rest) {
      this.#data.set(keyText(key), value);
      this.#bytes += value.length;
    }
  }

  /** Reads a file, or all that match a pattern. Throws NOT_FOUND without any, DATA_LOSS for what is no table. */
  static open(pattern: string, files: FileSystem = nodeFiles): SliceFiles {
    const paths = files.stat(pattern)?.isFile ? [pattern] : matching(pattern);
    if (paths.length === 0) {
      throw new NotFoundError(
        `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${pattern}`,
      );
    }
    return new SliceFiles(paths, files);
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  get(name: string): SavedTensor | undefined {
    return this.#tensors.get(name);
  }

  /** NOT_FOUND for an unknown name. */
  entry(name: string): SavedTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new NotFoundError(`Key ${name} not found in checkpoint`);
    return tensor;
  }

  /** The tensor, or a slice of it. Throws INVALID_ARGUMENT where the spec's shape is another one or a part is missing. */
  read(name: string, spec = ""): NdArray {
    const tensor = this.entry(name);
    const { dtype, shape, slices } = tensor;
    let wanted: Slice | undefined;
    if (spec !== "") {
      const { fullShape, slice } = parseSliceSpec(spec);
      if (fullShape.join() !== shape.join()) {
        throw new InvalidArgumentError(
          `Shape in shape_and_slice spec does not match the shape in the save file: ${formatShape(fullShape)}, save file shape: ${formatShape(shape)}`,
        );
      }
      wanted = fullExtents(fullShape, slice);
    }
    const entry = { name, dtype, shape, slices, shard: 0, offset: 0, sizeBytes: 0, crc32c: 0 };
    return located(this.#paths.get(name)!, () => {
      const target = new Assembly(entry, wanted, 8 * this.#bytes);
      slices.forEach((slice, i) => {
        const value = this.#data.get(keyText(sliceKey(name, slice)));
        if (!value) throw new InvalidArgumentError("Error copying slice data");
        if (target.needs(i) || slices.length === 1) target.put(i, decodeData(value, dtype, sliceShape(shape, slice)));
      });
      return target.finish();
    });
  }
}

function matching(pattern: string): string[] {
  try {
    return expandPaths([pattern]).sort();
  } catch {
    return [];
  }
}
