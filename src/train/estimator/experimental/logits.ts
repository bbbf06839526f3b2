/** Logits of linear models and networks for model functions of one's own. Source: canned/{linear,dnn}.py, model_fn.py. */
import { named } from "../../../build/feature_column/arguments.ts";
import type { FeatureColumn, Features } from "../../../build/feature_column/column.ts";
import type { Activation } from "../../../build/layers/core.ts";
import type { Partitioner } from "../../../build/variables/store.ts";
import { ValueError } from "../../../core/error.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { Combiner } from "../../../ops/index.ts";
import { networkLogits } from "../canned/dnn.ts";
import { inputPartitioner, linearLogits } from "../canned/linear.ts";
import type { Params } from "../run/functions.ts";
import type { InputFeatures } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { Mode } from "../run/spec.ts";

interface LinearOptions {
  readonly units: number;
  readonly featureColumns: readonly FeatureColumn[];
  /** "sum" by default. */
  readonly sparseCombiner?: Combiner | undefined;
}

/** A function of features that gives logits [n, units] of a linear model, with the variables `linear_model/…`. */
export function linearLogitFnBuilder(
  ...given:
    | readonly [LinearOptions]
    | readonly [number, readonly FeatureColumn[], Pick<LinearOptions, "sparseCombiner">?]
): (features: Features) => Tensor {
  const own = named<LinearOptions>(
    given.filter((item) => item !== undefined),
    ["units", "featureColumns"],
  );
  const { units, featureColumns, sparseCombiner = "sum" } = own;
  return (features) => linearLogits(features, featureColumns, { units, sparseCombiner });
}

interface NetworkOptions {
  readonly units: number;
  readonly hiddenUnits: readonly number[];
  readonly featureColumns: readonly FeatureColumn[];
  readonly activationFn: Activation | null;
  readonly dropout: number | null;
  readonly inputLayerPartitioner?: Partitioner | null | undefined;
  readonly batchNorm: boolean;
}

/** A function of features and mode that gives logits [n, units] of a network. Throws ValueError for units that are no whole number. */
export function dnnLogitFnBuilder(options: NetworkOptions): (features: Features, mode: Mode) => Tensor {
  const { units, featureColumns } = options;
  if (!Number.isInteger(units)) throw new ValueError(`units must be an int.  Given type: <class '${typeof units}'>`);
  return (features, mode) =>
    networkLogits(features, featureColumns, mode, {
      ...options,
      inputLayerPartitioner: inputPartitioner(options.inputLayerPartitioner),
    });
}

type Logits = Tensor | Readonly<Record<string, Tensor>>;
/** Its arguments after the features come in this order; it takes as many as it needs. */
type LogitFn = (features: never, mode: Mode, params: Params, config: RunConfig) => Logits;

/** Calls a function of features that gives logits. Throws ValueError where it gives something else. */
export function callLogitFn(
  logitFn: LogitFn,
  features: InputFeatures,
  mode: Mode,
  params: Params,
  config: RunConfig,
): Logits {
  const result: unknown = logitFn(features as never, mode, params, config);
  const isDict =
    typeof result === "object" && result !== null && Object.values(result).every((each) => each instanceof Tensor);
  if (result instanceof Tensor || isDict) return result as Logits;
  throw new ValueError(
    `logit_fn should return a Tensor or a dictionary mapping strings to Tensors.  logit_fn returned: ${String(result)}`,
  );
}
