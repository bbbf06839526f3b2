/** One time through the data, in any mode. Source: tf_keras/src/engine/training_arrays_v1.py, training_generator_v1.py. */
import type { NdArray } from "../../../core/nd_array.ts";
import type { CallbackList, Logs } from "../callbacks/callback.ts";
import type { BatchFunction, Trainer } from "./compile.ts";
import { Aggregate, type Source } from "./loop.ts";

export const numbers = (results: readonly NdArray[]): number[] => results.map((value) => Number(value.item()));
export const shown = (values: readonly number[]): number | number[] => (values.length === 1 ? values[0]! : [...values]);
export const logsOf = (names: readonly string[], values: readonly number[], prefix = ""): Logs =>
  Object.fromEntries(names.map((name, i) => [`${prefix}${name}`, values[i]!]));

export interface Pass {
  readonly values: number[];
  readonly count: number;
  readonly steps: number;
  readonly lastSize: number;
}

export interface PassOptions {
  readonly mode: "Train" | "Test";
  readonly callbacks: CallbackList;
  readonly isStopped?: () => boolean;
  /** After each batch: how many examples and steps are done, and the batch's numbers. */
  readonly onProgress?: (count: number, steps: number, logs: Logs) => void;
}

/** Loss and metrics over the source's batches. */
export async function passOver(
  training: Trainer,
  run: BatchFunction,
  source: Source,
  epoch: number,
  { mode, callbacks, isStopped, onProgress }: PassOptions,
): Promise<Pass> {
  const aggregate = new Aggregate(training.metricsNames, training.statefulNames, source.samples === null);
  const isHeard = callbacks.callbacks.length > 0;
  await training.resetMetrics();
  await source.start(epoch);
  let [count, steps, lastSize] = [0, 0, 0];
  for (let batch = await source.next(); batch; batch = await source.next()) {
    const size = source.isByStep ? 1 : batch.size;
    if (isHeard) await callbacks.call(`on${mode}BatchBegin`, steps, { batch: steps, size });
    const results = run(batch.arrays);
    const values = numbers(results instanceof Promise ? await results : results);
    aggregate.take(values, batch.size);
    count += batch.size;
    lastSize = batch.size;
    steps++;
    const logs = logsOf(training.metricsNames, values);
    if (isHeard) await callbacks.call(`on${mode}BatchEnd`, steps - 1, { batch: steps - 1, size, ...logs });
    onProgress?.(count, steps, logs);
    if (isStopped?.()) break;
  }
  return { values: aggregate.values, count, steps, lastSize };
}
