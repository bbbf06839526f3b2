/**
 * Indices of several coordinates as row numbers. A row number that is out of range has all its coordinates inside it, so that the check of
 * the gather or scatter, which reports one number, can word what was wrong.
 */
import type { Lowering } from "../../../../engine/lowering.ts";
import type { CheckNumbers, Value } from "../../../../engine/primitive.ts";

export interface RowNumbers {
  /** int64 [n] (or int32 for one coordinate): the row, or a negative number that names the coordinates. */
  readonly rows: Value;
  /** The coordinates that a failed check's number stands for. */
  readonly decode: (numbers: CheckNumbers) => number[];
}

/** indices: [n, k]; dims: the k dimensions that they index. */
export function rowNumbers(p: Lowering, indices: Value, dims: readonly number[]): RowNumbers {
  const [n, k] = indices.shape as [number, number];
  const wide = indices.dtype === "int64" || (indices.dtype === "int32" && k === 1) ? indices : p.cast(indices, "int64");
  const { dtype } = wide;
  if (k === 0) return { rows: p.fill(0, "int32", [n]), decode: () => [] };
  const column = (j: number): Value => p.reshape(p.slice(wide, [0, j], [n, 1]), [n]);
  if (k === 1) return { rows: column(0), decode: ({ value }) => [value] };
  // Each coordinate gets an equal share of the 2^53 whole numbers that a report can hold.
  const reach = Math.floor(2 ** (Math.floor(52 / k) - 1)) - 1;
  const base = 2 * reach + 1;
  let row = p.fill(0, dtype, [n]);
  let code = p.fill(0, dtype, [n]);
  let isInside = p.fill(true, "bool", [n]);
  for (const [j, d] of dims.entries()) {
    const x = column(j);
    const size = p.fill(d, dtype, [n]);
    const low = p.fill(-reach, dtype, [n]);
    const high = p.fill(reach, dtype, [n]);
    isInside = p.logicalAnd(isInside, p.logicalAnd(p.ge(x, p.fill(0, dtype, [n])), p.lt(x, size)));
    row = p.add(p.mul(row, size), x);
    code = p.add(p.mul(code, p.fill(base, dtype, [n])), p.sub(p.max(p.min(x, high), low), low));
  }
  const bad = p.sub(p.fill(-1, dtype, [n]), code);
  const decode = ({ value }: CheckNumbers): number[] => {
    let rest = -1 - value;
    const result: number[] = [];
    for (let j = 0; j < k; j++) {
      result.unshift((rest % base) - reach);
      rest = Math.floor(rest / base);
    }
    return result;
  };
  return { rows: p.select(isInside, row, bad), decode };
}
