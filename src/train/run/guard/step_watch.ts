/**
 * Watches what a run waits for: a step may be left when a stop was asked for and the grace is over; when nothing ends for a long time,
 * somebody is told what waits. Its timer keeps the process alive as long as the run lasts.
 */
import { nowSeconds } from "../../../core/host.ts";

/** The step did not end within the grace of a stop. */
export class StepLeft extends Error {}

export interface WatchOptions {
  readonly graceSeconds: number;
  /** 0: nobody is told. */
  readonly stallSeconds: number;
  /** Has somebody asked for a stop? */
  readonly isStopped: () => boolean;
  /** Told once for each time that nothing ended for so long. */
  readonly onStall: (what: string, seconds: number) => void;
}

const lookMs = 250;

export class StepWatch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #what = "start";
  #since = nowSeconds();
  #stoppedAt: number | null = null;
  #hasTold = false;
  #leave: ((error: Error) => void) | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** From here on this is what is waited for. */
  begin(what: string): void {
    this.#what = what;
    this.#since = nowSeconds();
    this.#hasTold = false;
  }

  /** The result of work that may be left: rejects with StepLeft then, and the work goes on for nobody. */
  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.begin(what);
    return new Promise<T>((resolve, reject) => {
      this.#leave = reject;
      work().then(
        (value) => {
          this.#leave = null;
          resolve(value);
        },
        (error) => {
          this.#leave = null;
          reject(error);
        },
      );
    });
  }

  #look(): void {
    const now = nowSeconds();
    const { graceSeconds, stallSeconds, isStopped, onStall } = this.#options;
    if (isStopped()) this.#stoppedAt ??= now;
    if (this.#leave && this.#stoppedAt !== null && now - this.#stoppedAt >= graceSeconds) {
      const leave = this.#leave;
      this.#leave = null;
      leave(new StepLeft(`${this.#what} did not end within ${graceSeconds} s`));
    }
    if (stallSeconds > 0 && !this.#hasTold && now - this.#since >= stallSeconds) {
      this.#hasTold = true;
      onStall(this.#what, Math.round(now - this.#since));
    }
  }
}
