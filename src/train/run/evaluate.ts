/** One evaluation: the loss and metrics of a model over its evaluation data, averaged by examples. */
import type { NdArray } from "../../core/nd_array.ts";
import type { Session } from "../../session/session.ts";
import type { BuiltModel } from "../model.ts";
import type { Metrics } from "../report.ts";
import { totalOf } from "./step_fetches.ts";

export interface Evaluation {
  readonly loss: number;
  readonly metrics: Metrics;
  readonly examples: number;
}

/** Runs all batches of the model's evaluation data; the variables stay as they are. */
export async function evaluate(sess: Session, model: BuiltModel): Promise<Evaluation> {
  const names = Object.keys(model.metrics ?? {});
  const fetches = [model.loss, ...Object.values(model.metrics ?? {})];
  const sums = new Float64Array(fetches.length);
  let examples = 0;
  for (const { feed, count } of model.evaluation!.batches()) {
    const values = (await sess.run(fetches, { feedDict: feed })) as NdArray[];
    sums[0]! += values[0]!.size === 1 ? Number(values[0]) * count : totalOf(values[0]!);
    for (let i = 1; i < sums.length; i++) sums[i]! += Number(values[i]) * count;
    examples += count;
  }
  return {
    loss: sums[0]! / examples,
    metrics: Object.fromEntries(names.map((name, i) => [name, sums[i + 1]! / examples])),
    examples,
  };
}
