/**
 * What one step of training does to trees: statistics of gradients go in, and once enough batches are there the ensemble gets a layer more.
 * In memory every batch is enough. Source: canned/boosted_trees.py.
 */
import { condV2 } from "../../../build/functions/cond.ts";
import type { QuantileAccumulator } from "../../../build/resources/quantile_accumulator.ts";
import type { TreeEnsemble } from "../../../build/resources/tree_ensemble.ts";
import type { Updated } from "../../../build/variables/updated.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { float32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  boostedTreesCalculateBestFeatureSplitV2Op,
  boostedTreesCenterBiasOp,
  boostedTreesUpdateEnsembleV2Op,
  ConditionalAccumulator,
  constant,
  expandDims,
  greaterEqual,
  group,
  noOp,
  reduceMean,
  reduceMin,
  stack,
  unstack,
} from "../../../ops/index.ts";
import type { FeatureGroup } from "./columns.ts";
import { type Hyperparameters, maxSplits, pruningModeOf } from "./hyperparameters.ts";

export interface GrowerOptions {
  readonly ensemble: TreeEnsemble;
  readonly quantiles: QuantileAccumulator | null;
  readonly params: Hyperparameters;
  readonly groups: readonly FeatureGroup[];
  readonly logitsDimension: number;
}

const after = <R>(first: readonly (Operation | Tensor)[], fn: () => R): R =>
  getDefaultGraph().controlDependencies(first, fn);
const opOf = (updated: { readonly op: Operation }): Operation => updated.op;

/** Statistics of a group: one tensor for each feature. */
export type Summaries = readonly (readonly Tensor[])[];

export interface Grower {
  /** Takes values of real features in; after enough of them are, `areReady` becomes true. */
  accumulateQuantiles(values: readonly Tensor[], weights: Tensor, areReady: Variable): Operation | Tensor;
  /** Moves the first tree's root; `isNeeded` becomes false once it fits. */
  centerBias(isNeeded: Variable, gradients: Tensor, hessians: Tensor): Updated | Tensor;
  growTree(summaries: Summaries, lastLayer: Tensor): Operation | Tensor;
  /** What runs once, after the session was made. */
  initOp(): Operation;
}

function centered({ ensemble, params }: GrowerOptions, isNeeded: Variable, gradients: Tensor, hessians: Tensor) {
  const goesOn = boostedTreesCenterBiasOp({
    tree_ensemble_handle: ensemble.handle,
    mean_gradients: gradients,
    mean_hessians: hessians,
    l1: params.l1Regularization,
    l2: params.l2Regularization,
  });
  return isNeeded.assign(goesOn);
}

/** The best split of each node by each group, and the ensemble grown by the best of them. */
function grown({ ensemble, params, groups, logitsDimension }: GrowerOptions, summaries: Summaries, lastLayer: Tensor) {
  const best = groups.map(({ features }, i) =>
    boostedTreesCalculateBestFeatureSplitV2Op({
      node_id_range: lastLayer,
      stats_summaries_list: summaries[i]!,
      split_types: features.map(({ split }) => split),
      candidate_feature_ids: features.map(({ id }) => id),
      l1: params.l1Regularization,
      l2: params.l2Regularization,
      tree_complexity: params.treeComplexity,
      min_node_weight: params.minNodeWeight,
      logits_dimension: logitsDimension,
    }),
  );
  return boostedTreesUpdateEnsembleV2Op({
    tree_ensemble_handle: ensemble.handle,
    feature_ids: best.map((each) => each.feature_ids),
    dimension_ids: best.map((each) => each.feature_dimensions),
    node_ids: best.map((each) => each.node_ids),
    gains: best.map((each) => each.gains),
    thresholds: best.map((each) => each.thresholds),
    left_node_contribs: best.map((each) => each.left_node_contribs),
    right_node_contribs: best.map((each) => each.right_node_contribs),
    split_types: best.map((each) => each.split_with_default_directions),
    max_depth: params.maxDepth,
    learning_rate: params.learningRate,
    pruning_mode: pruningModeOf(params),
    logits_dimension: logitsDimension,
  });
}

/** All examples are in each batch. */
export function inMemoryGrower(options: GrowerOptions): Grower {
  pruningModeOf(options.params);
  return {
    accumulateQuantiles(values, weights, areReady) {
      const taken = options.quantiles!.addSummaries(values, weights);
      const flushed = after([taken], () => options.quantiles!.flush());
      return after([taken, flushed], () => opOf(areReady.assign(true)));
    },
    centerBias(isNeeded, gradients, hessians) {
      const meanGradients = expandDims(reduceMean(gradients, { axis: 0 }), 0);
      const meanHessians = expandDims(reduceMean(hessians, { axis: 0 }), 0);
      return centered(options, isNeeded, meanGradients, meanHessians);
    },
    growTree: (summaries, lastLayer) => grown(options, summaries, lastLayer),
    initOp: () => noOp(),
  };
}

/** Batches are added up; a layer grows of `nBatchesPerLayer` of them. Makes the accumulators at once. */
export function accumulatingGrower(
  options: GrowerOptions & { readonly stampToken: Tensor; readonly nBatchesPerLayer: number },
): Grower {
  const { params, groups, logitsDimension, stampToken, nBatchesPerLayer } = options;
  pruningModeOf(params);
  const initOps: Operation[] = [];
  const accumulator = (shape: readonly number[], sharedName: string): ConditionalAccumulator => {
    const made = new ConditionalAccumulator(float32, { shape, sharedName });
    initOps.push(made.setGlobalStep(stampToken));
    return made;
  };
  const statistics = logitsDimension + logitsDimension ** 2;
  const growing = groups.map(({ buckets, features }, i) => {
    const shape = [features.length, maxSplits(params), 1, buckets + 1, statistics];
    return accumulator(shape, `numeric_stats_summary_accumulator_${i}`);
  });
  const bias = params.centerBias ? accumulator([2, 1], "bias_accumulator") : null;
  const onceEnough = (count: Tensor, name: string, fn: () => unknown): Tensor =>
    condV2(greaterEqual(count, nBatchesPerLayer), fn, () => noOp(), { name }) as Tensor;
  return {
    accumulateQuantiles(values, weights, areReady) {
      const taken = options.quantiles!.addSummaries(values, weights);
      const counter = new ConditionalAccumulator(float32, { shape: [], sharedName: "quantile_summary_accum" });
      const stepSet = counter.setGlobalStep(stampToken);
      const counted = counter.applyGrad(constant(0, { dtype: float32 }), { localStep: stampToken });
      return after([group(taken, stepSet, counted)], () =>
        onceEnough(counter.numAccumulated(), "wait_until_quaniles_accumulated", () => {
          const count = counter.takeGrad(1);
          const flushed = options.quantiles!.flush();
          return group(flushed, count, opOf(areReady.assign(true)));
        }),
      );
    },
    centerBias(isNeeded, gradients, hessians) {
      const means = reduceMean(stack([gradients, hessians], { axis: 0 }), { axis: 1 });
      const applied = bias!.applyGrad(means, { localStep: stampToken });
      return after([applied], () =>
        onceEnough(bias!.numAccumulated(), "wait_until_n_batches_for_bias_accumulated", () => {
          const [meanGradients, meanHessians] = unstack(bias!.takeGrad(1), { axis: 0 });
          const moved = centered(options, isNeeded, expandDims(meanGradients!, 0), expandDims(meanHessians!, 0));
          const stepsSet = () => group(...growing.map((each) => each.setGlobalStep(stampToken.add(1))));
          return after([moved.op], () => condV2(isNeeded, () => noOp(), stepsSet));
        }),
      );
    },
    growTree(summaries, lastLayer) {
      const applied = growing.map((each, i) =>
        each.applyGrad(stack(summaries[i]!, { axis: 0 }), { localStep: stampToken }),
      );
      return after(applied, () => {
        const least = reduceMin(stack(growing.map((each) => each.numAccumulated())));
        return onceEnough(least, "wait_until_n_batches_accumulated", () =>
          grown(
            options,
            growing.map((each) => unstack(each.takeGrad(1), { axis: 0 })),
            lastLayer,
          ),
        );
      });
    },
    initOp: () => group(...initOps),
  };
}
