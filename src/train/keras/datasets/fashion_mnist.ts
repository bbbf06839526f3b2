/** `tf.keras.datasets.fashion_mnist`: four IDX files. Source: tf_keras/src/datasets/fashion_mnist.py. */
import { join } from "node:path";
import type { NdArray } from "../../../core/nd_array.ts";
import { gunzip } from "../../../io/archive/tar.ts";
import { readFile } from "../../../io/file_system.ts";
import { readIdx } from "../../../io/idx.ts";
import { datasetFile } from "../files.ts";
import { type Split, storage } from "./arrays.ts";

/**
 * Clothes: images uint8 [60000, 28, 28] and [10000, 28, 28] with labels uint8 [n]. Throws NOT_FOUND, with what to fetch, for a file that is
 * not in the cache's folder `datasets/fashion-mnist`.
 */
export function loadData(options: { readonly cacheDir?: string | null | undefined } = {}): Split {
  const read = (name: string): NdArray => {
    const place = { cacheDir: options.cacheDir, cacheSubdir: join("datasets", "fashion-mnist") };
    const path = datasetFile(name, storage + name, place);
    return readIdx(gunzip(readFile(path), path), path);
  };
  const [trainLabels, trainImages] = [read("train-labels-idx1-ubyte.gz"), read("train-images-idx3-ubyte.gz")];
  const [testLabels, testImages] = [read("t10k-labels-idx1-ubyte.gz"), read("t10k-images-idx3-ubyte.gz")];
  return [
    [trainImages, trainLabels],
    [testImages, testLabels],
  ];
}
