/** Growing trees: statistics of gradients by bucket, the best split of each node, the next layer. Source: boosted_trees/{stats,training}_ops.cc */
import { bool, float32, int32, string } from "../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { defineOp } from "../../define.ts";
import { textsOf } from "../arrays.ts";
import type { Leaf } from "./ensemble.ts";
import { ensembleOf } from "./ensemble_ops.ts";
import { gainOf, type Sums, type Weighing } from "./gains.ts";
import { prune } from "./prune.ts";

const floats = (array: NdArray): Float32Array => array.data as Float32Array;
const integers = (array: NdArray): Int32Array => array.data as Int32Array;
const scalarOf = (array: NdArray): number => Number(array.item());

/** stats_summary [max_splits, feature width, num_buckets + 1, gradients and hessians]: sums by node and bucket; missing values lie in the last bucket. */
export const boostedTreesAggregateStatsOp = defineOp("BoostedTreesAggregateStats", {
  inputs: ["node_ids: int32", "gradients: float", "hessians: float", "feature: int32"],
  outputs: ["stats_summary: float"],
  attrs: ["max_splits: int >= 1", "num_buckets: int >= 1"],
  shape({ gradients, hessians, feature, max_splits, num_buckets }) {
    const [g, h] = [gradients?.[1] ?? null, hessians?.[1] ?? null];
    return [[max_splits, feature?.[1] ?? null, num_buckets + 1, g === null || h === null ? null : g + h]];
  },
  compute({ node_ids, gradients, hessians, feature, max_splits, num_buckets }) {
    const [g, h] = [gradients.shape[1]!, hessians.shape[1]!];
    const width = feature.shape[1]!;
    const n = node_ids.shape[0]!;
    const shape = [max_splits, width, num_buckets + 1, g + h];
    const stats = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < n; i++) {
      const node = integers(node_ids)[i]!;
      if (node < 0 || node >= max_splits) {
        throw new InvalidArgumentError(`node_ids must be in range [0, max_splits), but got ${node}`);
      }
      for (let d = 0; d < width; d++) {
        const value = integers(feature)[i * width + d]!;
        const bucket = value === -1 ? num_buckets : value;
        if (bucket < 0 || bucket > num_buckets) throw new InvalidArgumentError(`Feature value ${value} has no bucket.`);
        const at = ((node * width + d) * (num_buckets + 1) + bucket) * (g + h);
        for (let k = 0; k < g; k++) stats[at + k]! += floats(gradients)[i * g + k]!;
        for (let k = 0; k < h; k++) stats[at + g + k]! += floats(hessians)[i * h + k]!;
      }
    }
    return new NdArray(float32, shape, stats);
  },
  gradient: "unregistered",
});

interface Candidate {
  gain: number;
  feature: number;
  dimension: number;
  threshold: number;
  left: Leaf;
  right: Leaf;
  direction: string;
}

/** Statistics of one feature. */
class Summary {
  readonly #stats: NdArray;
  readonly #gradients: number;
  readonly width: number;
  readonly buckets: number;

  constructor(stats: NdArray, gradients: number) {
    this.#stats = stats;
    this.#gradients = gradients;
    this.width = stats.shape[1]!;
    this.buckets = stats.shape[2]! - 1;
  }

  at(node: number, dimension: number, bucket: number): Sums {
    const size = this.#stats.shape[3]!;
    const from = ((node * this.width + dimension) * (this.buckets + 1) + bucket) * size;
    const values = floats(this.#stats).subarray(from, from + size);
    return { gradients: [...values.subarray(0, this.#gradients)], hessians: [...values.subarray(this.#gradients)] };
  }

  total(node: number, dimension: number): Sums {
    let sum = this.at(node, dimension, 0);
    for (let bucket = 1; bucket <= this.buckets; bucket++) sum = plus(sum, this.at(node, dimension, bucket));
    return sum;
  }
}

const combine = (a: Sums, b: Sums, sign: 1 | -1): Sums => ({
  gradients: a.gradients.map((x, k) => Math.fround(x + sign * b.gradients[k]!)),
  hessians: a.hessians.map((x, k) => Math.fround(x + sign * b.hessians[k]!)),
});
const plus = (a: Sums, b: Sums): Sums => combine(a, b, 1);
const minus = (a: Sums, b: Sums): Sums => combine(a, b, -1);
const weightOf = ({ hessians }: Sums): number =>
  hessians.length === 1 ? hessians[0]! : Math.fround(Math.sqrt(hessians.reduce((sum, x) => sum + x * x, 0)));

/** Tries every split of a node by one feature; a better one takes the place of the best. */
function trySplits(
  best: Candidate | null,
  summary: Summary,
  node: number,
  { feature, isEquality, weighing }: { feature: number; isEquality: boolean; weighing: Weighing },
): Candidate | null {
  let found = best;
  const consider = (
    left: Sums,
    right: Sums,
    place: { dimension: number; threshold: number; direction: string },
  ): void => {
    const [l, r] = [gainOf(left, weighing), gainOf(right, weighing)];
    const gain = Math.fround(l.gain + r.gain);
    if (found && !(gain > found.gain)) return;
    found = { gain, feature, ...place, left: l.weights, right: r.weights };
  };
  for (let dimension = 0; dimension < summary.width; dimension++) {
    const total = summary.total(node, dimension);
    if (isEquality) {
      for (let bucket = 0; bucket < summary.buckets; bucket++) {
        const left = summary.at(node, dimension, bucket);
        consider(left, minus(total, left), { dimension, threshold: bucket, direction: "EQUALITY_DEFAULT_RIGHT" });
      }
      continue;
    }
    const missing = summary.at(node, dimension, summary.buckets);
    let left = summary.at(node, dimension, 0);
    for (let bucket = 0; bucket < summary.buckets; bucket++) {
      if (bucket > 0) left = plus(left, summary.at(node, dimension, bucket));
      const place = { dimension, threshold: bucket };
      consider(plus(left, missing), minus(total, plus(left, missing)), {
        ...place,
        direction: "INEQUALITY_DEFAULT_LEFT",
      });
      consider(left, minus(total, left), { ...place, direction: "INEQUALITY_DEFAULT_RIGHT" });
    }
  }
  return found;
}

/** The best split of each node of the last layer among features whose statistics have one size. */
export const boostedTreesCalculateBestFeatureSplitV2Op = defineOp("BoostedTreesCalculateBestFeatureSplitV2", {
  inputs: [
    "node_id_range: int32",
    "stats_summaries_list: num_features * float",
    "split_types: string",
    "candidate_feature_ids: int32",
    "l1: float",
    "l2: float",
    "tree_complexity: float",
    "min_node_weight: float",
  ],
  outputs: [
    "node_ids: int32",
    "gains: float",
    "feature_ids: int32",
    "feature_dimensions: int32",
    "thresholds: int32",
    "left_node_contribs: float",
    "right_node_contribs: float",
    "split_with_default_directions: string",
  ],
  attrs: ["num_features: int >= 1", "logits_dimension: int >= 1"],
  shape: ({ logits_dimension: width }) => [
    [null],
    [null],
    [null],
    [null],
    [null],
    [null, width],
    [null, width],
    [null],
  ],
  compute(op) {
    const width = op.logits_dimension;
    const summaries = op.stats_summaries_list.map((stats) => new Summary(stats, width));
    const types = textsOf(op.split_types);
    const weighing: Weighing = { l1: scalarOf(op.l1), l2: scalarOf(op.l2) };
    const [minWeight, complexity] = [scalarOf(op.min_node_weight), scalarOf(op.tree_complexity)];
    const [first, end] = integers(op.node_id_range) as unknown as [number, number];
    const found: { node: number; split: Candidate }[] = [];
    for (let node = first; node < end; node++) {
      const total = summaries[0]!.total(node, 0);
      if (weightOf(total) < minWeight) continue;
      const parent = gainOf(total, weighing).gain;
      let best: Candidate | null = null;
      for (const [k, summary] of summaries.entries()) {
        const feature = integers(op.candidate_feature_ids)[k]!;
        best = trySplits(best, summary, node, { feature, isEquality: types[k] === "equality", weighing });
      }
      if (best)
        found.push({ node, split: { ...best, gain: Math.fround(Math.fround(best.gain - parent) - complexity) } });
    }
    const n = found.length;
    const column = (value: (each: (typeof found)[number]) => number): NdArray =>
      new NdArray(int32, [n], Int32Array.from(found, value));
    const leaves = (side: "left" | "right"): NdArray =>
      new NdArray(float32, [n, width], Float32Array.from(found.flatMap(({ split }) => [...split[side]])));
    const encoder = new TextEncoder();
    return [
      column(({ node }) => node),
      new NdArray(
        float32,
        [n],
        Float32Array.from(found, ({ split }) => split.gain),
      ),
      column(({ split }) => split.feature),
      column(({ split }) => split.dimension),
      column(({ split }) => split.threshold),
      leaves("left"),
      leaves("right"),
      new NdArray(
        string,
        [n],
        found.map(({ split }) => encoder.encode(split.direction)),
      ),
    ];
  },
  gradient: "unregistered",
});

const [noPruning, prePruning, postPruning] = [0, 1, 2];

/** Splits nodes by the best candidates of all groups: a layer more; a tree of the greatest depth is finished and the next one begun. */
export const boostedTreesUpdateEnsembleV2Op = defineOp("BoostedTreesUpdateEnsembleV2", {
  inputs: [
    "tree_ensemble_handle: resource",
    "feature_ids: num_groups * int32",
    "dimension_ids: num_features * int32",
    "node_ids: num_features * int32",
    "gains: num_features * float",
    "thresholds: num_features * int32",
    "left_node_contribs: num_features * float",
    "right_node_contribs: num_features * float",
    "split_types: num_features * string",
    "max_depth: int32",
    "learning_rate: float",
    "pruning_mode: int32",
  ],
  attrs: ["num_features: int >= 0", "logits_dimension: int = 1", "num_groups: int >= 1 = 1"],
  stateful: true,
  shape: () => [],
  compute(op, context) {
    const ensemble = ensembleOf(context, op.tree_ensemble_handle);
    const width = op.logits_dimension;
    const [rate, depth, pruning] = [scalarOf(op.learning_rate), scalarOf(op.max_depth), scalarOf(op.pruning_mode)];
    const best = new Map<number, Candidate>();
    for (const [group, nodes] of op.node_ids.entries()) {
      const types = textsOf(op.split_types[group]!);
      for (const [i, node] of integers(nodes).entries()) {
        const gain = floats(op.gains[group]!)[i]!;
        const feature = integers(op.feature_ids[group]!)[i]!;
        const known = best.get(node);
        // Of equal gains the feature of the lower number wins, so that nothing depends on the order of groups.
        if (known && (gain < known.gain || (gain === known.gain && feature > known.feature))) continue;
        const side = (list: readonly NdArray[]): Leaf =>
          Array.from({ length: width }, (_, k) => Math.fround(rate * floats(list[group]!)[i * width + k]!));
        best.set(node, {
          gain,
          feature,
          dimension: integers(op.dimension_ids[group]!)[i]!,
          threshold: integers(op.thresholds[group]!)[i]!,
          left: side(op.left_node_contribs),
          right: side(op.right_node_contribs),
          direction: types[i]!,
        });
      }
    }
    ensemble.stamp++;
    ensemble.countAttempt();
    const empty: Leaf = new Array<number>(width).fill(0);
    if (ensemble.trees.length === 0) ensemble.addTree(empty);
    const at = ensemble.trees.length - 1;
    const tree = ensemble.trees[at]!;
    const start = tree.nodes.length;
    let isSplit = false;
    for (const node of [...best.keys()].sort((a, b) => a - b)) {
      const { gain, feature, dimension, threshold, left, right, direction } = best.get(node)!;
      if (pruning === prePruning && gain < 0) continue;
      const kind = direction === "EQUALITY_DEFAULT_RIGHT" ? "categorical" : "bucketized";
      const defaultDirection = direction === "INEQUALITY_DEFAULT_RIGHT" ? 1 : 0;
      const split = { kind, featureId: feature, threshold, dimensionId: dimension, defaultDirection } as const;
      ensemble.split(at, node, split, { gain, left, right });
      isSplit = true;
    }
    if (!isSplit) return;
    tree.layers++;
    ensemble.lastLayer = [start, tree.nodes.length];
    if (tree.layers < depth) return;
    tree.isFinalized = true;
    if (pruning === postPruning) prune(tree, width);
    else if (pruning !== noPruning && pruning !== prePruning) throw new InvalidArgumentError(`pruning mode ${pruning}`);
    ensemble.addTree(empty);
    ensemble.lastLayer = [0, 1];
  },
  gradient: "unregistered",
});

/** How small a change of the bias is enough. */
const enough = 0.01;

/** Moves the first tree's root to the logits that the mean gradients ask for: true while that changes them. */
export const boostedTreesCenterBiasOp = defineOp("BoostedTreesCenterBias", {
  inputs: ["tree_ensemble_handle: resource", "mean_gradients: float", "mean_hessians: float", "l1: float", "l2: float"],
  outputs: ["continue_centering: bool"],
  stateful: true,
  shape: () => [[]],
  compute({ tree_ensemble_handle: handle, mean_gradients, mean_hessians, l1, l2 }, context) {
    const ensemble = ensembleOf(context, handle);
    const sums: Sums = { gradients: [...floats(mean_gradients)], hessians: [...floats(mean_hessians)] };
    const { weights } = gainOf(sums, { l1: scalarOf(l1), l2: scalarOf(l2) });
    ensemble.stamp++;
    let goesOn = true;
    if (ensemble.trees.length === 0) ensemble.addTree(weights);
    else {
      const root = ensemble.trees[0]!.nodes[0]!;
      const current = root.leaf!;
      goesOn = weights.some((change, k) => Math.abs(change / current[k]!) > enough);
      root.leaf = current.map((value, k) => Math.fround(value + weights[k]!));
    }
    return new NdArray(bool, [], Uint8Array.of(goesOn ? 1 : 0));
  },
  gradient: "unregistered",
});
