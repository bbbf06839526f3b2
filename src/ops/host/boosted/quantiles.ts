/**
 * Weighted quantiles of a stream: summaries of entries with bounds of their ranks, merged level by level and compressed so that ranks stay
 * within epsilon. Source: boosted_trees/quantiles/weighted_quantiles_{summary,buffer,stream}.h
 */

/** A value with its weight, and bounds for the weight of all values below and up to it. */
export interface Entry {
  readonly value: number;
  readonly weight: number;
  readonly minRank: number;
  readonly maxRank: number;
}

const f32 = Math.fround;
const previousMax = (entry: Entry): number => f32(entry.maxRank - entry.weight);
const nextMin = (entry: Entry): number => f32(entry.minRank + entry.weight);

type Summary = readonly Entry[];

/** Values with weights as a summary; ones of no weight are left out. */
function summaryOf(pairs: readonly (readonly [value: number, weight: number])[]): Summary {
  const sorted = [...pairs].sort(([a], [b]) => a - b);
  const entries: Entry[] = [];
  let rank = 0;
  for (let i = 0; i < sorted.length; ) {
    const [value] = sorted[i]!;
    let weight = 0;
    for (; i < sorted.length && sorted[i]![0] === value; i++) weight = f32(weight + sorted[i]![1]);
    entries.push({ value, weight, minRank: rank, maxRank: f32(rank + weight) });
    rank = f32(rank + weight);
  }
  return entries;
}

function merge(a: Summary, b: Summary): Summary {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const entries: Entry[] = [];
  let [i, j, rankA, rankB] = [0, 0, 0, 0];
  const shifted = ({ value, weight, minRank, maxRank }: Entry, low: number, high: number): Entry => ({
    value,
    weight,
    minRank: f32(minRank + low),
    maxRank: f32(maxRank + high),
  });
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i]!, b[j]!];
    if (x.value < y.value) {
      entries.push(shifted(x, rankB, previousMax(y)));
      rankA = nextMin(x);
      i++;
    } else if (y.value < x.value) {
      entries.push(shifted(y, rankA, previousMax(x)));
      rankB = nextMin(y);
      j++;
    } else {
      entries.push({ ...shifted(x, y.minRank, y.maxRank), weight: f32(x.weight + y.weight) });
      [rankA, rankB] = [nextMin(x), nextMin(y)];
      i++;
      j++;
    }
  }
  for (; i < a.length; i++) entries.push(shifted(a[i]!, rankB, b.at(-1)!.maxRank));
  for (; j < b.length; j++) entries.push(shifted(b[j]!, rankA, a.at(-1)!.maxRank));
  return entries;
}

const totalWeight = (summary: Summary): number => summary.at(-1)?.maxRank ?? 0;

/** At most about `wanted` entries, spread evenly and within the bound of error. */
function compressed(summary: Summary, wanted: number, minEpsilon = 0): Summary {
  const hint = Math.max(wanted, 2);
  if (summary.length <= hint) return summary;
  const delta = totalWeight(summary) * Math.max(1 / hint, minEpsilon);
  const step = summary.length;
  const kept: Entry[] = [summary[0]!];
  let accumulated = 0;
  let last = 1;
  for (let read = 0; read + 1 < summary.length; ) {
    let next = read + 1;
    while (
      next < summary.length &&
      accumulated < step &&
      previousMax(summary[next]!) - nextMin(summary[read]!) <= delta
    ) {
      accumulated += hint;
      next++;
    }
    read = read === next - 1 ? read + 1 : next - 1;
    kept.push(summary[read]!);
    last = read;
    accumulated -= step;
  }
  if (last + 1 !== summary.length) kept.push(summary.at(-1)!);
  return kept;
}

function approximationError(summary: Summary): number {
  let gap = 0;
  for (const [i, entry] of summary.entries()) {
    if (i === 0) continue;
    const own = entry.maxRank - entry.minRank - entry.weight;
    gap = Math.max(gap, own, previousMax(entry) - nextMin(summary[i - 1]!));
  }
  return summary.length === 0 ? 0 : gap / totalWeight(summary);
}

/** At most `count` boundaries, the least and the greatest value among them. What is too much goes where it leaves the smallest gap of ranks. */
export function boundariesOf(summary: Summary, count: number): Float32Array {
  const kept = [...compressed(summary, count, f32(approximationError(summary) + 1 / count))];
  while (kept.length > Math.max(count, 2)) {
    let least = 1;
    let gap = Number.POSITIVE_INFINITY;
    for (let i = 1; i + 1 < kept.length; i++) {
      const own = previousMax(kept[i + 1]!) - nextMin(kept[i - 1]!);
      if (own < gap) [least, gap] = [i, own];
    }
    kept.splice(least, 1);
  }
  return Float32Array.from(new Set(kept.map(({ value }) => value)));
}

/** Values at `count + 1` ranks that are equally far apart. */
export function quantilesOf(summary: Summary, count: number): Float32Array {
  if (summary.length === 0) return new Float32Array(0);
  const quantiles: number[] = [];
  let at = 0;
  for (let rank = 0; rank <= count; rank++) {
    const wanted = 2 * ((rank * totalWeight(summary)) / Math.max(count, 2));
    let next = at + 1;
    while (next < summary.length && wanted >= summary[next]!.minRank + summary[next]!.maxRank) next++;
    at = next - 1;
    const isLast = next === summary.length || wanted < nextMin(summary[at]!) + previousMax(summary[next]!);
    quantiles.push(summary[isLast ? at : next]!.value);
  }
  return Float32Array.from(quantiles);
}

/** Entries of one level, by the error and the number of elements that may come. */
function blockSizeFor(epsilon: number, maxElements: number): number {
  if (epsilon <= Number.EPSILON) return Math.max(maxElements, 2);
  let block = 2;
  for (let level = 1; 2 ** level * block < maxElements; level++) block = Math.ceil(level / epsilon) + 1;
  return block;
}

/** Takes values or summaries in; its summary holds the ranks of all of them within epsilon. */
export class QuantileStream {
  readonly #epsilon: number;
  readonly #block: number;
  readonly #bufferSize: number;
  #buffer: [number, number][] = [];
  #levels: Summary[] = [];

  constructor(epsilon: number, maxElements: number) {
    this.#epsilon = epsilon;
    this.#block = blockSizeFor(epsilon, maxElements);
    this.#bufferSize = Math.min(this.#block * 2, maxElements);
  }

  push(value: number, weight: number): void {
    if (!(weight > 0)) return;
    this.#buffer.push([value, weight]);
    if (this.#buffer.length >= this.#bufferSize) this.#flush();
  }

  pushSummary(summary: Summary): void {
    this.#propagate(compressed(summary, this.#block, this.#epsilon));
  }

  #flush(): void {
    if (this.#buffer.length === 0) return;
    const summary = compressed(summaryOf(this.#buffer), this.#block, this.#epsilon);
    this.#buffer = [];
    this.#propagate(summary);
  }

  #propagate(given: Summary): void {
    let summary = given;
    if (summary.length === 0) return;
    for (let level = 0; ; level++) {
      const current = this.#levels[level] ?? [];
      summary = merge(summary, current);
      if (current.length === 0 || summary.length <= this.#block + 1) {
        this.#levels[level] = summary;
        return;
      }
      summary = compressed(summary, this.#block, this.#epsilon);
      this.#levels[level] = [];
    }
  }

  /** All that came in, in one summary; the stream begins anew. */
  finalize(): Summary {
    this.#flush();
    const all = this.#levels.reduce<Summary>((sum, level) => merge(sum, level), []);
    this.#levels = [];
    return all;
  }
}
