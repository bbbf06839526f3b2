/**
 * Histograms as summaries hold them. Bucket limits grow by 1.1 from 1e-12 to 1e20, then the largest double; their negatives; and 0 between.
 * A value belongs to the first bucket whose limit is greater. Source: tensorflow/core/lib/histogram/histogram.cc
 */

export interface HistogramData {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly bucketLimit: number[];
  readonly bucket: number[];
}

/** All 1551 limits, rising. */
export const bucketLimits: Float64Array = (() => {
  const positive: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push(limit);
  positive.push(Number.MAX_VALUE);
  return Float64Array.from([...positive.map((x) => -x).reverse(), 0, ...positive]);
})();

/** Index of the first limit greater than x; the last one for the largest double itself. */
function bucketOf(x: number): number {
  let low = 0;
  let high = bucketLimits.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bucketLimits[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Counts finite values; the caller refuses others, as the op that knows its name does. */
export class Histogram {
  readonly #counts = new Float64Array(bucketLimits.length);
  #min = Number.MAX_VALUE;
  #max = -Number.MAX_VALUE;
  #num = 0;
  #sum = 0;
  #sumSquares = 0;

  add(value: number): void {
    this.#counts[bucketOf(value)]! += 1;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#num++;
    this.#sum += value;
    this.#sumSquares += value * value;
  }

  addAll(values: Iterable<number>): void {
    for (const value of values) this.add(value);
  }

  /** A run of empty buckets is one entry with the last limit of the run. */
  summary(): HistogramData {
    const bucketLimit: number[] = [];
    const bucket: number[] = [];
    for (let i = 0; i < bucketLimits.length; ) {
      let end = bucketLimits[i]!;
      const count = this.#counts[i++]!;
      if (count <= 0) while (i < bucketLimits.length && this.#counts[i]! <= 0) end = bucketLimits[i++]!;
      bucketLimit.push(end);
      bucket.push(count);
    }
    return {
      min: this.#min,
      max: this.#max,
      num: this.#num,
      sum: this.#sum,
      sumSquares: this.#sumSquares,
      bucketLimit,
      bucket,
    };
  }
}
