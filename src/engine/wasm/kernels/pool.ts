/**
 * Sharing of pieces between threads, in WebAssembly. A job is published in a control block; every thread, the caller included, takes
 * pieces by counting up a ticket, and the caller returns when all pieces are done. The ticket carries the job's number, so nobody takes a
 * piece of a job that is over, and the caller never waits for a piece that has not begun. While a job is written, the ticket has a number
 * of its own and no pieces.
 *
 *     0    i64   ticket: the job's number in the high half, the next piece in the low one
 *     8    i32   pieces, piece function, job (while the ticket has its number)
 *     64   i32   pieces done
 *     128  i32   threads asleep, threads ready, jobs so far
 *     140  i32   where pieces leave their times, 0: nowhere; how many did; whether idle threads sleep at once
 *
 * Times of a piece are f64 begin, f64 end (milliseconds of the main thread's clock), i32 thread.
 */
import { call, callIndirect, ModuleBuilder } from "../assembler.ts";
import { atomic } from "../atomics.ts";
import { add, convert, eq, ge, load, lt, mul, ne, or, shl, shrU, sub } from "../instructions.ts";
import { constant, type Expr, i32 } from "../lanes.ts";
import { importMemory } from "./kernel.ts";

export const controlBytes = 256;
const at = {
  ticket: 0,
  number: 4,
  pieces: 8,
  piece: 12,
  job: 16,
  done: 64,
  asleep: 128,
  ready: 132,
  jobs: 136,
  times: 140,
  timed: 144,
  parked: 148,
};
/** Byte offset of the count of threads that are ready. */
export const readyOffset = at.ready;
export const doneOffset = at.done;
/** Byte offset of a 1 that sends idle threads to sleep until the next job, which takes it back. */
export const parkedOffset = at.parked;
/** Byte offsets of where pieces leave their times, and of how many did. */
export const timesOffset = at.times;
export const timedOffset = at.timed;
export const timeBytes = 24;
/** Pieces beyond it leave no times. */
export const maxTimed = 16_384;

/** The piece of a ticket under which none can be taken. */
const noPiece = 0x7fffffff;

/** The job at which threads are asked for: a run or two of a small program does without them. */
const patience = 4;

/** Turns of looking for a job, about a nanosecond each, before a thread sleeps. */
const spins = 1_000_000;

const place = (control: Expr, field: keyof typeof at): Expr => add(control, at[field]);
const half = (x: Expr, high: boolean): Expr => convert("wrap", high ? shrU(x, constant("i64", 32)) : x);

/**
 * Imports env.table (piece functions by number), env.control, host.ask, host.now. Exports
 *     share(piece, job, count)        for the caller; asks for threads after a few jobs
 *     work(worker, known, last)       for a thread: takes pieces until a job needs a function beyond `known`; returns the number of the last job
 */
export function buildPool(): WebAssembly.Module {
  const m = new ModuleBuilder();
  importMemory(m);
  m.importTable("env", "table");
  const control = m.importGlobal("env", "control");
  const ask = m.importFunction("host", "ask", [], null);
  const now = m.importFunction("host", "now", [], "f64");
  const pieceType = m.signature(["i32", "i32", "i32"], null);

  /** Takes and runs pieces of the job with this number until none is left. */
  const take = m.function("take", ["i32", "i32"], null, (f, number, worker) => {
    const ticket = f.local("i64");
    const [piece, job] = [f.local("i32"), f.local("i32")];
    const [times, slot] = [f.local("i32"), f.local("i32")];
    const run = (): void => f.do(callIndirect(pieceType, piece, [job, half(ticket, false), worker!]));
    f.block((over) => {
      f.loop((again) => {
        f.set(ticket, atomic("load64", place(control, "ticket")));
        f.brIf(over, ne(half(ticket, true), number!));
        f.brIf(over, ge(half(ticket, false), load("i32", control, at.pieces)));
        f.set(piece, load("i32", control, at.piece));
        f.set(job, load("i32", control, at.job));
        const swapped = atomic("compareExchange64", place(control, "ticket"), ticket, add(ticket, 1));
        f.brIf(again, ne(swapped, ticket));
        f.set(times, load("i32", control, at.times));
        f.set(slot, i32(maxTimed));
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
        f.do(atomic("add", place(control, "done"), i32(1)));
        f.br(again);
      });
    });
  });

  m.function(
    "share",
    ["i32", "i32", "i32"],
    null,
    (f, piece, job, count) => {
      const jobs = f.let(add(load("i32", control, at.jobs), 1));
      f.store("i32", control, jobs, at.jobs);
      f.if(eq(jobs, patience), () => f.call(ask));
      const index = f.local("i32");
      f.if(or(lt(count!, 2), eq(atomic("load", place(control, "ready")), 0)), () => {
        f.for(index, { from: 0, to: count! }, () => f.do(callIndirect(pieceType, piece!, [job!, index, i32(0)])));
        f.return();
      });
      const number = f.let(add(half(atomic("load64", place(control, "ticket")), true), 2));
      const ticketOf = (job: Expr): Expr => shl(convert("extendU", job), constant("i64", 32));
      // A thread may hold the last job's ticket and not have looked at its pieces yet: it must not take the new ones with it.
      f.do(atomic("store64", place(control, "ticket"), or(ticketOf(sub(number, 1)), constant("i64", noPiece))));
      f.store("i32", control, count!, at.pieces);
      f.store("i32", control, piece!, at.piece);
      f.store("i32", control, job!, at.job);
      f.do(atomic("store", place(control, "done"), i32(0)));
      f.do(atomic("store", place(control, "parked"), i32(0)));
      f.do(atomic("store64", place(control, "ticket"), ticketOf(number)));
      f.if(atomic("load", place(control, "asleep")), () =>
        f.do(atomic("notify", place(control, "number"), i32(0x7fffffff))),
      );
      f.call(take, number, 0);
      f.loop((again) => f.brIf(again, ne(atomic("load", place(control, "done")), count!)));
    },
    { export: true },
  );

  m.function(
    "work",
    ["i32", "i32", "i32"],
    "i32",
    (f, worker, known, last) => {
      const idle = f.local("i32", 0);
      const ticket = f.local("i64");
      const number = f.local("i32");
      f.loop((again) => {
        f.set(ticket, atomic("load64", place(control, "ticket")));
        f.set(number, half(ticket, true));
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
            // what the piece function is counts only while the job has pieces left
            f.if(ge(load("i32", control, at.piece), known!), () => {
              f.if(lt(half(ticket, false), load("i32", control, at.pieces)), () => f.return(last!));
            });
            f.if(lt(load("i32", control, at.piece), known!), () => f.call(take, number, worker!));
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
