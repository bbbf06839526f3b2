/** Products of a matrix and a vector, where every element of the matrix is used once: its rows are read in order. */
import type { FunctionBuilder, Local } from "../../assembler.ts";
import { add, and, ge, lane, load, loadSplat, lt, mul, sub } from "../../instructions.ts";
import { constant, type Expr, laneBytes, laneCount, type Scalar, vectorOf } from "../../lanes.ts";
import type { Kernel } from "../kernel.ts";

const params = new Array<"i32">(6).fill("i32");
const kernels = new Map<string, Kernel>();

function cached(name: string, build: Kernel["build"]): Kernel {
  const known = kernels.get(name);
  if (known) return known;
  const made: Kernel = { name, params, result: null, build };
  kernels.set(name, made);
  return made;
}

/** Vectors summed side by side. */
const streams = 4;

/** y[r] = sum of matrix[r][i] x[i]. (matrix, row, x, y, rows, columns): `row` bytes from one row to the next. */
export const rowDots = (type: Scalar): Kernel =>
  cached(`row_dots_${type}`, (m) => {
    const vector = vectorOf(type);
    const size = laneBytes(type);
    const turn = 16 * streams;
    m.function(
      `row_dots_${type}`,
      params,
      null,
      (f, matrix, row, x, y, rows, columns) => {
        const bytes = f.let(mul(columns!, size));
        const sums = Array.from({ length: streams }, () => f.local(vector));
        const total = f.local(type);
        const i = f.local("i32");
        const product = (kind: Scalar | typeof vector, offset: number) =>
          mul(load(kind, add(matrix!, i), offset), load(kind, add(x!, i), offset));
        f.while(rows!, () => {
          for (const sum of sums) f.set(sum, constant(vector, 0));
          f.set(i, 0);
          const vectors = f.let(and(bytes, -turn));
          f.while(lt(i, vectors), () => {
            sums.forEach((sum, s) => {
              f.set(sum, add(sum, product(vector, 16 * s)));
            });
            f.set(i, add(i, turn));
          });
          f.set(total, sumOfLanes(f, add(add(sums[0]!, sums[1]!), add(sums[2]!, sums[3]!))));
          f.while(lt(i, bytes), () => {
            f.set(total, add(total, product(type, 0)));
            f.set(i, add(i, size));
          });
          f.store(type, y!, total);
          f.set(matrix!, add(matrix!, row!));
          f.set(y!, add(y!, size));
          f.set(rows!, sub(rows!, 1));
        });
      },
      { export: true },
    );
  });

function sumOfLanes(f: FunctionBuilder, x: Expr): Expr {
  const v = f.let(x);
  const lanes = Array.from({ length: laneCount(v.type) }, (_, n) => lane(v, n));
  return lanes.length === 2 ? add(lanes[0]!, lanes[1]!) : add(add(lanes[0]!, lanes[1]!), add(lanes[2]!, lanes[3]!));
}

/** y[i] = sum of matrix[r][i] x[r], rows in order. (matrix, row, x, y, rows, columns). */
export const rowSums = (type: Scalar): Kernel =>
  cached(`row_sums_${type}`, (m) => {
    const vector = vectorOf(type);
    const size = laneBytes(type);
    m.function(
      `row_sums_${type}`,
      params,
      null,
      (f, matrix, row, x, y, rows, columns) => {
        const [p, q, r] = [f.local("i32"), f.local("i32"), f.local("i32")];
        const block = (kind: Scalar | typeof vector, sums: readonly Local[]) => {
          const bytes = kind === type ? size : 16;
          for (const sum of sums) f.set(sum, constant(kind, 0));
          f.set(p, matrix!);
          f.set(q, x!);
          f.set(r, rows!);
          f.while(r, () => {
            const factor = f.let(kind === type ? load(type, q) : loadSplat(vector, q));
            sums.forEach((sum, s) => {
              f.set(sum, add(sum, mul(load(kind, p, bytes * s), factor)));
            });
            f.set(p, add(p, row!));
            f.set(q, add(q, size));
            f.set(r, sub(r, 1));
          });
          sums.forEach((sum, s) => {
            f.store(kind, y!, sum, bytes * s);
          });
          f.set(matrix!, add(matrix!, bytes * sums.length));
          f.set(y!, add(y!, bytes * sums.length));
          f.set(columns!, sub(columns!, (bytes / size) * sums.length));
        };
        const wide = Array.from({ length: streams }, () => f.local(vector));
        const perVector = 16 / size;
        f.while(ge(columns!, perVector * streams), () => block(vector, wide));
        f.while(ge(columns!, perVector), () => block(vector, wide.slice(0, 1)));
        const single = [f.local(type)];
        f.while(columns!, () => block(type, single));
      },
      { export: true },
    );
  });
