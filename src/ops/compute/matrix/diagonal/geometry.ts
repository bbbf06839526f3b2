/**
 * Where the elements of diagonals are. Diagonal d of a matrix holds the elements (i, i + d); a band of diagonals from `lower` to `upper`
 * is kept as rows, the upper one first, each as long as the longest and padded on one side:
 *     matrix 3 x 4, band [-1, 1], RIGHT_LEFT     rows:  x 02 13 …      superdiagonals end at the right,
 *                                                       00 11 22       subdiagonals begin at the left
 *                                                       10 21 x
 * Source: linalg_ops_common.h, matrix_diag_op.cc.
 */
import { InvalidArgumentError, invalidArgument } from "../../../../core/error.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";

export interface Band {
  readonly lower: number;
  readonly upper: number;
  readonly rows: number;
  readonly columns: number;
  /** "SUPER_SUB", each LEFT or RIGHT. */
  readonly align: string;
}

export const isSingle = ({ lower, upper }: { readonly lower: number; readonly upper: number }): boolean =>
  lower === upper;

/** The length of the longest diagonal of a band. */
export const longest = ({ lower, upper, rows, columns }: Omit<Band, "align">): number =>
  Math.min(rows + Math.min(upper, 0), columns - Math.max(lower, 0));

/** Calls visit(position in the packed diagonals, row, column) for each element of the band. */
function forEachElement(band: Band, visit: (packed: number, row: number, column: number) => void): void {
  const { lower, upper, rows, columns, align } = band;
  const width = longest(band);
  const [above, below] = align.split("_");
  for (let d = upper; d >= lower; d--) {
    const length = Math.min(rows + Math.min(d, 0), columns - Math.max(d, 0));
    const isLeft = (d >= 0 && above === "LEFT") || (d <= 0 && below === "LEFT");
    const offset = isLeft ? 0 : width - length;
    for (let i = 0; i < length; i++) visit((upper - d) * width + offset + i, Math.max(-d, 0) + i, Math.max(d, 0) + i);
  }
}

/** For each packed element its position in the matrix, -1 for padding. */
export function packedMap(band: Band): Int32Array {
  const map = new Int32Array((band.upper - band.lower + 1) * longest(band)).fill(-1);
  forEachElement(band, (packed, row, column) => {
    map[packed] = row * band.columns + column;
  });
  return map;
}

/** For each element of the matrix its position in the packed diagonals, -1 outside the band. */
export function matrixMap(band: Band): Int32Array {
  const map = new Int32Array(band.rows * band.columns).fill(-1);
  forEachElement(band, (packed, row, column) => {
    map[row * band.columns + column] = packed;
  });
  return map;
}

/** out[b, i] = source[b, map[i]], or other[b, i] where the map is -1. source: [batch, n]; other broadcasts. */
export function mapped(p: Lowering, source: Value, map: Int32Array, other: Value): Value {
  const at = Array.from(map, (i) => Math.max(i, 0));
  if (source.shape[1] === 0 || map.length === 0) return p.broadcast(other, [source.shape[0]!, map.length]);
  const taken = p.gather(source, p.list(at), { axis: 1 });
  if (!map.includes(-1)) return taken;
  const isTaken = p.cast(p.list(Array.from(map, (i) => (i < 0 ? 0 : 1))), "bool");
  return p.select(isTaken, taken, other);
}

/** The band that k names: one number, or the lowest and the highest diagonal. Throws in the shape functions' or the kernels' words. */
export function bandOf(k: readonly number[], isKernel = false): { readonly lower: number; readonly upper: number } {
  const wrong = (words: string) => (isKernel ? new InvalidArgumentError(words) : invalidArgument(words));
  if (k.length === 0 || k.length > 2) {
    throw wrong(
      isKernel
        ? `diag_index must have only one or two elements, received ${k.length} elements.`
        : `diag_index must be a scalar or vector with one or two elements. It has ${k.length} elements.`,
    );
  }
  const [lower, upper = lower] = k as [number, number?];
  if (lower > upper!) {
    throw wrong(
      isKernel
        ? `lower_diag_index must not be larger than upper_diag_index: ${lower} > ${upper}`
        : "lower_diag_index is greater than upper_diag_index",
    );
  }
  return { lower, upper: upper! };
}

/** Throws the kernels' words for a band outside the matrix. */
export function checkBand({ lower, upper, rows, columns }: Omit<Band, "align">): void {
  const isInside = (d: number): boolean => (-rows < d && d < columns) || d === 0;
  const words = (name: string, d: number) =>
    new InvalidArgumentError(`${name} is out of bound: ${d}. It must be between ${-rows} and ${columns}`);
  if (!isInside(lower)) throw words("lower_diag_index", lower);
  if (!isInside(upper)) throw words("upper_diag_index", upper);
}
