/** Training with all examples in memory: features and places in the trees stay in variables between steps. Source: canned/boosted_trees.py. */
import type { FeatureColumn } from "../../../build/feature_column/column.ts";
import { IndicatorColumn } from "../../../build/feature_column/indicator.ts";
import { condV2 } from "../../../build/functions/cond.ts";
import { assign } from "../../../build/variables/state.ts";
import { type InitialValue, Variable } from "../../../build/variables/variable.ts";
import { float32, int32 } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { group, multiply, noOp, ones, zeros } from "../../../ops/index.ts";
import type { InputFeatures } from "../run/input.ts";
import { type Boundaries, countFeatures, transformColumns, treeFeatures } from "./columns.ts";

/** A variable of any shape that is not trained. */
export const localVariable = (initialValue: InitialValue, name: string): Variable =>
  new Variable(initialValue, { trainable: false, validateShape: false, name, useResource: true });

export interface CachedFeatures {
  readonly features: readonly Tensor[];
  /** Runs with a step: keeps the features the first time. */
  readonly cacheOp: Tensor;
}

/** Features int32 [n, 1], made once there are boundaries of buckets, or taken from variables. */
export function cachedFeatures(
  features: InputFeatures,
  sorted: readonly FeatureColumn[],
  {
    batchSize,
    boundaries,
    areReady,
  }: { readonly batchSize: Tensor; readonly boundaries: Boundaries | null; readonly areReady: Variable },
): CachedFeatures {
  const kept = Array.from({ length: countFeatures(sorted) }, (_, i) =>
    localVariable(zeros([batchSize, 1], int32), `cached_feature_${i}`),
  );
  const areKept = localVariable(false, "are_features_cached");
  // Their tables belong outside of the branches.
  const indicators = sorted.filter((column) => column instanceof IndicatorColumn);
  const known = indicators.length > 0 ? transformColumns(features, indicators) : new Map();
  const made = () => treeFeatures(features, sorted, boundaries, known);
  const keep = () => {
    const inputs = made();
    const assigned = kept.map((variable, i) => assign(variable, inputs[i]!));
    const flipped = getDefaultGraph().controlDependencies(
      assigned.map(({ op }) => op),
      () => areKept.assign(true),
    );
    return [assigned, flipped];
  };
  const fromVariables = () => condV2(areKept, () => [kept, noOp()], keep);
  const [inputs, cacheOp] = condV2(areReady, () => [made(), noOp()], fromVariables) as unknown as [Tensor[], Tensor];
  return { features: inputs, cacheOp };
}

/** Where each example is in the trees, and its logits. */
export class TrainingStates {
  readonly #treeIds: Variable;
  readonly #nodeIds: Variable;
  readonly #logits: Variable;

  constructor(batchSize: Tensor, logitsDimension: number) {
    this.#treeIds = localVariable(zeros([batchSize], int32), "tree_ids_cache");
    this.#nodeIds = localVariable(multiply(-1, ones([batchSize], int32), { name: "mul" }), "node_ids_cache");
    this.#logits = localVariable(zeros([batchSize, logitsDimension], float32), "logits_cache");
  }

  lookup(): { readonly treeIds: Variable; readonly nodeIds: Variable; readonly logits: Variable } {
    return { treeIds: this.#treeIds, nodeIds: this.#nodeIds, logits: this.#logits };
  }

  insert(treeIds: Tensor, nodeIds: Tensor, logits: Tensor): Operation {
    return group(this.#treeIds.assign(treeIds).op, this.#nodeIds.assign(nodeIds).op, this.#logits.assign(logits).op, {
      name: "cache_insert",
    });
  }
}
