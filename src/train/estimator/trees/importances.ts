/** Which columns the trees split by, and how much that gained. Source: canned/boosted_trees.py, boosted_trees_utils.py. */
import { AssertionError, ValueError } from "../../../core/error.ts";
import { TreeEnsemble } from "../../../ops/host/boosted/ensemble.ts";
import { loadVariable } from "../../files/checkpoint_reader.ts";

/** Values summed up by name, those of the greatest magnitude first. */
export function sumsByName(names: readonly string[], values: readonly number[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [i, name] of names.entries()) sums.set(name, (sums.get(name) ?? 0) + values[i]!);
  return new Map([...sums].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)));
}

/** Gains by column of the newest checkpoint's trees. Throws ValueError for none and for categorical splits, AssertionError where shares cannot be made. */
export function featureImportances(
  modelDir: string,
  names: readonly string[],
  isNormalized: boolean,
): Map<string, number> {
  const [serialized] = loadVariable(modelDir, "boosted_trees:0_serialized").data as unknown as readonly Uint8Array[];
  if (!serialized || serialized.length === 0) {
    throw new ValueError(
      "Found empty serialized string for TreeEnsemble.You should only call this method after training.",
    );
  }
  const ensemble = new TreeEnsemble();
  ensemble.decode(serialized);
  const gains = new Array<number>(names.length).fill(0);
  for (const { nodes, weight } of ensemble.trees) {
    for (const { split, gain } of nodes) {
      if (!split) continue;
      if (split.kind !== "bucketized") throw new ValueError(`Unexpected split type ${split.kind}_split`);
      gains[split.featureId]! += (gain ?? 0) * weight;
    }
  }
  if (!isNormalized) return sumsByName(names, gains);
  if (gains.some((gain) => gain < 0)) throw new AssertionError("feature_importances must be non-negative.");
  const sum = gains.reduce((a, b) => a + b, 0);
  if (sum <= 0) throw new AssertionError("Trees are all empty or contain only a root node.");
  return sumsByName(
    names,
    gains.map((gain) => gain / sum),
  );
}
