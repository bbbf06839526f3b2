/**
 * The inner kernel of matrix products and convolutions: a tile of 4 rows and two vectors of columns, c (+)= a b.
 *
 *     a   k steps of 4 elements (one for each row)           packed by pack.ts
 *     b   k steps of two vectors
 *     c   rows `cRow` bytes apart
 *     from   what c is added to: rows `fromRow` bytes apart
 *
 * Each element of c is ((0 + a0 b0) + a1 b1) + …, added to that of `from` at the end: the same bits wherever the element lies in a tile.
 * A step is rounded once where it can be (fused.ts).
 */
import type { Callee, ModuleBuilder } from "../../assembler.ts";
import { multiplyAdd } from "../../fused.ts";
import { add, eq, gt, load, loadSplat, mul, sub } from "../../instructions.ts";
import { type Expr, laneBytes, type Scalar, vectorOf } from "../../lanes.ts";

export const tileRows = 4;

/** Bytes of one step of b, for every element type. */
export const stepOfB = 32;

/** Columns of a tile. */
export const tileColumns = (type: Scalar): number => stepOfB / laneBytes(type);

/** Steps of k between two jumps back. */
const unroll = 4;

/** Added to the offsets of b and taken from its address: V8 keeps an offset that two loads have in common in a register. */
const bias = 64;

/**
 * After this row of a step comes a way out that is never taken. It needs all sums, so V8 must have computed them: otherwise it moves the loads
 * of the step to the front, where their vectors spill.
 */
const fence = 1;

/**
 * Adds tile(a, b, k, c, cRow, from, fromRow, rows, columns, scratch) to the module of a kernel that `isFused`: k >= 1; `from` 0: nothing to add
 * to; of the tile only `rows` and `columns` are read and written. `scratch` holds a tile (256 bytes). Part of the module that calls it, as a call
 * into another one takes as long as some steps of k.
 */
export function addTile(m: ModuleBuilder, type: Scalar): Callee {
  const vector = vectorOf(type);
  const size = laneBytes(type);
  const columns = tileColumns(type);
  const rowIndices = Array.from({ length: tileRows }, (_, r) => r);
  return m.function(
    `tile_${type}`,
    new Array<"i32">(10).fill("i32"),
    null,
    (f, a, b, k, c, cRow, from, fromRow, rows, cols, scratch) => {
      const sums = rowIndices.map(() => [f.local(vector, 0), f.local(vector, 0)] as const);
      const left = f.let(k!);
      f.set(b!, sub(b!, bias));
      // A pointer for each step: the four offsets of its rows then stay in registers, because these loads need them outside of the loop.
      const steps = Array.from({ length: unroll }, (_, step) => f.let(add(a!, step * tileRows * size)));
      for (let r = 1; r < tileRows; r++) f.do(loadSplat(vector, a!, r * size));
      const [low, high, factor] = [f.local(vector), f.local(vector), f.local(vector)];
      f.block((done) => {
        f.loop((again) => {
          steps.forEach((from, step) => {
            f.set(low, load(vector, b!, bias + step * stepOfB));
            f.set(high, load(vector, b!, bias + step * stepOfB + 16));
            rowIndices.forEach((r) => {
              f.set(factor, loadSplat(vector, from, r * size));
              f.set(sums[r]![0], multiplyAdd(factor, low, sums[r]![0]));
              f.set(sums[r]![1], multiplyAdd(factor, high, sums[r]![1]));
              if (r === fence) f.brIf(done, eq(left, -1 - step));
            });
            if (step < unroll - 1) f.brIf(done, eq(left, step + 1));
          });
          for (const from of steps) f.set(from, add(from, unroll * tileRows * size));
          f.set(b!, add(b!, unroll * stepOfB));
          f.set(left, sub(left, unroll));
          f.brIf(again, gt(left, 0));
        });
      });

      const writeRows = (value: (sum: Expr, offset: number) => Expr, next?: () => void) => {
        const row = f.let(c!);
        rowIndices.forEach((r) => {
          f.store(vector, row, value(sums[r]![0], 0), 0);
          f.store(vector, row, value(sums[r]![1], 16), 16);
          if (r === tileRows - 1) return;
          f.set(row, add(row, cRow!));
          next?.();
        });
      };
      const addRows = () =>
        writeRows(
          (sum, offset) => add(load(vector, from!, offset), sum),
          () => f.set(from!, add(from!, fromRow!)),
        );
      const isWhole = eq(add(mul(rows!, 256), cols!), tileRows * 256 + columns);
      f.if(
        isWhole,
        () => f.if(from!, addRows, () => writeRows((sum) => sum)),
        () => {
          rowIndices.forEach((r) => {
            f.store(vector, scratch!, sums[r]![0], r * stepOfB);
            f.store(vector, scratch!, sums[r]![1], r * stepOfB + 16);
          });
          const bytes = f.let(mul(cols!, size));
          const j = f.local("i32");
          f.doWhile(rows!, () => {
            f.for(j, { from: 0, to: bytes, step: size }, () => {
              const to = f.let(add(c!, j));
              const sum = f.let(load(type, add(scratch!, j)));
              f.if(
                from!,
                () => f.store(type, to, add(load(type, add(from!, j)), sum)),
                () => f.store(type, to, sum),
              );
            });
            f.set(c!, add(c!, cRow!));
            f.if(from!, () => f.set(from!, add(from!, fromRow!)));
            f.set(scratch!, add(scratch!, stepOfB));
            f.set(rows!, sub(rows!, 1));
          });
        },
      );
    },
  );
}
