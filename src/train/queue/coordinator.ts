/** Threads that stop together: the first error stops all of them, and `join` throws it. Source: tensorflow/python/training/coordinator.py. */
import { OpError, OutOfRangeError, RuntimeError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import type { Joinable } from "./thread.ts";

// biome-ignore lint/suspicious/noExplicitAny: classes of any constructor
type ErrorClass = abstract new (...args: any[]) => Error;

export interface CoordinatorOptions {
  /** Errors that are an ordinary end: [OutOfRangeError] by default. */
  readonly cleanStopExceptionTypes?: readonly ErrorClass[] | undefined;
}

export interface JoinOptions {
  /** How long threads may take to end once a stop was asked for; 120 by default. */
  readonly stopGracePeriodSecs?: number | undefined;
  /** Threads that still run after that are no error. */
  readonly ignoreLiveThreads?: boolean | undefined;
}

/** A promise as a thread: its error asks for the stop. */
class PromisedWork implements Joinable {
  readonly name = "Promise";
  readonly #ended: Promise<void>;
  #isAlive = true;

  constructor(work: Promise<unknown>, coord: Coordinator) {
    this.#ended = work
      .catch((error) => coord.requestStop(error as Error))
      .then(() => {
        this.#isAlive = false;
      });
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  join(): Promise<void> {
    return this.#ended;
  }
}

/** Ends the threads of a program together: one asks to stop, or fails, and all others see `shouldStop()`. */
export class Coordinator {
  readonly #cleanStops: readonly ErrorClass[];
  readonly #threads = new Set<Joinable>();
  #shouldStop = false;
  #waiting = new Set<() => void>();
  #error: { readonly value: unknown } | null = null;
  #joined = false;

  constructor(options: CoordinatorOptions = {}) {
    this.#cleanStops = options.cleanStopExceptionTypes ?? [OutOfRangeError];
  }

  /**
   * From here on `shouldStop` is true. The first error that is no clean stop is what `join` throws; one that comes after `join` is thrown
   * at once.
   */
  requestStop(error?: unknown): void {
    this.#stop(error, false);
  }

  /** Python says no class of an error that it caught itself. */
  #stop(error: unknown, isCaught: boolean): void {
    const kept = error === undefined || error === null || this.#isClean(error) ? null : { value: error };
    if (this.#joined && kept) throw kept.value;
    if (this.#shouldStop) return;
    if (kept) {
      this.#error ??= kept;
      const { name, message } = error as Error;
      const module = error instanceof OpError ? "tensorflow.python.framework.errors_impl." : "";
      if (isCaught) logging.info("Error reported to Coordinator: %s", message);
      else logging.info("Error reported to Coordinator: <class '%s%s'>, %s", module, name, message);
    }
    this.#shouldStop = true;
    for (const wake of this.#waiting) wake();
    this.#waiting = new Set();
  }

  #isClean(error: unknown): boolean {
    return this.#cleanStops.some((type) => error instanceof type);
  }

  /** Forgets the stop and its error. */
  clearStop(): void {
    this.#joined = false;
    this.#error = null;
    this.#shouldStop = false;
  }

  shouldStop(): boolean {
    return this.#shouldStop;
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** Calls body; what it throws asks for the stop and goes no further. */
  stopOnException(body: () => Promise<unknown>): Promise<void>;
  stopOnException(body: () => unknown): void;
  stopOnException(body: () => unknown): Promise<void> | void {
    try {
      const result = body();
      if (!(result instanceof Promise)) return;
      return result.then(
        () => {},
        (error) => this.#stop(error, true),
      );
    } catch (error) {
      this.#stop(error, true);
    }
  }

  /** True as soon as a stop is asked for; false after `timeout` seconds. Waiting keeps no process alive when `isDaemon`. */
  waitForStop(timeout?: number, options: { readonly isDaemon?: boolean } = {}): Promise<boolean> {
    if (this.#shouldStop) return Promise.resolve(true);
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wake = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.add(wake);
      if (timeout === undefined) return;
      timer = setTimeout(() => {
        this.#waiting.delete(wake);
        resolve(false);
      }, Math.max(timeout, 0) * 1000);
      if (options.isDaemon) timer.unref();
    });
  }

  /** `join` waits for it as well. The error of a promise asks for the stop. */
  registerThread(thread: Joinable | Promise<unknown>): void {
    this.#threads.add(this.#joinable(thread));
  }

  #joinable(thread: Joinable | Promise<unknown>): Joinable {
    return thread instanceof Promise ? new PromisedWork(thread, this) : thread;
  }

  /**
   * Waits until the threads have ended, these and the registered ones; once a stop is asked for, no longer than the grace period. Then
   * throws the error that asked for the stop, or RuntimeError when threads still run.
   */
  async join(threads: readonly (Joinable | Promise<unknown>)[] = [], options: JoinOptions = {}): Promise<void> {
    const { stopGracePeriodSecs = 120, ignoreLiveThreads = false } = options;
    const all = [...new Set([...this.#threads, ...threads.map((thread) => this.#joinable(thread))])];
    const live = all.filter((thread) => thread.isAlive());
    if (live.length > 0) {
      const ended = Promise.all(live.map((thread) => thread.join()));
      await Promise.race([ended, this.waitForStop()]);
      await within(stopGracePeriodSecs, ended);
    }
    const stragglers = all.filter((thread) => thread.isAlive()).map((thread) => thread.name);
    this.#joined = true;
    this.#threads.clear();
    this.raiseRequestedException();
    if (stragglers.length === 0) return;
    const text = `Coordinator stopped with threads still running: ${stragglers.join(" ")}`;
    if (!ignoreLiveThreads) throw new RuntimeError(text);
    logging.info(text);
  }

  /** Throws the error that asked for the stop, if one did. */
  raiseRequestedException(): void {
    if (this.#error) throw this.#error.value;
  }
}

/** Waits for the work, but no longer than this. */
async function within(seconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(seconds, 0) * 1000);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
