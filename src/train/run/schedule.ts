/** When things are due. */
import type { Metrics } from "../report.ts";
import type { TrainOptions } from "./options.ts";
import type { BestValue } from "./state/run_state.ts";

/** Is something that happens every so many steps due after this one? Never for 0. */
export const isDue = (step: number, every: number): boolean => every > 0 && step % every === 0;

/** Has the loss or the metric that `--target` names got there? */
export function isReached(target: TrainOptions["target"], loss: number | null, metrics: Metrics): boolean {
  if (!target) return false;
  const value = target.name === "loss" ? loss : (metrics[target.name] ?? null);
  return value !== null && (target.below ? value < target.value : value > target.value);
}

/** A metric of evaluations, and which way is better. */
export interface Aim {
  readonly name: string;
  readonly largest: boolean;
}

/** The best evaluation so far, and how many without a better one are left. */
export class BestSoFar {
  readonly aim: Aim;
  readonly #minDelta: number;
  readonly #patience: number | null;
  best: BestValue | null = null;
  left: number | null;

  /** `patience`: evaluations that may bring nothing better; null: any number. Better is better by more than `minDelta`. */
  constructor(aim: Aim, { patience = null, minDelta = 0 }: { patience?: number | null; minDelta?: number } = {}) {
    this.aim = aim;
    this.#patience = patience;
    this.#minDelta = minDelta;
    this.left = patience;
  }

  /** Is this evaluation the best one? */
  take(step: number, loss: number, metrics: Metrics): boolean {
    const { name, largest } = this.aim;
    const value = name === "loss" ? loss : (metrics[name] ?? Number.NaN);
    const gain =
      this.best === null ? Number.POSITIVE_INFINITY : largest ? value - this.best.value : this.best.value - value;
    const isBest = Number.isFinite(value) && gain > (this.best === null ? 0 : this.#minDelta);
    if (isBest) this.best = { name, value, step };
    if (this.left !== null) this.left = isBest ? this.#patience : this.left - 1;
    return isBest;
  }

  get isOver(): boolean {
    return this.left !== null && this.left <= 0;
  }

  /** Goes on from an earlier process, if it aimed at the same. */
  resume(best: BestValue | null, left: number | null): void {
    if (best?.name === this.aim.name) this.best = best;
    if (left !== null && this.#patience !== null) this.left = Math.min(left, this.#patience);
  }
}
