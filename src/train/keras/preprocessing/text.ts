/** `tf.keras.preprocessing.text`: words of texts as numbers. Source: tf_keras/src/preprocessing/text.py. */
import { createHash } from "node:crypto";
import { float64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";

/** Punctuation, tabs and line breaks: all but the apostrophe. */
const punctuation = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

export interface WordOptions {
  /** Characters that are left out. */
  readonly filters?: string | undefined;
  /** Lower case: true. */
  readonly lower?: boolean | undefined;
  /** What parts words: a blank. */
  readonly split?: string | undefined;
}

/** The words of a text. */
export function textToWordSequence(text: string, options: WordOptions = {}): string[] {
  const { filters = punctuation, lower = true, split = " " } = options;
  const cased = lower ? text.toLowerCase() : text;
  const clean = [...cased].map((char) => (filters.includes(char) ? split : char)).join("");
  return clean.split(split).filter((word) => word !== "");
}

export interface HashingOptions extends WordOptions {
  /** "md5" is the same everywhere; a function of one's own gives whole numbers. */
  readonly hashFunction?: "md5" | ((word: string) => number | bigint) | undefined;
}

/** Each word as a number in [1, n): words may share one. */
export function hashingTrick(text: string, n: number, options: HashingOptions = {}): number[] {
  const { hashFunction = "md5" } = options;
  const hash =
    hashFunction === "md5"
      ? (word: string): bigint => BigInt(`0x${createHash("md5").update(word).digest("hex")}`)
      : (word: string): bigint => BigInt(hashFunction(word));
  return textToWordSequence(text, options).map((word) => Number(hash(word) % BigInt(n - 1)) + 1);
}

/** hashingTrick under its other name. */
export const oneHot = (text: string, n: number, options: HashingOptions = {}): number[] =>
  hashingTrick(text, n, options);

export interface TokenizerOptions extends WordOptions {
  /** Only the numWords - 1 most frequent words are kept. */
  readonly numWords?: number | null | undefined;
  /** Each character is a word. */
  readonly charLevel?: boolean | undefined;
  /** Stands for words that the tokenizer does not know. */
  readonly oovToken?: string | null | undefined;
  /** The words of a text, in place of textToWordSequence. */
  readonly analyzer?: ((text: string) => string[]) | null | undefined;
}

type Mode = "binary" | "count" | "freq" | "tfidf";
type Text = string | readonly string[];

/** Numbers words by how frequent they are, from 1. */
export class Tokenizer {
  readonly wordCounts = new Map<string, number>();
  readonly wordDocs = new Map<string, number>();
  readonly indexDocs = new Map<number, number>();
  wordIndex: Record<string, number> = {};
  indexWord: Record<number, string> = {};
  documentCount = 0;
  readonly #options: TokenizerOptions;

  constructor(options: TokenizerOptions = {}) {
    this.#options = options;
  }

  get numWords(): number | null {
    return this.#options.numWords ?? null;
  }

  #words(text: Text): string[] {
    const { charLevel = false, lower = true, analyzer = null } = this.#options;
    const cased = (word: string): string => (lower ? word.toLowerCase() : word);
    if (typeof text !== "string") return text.map(cased);
    if (charLevel) return [...cased(text)];
    return analyzer ? analyzer(text) : textToWordSequence(text, this.#options);
  }

  /** Learns the words of texts (or of lists of words). */
  fitOnTexts(texts: Iterable<Text>): void {
    for (const text of texts) {
      this.documentCount++;
      const words = this.#words(text);
      for (const word of words) this.wordCounts.set(word, (this.wordCounts.get(word) ?? 0) + 1);
      for (const word of new Set(words)) this.wordDocs.set(word, (this.wordDocs.get(word) ?? 0) + 1);
    }
    const { oovToken = null } = this.#options;
    const sorted = [...this.wordCounts].sort(([, a], [, b]) => b - a).map(([word]) => word);
    const all = oovToken === null ? sorted : [oovToken, ...sorted];
    this.wordIndex = {};
    for (const [i, word] of all.entries()) this.wordIndex[word] = i + 1;
    this.indexWord = Object.fromEntries(Object.entries(this.wordIndex).map(([word, i]) => [i, word]));
    for (const [word, count] of this.wordDocs) this.indexDocs.set(this.wordIndex[word]!, count);
  }

  /** Learns from lists of numbers, for sequencesToMatrix. */
  fitOnSequences(sequences: Iterable<readonly number[]>): void {
    for (const sequence of sequences) {
      this.documentCount++;
      for (const i of new Set(sequence)) this.indexDocs.set(i, (this.indexDocs.get(i) ?? 0) + 1);
    }
  }

  /** The numbers of known words; unknown ones are left out, or become the number of oovToken. */
  textsToSequences(texts: Iterable<Text>): number[][] {
    const { oovToken = null } = this.#options;
    const unknown = oovToken === null ? undefined : this.wordIndex[oovToken];
    const limit = this.numWords ?? Number.POSITIVE_INFINITY;
    return [...texts].map((text) =>
      this.#words(text).flatMap((word) => {
        const i = this.wordIndex[word];
        if (i !== undefined && i < limit) return [i];
        return unknown === undefined ? [] : [unknown];
      }),
    );
  }

  /** Texts of the known words. */
  sequencesToTexts(sequences: Iterable<readonly number[]>): string[] {
    const { oovToken = null } = this.#options;
    const limit = this.numWords ?? Number.POSITIVE_INFINITY;
    return [...sequences].map((sequence) =>
      sequence
        .flatMap((i) => {
          const word = i < limit ? this.indexWord[i] : undefined;
          return word !== undefined ? [word] : oovToken === null ? [] : [oovToken];
        })
        .join(" "),
    );
  }

  textsToMatrix(texts: Iterable<Text>, mode: Mode = "binary"): NdArray {
    return this.sequencesToMatrix(this.textsToSequences(texts), mode);
  }

  /** A row for each sequence: whether, how often, what part of it, or how telling each word is. float64 [n, words]. Throws ValueError. */
  sequencesToMatrix(sequences: readonly (readonly number[])[], mode: Mode = "binary"): NdArray {
    const known = Object.keys(this.wordIndex).length;
    const width = this.numWords ?? (known ? known + 1 : 0);
    if (!width) {
      throw new ValueError("Specify a dimension (`num_words` argument), or fit on some text data first.");
    }
    if (mode === "tfidf" && !this.documentCount) {
      throw new ValueError("Fit the Tokenizer on some data before using tfidf mode.");
    }
    const data = new Float64Array(sequences.length * width);
    for (const [row, sequence] of sequences.entries()) {
      const counts = new Map<number, number>();
      for (const i of sequence) if (i < width) counts.set(i, (counts.get(i) ?? 0) + 1);
      for (const [i, count] of counts) data[row * width + i] = this.#score(i, count, sequence.length, mode);
    }
    return new NdArray(float64, [sequences.length, width], data);
  }

  #score(i: number, count: number, total: number, mode: Mode): number {
    if (mode === "count") return count;
    if (mode === "freq") return count / total;
    if (mode === "binary") return 1;
    if (mode !== "tfidf") throw new ValueError(`Unknown vectorization mode: ${mode}`);
    return (1 + Math.log(count)) * Math.log(1 + this.documentCount / (1 + (this.indexDocs.get(i) ?? 0)));
  }

  /** What the tokenizer has learned, by Python's names. */
  getConfig(): Record<string, unknown> {
    const {
      numWords = null,
      filters = punctuation,
      lower = true,
      split = " ",
      charLevel = false,
      oovToken = null,
    } = this.#options;
    const json = (map: ReadonlyMap<string | number, number>): string => JSON.stringify(Object.fromEntries(map));
    return {
      num_words: numWords,
      filters,
      lower,
      split,
      char_level: charLevel,
      oov_token: oovToken,
      document_count: this.documentCount,
      word_counts: json(this.wordCounts),
      word_docs: json(this.wordDocs),
      index_docs: json(this.indexDocs),
      index_word: JSON.stringify(this.indexWord),
      word_index: JSON.stringify(this.wordIndex),
    };
  }

  toJson(): string {
    return JSON.stringify({ class_name: "Tokenizer", config: this.getConfig() });
  }
}

/** The tokenizer that toJson, or Keras in Python, has written. */
export function tokenizerFromJson(text: string): Tokenizer {
  const { config } = JSON.parse(text) as { config: Record<string, string & number & boolean> };
  const tokenizer = new Tokenizer({
    numWords: config.num_words ?? null,
    filters: config.filters,
    lower: config.lower,
    split: config.split,
    charLevel: config.char_level,
    oovToken: config.oov_token ?? null,
  });
  const read = (name: string): [string, number][] =>
    Object.entries(JSON.parse(config[name]!) as Record<string, number>);
  for (const [word, count] of read("word_counts")) tokenizer.wordCounts.set(word, count);
  for (const [word, count] of read("word_docs")) tokenizer.wordDocs.set(word, count);
  for (const [i, count] of read("index_docs")) tokenizer.indexDocs.set(Number(i), count);
  tokenizer.wordIndex = JSON.parse(config.word_index!) as Record<string, number>;
  tokenizer.indexWord = JSON.parse(config.index_word!) as Record<number, string>;
  tokenizer.documentCount = config.document_count!;
  return tokenizer;
}
