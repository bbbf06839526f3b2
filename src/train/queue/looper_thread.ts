/** A thread that calls a function again and again until its coordinator stops. Source: coordinator.py, LooperThread. */
import { ValueError } from "../../core/error.ts";
import { nowSeconds } from "../../core/host.ts";
import { Coordinator } from "./coordinator.ts";
import { giveWay, Thread } from "./thread.ts";

export interface LooperOptions {
  /** Called each time; a subclass may override `runLoop` instead. */
  readonly target?: ((...args: never[]) => unknown) | undefined;
  readonly args?: readonly unknown[] | undefined;
}

/** Calls every `timerIntervalSecs` seconds, or back to back when that is null. An error asks the coordinator to stop. */
export class LooperThread extends Thread {
  readonly #coord: Coordinator;
  readonly #intervalSecs: number | null;
  readonly #call: (() => unknown) | null;

  constructor(coord: Coordinator, timerIntervalSecs: number | null, options: LooperOptions = {}) {
    if (!(coord instanceof Coordinator))
      throw new ValueError(`'coord' argument must be a Coordinator: ${String(coord)}`);
    const { target, args = [] } = options;
    if (!target && args.length > 0) {
      throw new ValueError("'args' and 'kwargs' argument require that you also pass 'target'");
    }
    super("LooperThread", () => coord.stopOnException(() => this.#loop()));
    this.#coord = coord;
    this.#intervalSecs = timerIntervalSecs;
    this.#call = target ? () => target(...(args as never[])) : null;
    coord.registerThread(this);
  }

  /** Makes one and starts it. */
  static loop(
    coord: Coordinator,
    timerIntervalSecs: number | null,
    target: NonNullable<LooperOptions["target"]>,
    args: readonly unknown[] = [],
  ): LooperThread {
    const looper = new LooperThread(coord, timerIntervalSecs, { target, args });
    looper.start();
    return looper;
  }

  async #loop(): Promise<void> {
    await this.startLoop();
    if (this.#intervalSecs === null) {
      while (!this.#coord.shouldStop()) {
        await this.runLoop();
        await giveWay();
      }
    } else {
      let next = nowSeconds();
      while (!(await this.#coord.waitForStop(next - nowSeconds(), { isDaemon: true }))) {
        next += this.#intervalSecs;
        await this.runLoop();
      }
    }
    await this.stopLoop();
  }

  /** Called when the thread starts. */
  startLoop(): unknown {
    return undefined;
  }

  /** Called when the coordinator has stopped it. */
  stopLoop(): unknown {
    return undefined;
  }

  /** One round. */
  runLoop(): unknown {
    return this.#call?.();
  }
}
