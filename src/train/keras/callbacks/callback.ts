/** `tf.keras.callbacks`: what runs between the steps of fit, evaluate and predict. Source: tf_keras/src/callbacks.py. */
import type { NdArray } from "../../../core/nd_array.ts";

/** Numbers by name, in the order in which they are printed. Callbacks may add to those of an epoch. */
export type Logs = Record<string, number>;

/** What callbacks see of a model. */
export interface CallbackModel {
  stopTraining: boolean;
  getLearningRate(): Promise<number>;
  setLearningRate(rate: number): Promise<void>;
  saveWeights(path: string): Promise<void>;
  getWeights(): Promise<NdArray[]>;
  setWeights(weights: readonly NdArray[]): Promise<void>;
}

export interface FitParams {
  readonly epochs: number;
  readonly steps: number | null;
  readonly samples: number | null;
  readonly batchSize: number | null;
  readonly verbose: number;
  readonly doValidation: boolean;
  readonly metrics: readonly string[];
}

export type Hook = void | Promise<void>;
/** What the hooks of predict get: the batch's number and size, and its outputs. */
export type PredictLogs = Record<string, number | readonly NdArray[]>;

/** A callback of one's own overrides what it wants to see. */
export abstract class Callback {
  model!: CallbackModel;
  params!: FitParams;

  setModel(model: CallbackModel): void {
    this.model = model;
  }

  setParams(params: FitParams): void {
    this.params = params;
  }

  onTrainBegin(_logs: Logs): Hook {}
  onTrainEnd(_logs: Logs): Hook {}
  onEpochBegin(_epoch: number, _logs: Logs): Hook {}
  onEpochEnd(_epoch: number, _logs: Logs): Hook {}
  onBatchBegin(_batch: number, _logs: Logs): Hook {}
  onBatchEnd(_batch: number, _logs: Logs): Hook {}

  onTrainBatchBegin(batch: number, logs: Logs): Hook {
    return this.onBatchBegin(batch, logs);
  }

  onTrainBatchEnd(batch: number, logs: Logs): Hook {
    return this.onBatchEnd(batch, logs);
  }

  onTestBegin(_logs: Logs): Hook {}
  onTestEnd(_logs: Logs): Hook {}
  onTestBatchBegin(_batch: number, _logs: Logs): Hook {}
  onTestBatchEnd(_batch: number, _logs: Logs): Hook {}
  onPredictBegin(_logs: Logs): Hook {}
  onPredictEnd(_logs: Logs): Hook {}
  onPredictBatchBegin(_batch: number, _logs: Logs): Hook {}
  onPredictBatchEnd(_batch: number, _logs: PredictLogs): Hook {}
}

type HookName = {
  [K in keyof Callback]: K extends `on${string}` ? K : never;
}[keyof Callback];

/** Several callbacks as one: each hook calls that of all of them, in their order. */
export class CallbackList {
  readonly callbacks: Callback[];

  constructor(callbacks: readonly Callback[] = []) {
    this.callbacks = [...callbacks];
  }

  append(callback: Callback): void {
    this.callbacks.push(callback);
  }

  setModel(model: CallbackModel): void {
    for (const callback of this.callbacks) callback.setModel(model);
  }

  setParams(params: FitParams): void {
    for (const callback of this.callbacks) callback.setParams(params);
  }

  /** Calls a hook of all. One that returns at once is not waited for. */
  async call(hook: HookName, ...args: readonly unknown[]): Promise<void> {
    for (const callback of this.callbacks) {
      const result = (callback[hook] as (...args: readonly unknown[]) => Hook).apply(callback, [...args]);
      if (result instanceof Promise) await result;
    }
  }
}

/** What fit returns: the numbers of all epochs, by name. */
export class History extends Callback {
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}

/** Means of a batch's numbers over an epoch, by the batches' sizes; those named as stateful are taken as they are at its end. */
export class BaseLogger extends Callback {
  readonly #stateful: ReadonlySet<string>;
  #totals: Logs = {};
  #seen = 0;

  constructor(options: { readonly statefulMetrics?: readonly string[] } = {}) {
    super();
    this.#stateful = new Set(options.statefulMetrics ?? []);
  }

  override onEpochBegin(): void {
    this.#seen = 0;
    this.#totals = {};
  }

  override onBatchEnd(_batch: number, logs: Logs): void {
    const size = logs.size ?? 0;
    this.#seen += size;
    for (const [name, value] of Object.entries(logs)) {
      this.#totals[name] = this.#stateful.has(name) ? value : (this.#totals[name] ?? 0) + value * size;
    }
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    for (const name of this.params.metrics) {
      const total = this.#totals[name];
      if (total !== undefined) logs[name] = this.#stateful.has(name) ? total : total / Math.max(this.#seen, 1);
    }
  }
}

/** Functions in place of a class. */
export class LambdaCallback extends Callback {
  constructor(hooks: Partial<Pick<Callback, HookName>>) {
    super();
    Object.assign(this, hooks);
  }
}
