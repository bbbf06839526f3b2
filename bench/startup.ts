/** How long does a process take from its start to its end, next to a bare node in the same run? */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { timePeerProcess } from "./peer.ts";
import type { EngineChoice } from "./works.ts";

export interface Startup {
  readonly name: string;
  readonly medianMs: number;
  /** Times a bare node. */
  readonly ratio: number;
}

/** Milliseconds of a process of Node that ends well. */
function timeProcess(...args: string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

/** From the start of a process to its first loss, in a program of the library that `import`s or `require`s it. */
export const measureFirstLoss = (way: "import" | "require"): number =>
  timeProcess(resolve(process.cwd(), "bench/starts", way === "import" ? "first_loss.mjs" : "first_loss.cjs"));

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
      const elapsedMs = timeProcess(...args());
      if (round > 0) times.get(name)!.push(elapsedMs);
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

/** Milliseconds of one whole training process. `steps` by global step. */
export function measureTraining(
  program: string,
  model: string,
  steps: number,
  { engine, threads }: EngineChoice,
): number {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  const flags = { max_step: steps, model_dir: join(folder, "run"), seed: 1, engine, threads };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    return timeProcess(program, "train", model, ...words);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same in the peer: bench/peers/tf_train.py. */
export function measurePeerTraining(command: string, model: string, steps: number): number {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-bench-"));
  try {
    return timePeerProcess(command, "tf_train.py", [model, String(steps), folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
