/**
 * An example's way through the trees, as TensorFlow's message boosted_trees.DebugOutput:
 *     DebugOutput  feature_ids=1 (packed): what the splits on the way look at   logits_path=2 (packed): the logit before and after each of them
 * Source: boosted_trees/boosted_trees.proto, boosted_trees/prediction_ops.cc
 */
import { string } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { WireReader, WireWriter } from "../../../io/wire.ts";
import { defineOp } from "../../define.ts";
import type { TreeEnsemble } from "./ensemble.ts";
import { batchOf, ensembleOf, nextNode } from "./ensemble_ops.ts";

interface Way {
  readonly featureIds: readonly number[];
  /** One more than features: the bias comes first. */
  readonly logits: readonly number[];
}

function encodeWay({ featureIds, logits }: Way): Uint8Array {
  const writer = new WireWriter();
  if (featureIds.length > 0) {
    const ids = new WireWriter();
    for (const id of featureIds) ids.int64(id);
    writer.bytes(1, ids.finish());
  }
  return writer.bytes(2, new Uint8Array(Float32Array.from(logits).buffer)).finish();
}

/** Throws DATA_LOSS for what is no such message. */
export function decodeWay(bytes: Uint8Array): Way {
  const featureIds: number[] = [];
  const logits: number[] = [];
  const reader = new WireReader(bytes);
  while (reader.hasMore) {
    const tag = reader.varint();
    const field = tag >>> 3;
    const isPacked = (tag & 7) === 2;
    if (field !== 1 && field !== 2) {
      reader.skip(tag);
      continue;
    }
    const inner = isPacked ? reader.message() : reader;
    do {
      if (field === 1) featureIds.push(Number(inner.int64()));
      else logits.push(inner.float());
    } while (isPacked && inner.hasMore);
  }
  return { featureIds, logits };
}

/** The logit of one example before all splits, then after each split on its way, with those of the trees before. */
function wayOf(ensemble: TreeEnsemble, features: readonly NdArray[], i: number): Way {
  const logitAt = (tree: number, id: number): number =>
    Math.fround(ensemble.trees[tree]!.weight * (ensemble.logitsOf(tree, id)[0] ?? 0));
  let logit = logitAt(0, 0);
  const featureIds: number[] = [];
  const logits = [logit];
  let before = 0;
  for (const [tree, { nodes }] of ensemble.trees.entries()) {
    let id = 0;
    for (let { split } = nodes[0]!; split; split = nodes[id]!.split) {
      featureIds.push(split.featureId);
      id = nextNode(ensemble, tree, id, features, i);
      logit = logitAt(tree, id);
      logits.push(Math.fround(logit + before));
    }
    if (tree === 0 || id > 0) before = Math.fround(before + logit);
  }
  return { featureIds, logits };
}

/** Each example's way through the trees, serialized: string [n]. */
export const boostedTreesExampleDebugOutputsOp = defineOp("BoostedTreesExampleDebugOutputs", {
  inputs: ["tree_ensemble_handle: resource", "bucketized_features: num_bucketized_features * int32"],
  outputs: ["examples_debug_outputs_serialized: string"],
  attrs: ["num_bucketized_features: int >= 1", "logits_dimension: int"],
  stateful: true,
  shape: ({ bucketized_features }) => [[batchOf(bucketized_features)]],
  compute({ tree_ensemble_handle: handle, bucketized_features: features }, context) {
    const ensemble = ensembleOf(context, handle);
    const n = features[0]!.shape[0]!;
    return new NdArray(
      string,
      [n],
      Array.from({ length: n }, (_, i) => encodeWay(wayOf(ensemble, features, i))),
    );
  },
  gradient: "unregistered",
});
