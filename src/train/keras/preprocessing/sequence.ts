/** `tf.keras.preprocessing.sequence`: sequences of one length, windows of series, pairs of words. Source: tf_keras/src/utils/data_utils.py, preprocessing/sequence.py. */
import { type DType, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { allocateElements, type Elements, NdArray } from "../../../core/nd_array.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { permutation } from "../../batches.ts";
import { PythonRandom } from "../data/random_state.ts";
import { Sequence } from "../data/sequence.ts";

type Nested = readonly (number | Nested)[];

export interface PadOptions {
  /** The length of the longest sequence by default. */
  readonly maxlen?: number | null | undefined;
  readonly dtype?: DType | undefined;
  /** Where values are added: "pre". */
  readonly padding?: "pre" | "post" | undefined;
  /** Where values are left out: "pre". */
  readonly truncating?: "pre" | "post" | undefined;
  readonly value?: number | undefined;
}

const padPlaces = ["maxlen", "dtype", "padding", "truncating", "value"] as const;

/** The shape of one step: [] for a number. */
const shapeOf = (step: number | Nested): number[] =>
  typeof step === "number" ? [] : [step.length, ...shapeOf(step[0] ?? 0)];
const flat = (value: number | Nested): number[] => (typeof value === "number" ? [value] : value.flatMap(flat));

/** Sequences, each a list of numbers or of lists of one shape, as an array [n, maxlen, …]. Throws ValueError for other shapes. */
export function padSequences(sequences: readonly Nested[], ...rest: Rest<PadOptions, typeof padPlaces>): NdArray {
  const options = byName<PadOptions>(rest, padPlaces);
  const { dtype = int32, padding = "pre", truncating = "pre", value = 0 } = options;
  for (const [name, given] of [
    ["Truncating", truncating],
    ["Padding", padding],
  ] as const) {
    if (given !== "pre" && given !== "post") throw new ValueError(`${name} type "${given}" not understood`);
  }
  const maxlen = options.maxlen ?? Math.max(0, ...sequences.map(({ length }) => length));
  const inner = shapeOf(sequences.find(({ length }) => length > 0)?.[0] ?? 0);
  const width = inner.reduce((a, b) => a * b, 1);
  const data = allocateElements(dtype, sequences.length * maxlen * width) as Float32Array;
  data.fill(dtype.name === "int64" || dtype.name === "uint64" ? (BigInt(value) as never) : value);
  for (const [i, steps] of sequences.entries()) {
    const kept =
      steps.length <= maxlen
        ? steps
        : truncating === "pre"
          ? steps.slice(steps.length - maxlen)
          : steps.slice(0, maxlen);
    const at = padding === "post" ? 0 : maxlen - kept.length;
    for (const [k, step] of kept.entries()) {
      const numbers = flat(step);
      if (numbers.length !== width) {
        throw new ValueError(
          `Shape of sample (${shapeOf(step).join(", ")}) of sequence at position ${i} is different from expected shape (${inner.join(", ")})`,
        );
      }
      for (const [j, number] of numbers.entries()) {
        data[(i * maxlen + at + k) * width + j] = (typeof data[0] === "bigint" ? BigInt(number) : number) as number;
      }
    }
  }
  return new NdArray(dtype, [sequences.length, maxlen, ...inner], data as unknown as Elements);
}

/** For each word by its rank in a vocabulary, how likely skipgrams should take it: Zipf's law. */
export function makeSamplingTable(size: number, samplingFactor = 1e-5): Float64Array {
  const gamma = 0.577;
  return Float64Array.from({ length: size }, (_, i) => {
    const rank = i === 0 ? 1 : i;
    const inverse = rank * (Math.log(rank) + gamma) + 0.5 - 1 / (12 * rank);
    const f = samplingFactor * inverse;
    return Math.min(1, f / Math.sqrt(f));
  });
}

export interface SkipgramOptions {
  readonly windowSize?: number | undefined;
  /** How many wrong pairs for each right one: 1. */
  readonly negativeSamples?: number | undefined;
  readonly shuffle?: boolean | undefined;
  /** Labels [0, 1] and [1, 0] rather than 1 and 0. */
  readonly categorical?: boolean | undefined;
  readonly samplingTable?: ArrayLike<number> | null | undefined;
  readonly seed?: number | null | undefined;
}

const skipgramPlaces = ["windowSize", "negativeSamples", "shuffle", "categorical", "samplingTable", "seed"] as const;

/** Pairs [word, neighbour] with label 1, and [word, any word] with label 0. The word 0 stands for none. */
export function skipgrams(
  sequence: readonly number[],
  vocabularySize: number,
  ...rest: Rest<SkipgramOptions, typeof skipgramPlaces>
): [couples: number[][], labels: (number | number[])[]] {
  const options = byName<SkipgramOptions>(rest, skipgramPlaces);
  const { windowSize = 4, negativeSamples = 1, shuffle = true, categorical = false, samplingTable = null } = options;
  const random = new PythonRandom(options.seed);
  const couples: number[][] = [];
  const labels: (number | number[])[] = [];
  for (const [i, word] of sequence.entries()) {
    if (!word || (samplingTable && (samplingTable[word] ?? 1) < random.random())) continue;
    for (let j = Math.max(0, i - windowSize); j < Math.min(sequence.length, i + windowSize + 1); j++) {
      if (j === i || !sequence[j]) continue;
      couples.push([word, sequence[j]!]);
      labels.push(categorical ? [0, 1] : 1);
    }
  }
  if (negativeSamples > 0) {
    const words = couples.map(([word]) => word!);
    random.shuffle(words);
    const count = Math.trunc(labels.length * negativeSamples);
    for (let i = 0; i < count; i++) {
      couples.push([words[i % words.length]!, random.randint(1, vocabularySize - 1)]);
      labels.push(categorical ? [1, 0] : 0);
    }
  }
  if (!shuffle) return [couples, labels];
  const order = [...couples.keys()];
  new PythonRandom(options.seed).shuffle(order);
  return [order.map((i) => couples[i]!), order.map((i) => labels[i]!)];
}

export interface TimeseriesOptions {
  /** Every so many steps of a window: 1. */
  readonly samplingRate?: number | undefined;
  /** How far apart windows begin: 1. */
  readonly stride?: number | undefined;
  readonly startIndex?: number | undefined;
  /** The last index, included. */
  readonly endIndex?: number | null | undefined;
  readonly shuffle?: boolean | undefined;
  /** Windows in reverse order of time. */
  readonly reverse?: boolean | undefined;
  /** 128. */
  readonly batchSize?: number | undefined;
  readonly seed?: number | undefined;
}

/** Batches of windows of a series, each with the target that follows it. */
export class TimeseriesGenerator extends Sequence {
  readonly #data: readonly Nested[number][];
  readonly #targets: readonly Nested[number][];
  readonly #window: number;
  readonly #options: TimeseriesOptions;
  readonly #start: number;
  readonly #end: number;

  /** Throws ValueError for series of different lengths, or too short ones. */
  constructor(data: Nested, targets: Nested, length: number, options: TimeseriesOptions = {}) {
    super();
    if (data.length !== targets.length) {
      throw new ValueError(
        `Data and targets have to be of same length. Data length is ${data.length} while target length is ${targets.length}`,
      );
    }
    this.#data = data;
    this.#targets = targets;
    this.#window = length;
    this.#options = options;
    this.#start = (options.startIndex ?? 0) + length;
    this.#end = options.endIndex ?? data.length - 1;
    if (this.#start > this.#end) {
      throw new ValueError(
        `\`start_index+length=${this.#start} > end_index=${this.#end}\` is disallowed, as no part of the sequence would be left to be used as current step.`,
      );
    }
  }

  override get length(): number {
    const { batchSize = 128, stride = 1 } = this.#options;
    return Math.floor((this.#end - this.#start + batchSize * stride) / (batchSize * stride));
  }

  override getItem(index: number): [samples: Nested, targets: Nested] {
    const { batchSize = 128, stride = 1, samplingRate = 1, shuffle = false, reverse = false, seed = 0 } = this.#options;
    let rows: number[];
    if (shuffle) {
      const order = permutation(this.#end + 1 - this.#start, seed, index);
      rows = Array.from({ length: batchSize }, (_, i) => this.#start + order[i % order.length]!);
    } else {
      const first = this.#start + batchSize * stride * index;
      const last = Math.min(first + batchSize * stride, this.#end + 1);
      rows = Array.from({ length: Math.ceil((last - first) / stride) }, (_, i) => first + i * stride);
    }
    const windows = rows.map((row) => {
      const window: Nested[number][] = [];
      for (let k = row - this.#window; k < row; k += samplingRate) window.push(this.#data[k]!);
      return reverse ? window.reverse() : window;
    });
    return [windows, rows.map((row) => this.#targets[row]!)];
  }
}
