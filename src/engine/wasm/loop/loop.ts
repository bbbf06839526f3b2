/** Emits a LoopStep by its strategy. The order in which a result's elements are folded depends on the step's extents alone. */
import type { LoopStep } from "../../step.ts";
import type { FunctionBuilder } from "../assembler.ts";
import { ge, gt, sub } from "../instructions.ts";
import type { Expr } from "../lanes.ts";
import { LaneAccumulator, Total } from "./accumulate.ts";
import { type Fail, Values } from "./body.ts";
import { Cursors, type Spot } from "./cursors.ts";
import { storeElement, type Width } from "./elements.ts";
import type { Emitter } from "./functions.ts";
import { countOf, type Strategy, simplest, strategyOf } from "./strategy.ts";

/** Elements of the innermost reduced extent after which partial results go into the total. */
const chunkOfLanes = 64;
const chunkOfRows = 4096;

/** The part of the outermost loop to run, in its elements. */
export interface Range {
  readonly from: Expr;
  readonly to: Expr;
}

export interface LoopEmitter extends Emitter {
  /** The workspace. */
  readonly base: Expr;
  readonly fail: Fail;
}

export function emitLoop(emitter: LoopEmitter, original: LoopStep, range?: Range): void {
  const step = simplest(original);
  const results = step.extents.filter((_, d) => !step.reduced[d]);
  if (countOf(results) > 0) emitter.f.scope(() => new Loop(emitter, step).emit(range));
}

class Loop {
  private readonly f: FunctionBuilder;
  private readonly step: LoopStep;
  private readonly strategy: Strategy;
  private readonly cursors: Cursors;
  private readonly values: Values;
  private readonly results: readonly Spot[];
  /** The values that the reductions fold. */
  private readonly folded: readonly number[];
  private readonly innermost: number;
  /** The dimension of vectors. */
  private readonly laneDim: number;

  constructor(emitter: LoopEmitter, step: LoopStep) {
    this.f = emitter.f;
    this.step = step;
    this.strategy = strategyOf(step);
    this.cursors = new Cursors(emitter.f, emitter.base);
    const { order, pattern, kept } = this.strategy;
    this.innermost = order.length - 1;
    this.laneDim = order[pattern === "columns" ? kept - 1 : this.innermost] ?? 0;
    this.folded = step.reductions.map(({ node }) => node);
    const limit = pattern === "columns" ? kept - 1 : this.innermost;
    this.values = new Values(emitter, step, { cursors: this.cursors, order, limit, fail: emitter.fail });
    this.results = step.reductions.map(({ view }) => this.cursors.spot(view));
  }

  emit(range: Range | undefined): void {
    const { pattern, kept } = this.strategy;
    this.values.hoist(-1);
    if (pattern === "flat") this.outer(0, this.innermost, range, (part) => this.flat(part));
    else if (pattern === "rows") this.outer(0, kept, range, () => this.row());
    else this.outer(0, kept - 1, range, (part) => this.columns(part));
  }

  private extentAt(level: number): number {
    return this.step.extents[this.strategy.order[level]!]!;
  }

  /** What the loop of a level has moved the cursors by, to be taken back. */
  private moved(level: number): { d: number; count: number } | null {
    return level > this.innermost ? null : { d: this.strategy.order[level]!, count: this.extentAt(level) };
  }

  /** Loops over levels from `level` to `end`, then `inside`, which gets the range if no loop has used it. */
  private outer(level: number, end: number, range: Range | undefined, inside: (range?: Range) => void): void {
    if (level >= end) {
      inside(range);
      return;
    }
    const d = this.strategy.order[level]!;
    const turn = () => {
      this.values.hoist(level);
      this.outer(level + 1, end, undefined, inside);
      this.cursors.advance(d, 1, this.moved(level + 1));
    };
    if (!range) {
      this.repeat(this.extentAt(level), turn);
      return;
    }
    this.cursors.advance(d, range.from);
    const left = this.f.let(sub(range.to, range.from));
    this.f.while(gt(left, 0), () => {
      this.f.scope(turn);
      this.f.set(left, sub(left, 1));
    });
  }

  private repeat(times: number, body: () => void): void {
    if (times === 0) return;
    this.f.scope(() => {
      if (times === 1) {
        body();
        return;
      }
      const left = this.f.local("i32", times);
      this.f.doWhile(left, () => {
        this.f.scope(body);
        this.f.set(left, sub(left, 1));
      });
    });
  }

  /** Lanes and vectors of a turn, from the widest turn to a single element. */
  private get turns(): readonly (readonly [Width, number])[] {
    const { width, unroll } = this.strategy;
    const turns: [Width, number][] = [[width, unroll]];
    if (unroll > 1) turns.push([width, 1]);
    if (width > 1) turns.push([1, 1]);
    return turns;
  }

  /** Covers `count` elements, or a range, with turns; each must move the cursors. */
  private cover(count: number, range: Range | undefined, turn: (width: Width, unroll: number) => void): void {
    const left = range && this.f.let(sub(range.to, range.from));
    let rest = count;
    for (const [width, unroll] of this.turns) {
      const size = width * unroll;
      if (!left && rest < size) continue;
      this.values.enter(width, this.folded);
      if (left) {
        this.f.while(ge(left, size), () => {
          this.f.scope(() => turn(width, unroll));
          this.f.set(left, sub(left, size));
        });
      } else this.repeat(Math.floor(rest / size), () => turn(width, unroll));
      rest %= size;
    }
  }

  /** One turn along the dimension of vectors; `fold` gets the values of each vector. */
  private turn(width: Width, unroll: number, fold?: (u: number, values: Map<number, Expr>) => void): void {
    for (let u = 0; u < unroll; u++) {
      const values = this.values.run(width, this.laneDim, u * width, this.folded);
      fold?.(u, values);
    }
    this.cursors.advance(this.laneDim, width * unroll);
  }

  private flat(range: Range | undefined): void {
    if (this.innermost < 0) {
      this.values.run(1, 0, 0, []);
      return;
    }
    if (range) this.cursors.advance(this.laneDim, range.from);
    this.cover(this.extentAt(this.innermost), range, (width, unroll) => this.turn(width, unroll));
  }

  private storeResult(k: number, value: Expr, ahead: number): void {
    const { address, offset, strides } = this.results[k]!;
    const at = offset + ahead * (strides[this.laneDim] ?? 0);
    storeElement(this.f, this.step.reductions[k]!.view.dtype, { address, offset: at }, value);
  }

  private row(): void {
    const totals = this.step.reductions.map(({ fn, view }) => new Total(this.f, fn, view.dtype));
    for (const total of totals) total.start();
    if (countOf(this.step.extents) > 0) {
      if (this.strategy.kept > this.innermost) this.single(totals, this.values.run(1, 0, 0, this.folded));
      else this.outer(this.strategy.kept, this.innermost, undefined, () => this.rowInner(totals));
    }
    totals.forEach((total, k) => {
      this.storeResult(k, total.result(), 0);
    });
  }

  private single(totals: readonly Total[], values: Map<number, Expr>): void {
    totals.forEach((total, k) => {
      total.add(values.get(this.folded[k]!)!);
    });
  }

  /** The innermost reduced loop: partial vectors by chunks, then what is left one by one. */
  private rowInner(totals: readonly Total[]): void {
    const { width } = this.strategy;
    let rest = this.extentAt(this.innermost);
    for (const [lanes, unroll] of this.turns) {
      const size = lanes * unroll;
      const times = Math.floor(rest / size);
      rest %= size;
      if (times === 0) continue;
      this.values.enter(lanes, this.folded);
      if (lanes === 1 || width === 1) {
        this.repeat(times, () => this.turn(1, 1, (_, values) => this.single(totals, values)));
        continue;
      }
      const perChunk = Math.max(1, Math.floor(chunkOfRows / size));
      const chunks = times > perChunk ? Math.floor(times / perChunk) : 0;
      this.repeat(chunks, () => this.partialRow(totals, lanes, unroll, perChunk));
      const last = times - chunks * perChunk;
      if (last > 0) this.f.scope(() => this.partialRow(totals, lanes, unroll, last));
    }
  }

  private partialRow(totals: readonly Total[], width: Width, unroll: number, times: number): void {
    const partials = totals.map((total) => total.partials(width, unroll));
    this.repeat(times, () =>
      this.turn(width, unroll, (u, values) =>
        totals.forEach((total, k) => {
          total.addTo(partials[k]![u]!, values.get(this.folded[k]!)!);
        }),
      ),
    );
    totals.forEach((total, k) => {
      total.collect(partials[k]!);
    });
  }

  /** Blocks of columns: `unroll` vectors, one vector, single elements. */
  private columns(range: Range | undefined): void {
    if (range) this.cursors.advance(this.laneDim, range.from);
    this.cover(this.extentAt(this.strategy.kept - 1), range, (width, unroll) => this.columnBlock(width, unroll));
  }

  private columnBlock(width: Width, unroll: number): void {
    const { order, kept } = this.strategy;
    const elements = countOf(order.slice(kept).map((d) => this.step.extents[d]!));
    const isLong = elements > chunkOfLanes;
    const sums = Array.from({ length: unroll }, () =>
      this.step.reductions.map(({ fn, view }) => new LaneAccumulator(this.f, { fn, dtype: view.dtype, width, isLong })),
    );
    for (const sum of sums.flat()) sum.start();
    if (elements > 0) {
      this.outer(kept, this.innermost, undefined, () => this.columnInner(width, sums, isLong));
    }
    sums.forEach((at, u) => {
      at.forEach((sum, k) => {
        this.storeResult(k, sum.result(), u * width);
      });
    });
    this.cursors.advance(this.laneDim, width * unroll, elements > 0 ? this.moved(kept) : null);
  }

  /** The innermost reduced loop, one row of the block a turn. */
  private columnInner(width: Width, sums: readonly (readonly LaneAccumulator[])[], isLong: boolean): void {
    const row = () => {
      sums.forEach((at, u) => {
        const values = this.values.run(width, this.laneDim, u * width, this.folded);
        at.forEach((sum, k) => {
          sum.add(values.get(this.folded[k]!)!);
        });
      });
      this.cursors.advance(this.strategy.order[this.innermost]!, 1);
    };
    const rows = (times: number) => {
      this.repeat(times, row);
      if (isLong) for (const sum of sums.flat()) sum.flush();
    };
    const count = this.extentAt(this.innermost);
    const chunks = count > chunkOfLanes ? Math.floor(count / chunkOfLanes) : 0;
    this.repeat(chunks, () => rows(chunkOfLanes));
    const last = count - chunks * chunkOfLanes;
    if (last > 0) rows(last);
  }
}
