/** `tf.keras.datasets.cifar100`. Source: tf_keras/src/datasets/cifar100.py. */
import { ValueError } from "../../../core/error.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { datasetFolder } from "../files.ts";
import type { Split } from "./arrays.ts";
import { readImages } from "./cifar.ts";

export interface Cifar100Options {
  /** Of 100 classes ("fine") or of 20 ("coarse"): "fine". */
  readonly labelMode?: "fine" | "coarse" | undefined;
  readonly cacheDir?: string | null | undefined;
}
const places = ["labelMode", "cacheDir"] as const;

/**
 * Images uint8 [50000, 32, 32, 3] and [10000, 32, 32, 3], labels uint8 [n, 1]. Throws ValueError for another mode, NOT_FOUND, with what to
 * fetch, when neither `cifar-100-python` nor its archive is in the cache, DATA_LOSS for a damaged file.
 */
export function loadData(...rest: Rest<Cifar100Options, typeof places>): Split {
  const { labelMode = "fine", cacheDir } = byName<Cifar100Options>(rest, places);
  if (labelMode !== "fine" && labelMode !== "coarse") {
    throw new ValueError(`\`label_mode\` must be one of \`"fine"\`, \`"coarse"\`. Received: label_mode=${labelMode}.`);
  }
  const origin = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz";
  const folder = datasetFolder("cifar-100-python", origin, cacheDir);
  const read = (name: string) => readImages(folder, [name], `${labelMode}_labels`);
  const [train, test] = [read("train"), read("test")];
  return [
    [train.x, train.y],
    [test.x, test.y],
  ];
}
