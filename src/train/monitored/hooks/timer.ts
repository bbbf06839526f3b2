/** When a hook's turn is: every so many steps or seconds. Source: basic_session_run_hooks.py. */
import { ValueError } from "../../../core/error.ts";
import { nowSeconds } from "../../../core/host.ts";
import { byName, type Rest } from "../../../ops/options.ts";

export interface TimerOptions {
  readonly everySecs?: number | null | undefined;
  readonly everySteps?: number | null | undefined;
}

/** Seconds and steps since the last time; null the first time. */
export type Elapsed = readonly [seconds: number | null, steps: number | null];

export interface HookTimer {
  reset(): void;
  shouldTriggerForStep(step: number): boolean;
  updateLastTriggeredStep(step: number): Elapsed;
  lastTriggeredStep(): number | null;
}

const timerPlaces = ["everySecs", "everySteps"] as const;

/** Throws ValueError unless exactly one of everySecs and everySteps is given. */
export class SecondOrStepTimer implements HookTimer {
  readonly #everySecs: number | null;
  readonly #everySteps: number | null;
  #step: number | null = null;
  #seconds: number | null = null;

  constructor(...given: Rest<TimerOptions, typeof timerPlaces>) {
    const { everySecs = null, everySteps = null } = byName<TimerOptions>(given, timerPlaces);
    this.#everySecs = everySecs;
    this.#everySteps = everySteps;
    if (everySecs === null && everySteps === null) {
      throw new ValueError("Either every_secs or every_steps should be provided.");
    }
    if (everySecs !== null && everySteps !== null)
      throw new ValueError("Can not provide both every_secs and every_steps.");
  }

  reset(): void {
    this.#step = null;
    this.#seconds = null;
  }

  /** True the first time, and as soon as the steps or seconds have passed; never twice for one step. */
  shouldTriggerForStep(step: number): boolean {
    if (this.#step === null) return true;
    if (this.#step === step) return false;
    if (this.#everySecs !== null) return nowSeconds() >= this.#seconds! + this.#everySecs;
    return step >= this.#step + this.#everySteps!;
  }

  updateLastTriggeredStep(step: number): Elapsed {
    const now = nowSeconds();
    const elapsed: Elapsed = this.#step === null ? [null, null] : [now - this.#seconds!, step - this.#step];
    this.#seconds = now;
    this.#step = step;
    return elapsed;
  }

  lastTriggeredStep(): number | null {
    return this.#step;
  }
}

export const neverTriggers: HookTimer = {
  reset() {},
  shouldTriggerForStep: () => false,
  updateLastTriggeredStep: () => [null, null],
  lastTriggeredStep: () => null,
};
