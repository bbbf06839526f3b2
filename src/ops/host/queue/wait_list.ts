/** Callers that wait for a condition: each is asked again, in the order of arrival, whenever the state that they watch has changed. */
import { CancelledError } from "../../../core/error.ts";

interface Waiter {
  /** True when the waiter has left. */
  attempt(): boolean;
  fail(error: unknown): void;
}

export class WaitList {
  #waiters: Waiter[] = [];

  /**
   * What `take` gives, at once or as soon as it gives something else than undefined. `take` may change the state and may throw.
   * Throws CANCELLED with the text when the signal aborts.
   */
  until<T>(take: () => T | undefined, signal: AbortSignal, cancelled: string): T | Promise<T> {
    if (signal.aborted) throw new CancelledError(cancelled);
    const now = take();
    if (now !== undefined) {
      this.changed();
      return now;
    }
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => signal.removeEventListener("abort", abort);
      const waiter: Waiter = {
        attempt() {
          let value: T | undefined;
          try {
            value = take();
          } catch (error) {
            leave();
            reject(error);
            return true;
          }
          if (value === undefined) return false;
          leave();
          resolve(value);
          return true;
        },
        fail(error) {
          leave();
          reject(error);
        },
      };
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(new CancelledError(cancelled));
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Asks everyone again, from the first, until nobody leaves any more. */
  changed(): void {
    for (;;) {
      const at = this.#waiters.findIndex((waiter) => waiter.attempt());
      if (at < 0) return;
      this.#waiters.splice(at, 1);
    }
  }

  /** The end: everyone leaves with an error. */
  cancelAll(text: string): void {
    const leaving = this.#waiters;
    this.#waiters = [];
    for (const waiter of leaving) waiter.fail(new CancelledError(text));
  }
}
