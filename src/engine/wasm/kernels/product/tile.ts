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
import type { Callee, FunctionBuilder, ModuleBuilder } from "../../assembler.ts";
import { multiplyAdd } from "../../fused.ts";
import { add, and, eq, ge, gt, load, loadSplat, lt, mul, select, sub } from "../../instructions.ts";
import { constant, type Expr, laneBytes, type Scalar, vectorOf } from "../../lanes.ts";

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
 * Adds tile(a, b, k, c, cRow, from, fromRow, rows, columns, scratch) to the module of a kernel that `isFused`: tiles one below the other, until
 * there are `rows`; k >= 1; `from` 0: nothing to add to; of c only `rows` and `columns` are read and written. `scratch` holds a tile (256 bytes).
 * Part of the module that calls it, as a call into another one takes as long as some steps of k.
 */
export const addTile = (m: ModuleBuilder, type: Scalar): Callee => tile(m, type, false);

/**
 * The same for one tile of a b that is not packed: its steps lie `sourceRow` bytes apart from `source` on (the last two parameters), and are
 * written to b, which costs nothing beside the multiplications.
 */
export const addPackingTile = (m: ModuleBuilder, type: Scalar): Callee => tile(m, type, true);

function tile(m: ModuleBuilder, type: Scalar, packs: boolean): Callee {
  const vector = vectorOf(type);
  const size = laneBytes(type);
  const columns = tileColumns(type);
  const rowIndices = Array.from({ length: tileRows }, (_, r) => r);
  return m.function(
    `${packs ? "packing_tile" : "tile"}_${type}`,
    new Array<"i32">(packs ? 12 : 10).fill("i32"),
    null,
    (f, a, b, k, c, cRow, from, fromRow, rows, cols, scratch, source, sourceRow) => {
      const sums = rowIndices.map(() => [f.local(vector), f.local(vector)] as const);
      const [left, bAt] = [f.local("i32"), f.local("i32")];
      const steps = Array.from({ length: unroll }, () => f.local("i32"));
      const [low, high, factor] = [f.local(vector), f.local(vector), f.local(vector)];
      // The four offsets of a step's rows stay in registers, because these loads need them outside of the loop.
      for (let r = 1; r < tileRows; r++) f.do(loadSplat(vector, a!, r * size));
      f.loop((nextTile) => {
        for (const sum of sums.flat()) f.set(sum, constant(vector, 0));
        f.set(left, k!);
        f.set(bAt, sub(b!, bias));
        // A pointer for each step, so that the offsets are the same.
        steps.forEach((pointer, step) => {
          f.set(pointer, add(a!, step * tileRows * size));
        });
        f.block((done) => {
          f.loop((again) => {
            steps.forEach((pointer, step) => {
              const at = bias + step * stepOfB;
              f.set(low, packs ? load(vector, source!) : load(vector, bAt, at));
              f.set(high, packs ? load(vector, source!, 16) : load(vector, bAt, at + 16));
              if (packs) {
                f.store(vector, bAt, low, at);
                f.store(vector, bAt, high, at + 16);
                f.set(source!, add(source!, sourceRow!));
              }
              rowIndices.forEach((r) => {
                f.set(factor, loadSplat(vector, pointer, r * size));
                f.set(sums[r]![0], multiplyAdd(factor, low, sums[r]![0]));
                f.set(sums[r]![1], multiplyAdd(factor, high, sums[r]![1]));
                if (r === fence) f.brIf(done, eq(left, -1 - step));
              });
              if (step < unroll - 1) f.brIf(done, eq(left, step + 1));
            });
            for (const pointer of steps) f.set(pointer, add(pointer, unroll * tileRows * size));
            f.set(bAt, add(bAt, unroll * stepOfB));
            f.set(left, sub(left, unroll));
            f.brIf(again, gt(left, 0));
          });
        });
        writeTile(f);
        if (packs) return;
        f.set(a!, add(a!, mul(k!, tileRows * size)));
        f.set(c!, add(c!, mul(cRow!, tileRows)));
        f.if(from!, () => f.set(from!, add(from!, mul(fromRow!, tileRows))));
        f.set(rows!, sub(rows!, tileRows));
        f.brIf(nextTile, gt(rows!, 0));
      });

      function writeTile(f: FunctionBuilder): void {
        const [to, start] = [f.let(c!), f.let(from!)];
        const writeRows = (value: (sum: Expr, offset: number) => Expr) =>
          rowIndices.forEach((r) => {
            f.store(vector, to, value(sums[r]![0], 0), 0);
            f.store(vector, to, value(sums[r]![1], 16), 16);
            if (r === tileRows - 1) return;
            f.set(to, add(to, cRow!));
            f.set(start, add(start, fromRow!));
          });
        f.if(
          and(ge(rows!, tileRows), eq(cols!, columns)),
          () =>
            f.if(
              from!,
              () => writeRows((sum, offset) => add(load(vector, start, offset), sum)),
              () => writeRows((sum) => sum),
            ),
          () => {
            rowIndices.forEach((r) => {
              f.store(vector, scratch!, sums[r]![0], r * stepOfB);
              f.store(vector, scratch!, sums[r]![1], r * stepOfB + 16);
            });
            const bytes = f.let(mul(cols!, size));
            const [row, j] = [f.let(scratch!), f.local("i32")];
            const left = f.let(select(lt(rows!, tileRows), rows!, tileRows));
            f.doWhile(left, () => {
              f.for(j, { from: 0, to: bytes, step: size }, () => {
                const sum = f.let(load(type, add(row, j)));
                f.if(from!, () => f.set(sum, add(load(type, add(start, j)), sum)));
                f.store(type, add(to, j), sum);
              });
              f.set(to, add(to, cRow!));
              f.set(start, add(start, fromRow!));
              f.set(row, add(row, stepOfB));
              f.set(left, sub(left, 1));
            });
          },
        );
      }
    },
  );
}
