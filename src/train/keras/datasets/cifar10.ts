/** `tf.keras.datasets.cifar10`. Source: tf_keras/src/datasets/cifar10.py. */
import { datasetFolder } from "../files.ts";
import type { Split } from "./arrays.ts";
import { readImages } from "./cifar.ts";

/**
 * Images uint8 [50000, 32, 32, 3] and [10000, 32, 32, 3] of ten classes, labels uint8 [n, 1]. Throws NOT_FOUND, with what to fetch, when
 * neither `cifar-10-batches-py` nor its archive is in the cache, DATA_LOSS for a damaged file.
 */
export function loadData(options: { readonly cacheDir?: string | null | undefined } = {}): Split {
  const origin = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz";
  const folder = datasetFolder("cifar-10-batches-py", origin, options.cacheDir);
  const train = readImages(
    folder,
    [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`),
  );
  const test = readImages(folder, ["test_batch"]);
  return [
    [train.x, train.y],
    [test.x, test.y],
  ];
}
