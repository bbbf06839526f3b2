/** Looks at a model: its loss and metrics over its evaluation data, averaged by examples; and what a step would take. */
import type { NdArray } from "../../core/nd_array.ts";
import type { Session } from "../../session/session.ts";
import type { BuiltModel } from "../model.ts";
import type { Metrics } from "../report.ts";
import { type StepFetches, totalOf } from "./step_fetches.ts";

export interface Evaluation {
  readonly loss: number;
  readonly metrics: Metrics;
  readonly examples: number;
}

/** Runs all batches of the model's evaluation data. */
export const evaluate = async (sess: Session, model: BuiltModel): Promise<Evaluation> =>
  (await evaluateUntil(sess, model, () => false))!;

/**
 * Runs the batches of the model's evaluation data; the variables stay as they are, and so do random numbers: a run goes on as if nobody had
 * looked. Null when `isStopped` ended it.
 */
export async function evaluateUntil(
  sess: Session,
  model: BuiltModel,
  isStopped: () => boolean,
): Promise<Evaluation | null> {
  const names = Object.keys(model.metrics ?? {});
  const fetches = [model.loss, ...Object.values(model.metrics ?? {})];
  const sums = new Float64Array(fetches.length);
  const randoms = Object.fromEntries([...sess.state.randomStates()].map(([name, words]) => [name, [...words]]));
  let examples = 0;
  try {
    for (const { feed, count } of model.evaluation!.batches()) {
      if (isStopped()) return null;
      const values = (await sess.run(fetches, { feedDict: feed })) as NdArray[];
      sums[0]! += values[0]!.size === 1 ? Number(values[0]) * count : totalOf(values[0]!);
      for (let i = 1; i < sums.length; i++) sums[i]! += Number(values[i]) * count;
      examples += count;
    }
  } finally {
    sess.state.restoreRandoms(randoms);
  }
  return {
    loss: sums[0]! / examples,
    metrics: Object.fromEntries(names.map((name, i) => [name, sums[i + 1]! / examples])),
    examples,
  };
}

/** Runs a few steps to say what one takes; nothing is written. */
export async function dryRun(
  sess: Session,
  fetches: StepFetches,
  step: () => Promise<readonly NdArray[]>,
): Promise<{ readonly loss: number; readonly metrics: Metrics; readonly message: string }> {
  const values = await step();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = performance.now();
    await step();
    times.push(performance.now() - before);
  }
  const loss = totalOf(values[0]!);
  const megabytes = sess.state.engine.usage.peakBytes / 1e6;
  const message = `Dry run: shapes fit, one step has loss ${loss}, takes about ${Math.min(...times).toFixed(3)} ms and ${megabytes.toFixed(1)} MB of engine memory. Nothing was written.`;
  return { loss, metrics: fetches.metricsOf(values), message };
}
