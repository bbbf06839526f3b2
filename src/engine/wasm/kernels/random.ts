/**
 * Philox 4x32-10 and TensorFlow's ways from its words to numbers; the algorithm and the bits are those of core/philox.ts. A state is
 * uint32 key[2], counter[4]; a draw of n elements moves it on by 256 n blocks.
 */
import { type Callee, call, type FunctionBuilder, type Local } from "../assembler.ts";
import {
  abs,
  add,
  and,
  atLeast,
  convert,
  eqz,
  gt,
  load,
  lt,
  mul,
  or,
  reinterpret,
  remU,
  shl,
  shrU,
  sqrt,
  sub,
  xor,
} from "../instructions.ts";
import { constant, type Expr } from "../lanes.ts";
import { defineKernel } from "./define.ts";
import type { Kernel } from "./kernel.ts";

/** The words of a block and the counter that makes it. */
class Generator {
  readonly words: readonly [Local, Local, Local, Local];
  readonly low: Local;
  readonly high: Local;
  private readonly f: FunctionBuilder;
  private readonly keys: readonly [Local, Local];

  constructor(f: FunctionBuilder, state: Local) {
    this.f = f;
    this.keys = [f.let(load("i32", state)), f.let(load("i32", state, 4))];
    this.low = f.let(load("i64", state, 8));
    this.high = f.let(load("i64", state, 16));
    this.words = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  }

  /** Moves the stored state on for a draw of `count` elements. */
  reserve(state: Local, count: Local): void {
    const { f } = this;
    const low = f.let(add(this.low, shl(convert("extendU", count), 8)));
    f.store("i64", state, low, 8);
    f.if(isBelow(low, this.low), () => f.store("i64", state, add(this.high, 1), 16));
  }

  /** Adds blocks to the counter. */
  skip(blocks: number): void {
    const { f, low, high } = this;
    const before = f.let(low);
    f.set(low, add(low, blocks));
    f.if(isBelow(low, before), () => f.set(high, add(high, 1)));
  }

  /** Sets the words from the counter and counts up. */
  next(): void {
    const { f, words } = this;
    const [c0, c1, c2, c3] = words;
    const [k0, k1] = this.keys.map((key) => f.let(key)) as [Local, Local];
    f.set(c0, convert("wrap", this.low));
    f.set(c1, convert("wrap", shrU(this.low, 32)));
    f.set(c2, convert("wrap", this.high));
    f.set(c3, convert("wrap", shrU(this.high, 32)));
    const [p0, p1] = [f.local("i64"), f.local("i64")];
    for (let round = 0; round < 10; round++) {
      f.set(p0, mul(convert("extendU", c0), 0xd2511f53));
      f.set(p1, mul(convert("extendU", c2), 0xcd9e8d57));
      f.set(c0, xor(xor(convert("wrap", shrU(p1, 32)), c1), k0));
      f.set(c2, xor(xor(convert("wrap", shrU(p0, 32)), c3), k1));
      f.set(c1, convert("wrap", p1));
      f.set(c3, convert("wrap", p0));
      f.set(k0, add(k0, 0x9e3779b9));
      f.set(k1, add(k1, 0xbb67ae85));
    }
    this.skip(1);
  }
}

const isBelow = (x: Expr, y: Expr): Expr => ({ type: "i32", code: [0x54], args: [x, y] });

/** 23 bits as a float32 in [0, 1). */
const uniform = (word: Expr): Expr => sub(reinterpret("f32", or(and(word, 0x7fffff), 0x3f800000)), constant("f32", 1));

const single = (fn: Callee, x: Expr): Expr => convert("demote", call(fn, convert("promote", x)));

const smallest = Math.fround(1e-7);

/** Box-Muller in float32: two words to two normals. */
function normals(f: FunctionBuilder, [log, sin, cos]: readonly Callee[], a: Expr, b: Expr): [Local, Local] {
  const u = f.let(atLeast(f.let(uniform(a)), smallest));
  // A product of doubles, rounded once.
  const angle = f.let(convert("demote", mul(convert("promote", uniform(b)), constant("f64", 2 * Math.PI))));
  const r = f.let(sqrt(mul(single(log!, u), -2)));
  return [f.let(mul(single(sin!, angle), r)), f.let(mul(single(cos!, angle), r))];
}

const params = ["out", "count", "state"] as const;
const math = ["log", "sin", "cos"];

/** Blocks until `count` elements are stored, in the order of `values`. */
function fill(f: FunctionBuilder, type: "f32" | "i32", out: Local, count: Local, values: () => readonly Expr[]): void {
  f.while(gt(count, 0), () => {
    values().forEach((value, k) => {
      f.if(gt(count, k), () => f.store(type, out, value, 4 * k));
    });
    f.set(out, add(out, 16));
    f.set(count, sub(count, 4));
  });
}

export const uniformFloat: Kernel = defineKernel("random_uniform_f32", { params }, (f, { out, count, state }) => {
  const generator = new Generator(f, state);
  generator.reserve(state, count);
  fill(f, "f32", out, count, () => {
    generator.next();
    return generator.words.map(uniform);
  });
});

export const normalFloat: Kernel = defineKernel("random_normal_f32", { params, math }, (f, args, functions) => {
  const generator = new Generator(f, args.state);
  generator.reserve(args.state, args.count);
  const [a, b, c, d] = generator.words;
  fill(f, "f32", args.out, args.count, () => {
    generator.next();
    return [...normals(f, functions, a, b), ...normals(f, functions, c, d)];
  });
});

/** Each group of 4 outputs starts 256 blocks after the one before, and takes the normals nearer to 0 than 2 in their order. */
export const truncatedFloat: Kernel = defineKernel("random_truncated_f32", { params, math }, (f, args, functions) => {
  const { out, count, state } = args;
  const generator = new Generator(f, state);
  generator.reserve(state, count);
  const [a, b, c, d] = generator.words;
  const left = f.local("i32");
  f.while(gt(count, 0), () => {
    const [low, high] = [f.let(generator.low), f.let(generator.high)];
    f.set(left, 4);
    f.if(lt(count, 4), () => f.set(left, count));
    f.doWhile(left, () => {
      generator.next();
      for (const value of [...normals(f, functions, a, b), ...normals(f, functions, c, d)]) {
        f.if(and(lt(abs(value), constant("f32", 2)), gt(left, 0)), () => {
          f.store("f32", out, value);
          f.set(out, add(out, 4));
          f.set(left, sub(left, 1));
        });
      }
    });
    f.set(generator.low, low);
    f.set(generator.high, high);
    generator.skip(256);
    f.set(count, sub(count, 4));
  });
});

/** min + word mod (max - min). */
export const integers: Kernel = defineKernel(
  "random_integers_i32",
  { params: [...params, "min", "max"] },
  (f, { out, count, state, min, max }) => {
    const generator = new Generator(f, state);
    generator.reserve(state, count);
    const low = f.let(load("i32", min));
    const range = f.let(sub(load("i32", max), low));
    // an empty range is refused before; a division by 0 would trap
    f.if(eqz(range), () => f.return());
    fill(f, "i32", out, count, () => {
      generator.next();
      return generator.words.map((word) => add(low, remU(word, range)));
    });
  },
);

/** All 32 bits of each word. */
export const bits: Kernel = defineKernel("random_bits_i32", { params }, (f, { out, count, state }) => {
  const generator = new Generator(f, state);
  generator.reserve(state, count);
  fill(f, "i32", out, count, () => {
    generator.next();
    return generator.words;
  });
});
