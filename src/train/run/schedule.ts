/** When things are due. */
import type { Metrics } from "../report.ts";
import type { TrainOptions } from "./options.ts";

/** Is something that happens every so many steps due after this one? Never for 0. */
export const isDue = (step: number, every: number): boolean => every > 0 && step % every === 0;

/** Has the loss or the metric that `--target` names got there? */
export function isReached(target: TrainOptions["target"], loss: number | null, metrics: Metrics): boolean {
  if (!target) return false;
  const value = target.name === "loss" ? loss : (metrics[target.name] ?? null);
  return value !== null && (target.below ? value < target.value : value > target.value);
}
