/** The fetches of training steps: the loss always, metrics and learning rate when a step is reported, summaries when it is logged. */
import { trainableVariables } from "../../build/variables/initialize.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { elementCount, isFull } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Session } from "../../session/session.ts";
import { type RunMetadata, RunOptions } from "../../session/trace.ts";
import type { BuiltModel, Feed } from "../model.ts";
import type { Metrics } from "../report.ts";

/** A step; traced where metadata is to be filled. */
export type StepCall = (feed: Feed | undefined, metadata?: RunMetadata) => Promise<readonly NdArray[]>;

/** Values of a step are [loss, ...metrics, learning rate if a tensor, summary if asked for]. */
export class StepFetches {
  /** The loss alone. */
  readonly plain: StepCall;
  /** With metrics and learning rate. */
  readonly reported: StepCall;
  /** With the summary as well; null for a graph without summaries. */
  readonly summarized: StepCall | null;
  readonly #model: BuiltModel;
  readonly #metricNames: readonly string[];
  readonly #rate: readonly Tensor[];

  constructor(sess: Session, model: BuiltModel, summaries: Tensor | null) {
    this.#model = model;
    this.#metricNames = Object.keys(model.metrics ?? {});
    const { learningRate } = model;
    this.#rate = learningRate === undefined || typeof learningRate === "number" ? [] : [learningRate];
    const shown = [model.loss, ...Object.values(model.metrics ?? {}), ...this.#rate];
    const call = (fetches: readonly Tensor[]): StepCall => {
      const all = [...fetches, model.trainOp];
      return (feed, metadata) => {
        const feeding = feed ? { feedDict: feed } : undefined;
        const tracing = metadata && { options: { traceLevel: RunOptions.FULL_TRACE }, runMetadata: metadata };
        return sess.run(all, tracing ? { ...feeding, ...tracing } : feeding) as Promise<never>;
      };
    };
    this.plain = call([model.loss]);
    this.reported = call(shown);
    this.summarized = summaries ? call([...shown, summaries]) : null;
  }

  get metricNames(): readonly string[] {
    return this.#metricNames;
  }

  metricsOf(values: readonly NdArray[]): Metrics {
    return Object.fromEntries(this.#metricNames.map((name, i) => [name, Number(values[1 + i])]));
  }

  learningRateOf(values: readonly NdArray[]): { lr?: number } {
    const { learningRate } = this.#model;
    if (learningRate === undefined) return {};
    return { lr: typeof learningRate === "number" ? learningRate : Number(values[1 + this.#metricNames.length]) };
  }

  summaryOf(values: readonly NdArray[]): NdArray {
    return values[1 + this.#metricNames.length + this.#rate.length]!;
  }
}

/** The value of a loss: of a vector the sum of its elements. */
export function totalOf(loss: NdArray): number {
  if (loss.size === 1) return Number(loss);
  let sum = 0;
  for (let i = 0; i < loss.size; i++) sum += Number(elementAt(loss, i));
  return sum;
}

/** Numbers of all trainable variables. */
export function trainableCount(): number {
  let count = 0;
  for (const variable of trainableVariables())
    if (variable.shape && isFull(variable.shape)) count += elementCount(variable.shape);
  return count;
}
