/** `tf.keras.datasets.reuters`: news of 46 kinds. Source: tf_keras/src/datasets/reuters.py. */
import type { NdArray } from "../../../core/nd_array.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { RandomState } from "../data/random_state.ts";
import { datasetFile } from "../files.ts";
import { rowsBetween, type Split, storage } from "./arrays.ts";
import { numbersIn, readMembers, sequencesIn } from "./objects.ts";
import { known, numbered, reordered, type WordsOptions, wordIndex } from "./words.ts";

export interface ReutersOptions extends WordsOptions {
  /** In the cache, or on this machine: "reuters.npz". */
  readonly path?: string | undefined;
  /** The part to test with: 0.2. */
  readonly testSplit?: number | undefined;
}
const places = [
  "path",
  "numWords",
  "skipTop",
  "maxlen",
  "testSplit",
  "seed",
  "startChar",
  "oovChar",
  "indexFrom",
  "cacheDir",
] as const;

/**
 * News as lists of words' numbers and their kinds int64 [n], in the seed's order as numpy shuffles, the last part to test with. Throws
 * NOT_FOUND, with what to fetch, for a file that is not there.
 */
export function loadData(...rest: Rest<ReutersOptions, typeof places>): Split<number[][], NdArray> {
  const options = byName<ReutersOptions>(rest, places);
  const { path = "reuters.npz", seed = 113, testSplit = 0.2, cacheDir } = options;
  const file = datasetFile(path, `${storage}reuters.npz`, {
    hash: "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    cacheDir,
  });
  const members = readMembers(file);
  const given = { texts: sequencesIn(members, "x", file), labels: numbersIn(members, "y", file) };
  const order = new RandomState(seed).permutation(given.texts.length);
  const { texts, labels } = numbered(reordered(given, order), options);
  const kept = known(texts, options);
  const middle = Math.trunc(kept.length * (1 - testSplit));
  return [
    [kept.slice(0, middle), rowsBetween(labels, 0, middle)],
    [kept.slice(middle), rowsBetween(labels, middle, kept.length)],
  ];
}

/** Words with their ranks by frequency, from 1. Throws NOT_FOUND, with what to fetch, for a file that is not there. */
export const getWordIndex = (path = "reuters_word_index.json"): Map<string, number> =>
  wordIndex(path, "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921");

/** The kinds, in the order of their numbers. */
export const getLabelNames = (): readonly string[] =>
  (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude nat-gas cpi " +
    "money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc " +
    "orange pet-chem dlr gas silver wpi hog lead"
  ).split(" ");
