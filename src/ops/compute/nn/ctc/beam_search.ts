/** Beam search over the label sequences of CTC. Source: ctc_beam_search.h, ctc_beam_entry.h. */
import { logSumExp } from "./calculator.ts";

const none = Number.NEGATIVE_INFINITY;

/** Log probabilities of a sequence so far: all, those that end in a blank, those that end in the label. */
interface Probability {
  total: number;
  blank: number;
  label: number;
}

const reset = (): Probability => ({ total: none, blank: none, label: none });

class Entry {
  readonly parent: Entry | null;
  readonly label: number;
  readonly children = new Map<number, Entry>();
  before = reset();
  after = reset();

  constructor(parent: Entry | null, label: number) {
    this.parent = parent;
    this.label = label;
  }

  get isActive(): boolean {
    return this.after.total !== none;
  }

  child(label: number): Entry {
    let entry = this.children.get(label);
    if (!entry) {
      entry = new Entry(this, label);
      this.children.set(label, entry);
    }
    return entry;
  }

  /** The labels from the root to here; repeated ones once with mergeRepeated. */
  labels(mergeRepeated: boolean): number[] {
    const list: number[] = [];
    let previous = -1;
    for (let entry: Entry | null = this; entry.parent; entry = entry.parent) {
      if (!mergeRepeated || entry.label !== previous) list.push(entry.label);
      previous = entry.label;
    }
    return list.reverse();
  }
}

/** The best entries, at most `width`. */
class Beam {
  readonly #width: number;
  #entries: Entry[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#width;
  }

  get worst(): Entry {
    return this.#entries.at(-1)!;
  }

  push(entry: Entry): void {
    let at = this.#entries.length;
    while (at > 0 && this.#entries[at - 1]!.after.total < entry.after.total) at--;
    this.#entries.splice(at, 0, entry);
    if (this.#entries.length > this.#width) this.#entries.pop();
  }

  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  best(n: number): Entry[] {
    return this.#entries.slice(0, n);
  }
}

export interface Path {
  readonly labels: number[];
  readonly logProbability: number;
}

export interface SearchOptions {
  readonly width: number;
  readonly paths: number;
  readonly mergeRepeated: boolean;
}

/** The most probable label sequences for logits, one array of classes for each time; the last class is the blank. */
export function beamSearch(steps: readonly Float64Array[], { width, paths, mergeRepeated }: SearchOptions): Path[] {
  const root = new Entry(null, -1);
  root.after = { total: 0, blank: 0, label: none };
  const beam = new Beam(width);
  beam.push(root);
  for (const logits of steps) step(beam, logSoftmax(logits));
  return beam.best(paths).map((entry) => ({ labels: entry.labels(mergeRepeated), logProbability: entry.after.total }));
}

function logSoftmax(logits: Float64Array): Float64Array {
  let max = none;
  for (const x of logits) max = Math.max(max, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - max);
  const offset = max + Math.log(sum);
  return logits.map((x) => x - offset);
}

function step(beam: Beam, input: Float64Array): void {
  const blank = input.length - 1;
  const branches = beam.take();
  for (const entry of branches) entry.before = { ...entry.after };
  for (const entry of branches) {
    const { parent, after, before } = entry;
    if (parent) {
      if (parent.isActive) {
        const previous = entry.label === parent.label ? parent.before.blank : parent.before.total;
        after.label = logSumExp(after.label, previous);
      }
      after.label += input[entry.label]!;
    }
    after.blank = before.total + input[blank]!;
    after.total = logSumExp(after.blank, after.label);
    beam.push(entry);
  }
  const isCandidate = ({ total }: Probability): boolean =>
    total > none && (!beam.isFull || total > beam.worst.after.total);
  for (const entry of branches) {
    if (!isCandidate(entry.before)) continue;
    for (let label = 0; label < blank; label++) {
      const child = entry.child(label);
      if (child.isActive) continue;
      const previous = label === entry.label ? entry.before.blank : entry.before.total;
      const total = input[label]! + previous;
      child.after = { total, blank: none, label: total };
      if (isCandidate(child.after)) {
        if (beam.isFull) beam.worst.after = reset();
        beam.push(child);
      } else {
        child.before = reset();
        child.after = reset();
      }
    }
  }
}
