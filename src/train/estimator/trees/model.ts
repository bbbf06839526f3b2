/**
 * The model function of boosted trees.
 *
 *     features ─► buckets ─► BoostedTreesTrainingPredict ─► logits ─► head: loss ─► gradients by node and bucket ─► grower
 *        └─► quantiles, until there are boundaries of buckets
 *
 * Source: canned/boosted_trees.py.
 */
import type { FeatureColumn } from "../../../build/feature_column/column.ts";
import { numericColumn } from "../../../build/feature_column/numeric.ts";
import { condV2 } from "../../../build/functions/cond.ts";
import { getOrCreateGlobalStep } from "../../../build/global_step.ts";
import { QuantileAccumulator } from "../../../build/resources/quantile_accumulator.ts";
import { TreeEnsemble } from "../../../build/resources/tree_ensemble.ts";
import { scalar } from "../../../build/summary.ts";
import { assignAdd } from "../../../build/variables/state.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { float32, int32 } from "../../../core/dtype.ts";
import { AssertionError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  boostedTreesAggregateStatsOp,
  boostedTreesPredictOp,
  boostedTreesTrainingPredictOp,
  constant,
  group,
  multiply,
  noOp,
  ones,
  shape as shapeOf,
  squeeze,
  zeros,
} from "../../../ops/index.ts";
import type { WeightColumn } from "../head/checks.ts";
import type { Head } from "../head/head.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import { type EstimatorSpec, type Mode, ModeKeys } from "../run/spec.ts";
import {
  type Boundaries,
  boundariesByColumn,
  countFeatures,
  groupFeatures,
  numericColumns,
  sortedColumns,
  treeFeatures,
} from "./columns.ts";
import { accumulatingGrower, inMemoryGrower } from "./growers.ts";
import { type ClosedForm, derivativesOf } from "./heads.ts";
import { GrowerInitializationHook, StopAtAttemptsHook } from "./hooks.ts";
import { type Hyperparameters, maxSplits } from "./hyperparameters.ts";
import { cachedFeatures, localVariable, TrainingStates } from "./memory.ts";

export interface TreesModel {
  readonly head: Head;
  readonly featureColumns: readonly FeatureColumn[];
  readonly params: Hyperparameters;
  readonly nBatchesPerLayer: number;
  readonly closedForm: ClosedForm | null;
  readonly weightColumn: WeightColumn;
  readonly trainInMemory: boolean;
}

interface Resources {
  readonly ensemble: TreeEnsemble;
  readonly quantiles: QuantileAccumulator | null;
  readonly boundaries: Boundaries | null;
}

/** The ensemble and, for columns of real numbers, their quantiles, in the scope that is open. */
export function treeResources(scope: string, numeric: readonly FeatureColumn[], epsilon: number): Resources {
  const ensemble = new TreeEnsemble(scope);
  if (numeric.length === 0) return { ensemble, quantiles: null, boundaries: null };
  const numStreams = countFeatures(numeric);
  const quantiles = new QuantileAccumulator("QuantileAccumulator", {
    epsilon,
    numStreams,
    numQuantiles: bucketsFor(epsilon),
  });
  return { ensemble, quantiles, boundaries: boundariesByColumn(numeric, quantiles.getBucketBoundaries()) };
}

const bucketsFor = (epsilon: number): number => Math.trunc(1 / epsilon);

/** Logits [n, d] of all trees, for evaluation and prediction. */
export const treeLogits = (ensemble: TreeEnsemble, features: readonly Tensor[], logitsDimension: number): Tensor =>
  boostedTreesPredictOp({
    tree_ensemble_handle: ensemble.handle,
    bucketized_features: features,
    logits_dimension: logitsDimension,
  });

const opened = <R>(fn: (scope: string) => R): R => getDefaultGraph().nameScope("boosted_trees", fn);

/** The weights [n] of a column, or one for all. */
function exampleWeights(features: InputFeatures, column: WeightColumn): Tensor {
  if (column === null) return constant(1, { dtype: float32, shape: [1] });
  const own = typeof column === "string" ? numericColumn(column, { shape: [1] }) : column;
  return squeeze(treeFeatures(features, [own], null)[0]!, [1]);
}

/** Every example before the first tree: tree 0, no node, logits of 0. */
function noStates(labels: Labels, logitsDimension: number) {
  const batchSize = shapeOf(labels as Tensor).at(0);
  return {
    treeIds: zeros([batchSize], int32),
    nodeIds: multiply(-1, ones([batchSize], int32), { name: "mul" }),
    logits: zeros([batchSize, logitsDimension], float32),
  };
}

/** The model in a mode. Throws AssertionError for several batches a layer in memory. */
export function treesModel(
  model: TreesModel,
  { features, labels, mode }: { readonly features: InputFeatures; readonly labels: Labels; readonly mode: Mode },
  config: RunConfig,
): EstimatorSpec {
  const { head, params } = model;
  const sorted = sortedColumns(model.featureColumns);
  const numeric = numericColumns(sorted);
  if (mode === ModeKeys.TRAIN) return trainingModel(model, features, labels, { sorted, numeric, config });
  return opened((scope) => {
    getOrCreateGlobalStep();
    const { ensemble, boundaries } = treeResources(scope, numeric, params.quantileSketchEpsilon);
    const logits = treeLogits(ensemble, treeFeatures(features, sorted, boundaries), head.logitsDimension);
    return head.createEstimatorSpec({ features, mode, labels, trainOpFn: () => noOp(), logits });
  });
}

function checkInMemory({ nBatchesPerLayer }: TreesModel, config: RunConfig): void {
  if (nBatchesPerLayer !== 1) {
    throw new AssertionError(
      "When train_in_memory is enabled, input_fn should return the entire dataset as a single batch, and n_batches_per_layer should be set as 1.",
    );
  }
  if (!config.isChief) throw new ValueError("train_in_memory is supported only for non-distributed training.");
}

function trainingModel(
  model: TreesModel,
  features: InputFeatures,
  labels: Labels,
  columns: {
    readonly sorted: readonly FeatureColumn[];
    readonly numeric: readonly FeatureColumn[];
    readonly config: RunConfig;
  },
): EstimatorSpec {
  const { head, params, nBatchesPerLayer, trainInMemory } = model;
  const { sorted, numeric, config } = columns;
  const { logitsDimension } = head;
  const graph = getDefaultGraph();
  const globalStep = getOrCreateGlobalStep();
  const built = opened((scope) => {
    const { ensemble, quantiles, boundaries } = treeResources(scope, numeric, params.quantileSketchEpsilon);
    const groups = groupFeatures(sorted, bucketsFor(params.quantileSketchEpsilon));
    if (trainInMemory) checkInMemory(model, config);
    noOp();
    const areReady = localVariable(numeric.length === 0, "are_boundaries_ready");
    const memory = trainInMemory ? inMemory(features, labels, sorted, { boundaries, areReady, logitsDimension }) : null;
    const inputs = memory?.features ?? treeFeatures(features, sorted, boundaries);
    const before = memory?.states.lookup() ?? noStates(labels, logitsDimension);
    const reloaded = noOp();
    const { states, partial } = graph.controlDependencies([reloaded], () => ({
      states: ensemble.getStates(),
      partial: boostedTreesTrainingPredictOp({
        tree_ensemble_handle: ensemble.handle,
        cached_tree_ids: before.treeIds,
        cached_node_ids: before.nodeIds,
        bucketized_features: inputs,
        logits_dimension: logitsDimension,
      }),
    }));
    const logits = (before.logits as Tensor).add(partial.partial_logits);
    const common = { ensemble, quantiles, params, groups, logitsDimension };
    const grower = trainInMemory
      ? inMemoryGrower(common)
      : accumulatingGrower({ ...common, stampToken: states.stampToken, nBatchesPerLayer });
    scalar("ensemble/num_trees", states.numTrees);
    scalar("ensemble/num_finalized_trees", states.numFinalizedTrees);
    scalar("ensemble/num_attempted_layers", states.numAttemptedLayers);
    const needsBias = localVariable(params.centerBias, "center_bias_needed");
    const weights = exampleWeights(features, model.weightColumn);
    return { groups, areReady, memory, inputs, states, partial, logits, grower, needsBias, weights };
  });
  const { grower, states, logits } = built;
  const spec = head.createEstimatorSpec({
    features,
    mode: ModeKeys.TRAIN,
    labels,
    logits,
    trainOpFn(loss) {
      const grow = () => growOnce(model, built, { loss, labels, globalStep });
      if (numeric.length === 0) return grow();
      const accumulate = () =>
        getDefaultGraph().nameScope("UpdateQuantile", () => {
          const values = treeFeatures(features, numeric, null).map((each) => squeeze(each, [1]));
          return grower.accumulateQuantiles(values, built.weights, built.areReady);
        });
      return condV2(built.areReady, grow, accumulate) as Tensor;
    },
  });
  const stop = new StopAtAttemptsHook(states.numFinalizedTrees, states.numAttemptedLayers, params);
  return spec.replace({
    trainingHooks: [...spec.trainingHooks, stop],
    trainingChiefHooks: [new GrowerInitializationHook(grower.initOp()), ...spec.trainingChiefHooks],
  });
}

/** The features of all examples and their places in the trees, kept in variables. */
function inMemory(
  features: InputFeatures,
  labels: Labels,
  sorted: readonly FeatureColumn[],
  {
    boundaries,
    areReady,
    logitsDimension,
  }: { readonly boundaries: Boundaries | null; readonly areReady: Variable; readonly logitsDimension: number },
) {
  const batchSize = shapeOf(labels as Tensor).at(0);
  const cached = cachedFeatures(features, sorted, { batchSize, boundaries, areReady });
  return { ...cached, states: new TrainingStates(batchSize, logitsDimension) };
}

interface Built {
  readonly groups: ReturnType<typeof groupFeatures>;
  readonly memory: ReturnType<typeof inMemory> | null;
  readonly inputs: readonly Tensor[];
  readonly states: ReturnType<TreeEnsemble["getStates"]>;
  readonly partial: ReturnType<typeof boostedTreesTrainingPredictOp>;
  readonly logits: Tensor;
  readonly grower: ReturnType<typeof inMemoryGrower>;
  readonly needsBias: Variable;
}

/** One step once there are buckets: statistics of the loss's derivatives, then a layer or the bias. */
function growOnce(
  { head, params, closedForm }: TreesModel,
  { groups, memory, inputs, states, partial, logits, grower, needsBias }: Built,
  { loss, labels, globalStep }: { readonly loss: Tensor; readonly labels: Labels; readonly globalStep: Variable },
): Operation {
  const done: (Operation | Tensor)[] = [];
  if (memory) {
    const keep = () => memory.states.insert(partial.tree_ids, partial.node_ids, logits);
    done.push(memory.cacheOp, condV2(needsBias, () => noOp(), keep) as Tensor);
  }
  const { logitsDimension } = head;
  const { gradients, hessians } =
    logitsDimension === 1 && closedForm ? closedForm(logits, labels) : derivativesOf(loss, logits, logitsDimension);
  const summaries = groups.map(({ buckets, features }) =>
    features.map(({ id }) =>
      boostedTreesAggregateStatsOp({
        node_ids: partial.node_ids,
        gradients,
        hessians,
        feature: inputs[id]!,
        max_splits: maxSplits(params),
        num_buckets: buckets,
      }),
    ),
  );
  const grow = () => grower.growTree(summaries, states.lastLayerNodesRange);
  const center = () => grower.centerBias(needsBias, gradients, hessians);
  const updated = params.centerBias ? (condV2(needsBias, center, grow) as Tensor) : grow();
  const counted = getDefaultGraph().controlDependencies([updated], () => assignAdd(globalStep, 1).op);
  return group(...done, updated, counted, { name: "grow_op" });
}
