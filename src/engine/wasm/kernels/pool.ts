/**
 * Sharing of pieces between threads, in WebAssembly. A job is published in a control block; each thread, the caller included, has a range of
 * the pieces of its own, takes them from the front, and then those of others from the back, so that in run after run a thread writes the same
 * memory. The caller returns when all pieces are done, and never waits for a piece that has not begun.
 *
 *     0     i64   the job's number in the high half, its count of pieces in the low one: all that idle threads look at
 *     8     i32   the function of its pieces, its argument, number of its first piece, where pieces leave their times (0: nowhere)
 *     128   i32   pieces that others than the caller have done, ever
 *     256   i32   threads asleep, threads ready, whether idle threads sleep at once, how many pieces have left their times
 *     384   i32   of the caller: jobs so far, pieces that others had to do, whether a job goes on
 *     512   i64   for each thread, `rangeBytes` apart: the number of the job that it belongs to, begin and end of what is left of its range
 *                 (16 bits each); then the i32 of the pieces that the thread has taken of the job
 *
 * A range of an older job stands for a whole one of this job. Who has changed a range has a piece of a job that cannot end without it, so
 * that what it read of the job is true. Times of a piece are f64 begin, f64 end (milliseconds of the main thread's clock), i32 thread.
 */
import { call, callIndirect, type FunctionBuilder, type Local, ModuleBuilder } from "../assembler.ts";
import { atomic } from "../atomics.ts";
import { add, and, convert, div, eq, ge, gt, load, lt, mul, ne, or, shl, shrU, sub } from "../instructions.ts";
import { constant, type Expr, i32 } from "../lanes.ts";
import { importMemory } from "./kernel.ts";

const at = {
  current: 0,
  number: 4,
  piece: 8,
  job: 12,
  first: 16,
  times: 20,
  done: 128,
  asleep: 256,
  ready: 260,
  parked: 264,
  timed: 268,
  jobs: 384,
  expected: 388,
  open: 392,
  ranges: 512,
};
/** Two lines of the cache: processors fetch them in pairs. */
const rangeBytes = 128;

export const controlBytesFor = (threads: number): number => at.ranges + rangeBytes * threads;

/** Byte offset of the count of jobs. */
export const jobsOffset = at.jobs;
/** Byte offset of the count of threads that are ready. */
export const readyOffset = at.ready;
export const doneOffset = at.done;
/** Byte offset of how many pieces a thread has taken of the job that it takes part in. */
export const takenOffset = (thread: number): number => at.ranges + rangeBytes * thread + 8;
/** Byte offset of a 1 that sends idle threads to sleep until the next job, which takes it back. */
export const parkedOffset = at.parked;
/** Byte offsets of where pieces leave their times, and of how many did. */
export const timesOffset = at.times;
export const timedOffset = at.timed;
export const timeBytes = 24;
/** Pieces beyond it leave no times. */
export const maxTimed = 16_384;

/** Pieces of one job: a place in a range has 16 bits. */
const most = 0xffff;

/** The job at which threads are asked for: a run or two of a small program does without them. */
const patience = 4;

/** So many jobs later a range of an older job is sure to look older. */
const youngest = 2 ** 30;

/** Turns of looking for a job, about a nanosecond each, before a thread sleeps. */
const spins = 1_000_000;

const place = (control: Expr, field: keyof typeof at): Expr => add(control, at[field]);
const high = (x: Expr): Expr => convert("wrap", shrU(x, constant("i64", 32)));
const low = (x: Expr): Expr => convert("wrap", x);
const pair = (upper: Expr, lower: Expr): Expr =>
  or(shl(convert("extendU", upper), constant("i64", 32)), convert("extendU", lower));

/**
 * Imports env.table (piece functions by number), env.control, env.threads, host.ask, host.now. Exports
 *     share(piece, job, count)        for the caller; asks for threads after a few jobs
 *     work(worker, known, last)       for a thread: takes pieces until a job needs a function beyond `known`; returns the number of the last job
 */
export function buildPool(): WebAssembly.Module {
  const m = new ModuleBuilder();
  importMemory(m);
  m.importTable("env", "table");
  const control = m.importGlobal("env", "control");
  const threads = m.importGlobal("env", "threads");
  const ask = m.importFunction("host", "ask", [], null);
  const now = m.importFunction("host", "now", [], "f64");
  const pieceType = m.signature(["i32", "i32", "i32"], null);

  /** Runs a piece, and leaves its times where they are asked for. */
  const runPiece = m.function("run_piece", ["i32", "i32", "i32", "i32"], null, (f, piece, job, index, worker) => {
    const run = (): void => f.do(callIndirect(pieceType, piece!, [job!, index!, worker!]));
    const times = f.let(load("i32", control, at.times));
    const slot = f.local("i32", maxTimed);
    f.if(times, () => f.set(slot, atomic("add", place(control, "timed"), i32(1))));
    f.if(
      lt(slot, maxTimed),
      () => {
        f.set(times, add(times, mul(slot, timeBytes)));
        f.store("f64", times, call(now));
        run();
        f.store("f64", times, call(now), 8);
        f.store("i32", times, worker!, 16);
      },
      run,
    );
  });

  /** Takes and runs pieces of the job of this number and count until none is left; returns how many. */
  const take = m.function("take", ["i32", "i32", "i32"], "i32", (f, number, count, worker) => {
    const taken = f.let(add(add(control, at.ranges + 8), mul(worker!, rangeBytes)));
    const [owner, turn] = [f.let(worker!), f.let(threads)];
    f.store("i32", taken, 0);
    f.block((over) => {
      f.loop((nextOwner) => {
        const before = (thread: Expr) => div(sub(add(mul(count!, thread), threads), 1), threads);
        const [start, end] = [f.let(before(owner)), f.let(before(add(owner, 1)))];
        const range = f.let(add(add(control, at.ranges), mul(owner, rangeBytes)));
        f.if(lt(start, end), () => takeFrom(f, { range, start, end, number: number!, worker: worker!, owner, taken }));
        f.set(owner, add(owner, 1));
        f.if(eq(owner, threads), () => f.set(owner, 0));
        f.set(turn, sub(turn, 1));
        f.brIf(over, eq(turn, 0));
        f.br(nextOwner);
      });
    });
    f.return(load("i32", taken));
  });

  interface Turn {
    readonly range: Local;
    /** The whole range. */
    readonly start: Local;
    readonly end: Local;
    readonly number: Local;
    readonly worker: Local;
    readonly owner: Local;
    readonly taken: Local;
  }

  /** Takes and runs pieces of one range until it is empty or another job has it. */
  function takeFrom(f: FunctionBuilder, { range, start, end, number, worker, owner, taken }: Turn): void {
    const [before, after] = [f.local("i64"), f.local("i64")];
    const [index, from, to, age] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    f.block((empty) => {
      f.loop((again) => {
        f.set(before, atomic("load64", range));
        f.set(age, sub(high(before), number));
        f.brIf(empty, gt(age, 0));
        f.set(from, start);
        f.set(to, end);
        f.if(eq(age, 0), () => {
          f.set(from, shrU(low(before), 16));
          f.set(to, and(low(before), 0xffff));
        });
        f.brIf(empty, ge(from, to));
        f.if(
          eq(worker, owner),
          () => {
            f.set(index, from);
            f.set(from, add(from, 1));
          },
          () => {
            f.set(to, sub(to, 1));
            f.set(index, to);
          },
        );
        f.set(after, pair(number, or(shl(from, 16), to)));
        f.brIf(again, ne(atomic("compareExchange64", range, before, after), before));
        f.store("i32", taken, add(load("i32", taken), 1));
        const [piece, job, first] = [at.piece, at.job, at.first].map((field) => load("i32", control, field));
        f.call(runPiece, piece!, job!, add(first!, index), worker);
        f.br(again);
      });
    });
  }

  /** Runs a job of at most `most` pieces. */
  const shareSome = m.function("share_some", ["i32", "i32", "i32", "i32"], null, (f, piece, job, first, count) => {
    const jobs = f.let(add(load("i32", control, at.jobs), 1));
    f.store("i32", control, jobs, at.jobs);
    f.if(eq(jobs, patience), () => f.call(ask));
    const isAlone = or(lt(count!, 2), eq(atomic("load", place(control, "ready")), 0));
    const index = f.local("i32");
    // A job that broke off is never done: threads may still be at its pieces.
    f.if(or(isAlone, load("i32", control, at.open)), () => {
      f.for(index, { from: 0, to: count! }, () => f.call(runPiece, piece!, job!, add(first!, index), 0));
      f.return();
    });
    f.store("i32", control, piece!, at.piece);
    f.store("i32", control, job!, at.job);
    f.store("i32", control, first!, at.first);
    // Ranges that no job has touched for long would seem to be newer than this one.
    f.unless(and(jobs, youngest - 1), () =>
      f.for(index, { from: 0, to: threads }, () =>
        f.do(atomic("store64", add(add(control, at.ranges), mul(index, rangeBytes)), pair(sub(jobs, 1), i32(0)))),
      ),
    );
    f.store("i32", control, 1, at.open);
    f.if(atomic("load", place(control, "parked")), () => f.do(atomic("store", place(control, "parked"), i32(0))));
    f.do(atomic("store64", place(control, "current"), pair(jobs, count!)));
    f.if(atomic("load", place(control, "asleep")), () =>
      f.do(atomic("notify", place(control, "number"), i32(0x7fffffff))),
    );
    const others = f.let(sub(count!, call(take, jobs, count!, 0)));
    const expected = f.let(add(load("i32", control, at.expected), others));
    f.store("i32", control, expected, at.expected);
    f.loop((again) => f.brIf(again, ne(atomic("load", place(control, "done")), expected)));
    f.store("i32", control, 0, at.open);
  });

  m.function(
    "share",
    ["i32", "i32", "i32"],
    null,
    (f, piece, job, count) => {
      const first = f.local("i32", 0);
      f.while(gt(count!, most), () => {
        f.call(shareSome, piece!, job!, first, most);
        f.set(first, add(first, most));
        f.set(count!, sub(count!, most));
      });
      f.call(shareSome, piece!, job!, first, count!);
    },
    { export: true },
  );

  m.function(
    "work",
    ["i32", "i32", "i32"],
    "i32",
    (f, worker, known, last) => {
      const idle = f.local("i32", 0);
      const current = f.local("i64");
      const number = f.local("i32");
      f.loop((again) => {
        f.set(current, atomic("load64", place(control, "current")));
        f.set(number, high(current));
        f.if(
          eq(number, last!),
          () => {
            f.set(idle, add(idle, 1));
            f.if(or(ge(idle, spins), atomic("load", place(control, "parked"))), () => {
              f.do(atomic("add", place(control, "asleep"), i32(1)));
              f.do(atomic("wait", place(control, "number"), last!, constant("i64", -1)));
              f.do(atomic("add", place(control, "asleep"), i32(-1)));
              f.set(idle, 0);
            });
          },
          () => {
            f.if(ge(load("i32", control, at.piece), known!), () => f.return(last!));
            f.do(atomic("add", place(control, "done"), call(take, number, low(current), worker!)));
            f.set(last!, number);
            f.set(idle, 0);
          },
        );
        f.br(again);
      });
    },
    { export: true },
  );
  return new WebAssembly.Module(m.bytes());
}
