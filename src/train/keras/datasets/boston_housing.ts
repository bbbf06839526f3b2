/** `tf.keras.datasets.boston_housing`. Source: tf_keras/src/datasets/boston_housing.py. */
import { AssertionError } from "../../../core/error.ts";
import { readFile } from "../../../io/file_system.ts";
import { readNpz } from "../../../io/npz.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { RandomState } from "../data/random_state.ts";
import { datasetFile } from "../files.ts";
import { rowsBetween, rowsOf, type Split, storage } from "./arrays.ts";
import { member } from "./objects.ts";

export interface BostonHousingOptions {
  /** In the cache, or on this machine: "boston_housing.npz". */
  readonly path?: string | undefined;
  /** The part to test with: 0.2. */
  readonly testSplit?: number | undefined;
  /** Of the order: 113. */
  readonly seed?: number | undefined;
  readonly cacheDir?: string | null | undefined;
}
const places = ["path", "testSplit", "seed", "cacheDir"] as const;

/**
 * Prices of houses: facts float64 [n, 13] and prices float64 [n], in the seed's order as numpy shuffles. Throws AssertionError for a part
 * that is none, NOT_FOUND, with what to fetch, for a file that is not there, DATA_LOSS for a damaged one.
 */
export function loadData(...rest: Rest<BostonHousingOptions, typeof places>): Split {
  const {
    path = "boston_housing.npz",
    testSplit = 0.2,
    seed = 113,
    cacheDir,
  } = byName<BostonHousingOptions>(rest, places);
  if (!(testSplit >= 0 && testSplit < 1)) throw new AssertionError(`test_split is ${testSplit}, not from 0 to below 1`);
  const file = datasetFile(path, `${storage}boston_housing.npz`, {
    hash: "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    cacheDir,
  });
  const arrays = readNpz(readFile(file), file);
  const given = member(arrays, "x", file);
  const order = new RandomState(seed).permutation(given.shape[0] ?? 0);
  const [x, y] = [rowsOf(given, order), rowsOf(member(arrays, "y", file), order)];
  const n = order.length;
  const middle = Math.trunc(n * (1 - testSplit));
  return [
    [rowsBetween(x, 0, middle), rowsBetween(y, 0, middle)],
    [rowsBetween(x, middle, n), rowsBetween(y, middle, n)],
  ];
}
