/** `tf.keras.datasets.imdb`: reviews of films, good or bad. Source: tf_keras/src/datasets/imdb.py. */
import type { NdArray } from "../../../core/nd_array.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { RandomState } from "../data/random_state.ts";
import { datasetFile } from "../files.ts";
import { type Split, storage } from "./arrays.ts";
import { numbersIn, readMembers, sequencesIn } from "./objects.ts";
import { known, type Labelled, numbered, refuseNone, reordered, type WordsOptions, wordIndex } from "./words.ts";

export interface ImdbOptions extends WordsOptions {
  /** In the cache, or on this machine: "imdb.npz". */
  readonly path?: string | undefined;
}
const places = [
  "path",
  "numWords",
  "skipTop",
  "maxlen",
  "seed",
  "startChar",
  "oovChar",
  "indexFrom",
  "cacheDir",
] as const;

/**
 * Reviews as lists of words' numbers, 25000 to train on and 25000 to test with, and labels int64 [n], 1 for good ones, in the seed's order
 * as numpy shuffles. Throws NOT_FOUND, with what to fetch, for a file that is not there, ValueError when `maxlen` leaves none.
 */
export function loadData(...rest: Rest<ImdbOptions, typeof places>): Split<number[][], NdArray> {
  const options = byName<ImdbOptions>(rest, places);
  const { path = "imdb.npz", seed = 113, cacheDir } = options;
  const file = datasetFile(path, `${storage}imdb.npz`, {
    hash: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    cacheDir,
  });
  const members = readMembers(file);
  const random = new RandomState(seed);
  const group = (part: string): Labelled => {
    const texts = sequencesIn(members, `x_${part}`, file);
    const labels = numbersIn(members, `y_${part}`, file);
    return numbered(reordered({ texts, labels }, random.permutation(texts.length)), options);
  };
  const [train, test] = [group("train"), group("test")];
  refuseNone([train, test], options.maxlen);
  const texts = known([...train.texts, ...test.texts], options);
  return [
    [texts.slice(0, train.texts.length), train.labels],
    [texts.slice(train.texts.length), test.labels],
  ];
}

/** Words with their ranks by frequency, from 1. Throws NOT_FOUND, with what to fetch, for a file that is not there. */
export const getWordIndex = (path = "imdb_word_index.json"): Map<string, number> =>
  wordIndex(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f");
