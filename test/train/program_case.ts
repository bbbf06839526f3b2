/** Training graphs in the format of the corpus: a folder is run from its checkpoint or its initializer and compared with TensorFlow's answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import "../../src/index.ts";
import { OpError } from "../../src/core/error.ts";
import { loadMetaGraph } from "../../src/train/program/load.ts";
import { readFeedSets, readPlan } from "../../src/train/program/plan.ts";
import { runProgram, type VariableSummary } from "../../src/train/program/run.ts";
import { workingDirectoryPolicy } from "../../src/train/program/trust.ts";

interface Expected {
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  /** For each run the values fetched; absent for one that ends with an error. */
  readonly losses: readonly (readonly unknown[])[];
  readonly final: Record<string, { dtype: string; shape: number[]; sum: number; l2: number; head: unknown[] }>;
  /** The same, started from the initializer, where random initial values make a difference. */
  readonly init?: Pick<Expected, "losses" | "final">;
}

const words: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** Equal, or floats within the tolerance; nested lists element by element. */
function near(got: unknown, want: unknown, tol: Expected["tolerance"]): boolean {
  if (Array.isArray(want))
    return Array.isArray(got) && got.length === want.length && want.every((item, i) => near(got[i], item, tol));
  if (typeof got === "number" && typeof want === "string" && want in words) return Object.is(got, words[want]);
  if (typeof got === "number" && typeof want === "number")
    return got === want || Math.abs(want - got) <= tol.atol + tol.rtol * Math.abs(want);
  return String(got) === String(want);
}

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);

/** Nested values, told apart by their first difference. */
function differs(what: string, got: unknown, want: unknown, tol: Expected["tolerance"]): string[] {
  if (near(got, want, tol)) return [];
  const [a, b] = [flat(got), flat(want)];
  if (a.length !== b.length) return [`${what}: ${a.length} elements, wanted ${b.length}`];
  const i = b.findIndex((item, k) => !near(a[k], item, tol));
  return [`${what}: ${String(a[i])}, wanted ${String(b[i])}${a.length > 1 ? ` (element ${i} of ${a.length})` : ""}`];
}

/** What differs from TensorFlow, the first difference first; [] when all is equal. The working directory is the folder of input files. */
export async function runFolder(folder: string, from: "checkpoint" | "init", cwd = folder): Promise<string[]> {
  const plan = readPlan(join(folder, "plan.json"));
  const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected;
  const { losses, final } = from === "init" && expected.init ? expected.init : expected;
  const program = loadMetaGraph(plan.meta!);
  const differences: string[] = [];
  const prefix = plan.checkpoint!;
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const end = await runProgram(
      program,
      {
        checkpoint: from === "checkpoint" ? prefix : null,
        init: from === "init" ? plan.init : null,
        setup: plan.setup,
        queueRunners: plan.queueRunners,
        runs: plan.runs,
        feedSets: plan.feedsFile ? readFeedSets(plan.feedsFile) : [],
        feeds: [],
        save: null,
        filePolicy: workingDirectoryPolicy({ workingDirectory: cwd, checkpoints: [prefix] }),
      },
      ({ run, fetches, error }) => {
        if (error !== undefined) return;
        for (const [k, [name, value]] of [...fetches!].entries())
          differences.push(...differs(`run ${run} ${name}`, value?.toList(), losses[run]![k], expected.tolerance));
      },
    );
    for (const [name, want] of Object.entries(final))
      differences.push(...variableDiffers(name, end.final.get(name), want, expected.tolerance));
  } catch (error) {
    const { name, message, stack } = error as Error;
    const at = error instanceof OpError && error.op ? ` at ${error.op.name} (${error.op.type})` : "";
    differences.push(`threw ${name}: ${process.env.STACK ? stack : message}${at}`);
  } finally {
    process.chdir(before);
  }
  return differences;
}

function variableDiffers(
  name: string,
  got: VariableSummary | null | undefined,
  want: Expected["final"][string],
  tol: Expected["tolerance"],
): string[] {
  if (!got) return [`variable ${name} is missing`];
  if (got.dtype !== want.dtype || String(got.shape) !== String(want.shape))
    return [`variable ${name}: ${got.dtype} [${got.shape}], wanted ${want.dtype} [${want.shape}]`];
  const n = Math.max(
    1,
    want.shape.reduce((a, b) => a * b, 1),
  );
  const sumTol = { rtol: tol.rtol, atol: tol.atol * n + tol.rtol * want.l2 * Math.sqrt(n) };
  return [
    ...differs(`variable ${name} head`, got.head, want.head, tol),
    ...differs(`variable ${name} l2`, got.l2, want.l2, { rtol: tol.rtol, atol: tol.atol * Math.sqrt(n) }),
    ...differs(`variable ${name} sum`, got.sum, want.sum, sumTol),
  ];
}
