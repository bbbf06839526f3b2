/**
 * The threads of one engine: workers on its memory, started when large jobs come, never waited for, and no reason for the process to
 * stay. Kernels reach them through `share` (kernels/pool.ts).
 */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { opError } from "../../core/error.ts";
import type { PieceTime } from "../step.ts";
import type { PieceRegistry, Unit } from "./kernels/kernel.ts";
import {
  buildPool,
  controlBytesFor,
  doneOffset,
  maxTimed,
  parkedOffset,
  readyOffset,
  takenOffset,
  timeBytes,
  timedOffset,
  timesOffset,
} from "./kernels/pool.ts";
import { workerSource } from "./worker_source.ts";

/** A unit with the numbers of its pieces, as a worker gets it. */
interface NumberedUnit extends Unit {
  readonly first: number;
}

export interface ThreadOptions {
  readonly memory: WebAssembly.Memory;
  allocate(sizeBytes: number): number;
  /** All threads, the caller's own included. */
  readonly threads: number;
}

let poolModule: WebAssembly.Module | undefined;

const now = (): number => performance.now();

export function createThreads({ memory, allocate, threads }: ThreadOptions): PieceRegistry {
  if (threads <= 1) return alone;
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  const control = allocate(controlBytesFor(threads));
  poolModule ??= buildPool();
  const module = poolModule;
  const units: NumberedUnit[] = [];
  const ports: MessagePort[] = [];
  let pieces = 0;

  function start(): void {
    for (let worker = 1; worker < threads; worker++) {
      const { port1, port2 } = new MessageChannel();
      const workerData = {
        memory,
        control,
        module,
        threads,
        worker,
        port: port2,
        units,
        readyOffset,
        doneOffset,
        takenOffset: takenOffset(worker),
        origin: performance.timeOrigin,
      };
      const thread = new Worker(workerSource, {
        eval: true,
        workerData,
        transferList: [port2],
        execArgv: [],
        env: {},
      });
      // What it had to do is not done: the run cannot go on. Thrown here, the error ends the process.
      thread.on("error", (cause) => {
        throw opError("ABORTED", `thread ${worker} of the engine died: ${cause.message}`, { cause });
      });
      thread.on("exit", (code) => {
        if (code !== 0) throw opError("ABORTED", `thread ${worker} of the engine ended with code ${code}`);
      });
      thread.unref();
      port1.unref();
      ports.push(port1);
    }
  }

  const { share } = new WebAssembly.Instance(module, {
    env: { memory, table, control, threads },
    host: { ask: start, now },
  }).exports as { share: (...args: number[]) => void };

  let times = 0;

  /** Pieces of what runs leave their times: it alone is told of them, as nothing else runs meanwhile. */
  function timed(run: () => void): PieceTime[] {
    times ||= allocate(timeBytes * maxTimed);
    const words = new Int32Array(memory.buffer, control, controlBytesFor(threads) / 4);
    words[timedOffset / 4] = 0;
    words[timesOffset / 4] = times;
    try {
      run();
    } finally {
      words[timesOffset / 4] = 0;
    }
    const count = Math.min(words[timedOffset / 4]!, maxTimed);
    const view = new DataView(memory.buffer, times, timeBytes * count);
    const at = (i: number, offset: number): number => view.getFloat64(timeBytes * i + offset, true);
    return Array.from({ length: count }, (_, i) => ({
      thread: view.getInt32(timeBytes * i + 16, true),
      startMs: at(i, 0),
      endMs: at(i, 8),
    }));
  }

  let words = new Int32Array(memory.buffer);
  return {
    share,
    timed,
    park() {
      if (words.buffer !== memory.buffer) words = new Int32Array(memory.buffer);
      Atomics.store(words, (control + parkedOffset) >> 2, 1);
    },
    register(unit) {
      const first = pieces;
      pieces += unit.pieces.length;
      const numbered = { ...unit, first };
      units.push(numbered);
      for (const port of ports) port.postMessage(numbered);
      return { share, ...Object.fromEntries(unit.pieces.map((name, k) => [name, first + k])) };
    },
    ready(unit, exports) {
      const { first } = units.find((known) => known.module === unit.module && known.name === unit.name)!;
      unit.pieces.forEach((name, k) => {
        if (first + k >= table.length) table.grow(table.length);
        table.set(first + k, exports[name]);
      });
    },
  };
}

/** One thread: nothing is shared, so nothing has a number. */
const alone: PieceRegistry = {
  park() {},
  timed(run) {
    run();
    return [];
  },
  share() {
    throw new Error("bug: shared work on one thread");
  },
  register: ({ pieces }) => ({ share: alone.share, ...Object.fromEntries(pieces.map((name) => [name, 0])) }),
  ready() {},
};
