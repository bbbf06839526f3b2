/** How boxes overlap, and which ones stay. Source: non_max_suppression_op.cc. */
const f = Math.fround;

/** Intersection over union of two boxes (y1, x1, y2, x2; any two opposite corners); 0 when one has no area. */
export function boxOverlap(boxes: ArrayLike<number>, i: number, j: number): number {
  const edges = (b: number): [number, number, number, number] => {
    const [y1, x1, y2, x2] = [boxes[4 * b]!, boxes[4 * b + 1]!, boxes[4 * b + 2]!, boxes[4 * b + 3]!];
    return [Math.min(y1, y2), Math.min(x1, x2), Math.max(y1, y2), Math.max(x1, x2)];
  };
  const [top, left, bottom, right] = edges(i);
  const [t, l, b, r] = edges(j);
  const own = f(f(bottom - top) * f(right - left));
  const other = f(f(b - t) * f(r - l));
  if (own <= 0 || other <= 0) return 0;
  const height = Math.max(f(Math.min(bottom, b) - Math.max(top, t)), 0);
  const width = Math.max(f(Math.min(right, r) - Math.max(left, l)), 0);
  const shared = f(height * width);
  return f(shared / f(f(own + other) - shared));
}

export interface SelectRules {
  /** How many to choose at most. */
  readonly count: number;
  readonly overlapThreshold: number;
  /** Only scores above it are looked at. */
  readonly scoreThreshold: number;
  /** Above 0: scores fall by exp(-overlap² / (2 sigma)) for each chosen box that overlaps, and nothing is dropped for its overlap. */
  readonly sigma: number;
}

export interface Selected {
  readonly indices: number[];
  readonly scores: number[];
}

interface Candidate {
  readonly index: number;
  readonly score: number;
  /** How many of the chosen it has been compared with. */
  readonly seen: number;
}

/** A heap of candidates: the best score first, of equal scores the first index. */
class Candidates {
  readonly #items: Candidate[];

  constructor(items: Candidate[]) {
    this.#items = items.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: Candidate): void {
    const items = this.#items;
    let i = items.length;
    items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(item, items[parent]!)) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = item;
  }

  pop(): Candidate {
    const items = this.#items;
    const first = items[0]!;
    const last = items.pop()!;
    if (items.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, last)) break;
      items[i] = items[child]!;
      i = child;
    }
    items[i] = last;
    return first;
  }
}

const before = (a: Candidate, b: Candidate): boolean => a.score > b.score || (a.score === b.score && a.index < b.index);

/** Takes the best candidate again and again, as long as it does not overlap with those already taken. */
export function selectBoxes(
  scores: ArrayLike<number>,
  { count, overlapThreshold, scoreThreshold, sigma }: SelectRules,
  overlap: (i: number, j: number) => number,
): Selected {
  const items: Candidate[] = [];
  for (let i = 0; i < scores.length; i++)
    if (scores[i]! > scoreThreshold) items.push({ index: i, score: scores[i]!, seen: 0 });
  const candidates = new Candidates(items);
  const soft = sigma > 0;
  const scale = soft ? f(-0.5 / sigma) : 0;
  const chosen: Selected = { indices: [], scores: [] };
  while (chosen.indices.length < count && candidates.size > 0) {
    const { index, score: original, seen } = candidates.pop();
    let score = original;
    let dropped = false;
    for (let k = chosen.indices.length - 1; k >= seen; k--) {
      const shared = overlap(index, chosen.indices[k]!);
      if (!soft && shared > overlapThreshold) {
        dropped = true;
        break;
      }
      score = f(score * f(Math.exp(f(f(scale * shared) * shared))));
      if (score <= scoreThreshold) break;
    }
    if (dropped) continue;
    if (score === original) {
      chosen.indices.push(index);
      chosen.scores.push(score);
    } else if (score > scoreThreshold) {
      candidates.push({ index, score, seen: chosen.indices.length });
    }
  }
  return chosen;
}
