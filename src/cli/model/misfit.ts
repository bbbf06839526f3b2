/** The report of a checkpoint that does not fit a graph. */
import type { FlagSpecs } from "../../core/flags/value.ts";
import type { FlagValues } from "../../core/flags.ts";
import type { CheckpointMisfit } from "../../train/run/restore.ts";

/** One line a variable, then what would help: the flags that the run was trained with, where they differ, and names that are near. */
export function misfitLines(
  { misfits }: CheckpointMisfit,
  run: { readonly directory: string; readonly again: string },
  trainedWith: readonly string[],
): string[] {
  const width = Math.max(...misfits.map(({ name }) => name.length));
  const lines = misfits.map(({ name, problem, inCheckpoint, inGraph, nearest }) =>
    problem === "missing"
      ? `  ${name.padEnd(width)}   missing in the checkpoint${nearest ? `      nearest name: ${nearest}` : ""}`
      : `  ${name.padEnd(width)}   checkpoint ${inCheckpoint}   graph ${inGraph}`,
  );
  const flags = trainedWith.join(" ");
  const trained = flags
    ? [`The run was trained with ${flags} (${run.directory}/flags.txt). Try: tsflow ${run.again} ${flags}`]
    : [];
  const renames = misfits.flatMap(({ name, nearest }) => (nearest ? [`--rename ${nearest}=${name}`] : [])).slice(0, 1);
  const missing = misfits.some(({ problem }) => problem === "missing")
    ? ["or --ignore_missing to initialize what is missing."]
    : [];
  return [
    "the checkpoint does not fit the graph (exit 6)",
    ...lines,
    ...trained,
    ...(renames.length ? [`or ${renames[0]}`] : []),
    ...missing,
  ];
}

/** The model's flags that have other values here than the run had, as the run had them. */
export function trainedWith(
  given: FlagValues,
  model: { readonly flags: FlagSpecs },
  lines: readonly string[],
): string[] {
  const now = new Set(given.toFlagfile().split("\n"));
  const nameOf = (line: string): string => line.replace(/^--/, "").replace(/=.*/s, "");
  const isOfModel = (name: string): boolean => name in model.flags || name.replace(/^no/, "") in model.flags;
  return lines.filter((line) => isOfModel(nameOf(line)) && !now.has(line)).map((line) => line.replace("=", " "));
}
