/** The report of a checkpoint that does not fit a graph. */
import type { CheckpointMisfit } from "../train/run/restore.ts";

/** One line a variable, then what would help. */
export function misfitLines({ misfits }: CheckpointMisfit, directory: string, runFlags: readonly string[]): string[] {
  const width = Math.max(...misfits.map(({ name }) => name.length));
  const lines = misfits.map(({ name, problem, inCheckpoint, inGraph, nearest }) =>
    problem === "missing"
      ? `  ${name.padEnd(width)}   missing in the checkpoint${nearest ? `      nearest name: ${nearest}` : ""}`
      : `  ${name.padEnd(width)}   checkpoint ${inCheckpoint}   graph ${inGraph}`,
  );
  const own = runFlags.filter((line) => !line.startsWith("--model=") && !line.startsWith("--seed="));
  const trained = own.length
    ? [`The run was trained with ${directory}/flags.txt. Try: tsflow restore ${directory} without other model flags`]
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
