/**
 * What a Python thread is here: an async function under a name that runs beside others once it is started. Nothing runs in parallel;
 * a thread gives way wherever it awaits. Threads never keep the process alive.
 */
import { RuntimeError } from "../../core/error.ts";

/** What a Coordinator waits for. */
export interface Joinable {
  readonly name: string;
  isAlive(): boolean;
  /** Settles when the work has ended, however it ended. */
  join(): Promise<void>;
}

export class Thread implements Joinable {
  readonly name: string;
  readonly #target: () => Promise<void> | void;
  #done: Promise<void> | null = null;
  #isAlive = false;

  constructor(name: string, target: () => Promise<void> | void) {
    this.name = name;
    this.#target = target;
  }

  /** Throws RuntimeError when it was started before. */
  start(): void {
    if (this.#done) throw new RuntimeError("threads can only be started once");
    this.#isAlive = true;
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    try {
      await this.#target();
    } catch {
      // Whoever wrote the target has told the coordinator, or has kept the error.
    } finally {
      this.#isAlive = false;
    }
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  /** Waits for the end. Throws RuntimeError when it was never started. */
  async join(): Promise<void> {
    if (!this.#done) throw new RuntimeError("cannot join thread before it is started");
    await this.#done;
  }
}

const turnMs = 10;
let lastTurnMs = 0;

/** Lets timers, signals and files have their turn when the last one was some time ago; most calls return at once. */
export function giveWay(): Promise<void> | void {
  const now = performance.now();
  if (now - lastTurnMs < turnMs) return;
  return new Promise((resolve) => {
    setImmediate(() => {
      lastTurnMs = performance.now();
      resolve();
    });
  });
}
