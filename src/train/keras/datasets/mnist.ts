/** `tf.keras.datasets.mnist`. Source: tf_keras/src/datasets/mnist.py. */
import { readFile } from "../../../io/file_system.ts";
import { readNpz } from "../../../io/npz.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { datasetFile } from "../files.ts";
import { type Split, storage } from "./arrays.ts";
import { member } from "./objects.ts";

export interface MnistOptions {
  /** In the cache, or on this machine: "mnist.npz". */
  readonly path?: string | undefined;
  readonly cacheDir?: string | null | undefined;
}
const places = ["path", "cacheDir"] as const;

/**
 * Digits: images uint8 [60000, 28, 28] and [10000, 28, 28] with labels uint8 [n]. Throws NOT_FOUND, with what to fetch, when the file is
 * neither at `path` nor in the cache, and DATA_LOSS for a damaged one.
 */
export function loadData(...rest: Rest<MnistOptions, typeof places>): Split {
  const { path = "mnist.npz", cacheDir } = byName<MnistOptions>(rest, places);
  const file = datasetFile(path, `${storage}mnist.npz`, {
    hash: "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    cacheDir,
  });
  const arrays = readNpz(readFile(file), file);
  const of = (name: string) => member(arrays, name, file);
  return [
    [of("x_train"), of("y_train")],
    [of("x_test"), of("y_test")],
  ];
}
