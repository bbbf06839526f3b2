/** How trees are grown, and the checks of what is given. Source: canned/boosted_trees.py. */
import { ValueError } from "../../../core/error.ts";

export interface TreeOptions {
  /** 100 by default. */
  readonly nTrees?: number | undefined;
  /** Layers of a tree; 6 by default. */
  readonly maxDepth?: number | undefined;
  /** What a tree's leaves are multiplied with; 0.1 by default. */
  readonly learningRate?: number | undefined;
  /** By how much gradients shrink towards zero. */
  readonly l1Regularization?: number | undefined;
  /** What is added to hessians. */
  readonly l2Regularization?: number | undefined;
  /** What a split must gain; needs a pruning mode. */
  readonly treeComplexity?: number | undefined;
  /** The hessians that a node must have to be split. */
  readonly minNodeWeight?: number | undefined;
  /** Begins with the logit that fits all labels best. */
  readonly centerBias?: boolean | undefined;
  readonly pruningMode?: "none" | "pre" | "post" | undefined;
  /** How far quantiles may be off, as a share; its inverse is the number of buckets. 0.01 by default. */
  readonly quantileSketchEpsilon?: number | undefined;
}

export type Hyperparameters = Required<{ readonly [K in keyof TreeOptions]: NonNullable<TreeOptions[K]> }>;

const pythonNumber = (value: number, isReal: boolean): string =>
  isReal && Number.isInteger(value) ? `${value}.0` : String(value);

/** Throws ValueError for a number that must be greater, in TensorFlow's words. */
export function hyperparameters(given: TreeOptions): Hyperparameters {
  const params: Hyperparameters = {
    nTrees: given.nTrees ?? 100,
    maxDepth: given.maxDepth ?? 6,
    learningRate: given.learningRate ?? 0.1,
    l1Regularization: given.l1Regularization ?? 0,
    l2Regularization: given.l2Regularization ?? 0,
    treeComplexity: given.treeComplexity ?? 0,
    minNodeWeight: given.minNodeWeight ?? 0,
    centerBias: given.centerBias ?? false,
    pruningMode: given.pruningMode ?? "none",
    quantileSketchEpsilon: given.quantileSketchEpsilon ?? 0.01,
  };
  const { nTrees, maxDepth, learningRate, quantileSketchEpsilon, ...more } = params;
  const refuse = (name: string, limit: string, value: number, isReal: boolean): never => {
    throw new ValueError(`Expected ${name} ${limit}, received: ${pythonNumber(value, isReal)}`);
  };
  if (nTrees <= 0) refuse("n_trees", "> 0", nTrees, false);
  if (maxDepth <= 0) refuse("max_depth", "> 0", maxDepth, false);
  if (learningRate <= 0) refuse("learning_rate", "> 0", learningRate, true);
  if (quantileSketchEpsilon <= 0) refuse("quantile_sketch_epsilon", "> 0", quantileSketchEpsilon, true);
  const notNegative = {
    l1: more.l1Regularization,
    l2: more.l2Regularization,
    tree_complexity: more.treeComplexity,
    min_node_weight: more.minNodeWeight,
  };
  for (const [name, value] of Object.entries(notNegative)) if (value < 0) refuse(name, ">= 0", value, true);
  return params;
}

const modes = ["none", "pre", "post"];

/** The number of the pruning mode. Throws ValueError for an unknown one, and where it does not go with the complexity. */
export function pruningModeOf({ pruningMode, treeComplexity }: Hyperparameters): number {
  const mode = modes.indexOf(pruningMode);
  if (mode < 0) throw new ValueError(`pruning_mode mode must be one of: none, post, pre. Found: ${pruningMode}`);
  if (treeComplexity > 0) {
    if (mode === 0) throw new ValueError("Tree complexity have no effect unless pruning mode is chosen.");
  } else if (mode !== 0) throw new ValueError("For pruning, tree_complexity must be positive.");
  return mode;
}

/** Splits that a whole tree may have. */
export const maxSplits = ({ maxDepth }: Hyperparameters): number => 2 ** maxDepth - 1;
