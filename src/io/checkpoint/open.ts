/** A checkpoint of either version by its prefix, to read tensor by tensor. */
import type { DType } from "../../core/dtype.ts";
import type { NdArray } from "../../core/nd_array.ts";
import type { FullShape } from "../../core/shape.ts";
import { type FileSystem, nodeFiles } from "../file_system.ts";
import { BundleReader } from "./bundle_reader.ts";
import { isFirstVersion, SliceFiles } from "./v1/slice_file.ts";

export interface TensorReader {
  /** In the order of their bytes. */
  names(): string[];
  has(name: string): boolean;
  /** NOT_FOUND for an unknown name. */
  entry(name: string): { readonly dtype: DType; readonly shape: FullShape };
  /** DATA_LOSS for a wrong checksum or a file that is too short, NOT_FOUND for a missing one. */
  read(name: string): Promise<NdArray>;
  close(): void;
}

export interface OpenedCheckpoint {
  readonly version: "V1" | "V2";
  readonly reader: TensorReader;
}

/** Opens `PREFIX.index`, or the single file PREFIX of the first version. NOT_FOUND for neither, DATA_LOSS for what is damaged. */
export function openCheckpoint(prefix: string, files: FileSystem = nodeFiles): OpenedCheckpoint {
  if (!isFirstVersion(prefix, files)) return { version: "V2", reader: BundleReader.open(prefix, files) };
  const slices = SliceFiles.open(prefix, files);
  const reader: TensorReader = {
    names: () => slices.names().sort((a, b) => (a < b ? -1 : 1)),
    has: (name) => slices.get(name) !== undefined,
    entry: (name) => slices.entry(name),
    read: async (name) => slices.read(name),
    close() {},
  };
  return { version: "V1", reader };
}
