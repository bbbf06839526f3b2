/** What estimators are given: a model function, input functions, and options of training, evaluation and prediction. Source: estimator.py. */

import { TypeError } from "../../../core/error.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { CheckpointSaverListener } from "../../monitored/hooks/saving.ts";
import { SessionRunHook } from "../../monitored/hooks/session_run_hook.ts";
import type { InputResult } from "./input.ts";
import type { RunConfig } from "./run_config.ts";
import type { EstimatorSpec, Mode } from "./spec.ts";
import type { WarmStartSettings } from "./warm_start.ts";

/** Hyperparameters of a model function. */
// biome-ignore lint/suspicious/noExplicitAny: a model function knows its own hyperparameters
export type Params = Readonly<Record<string, any>>;

/** Builds the model of one mode in the default graph. `labels` is null to predict. */
export type ModelFn = (
  // biome-ignore lint/suspicious/noExplicitAny: a model function knows its own features and labels
  features: any,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  labels: any,
  mode: Mode,
  params: Params,
  config: RunConfig,
) => EstimatorSpec | Promise<EstimatorSpec>;

export interface InputContext {
  readonly mode: Mode;
  readonly params: Params;
  readonly config: RunConfig;
}

/** Builds the input in the default graph; may be async. */
export type InputFn = (context: InputContext) => InputResult | Promise<InputResult>;

export interface EstimatorOptions {
  readonly modelDir?: string | null | undefined;
  readonly config?: RunConfig | null | undefined;
  readonly params?: Params | null | undefined;
  /** A checkpoint (or folder of them) whose values variables begin with, or settings that say more. */
  readonly warmStartFrom?: string | WarmStartSettings | null | undefined;
}

const estimatorPlaces = ["modelDir", "config", "params", "warmStartFrom"] as const;
export type EstimatorRest = Rest<EstimatorOptions, typeof estimatorPlaces>;
/** A model function, or all arguments by name. */
export type GivenModel = ModelFn | ({ readonly modelFn: ModelFn } & EstimatorOptions);

/** The arguments of an Estimator, all by name. */
export function estimatorArguments(
  model: GivenModel,
  rest: EstimatorRest,
): { readonly modelFn: ModelFn } & EstimatorOptions {
  const first = typeof model === "function" ? { modelFn: model } : model;
  const third: object | null | undefined = rest[2];
  const isParams = third && Object.keys(third).some((key) => !estimatorPlaces.includes(key as "params"));
  return { ...first, ...byName<EstimatorOptions>(isParams ? [...rest, {}] : rest, estimatorPlaces) };
}

export interface TrainOptions {
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  /** So many steps more; until the input ends by default. */
  readonly steps?: number | null | undefined;
  /** Until this global step. */
  readonly maxSteps?: number | null | undefined;
  readonly savingListeners?: readonly CheckpointSaverListener[] | null | undefined;
}

export interface EvaluateOptions {
  /** So many batches; until the input ends by default. */
  readonly steps?: number | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  /** The newest one by default. */
  readonly checkpointPath?: string | null | undefined;
  /** Results go to `eval_<name>` rather than `eval`. */
  readonly name?: string | null | undefined;
}

export interface PredictOptions {
  /** Only these of the model's predictions. */
  readonly predictKeys?: string | readonly string[] | null | undefined;
  readonly hooks?: readonly SessionRunHook[] | null | undefined;
  readonly checkpointPath?: string | null | undefined;
  /** False gives whole batches. */
  readonly yieldSingleExamples?: boolean | undefined;
}

/** All arguments in one object. */
export type ByName<O> = { readonly inputFn: InputFn } & O;

/** What `predict` yields: values by key, or one array for a model that predicts one tensor. */
// biome-ignore lint/suspicious/noExplicitAny: Record<string, NdArray>, or NdArray where predictions are one tensor
export type Prediction = any;

export function checkedHooks(hooks: readonly SessionRunHook[] | null | undefined): SessionRunHook[] {
  for (const hook of hooks ?? []) {
    if (!(hook instanceof SessionRunHook)) throw new TypeError(`Hooks must be a SessionRunHook, given: ${hook}`);
  }
  return [...(hooks ?? [])];
}

export function checkedListeners(
  listeners: readonly CheckpointSaverListener[] | null | undefined,
): CheckpointSaverListener[] {
  for (const listener of listeners ?? []) {
    if (listener instanceof CheckpointSaverListener) continue;
    throw new TypeError(`saving_listeners must be a list of CheckpointSaverListener, given: ${listener}`);
  }
  return [...(listeners ?? [])];
}
