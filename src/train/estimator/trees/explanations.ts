/** Predictions with what each feature adds to them, by the logits along an example's way through the trees. Source: boosted_trees_utils.py. */
import type { FeatureColumn } from "../../../build/feature_column/column.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { decodeWay } from "../../../ops/host/boosted/way.ts";
import { boostedTreesExampleDebugOutputsOp, noOp } from "../../../ops/index.ts";
import type { Head } from "../head/head.ts";
import type { Prediction } from "../run/functions.ts";
import type { InputFeatures } from "../run/input.ts";
import { type EstimatorSpec, ModeKeys } from "../run/spec.ts";
import { numericColumns, treeFeatures } from "./columns.ts";
import { sumsByName } from "./importances.ts";
import { treeLogits, treeResources } from "./model.ts";

/** The key of each example's way through the trees. */
export const outputsKey = "_serialized_debug_outputs_proto";

/** Predictions of a head, and each example's way through the trees. */
export function explanationModel(
  features: InputFeatures,
  head: Head,
  sorted: readonly FeatureColumn[],
  epsilon: number,
): EstimatorSpec {
  return getDefaultGraph().nameScope("boosted_trees", (scope) => {
    const { ensemble, boundaries } = treeResources(scope, numericColumns(sorted), epsilon);
    const inputs = treeFeatures(features, sorted, boundaries);
    const logits = treeLogits(ensemble, inputs, head.logitsDimension);
    const spec = head.createEstimatorSpec({ features, mode: ModeKeys.PREDICT, logits, trainOpFn: () => noOp() });
    const ways = boostedTreesExampleDebugOutputsOp({
      tree_ensemble_handle: ensemble.handle,
      bucketized_features: inputs,
      logits_dimension: head.logitsDimension,
    });
    const predictions = spec.predictions as Readonly<Record<string, Tensor>>;
    return spec.replace({ predictions: { ...predictions, [outputsKey]: ways } });
  });
}

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** A prediction with `bias` and `dfc` in place of the example's way. */
export function explained(prediction: Prediction, names: readonly string[], isClassification: boolean): Prediction {
  const { [outputsKey]: way, ...others } = prediction as Readonly<Record<string, NdArray>>;
  const { featureIds, logits } = decodeWay((way!.data as unknown as readonly Uint8Array[])[0]!);
  const path = isClassification ? logits.map(logistic) : logits;
  const sums = new Array<number>(names.length).fill(0);
  for (const [i, id] of featureIds.entries()) sums[id]! += path[i + 1]! - path[i]!;
  return { ...others, bias: path[0]!, dfc: sumsByName(names, sums) };
}
