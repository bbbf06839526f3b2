/** Which numbers a compiled model gathers, under which names: the same in a graph and where ops run at once. */
import { Mean, type Metric } from "../../../build/keras/metrics/metric.ts";
import { getMetric, type MetricLike } from "../../../build/keras/metrics/named.ts";
import { getOptimizer, type TFOptimizer } from "../../../build/keras/optimizers/named.ts";
import type { Optimizer } from "../../../build/keras/optimizers/optimizer.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  type CompileOptions,
  isList,
  isRecord,
  type LossOfOutput,
  lossesFor,
  outputNames,
  partFor,
  type Trained,
} from "./compile.ts";

interface NamedMetric {
  /** What logs call it. */
  readonly key: string;
  readonly metric: Metric;
  readonly isWeighted: boolean;
}

/** The metrics of an output, under names that are not among `taken`. */
function metricsFor(
  options: CompileOptions,
  of: LossOfOutput,
  output: Tensor,
  taken: readonly string[],
): NamedMetric[] {
  const isOne = of.outputs === 1;
  const list = (given: unknown): readonly MetricLike[] => {
    if (isList(given) && (isOne || !given.some(isList)) && !isRecord(given)) return given as readonly MetricLike[];
    const part = partFor<MetricLike | readonly MetricLike[]>(given, of.index, of.name, of.outputs, "metrics");
    return part === undefined || part === null
      ? []
      : isList(part)
        ? (part as readonly MetricLike[])
        : [part as MetricLike];
  };
  const found: (NamedMetric & { readonly base: string })[] = [];
  const name = (given: MetricLike, isWeighted: boolean): void => {
    const metric = getMetric(given, output, of.loss.name ?? "");
    const weighted = isWeighted ? "weighted_" : "";
    const base = `${isOne ? "" : `${of.name}_`}${weighted}${metric.name}`;
    const isTaken = (key: string): boolean => taken.includes(key) || found.some((each) => each.key === key);
    let key = base;
    for (let k = 1; isTaken(key); k++) key = `${base}_${k}`;
    const again = found.findIndex((each) => each.base === base);
    if (again >= 0) found[again] = { ...found[again]!, metric };
    else found.push({ key, metric, isWeighted, base });
  };
  for (const metric of list(options.metrics)) name(metric, false);
  for (const metric of list(options.weightedMetrics)) name(metric, true);
  return found;
}

export interface PlannedMetric extends NamedMetric {
  readonly of: LossOfOutput;
}

export interface Plan {
  readonly optimizer: Optimizer | TFOptimizer;
  readonly losses: readonly LossOfOutput[];
  /** Of each output's loss, where there are several outputs. */
  readonly means: readonly Mean[];
  readonly metrics: readonly PlannedMetric[];
  /** "loss", those of the means, of the metrics, and of metrics that layers add. */
  readonly names: readonly string[];
  /** Metrics keep what they gathered between batches; the others are of one batch. */
  readonly stateful: ReadonlySet<string>;
}

/** What compile's options mean for a model. Throws ValueError for options that do not fit the outputs. */
export function planFor(model: Trained, options: CompileOptions): Plan {
  const optimizer = getOptimizer(options.optimizer ?? "rmsprop");
  const losses = lossesFor(options, outputNames(model.outputs));
  const taken: string[] = [];
  const metrics = losses.flatMap((of) => {
    const found = metricsFor(options, of, model.outputs[of.index]!, taken);
    taken.push(...found.map(({ key }) => key));
    return found.map((each): PlannedMetric => ({ ...each, of }));
  });
  const means = model.outputs.length === 1 ? [] : losses.map(({ name }) => new Mean({ name: `${name}_loss` }));
  const gathered = [...means.map(({ name }) => name), ...taken, ...model.metrics.map(({ name }) => name)];
  const hasLoss = losses.length > 0 || model.losses.length > 0;
  const names = hasLoss || options.loss ? ["loss", ...gathered] : gathered;
  return { optimizer, losses, means, metrics, names, stateful: new Set(gathered) };
}
