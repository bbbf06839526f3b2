/** How long does a process take from its start to its end, next to a bare node in the same run? */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Startup {
  readonly name: string;
  readonly medianMs: number;
  /** Times a bare node. */
  readonly ratio: number;
}

/** Medians of `rounds` alternating starts. `program` is tsflow's start file. */
export function measureStartup(program: string, rounds: number): Startup[] {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  let run = 0;
  const commands: Record<string, () => string[]> = {
    "bare node": () => ["-e", "0"],
    "tsflow --help": () => [program, "--help"],
    "tsflow models": () => [program, "models"],
    "tsflow train linear_regression --max_step 1": () => [
      program,
      "train",
      "linear_regression",
      "--max_step",
      "1",
      "--model_dir",
      join(folder, `run-${run++}`),
    ],
  };
  const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, args] of Object.entries(commands)) {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args(), { encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (round > 0) times.get(name)!.push(performance.now() - start);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;
  const bare = median(times.get("bare node")!);
  return [...times].map(([name, list]) => {
    const medianMs = median(list);
    return { name, medianMs, ratio: medianMs / bare };
  });
}

/** Milliseconds of whole training processes, best of `rounds`. */
export function measureTraining(program: string, model: string, steps: number, rounds: number): number {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const args = [
      program,
      "train",
      model,
      "--max_step",
      String(steps),
      "--model_dir",
      join(folder, String(round)),
      "--seed",
      "1",
    ];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`train ${model} ended with ${status}: ${stderr}`);
    best = Math.min(best, performance.now() - start);
  }
  rmSync(folder, { recursive: true, force: true });
  return best;
}
