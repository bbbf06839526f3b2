/** The signal that tells what waits in a run to stop: made when a node asks for it, so that a run that never waits pays nothing. */
import { setMaxListeners } from "node:events";
import { CancelledError } from "../../../core/error.ts";
import type { SessionState } from "../../state.ts";
import type { CallFunction } from "../call.ts";
import type { HostEnvironment } from "../host.ts";
import type { Plan } from "../plan.ts";
import type { RunFrame } from "../segment.ts";
import type { Tracer } from "./tracer.ts";

export class Cancellation {
  readonly #outer: AbortSignal | undefined;
  readonly #cancel = (): void => this.cancel();
  #controller: AbortController | null = null;
  #isCancelled = false;

  /** `outer` cancels this run as well. */
  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    this.#controller = new AbortController();
    // Any number of nodes may wait in one run.
    setMaxListeners(0, this.#controller.signal);
    if (this.#isCancelled || this.#outer?.aborted) this.cancel();
    else this.#outer?.addEventListener("abort", this.#cancel, { once: true });
    return this.#controller.signal;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#controller?.abort(new CancelledError("RunManyGraphs"));
  }

  /** The run is over. */
  end(): void {
    if (this.#controller) this.#outer?.removeEventListener("abort", this.#cancel);
  }
}

/** The environment of a run that may be cancelled: its signal is made when a node asks for it. */
export class WaitingEnvironment implements HostEnvironment {
  readonly state: SessionState;
  readonly call: CallFunction;
  readonly releases: (() => void)[];
  readonly owner: Plan;
  readonly holder: RunFrame | null;
  readonly mayYield: boolean;
  readonly trace: Tracer | undefined;
  readonly #cancellation: Cancellation;

  constructor(other: HostEnvironment, cancellation: Cancellation) {
    this.state = other.state;
    this.call = other.call;
    this.releases = other.releases;
    this.owner = other.owner;
    this.holder = other.holder;
    this.mayYield = other.mayYield ?? false;
    this.trace = other.trace;
    this.#cancellation = cancellation;
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }
}
