/** Programs made from a seed: values of few shapes, much sharing, variables read and written in any order. */
import { dtypeOf } from "../../src/core/dtype.ts";
import { invalidArgument } from "../../src/core/error.ts";
import { NdArray } from "../../src/core/nd_array.ts";
import { elementCount, type FullShape } from "../../src/core/shape.ts";
import type { Lowering } from "../../src/engine/lowering.ts";
import type { Value } from "../../src/engine/primitive.ts";
import { type Setup, variable } from "./support.ts";

/** Whole numbers below n from a seed (Mulberry32). */
export function choices(seed: number): (n: number) => number {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return n <= 0 ? 0 : ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const shapes: readonly FullShape[] = [[], [3], [2, 3], [3, 2], [4, 3], [2, 1, 3], [6], [1, 6], [3, 3]];

const arrayFor = (k: number, shape: FullShape, divisor: number): NdArray =>
  new NdArray(
    dtypeOf("float32"),
    shape,
    Float32Array.from({ length: elementCount(shape) }, (_, i) => (((i * 7 + k * 3) % 11) - 5) / divisor),
  );

export interface RandomProgram {
  readonly setup: Setup;
  readonly body: (p: Lowering, inputs: readonly Value[]) => readonly Value[];
}

/**
 * Small whole numbers, so that sums and products are exact in any order; with `fractions` everything rounds, and functions that are no
 * arithmetic take part.
 */
export function randomProgram(seed: number, size: number, fractions = false): RandomProgram {
  const divisor = fractions ? 7 : 1;
  const first = choices(seed);
  const setup: Setup = {
    inputs: [0, 1, 2].map((k) => arrayFor(k, shapes[first(shapes.length)]!, divisor)),
    variables: [3, 4, 5].map((k) => ({ dtype: "float32", value: arrayFor(k, shapes[first(shapes.length)]!, divisor) })),
  };
  const body = (p: Lowering, inputs: readonly Value[]): readonly Value[] => {
    const choose = choices(seed + 1);
    const pool: Value[] = [
      ...inputs,
      p.scalar(3, "float32"),
      p.fill(2, "float32", [2, 3]),
      p.iota("float32", [3, 2], 1),
    ];
    // Late values are likelier.
    const pick = (from: readonly Value[] = pool) => from[Math.max(choose(from.length), choose(from.length))]!;
    const fitting = (shape: FullShape) => pick(pool.filter((y) => y.shape.length === 0 || `${y.shape}` === `${shape}`));
    const rows = (x: Value, n: number) =>
      p.cast(p.floorMod(p.slice(p.reshape(x, [elementCount(x.shape)]), [0], [1]), p.scalar(n, "float32")), "int32");
    const outOfRange = () => invalidArgument("out of range");
    const make = (x: Value): Value | undefined => {
      const rank = x.shape.length;
      const axis = choose(rank);
      const all = x.shape.map((_, d) => d);
      switch (choose(20)) {
        case 0:
          return p.add(x, fitting(x.shape));
        case 1:
          return p.mul(p.min(x, p.scalar(9, "float32")), p.sign(fitting(x.shape)));
        case 2:
          return fractions ? p.tanh(p.mul(x, fitting(x.shape))) : p.max(p.neg(x), fitting(x.shape));
        case 3:
          return p.select(p.gt(x, fitting(x.shape)), x, fitting(x.shape));
        case 4:
          return rank > 0 ? p.reduce("sum", x, [axis], choose(2) === 1) : undefined;
        case 5:
          return p.reduce("max", x, all);
        case 6:
          return p.transpose(x, all.toReversed());
        case 7:
          return p.reshape(x, x.shape.toReversed());
        case 8:
          return p.broadcast(x, [2, ...x.shape]);
        case 9: {
          if (rank === 0 || x.shape[axis]! < 2) return undefined;
          const begin = all.map((d) => (d === axis ? 1 : 0));
          return p.slice(
            x,
            begin,
            x.shape.map((n, d) => n - begin[d]!),
          );
        }
        case 10:
          return rank > 0 ? p.concat([x, p.reverse(x, [axis])], axis) : undefined;
        case 11:
          return p.pad(
            x,
            all.map(() => 1),
            all.map(() => 0),
          );
        case 12: {
          if (rank !== 2) return undefined;
          const clipped = p.max(p.min(x, p.scalar(4, "float32")), p.scalar(-4, "float32"));
          return p.matmul(clipped, p.sign(pick(pool.filter((y) => `${y.shape}` === `${x.shape}`))), {
            transposeB: true,
          });
        }
        case 13:
          return rank > 0 ? p.gather(x, rows(x, x.shape[axis]! + choose(2)), { axis, onError: outOfRange }) : undefined;
        case 14: {
          const slot = choose(3);
          const base = p.read(variable(slot));
          if (base.shape.length === 0) return undefined;
          const index = rows(x, base.shape[0]! + choose(2));
          const updates = fitting([...index.shape, ...base.shape.slice(1)]);
          const result = p.scatter("add", base, index, updates, outOfRange);
          p.write(variable(slot), result);
          return choose(2) === 0 ? result : undefined;
        }
        case 15:
          return p.read(variable(choose(3)));
        case 16:
          p.check(p.lt(x, p.scalar(16 + choose(30), "float32")), () => invalidArgument("too large"));
          return undefined;
        default: {
          const slot = choose(3);
          const shape = p.shapeOf(variable(slot))!;
          p.write(variable(slot), p.broadcast(fitting(shape), shape));
          return choose(2) === 0 ? p.read(variable(slot)) : undefined;
        }
      }
    };
    for (let i = 0; i < size; i++) {
      const made = make(pick());
      if (made && elementCount(made.shape) <= 200) pool.push(made);
    }
    return [pick(), pick(), pool.at(-1)!];
  };
  return { setup, body };
}
