/** Ensembles of trees in a session: made, saved, asked for predictions. Source: boosted_trees/{resource,prediction}_ops.cc */
import { bool, float32, int32, int64, string } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Shape } from "../../../core/shape.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { namedObject, objectOf } from "../resource.ts";
import { type Leaf, TreeEnsemble } from "./ensemble.ts";

const kind = "boosted trees ensemble";

/** The place of an ensemble, empty until it is created. */
interface Place {
  ensemble: TreeEnsemble | null;
}

/** The ensemble of a handle. Throws INVALID_ARGUMENT before it is created. */
export function ensembleOf(context: ComputeContext, handle: NdArray): TreeEnsemble {
  const { ensemble } = objectOf<Place>(context, handle, kind);
  if (ensemble) return ensemble;
  throw new InvalidArgumentError("The tree ensemble has not been created.");
}

const handleInput = "tree_ensemble_handle: resource";
const scalarInt32 = (value: number): NdArray => new NdArray(int32, [], Int32Array.of(value));

export const boostedTreesEnsembleResourceHandleOp = defineOp("BoostedTreesEnsembleResourceHandleOp", {
  outputs: ["resource: resource"],
  attrs: ["container: string = ''", "shared_name: string = ''"],
  stateful: true,
  shape: () => [[]],
  compute: (op, context) =>
    namedObject<Place>(context, {
      kind,
      container: op.container,
      sharedName: op.shared_name,
      asText: false,
      create: () => ({ ensemble: null }),
    }),
  gradient: "unregistered",
});

function restored(stamp: NdArray, serialized: NdArray): TreeEnsemble {
  const ensemble = new TreeEnsemble();
  ensemble.stamp = (stamp.data as BigInt64Array)[0]!;
  ensemble.decode((serialized.data as readonly Uint8Array[])[0]!);
  return ensemble;
}

export const boostedTreesCreateEnsembleOp = defineOp("BoostedTreesCreateEnsemble", {
  inputs: [handleInput, "stamp_token: int64", "tree_ensemble_serialized: string"],
  stateful: true,
  shape: () => [],
  compute({ tree_ensemble_handle: handle, stamp_token, tree_ensemble_serialized }, context) {
    const place = objectOf<Place>(context, handle, kind);
    place.ensemble ??= restored(stamp_token, tree_ensemble_serialized);
  },
  gradient: "unregistered",
});

export const isBoostedTreesEnsembleInitializedOp = defineOp("IsBoostedTreesEnsembleInitialized", {
  inputs: [handleInput],
  outputs: ["is_initialized: bool"],
  stateful: true,
  shape: () => [[]],
  compute: ({ tree_ensemble_handle: handle }, context) =>
    new NdArray(bool, [], Uint8Array.of(objectOf<Place>(context, handle, kind).ensemble ? 1 : 0)),
  gradient: "unregistered",
});

/** The stamp, how many trees there are, are finished, how many layers were tried, and the nodes of the last layer. */
export const boostedTreesGetEnsembleStatesOp = defineOp("BoostedTreesGetEnsembleStates", {
  inputs: [handleInput],
  outputs: [
    "stamp_token: int64",
    "num_trees: int32",
    "num_finalized_trees: int32",
    "num_attempted_layers: int32",
    "last_layer_nodes_range: int32",
  ],
  stateful: true,
  shape: () => [[], [], [], [], [2]],
  compute({ tree_ensemble_handle: handle }, context) {
    const { stamp, trees, layersAttempted, lastLayer } = ensembleOf(context, handle);
    const n = trees.length;
    const finished = n === 0 || trees[n - 1]!.isFinalized ? n : n - 1;
    return [
      new NdArray(int64, [], BigInt64Array.of(stamp)),
      scalarInt32(n),
      scalarInt32(finished),
      scalarInt32(layersAttempted),
      // A range of nothing would hold no root.
      new NdArray(int32, [2], Int32Array.of(lastLayer[0], Math.max(1, lastLayer[1]))),
    ];
  },
  gradient: "unregistered",
});

export const boostedTreesSerializeEnsembleOp = defineOp("BoostedTreesSerializeEnsemble", {
  inputs: [handleInput],
  outputs: ["stamp_token: int64", "tree_ensemble_serialized: string"],
  stateful: true,
  shape: () => [[], []],
  compute({ tree_ensemble_handle: handle }, context) {
    const ensemble = ensembleOf(context, handle);
    return [new NdArray(int64, [], BigInt64Array.of(ensemble.stamp)), new NdArray(string, [], [ensemble.encode()])];
  },
  gradient: "unregistered",
});

export const boostedTreesDeserializeEnsembleOp = defineOp("BoostedTreesDeserializeEnsemble", {
  inputs: [handleInput, "stamp_token: int64", "tree_ensemble_serialized: string"],
  stateful: true,
  shape: () => [],
  compute({ tree_ensemble_handle: handle, stamp_token, tree_ensemble_serialized }, context) {
    objectOf<Place>(context, handle, kind).ensemble = restored(stamp_token, tree_ensemble_serialized);
  },
  gradient: "unregistered",
});

/** The bucket of example i in a feature [n] or [n, width]. */
const bucketAt = ({ data, shape }: NdArray, i: number, dimension: number): number =>
  (data as Int32Array)[i * (shape[1] ?? 1) + dimension]!;

/** The node below a split that example i goes to. */
export function nextNode(
  ensemble: TreeEnsemble,
  tree: number,
  id: number,
  features: readonly NdArray[],
  i: number,
): number {
  const { kind: how, featureId, dimensionId, threshold, leftId, rightId } = ensemble.trees[tree]!.nodes[id]!.split!;
  const bucket = bucketAt(features[featureId]!, i, dimensionId);
  return (how === "bucketized" ? bucket <= threshold : bucket === threshold) ? leftId : rightId;
}

export const batchOf = (features: readonly Shape[]): number | null => features[0]?.[0] ?? null;

/** The sum of all trees' logits: [n, logits_dimension]. */
export const boostedTreesPredictOp = defineOp("BoostedTreesPredict", {
  inputs: [handleInput, "bucketized_features: num_bucketized_features * int32"],
  outputs: ["logits: float"],
  attrs: ["num_bucketized_features: int >= 1", "logits_dimension: int"],
  stateful: true,
  shape: ({ bucketized_features, logits_dimension }) => [[batchOf(bucketized_features), logits_dimension]],
  compute({ tree_ensemble_handle: handle, bucketized_features: features, logits_dimension: width }, context) {
    const ensemble = ensembleOf(context, handle);
    const n = features[0]!.shape[0]!;
    const logits = new Float32Array(n * width);
    for (let i = 0; i < n; i++) {
      for (const [t, tree] of ensemble.trees.entries()) {
        let id = 0;
        while (!tree.nodes[id]!.leaf) id = nextNode(ensemble, t, id, features, i);
        for (const [k, value] of tree.nodes[id]!.leaf!.entries())
          logits[i * width + k]! += Math.fround(tree.weight * value);
      }
    }
    return new NdArray(float32, [n, width], logits);
  },
  gradient: "unregistered",
});

/**
 * What trees add to the logits of examples that were at a node of a tree when they were seen last (node -1: never): the logits that came
 * since, and where the examples are.
 */
export const boostedTreesTrainingPredictOp = defineOp("BoostedTreesTrainingPredict", {
  inputs: [
    handleInput,
    "cached_tree_ids: int32",
    "cached_node_ids: int32",
    "bucketized_features: num_bucketized_features * int32",
  ],
  outputs: ["partial_logits: float", "tree_ids: int32", "node_ids: int32"],
  attrs: ["num_bucketized_features: int >= 1", "logits_dimension: int"],
  stateful: true,
  shape({ bucketized_features, logits_dimension }) {
    const n = batchOf(bucketized_features);
    return [[n, logits_dimension], [n], [n]];
  },
  compute(op, context) {
    const { cached_tree_ids, cached_node_ids, bucketized_features: features, logits_dimension: width } = op;
    const ensemble = ensembleOf(context, op.tree_ensemble_handle);
    const n = cached_tree_ids.shape[0]!;
    const last = ensemble.trees.length - 1;
    const logits = new Float32Array(n * width);
    const nodes = new Int32Array(n);
    const trees = new Int32Array(n).fill(Math.max(0, last));
    for (let i = 0; i < n && last >= 0; i++) {
      let tree = (cached_tree_ids.data as Int32Array)[i]!;
      let id = (cached_node_ids.data as Int32Array)[i]!;
      let pending: Leaf = new Array<number>(width).fill(0);
      if (id >= 0) {
        const { pruned } = ensemble.trees[tree]!;
        const moved = pruned[id];
        if (moved) {
          pending = pending.map((value, k) => value + (moved.change[k] ?? 0));
          id = moved.newId;
        }
        const known = ensemble.logitsOf(tree, id);
        pending = pending.map((value, k) => Math.fround(value - (known[k] ?? 0)));
      } else id = 0;
      for (;;) {
        const { leaf } = ensemble.trees[tree]!.nodes[id]!;
        if (!leaf) {
          id = nextNode(ensemble, tree, id, features, i);
          continue;
        }
        const { weight } = ensemble.trees[tree]!;
        for (let k = 0; k < width; k++) {
          logits[i * width + k]! += Math.fround(weight * Math.fround(pending[k]! + (leaf[k] ?? 0)));
        }
        pending = pending.map(() => 0);
        if (tree === last) break;
        tree++;
        id = 0;
      }
      nodes[i] = id;
    }
    return [new NdArray(float32, [n, width], logits), new NdArray(int32, [n], trees), new NdArray(int32, [n], nodes)];
  },
  gradient: "unregistered",
});
