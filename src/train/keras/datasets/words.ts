/** Texts as lists of words' ranks, as the sets of reviews and news have them. Source: tf_keras/src/datasets/imdb.py, reuters.py. */
import { ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { readFile } from "../../../io/file_system.ts";
import { datasetFile } from "../files.ts";
import { rowsOf, storage } from "./arrays.ts";

export interface WordsOptions {
  /** Only words of a smaller number are kept; all by default. */
  readonly numWords?: number | null | undefined;
  /** So many of the most frequent words are left out: 0. */
  readonly skipTop?: number | undefined;
  /** Longer texts are left out. */
  readonly maxlen?: number | null | undefined;
  /** Of the order: 113. */
  readonly seed?: number | undefined;
  /** Stands at the start of each text: 1; null for none. */
  readonly startChar?: number | null | undefined;
  /** In place of words that are left out: 2; null to leave nothing. */
  readonly oovChar?: number | null | undefined;
  /** Added to each word's number: 3. */
  readonly indexFrom?: number | undefined;
  readonly cacheDir?: string | null | undefined;
}

/** Texts and as many labels. */
export interface Labelled {
  readonly texts: readonly (readonly number[])[];
  readonly labels: NdArray;
}

/** In another order. */
export const reordered = ({ texts, labels }: Labelled, order: Int32Array): Labelled => ({
  texts: Array.from(order, (i) => texts[i]!),
  labels: rowsOf(labels, order),
});

/** With the start and the words' numbers as the options say, without texts that are too long. */
export function numbered({ texts, labels }: Labelled, options: WordsOptions): Labelled {
  const { startChar = 1, indexFrom = 3, maxlen } = options;
  const start = startChar === null ? [] : [startChar];
  const all = texts.map((text) => [...start, ...text.map((word) => word + (indexFrom ?? 0))]);
  if (!maxlen) return { texts: all, labels };
  const kept = [...all.keys()].filter((i) => all[i]!.length < maxlen);
  return { texts: kept.map((i) => all[i]!), labels: rowsOf(labels, kept) };
}

/** Throws ValueError when nothing is left. */
export function refuseNone(groups: readonly Labelled[], maxlen: number | null | undefined): void {
  if (!maxlen || groups.every(({ texts }) => texts.length > 0)) return;
  throw new ValueError(
    `After filtering for sequences shorter than maxlen=${maxlen}, no sequence was kept. Increase maxlen.`,
  );
}

/** Words from `skipTop` to before `numWords`; by default as many as the texts have. */
export function known(texts: readonly (readonly number[])[], options: WordsOptions): number[][] {
  const { skipTop = 0, oovChar = 2 } = options;
  let numWords = options.numWords ?? 0;
  if (!numWords) for (const text of texts) for (const word of text) numWords = Math.max(numWords, word);
  const isKnown = (word: number): boolean => skipTop <= word && word < numWords;
  return texts.map((text) =>
    oovChar === null ? text.filter(isKnown) : text.map((word) => (isKnown(word) ? word : oovChar)),
  );
}

/** Words with their ranks, from a file of JSON. Throws NOT_FOUND, with what to fetch, for a file that is not there. */
export function wordIndex(path: string, name: string, hash: string): Map<string, number> {
  const file = datasetFile(path, storage + name, { hash });
  const words = JSON.parse(new TextDecoder().decode(readFile(file))) as Record<string, number>;
  return new Map(Object.entries(words));
}
