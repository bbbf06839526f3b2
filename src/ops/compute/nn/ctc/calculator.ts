/**
 * The CTC loss of one sequence, in logarithms of probabilities. Labels stand with blanks between them and around; alpha sums up the ways
 * that begin, beta those that end at a place and time.
 * Source: ctc_loss_calculator.h; "Supervised Sequence Labelling with Recurrent Neural Networks", Graves, 2012, section 7.3.
 */

const none = Number.NEGATIVE_INFINITY;

/** log(exp(a) + exp(b)). */
export function logSumExp(a: number, b: number): number {
  if (a === none) return b;
  if (b === none) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

export interface Sequence {
  /** Probabilities, [time, classes]; the blank is the last class. */
  readonly y: Float64Array;
  readonly time: number;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly mergeRepeated: boolean;
}

/** Whether the way may leave out the blank between place u - 2 and place u. */
const mayJump = (places: readonly number[], u: number, blank: number, mergeRepeated: boolean): boolean =>
  u > 1 && places[u] !== blank && !(mergeRepeated && places[u] === places[u - 2]);

/** The loss, and its gradient for the logits before the softmax, [time, classes]. */
export function lossOfSequence({ y, time, classes, labels, mergeRepeated }: Sequence): {
  loss: number;
  gradient: Float64Array;
} {
  const blank = classes - 1;
  const places = [blank, ...labels.flatMap((label) => [label, blank])];
  const n = places.length;
  const log = (u: number, t: number): number => Math.log(y[t * classes + places[u]!]!);
  const mayStay = (u: number): boolean => mergeRepeated || places[u] === blank;
  const alpha = new Float64Array(n * time).fill(none);
  const beta = new Float64Array(n * time).fill(none);
  const first = (t: number): number => Math.max(0, n - 2 * (time - t));
  const beyond = (t: number): number => Math.min(n, 2 * (t + 1));
  alpha[0] = log(0, 0);
  if (n > 1) alpha[1] = log(1, 0);
  for (let t = 1; t < time; t++) {
    for (let u = first(t); u < beyond(t); u++) {
      const before = (t - 1) * n;
      let sum = mayStay(u) ? alpha[before + u]! : none;
      if (u > 0) sum = logSumExp(sum, alpha[before + u - 1]!);
      if (mayJump(places, u, blank, mergeRepeated)) sum = logSumExp(sum, alpha[before + u - 2]!);
      alpha[t * n + u] = log(u, t) + sum;
    }
  }
  // Without labels n - 2 is the last place of the time before; TensorFlow sets it all the same, and adds to it below.
  for (let u = n - 2; u < n; u++) beta[(time - 1) * n + u] = 0;
  for (let t = time - 2; t >= 0; t--) {
    for (let u = first(t); u < beyond(t); u++) {
      const after = (t + 1) * n;
      let sum = mayStay(u) ? beta[after + u]! + log(u, t + 1) : none;
      if (u + 1 < n) sum = logSumExp(sum, beta[after + u + 1]! + log(u + 1, t + 1));
      if (u + 2 < n && places[u] !== blank && !(mergeRepeated && places[u] === places[u + 2])) {
        sum = logSumExp(sum, beta[after + u + 2]! + log(u + 2, t + 1));
      }
      beta[t * n + u] = logSumExp(sum, beta[t * n + u]!);
    }
  }
  let total = none;
  for (let u = 0; u < n; u++) total = logSumExp(total, alpha[u]! + beta[u]!);
  return { loss: -total, gradient: gradientOf(y, places, classes, time, alpha, beta, total) };
}

/** y minus the share of the ways that pass each class; y itself where there is no way at all. */
function gradientOf(
  y: Float64Array,
  places: readonly number[],
  classes: number,
  time: number,
  alpha: Float64Array,
  beta: Float64Array,
  total: number,
): Float64Array {
  const gradient = y.slice(0, time * classes);
  if (total === none) return gradient;
  const n = places.length;
  for (let t = 0; t < time; t++) {
    const sums = new Float64Array(classes).fill(none);
    for (const [u, label] of places.entries())
      sums[label] = logSumExp(sums[label]!, alpha[t * n + u]! + beta[t * n + u]!);
    for (let c = 0; c < classes; c++)
      gradient[t * classes + c] = gradient[t * classes + c]! - Math.exp(sums[c]! - total);
  }
  return gradient;
}
