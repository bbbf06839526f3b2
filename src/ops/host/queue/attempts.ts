/**
 * Those who wait at a queue: enqueues in one line, dequeues in another. Only the first of a line may go on; it makes progress whenever
 * the other line does, until it is complete, is cancelled, or fails. An attempt that can go at once never becomes a promise.
 * Source: tensorflow/core/kernels/queue_base.cc
 */
import { CancelledError, type OpError } from "../../../core/error.ts";
import type { Tuple } from "./stores.ts";

export type Progress = "none" | "some" | "complete";

/** One caller that waits. `step` is tried again until it is complete; it throws what the caller gets. */
export class Attempt<T> {
  readonly step: () => Progress;
  readonly value: () => T;
  readonly cancelled: () => OpError;
  /** Gives back what was taken so far. */
  readonly restore: () => void;
  /** Elements that it brings or has taken. */
  readonly holds: () => readonly Tuple[];
  isSettled = false;
  #failure: { error: unknown } | null = null;
  #resolve: ((value: T) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;

  constructor(parts: {
    step: () => Progress;
    value: () => T;
    cancelled: string;
    restore?: () => void;
    holds?: () => readonly Tuple[];
  }) {
    this.step = parts.step;
    this.value = parts.value;
    this.cancelled = () => new CancelledError(parts.cancelled);
    this.restore = parts.restore ?? (() => {});
    this.holds = parts.holds ?? (() => []);
  }

  succeed(): void {
    this.isSettled = true;
    this.#resolve?.(this.value());
  }

  fail(error: unknown): void {
    this.isSettled = true;
    this.#failure = { error };
    this.#reject?.(error);
  }

  /** The value, at once or later. Throws at once when the attempt has failed. */
  result(): T | Promise<T> {
    if (this.#failure) throw this.#failure.error;
    if (this.isSettled) return this.value();
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
}

type Queued = Pick<Attempt<unknown>, "step" | "succeed" | "fail" | "restore" | "cancelled" | "holds">;

/** A line of attempts: first come, first served. */
export class Line {
  #waiting: Queued[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** What those who wait hold, in their order. */
  held(): (readonly Tuple[])[] {
    return this.#waiting.map((attempt) => attempt.holds());
  }

  add(attempt: Queued): void {
    this.#waiting.push(attempt);
  }

  remove(attempt: Queued): boolean {
    const at = this.#waiting.indexOf(attempt);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Lets those in front go on as far as they can. True when anything changed. */
  advance(): boolean {
    let changed = false;
    for (;;) {
      const first = this.#waiting[0];
      if (!first) return changed;
      let progress: Progress;
      try {
        progress = first.step();
      } catch (error) {
        this.#waiting.shift();
        first.fail(error);
        changed = true;
        continue;
      }
      if (progress === "none") return changed;
      changed = true;
      if (progress === "some") return changed;
      this.#waiting.shift();
      first.succeed();
    }
  }

  /** Everyone leaves with an error. */
  cancelAll(): void {
    const leaving = this.#waiting;
    this.#waiting = [];
    for (const attempt of leaving) {
      attempt.restore();
      attempt.fail(attempt.cancelled());
    }
  }
}

/** The run that waits: its signal is asked for only then. */
export interface Waiting {
  readonly signal: AbortSignal;
}

/** Two lines that serve each other. */
export class Lines {
  readonly enqueues = new Line();
  readonly dequeues = new Line();
  /** Called whenever somebody begins to wait. */
  onWait: (() => void) | null = null;

  /** Gets in line, goes on as far as possible, and waits for the rest until the run's signal says otherwise. */
  join<T>(line: Line, attempt: Attempt<T>, run: Waiting): T | Promise<T> {
    line.add(attempt);
    this.flush();
    const result = attempt.result();
    if (!(result instanceof Promise)) return result;
    const leave = (): void => {
      if (!line.remove(attempt)) return;
      attempt.restore();
      attempt.fail(attempt.cancelled());
      this.flush();
    };
    const { signal } = run;
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    this.onWait?.();
    return result.finally(() => signal.removeEventListener("abort", leave));
  }

  flush(): void {
    for (;;) {
      const enqueued = this.enqueues.advance();
      const dequeued = this.dequeues.advance();
      if (!enqueued && !dequeued) return;
    }
  }
}
