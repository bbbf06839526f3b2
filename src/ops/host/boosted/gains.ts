/** What a node's examples gain by a leaf of their own: one step of Newton's method. Source: boosted_trees/tree_helper.h */

/** Sums over examples: gradients [d], hessians [d * d] (or [d], the diagonal alone). */
export interface Sums {
  readonly gradients: readonly number[];
  readonly hessians: readonly number[];
}

export interface Weighing {
  readonly l1: number;
  readonly l2: number;
}

const f32 = Math.fround;

/** The leaf's weights -(H + l2)^-1 g, and twice the loss that they save. l1 moves gradients towards zero first; it takes one dimension. */
export function gainOf({ gradients, hessians }: Sums, { l1, l2 }: Weighing): { weights: number[]; gain: number } {
  if (gradients.length === 1) return single(gradients[0]!, hessians[0]!, { l1, l2 });
  const d = gradients.length;
  const isDiagonal = hessians.length === d;
  const matrix = Array.from({ length: d }, (_, row) =>
    Array.from({ length: d }, (_, column) => {
      const own = isDiagonal ? (row === column ? hessians[row]! : 0) : hessians[row * d + column]!;
      return row === column ? own + l2 : own;
    }),
  );
  const weights = solve(matrix, gradients).map((x) => f32(-x));
  return { weights, gain: f32(-gradients.reduce((sum, g, k) => sum + g * weights[k]!, 0)) };
}

function single(gradient: number, hessian: number, { l1, l2 }: Weighing): { weights: number[]; gain: number } {
  let g = gradient;
  if (l1 > 0) g = gradient > l1 ? f32(gradient - l1) : gradient < -l1 ? f32(gradient + l1) : 0;
  const h = f32(hessian + l2);
  if (h === 0) return { weights: [0], gain: 0 };
  const weight = f32(-g / h);
  return { weights: [weight], gain: f32(-g * weight) };
}

/** Solves by elimination with the largest pivot; rows without any stay zero. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const isUsed = new Array<boolean>(n).fill(false);
  const rowOf = new Array<number>(n).fill(-1);
  const scale = Math.max(...matrix.flat().map(Math.abs), 1e-30);
  for (let column = 0; column < n; column++) {
    let pivot = -1;
    for (let row = 0; row < n; row++) {
      if (isUsed[row]) continue;
      if (pivot < 0 || Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    if (pivot < 0 || Math.abs(rows[pivot]![column]!) < 1e-7 * scale) continue;
    isUsed[pivot] = true;
    rowOf[column] = pivot;
    for (let row = 0; row < n; row++) {
      const factor = row === pivot ? 0 : rows[row]![column]! / rows[pivot]![column]!;
      for (let k = column; factor !== 0 && k <= n; k++) rows[row]![k]! -= factor * rows[pivot]![k]!;
    }
  }
  return rowOf.map((row, column) => (row < 0 ? 0 : rows[row]![n]! / rows[row]![column]!));
}
