/** All sets of goldens by name, and the table of what they came to. */
import { checkpoints, events, tfrecords } from "./files.ts";
import { curves, initializers, optimizers, rng, savedModels, seeds } from "./graphs.ts";
import { ops, reference } from "./ops.ts";
import { strings } from "./strings.ts";
import { type Family, Goldens, judge, type Status, type Verdict } from "./verdict.ts";

/** Sets as TensorFlow's goldens have them; `reference` runs the op cases on the interpreter, beside WebAssembly. */
export const sets: Readonly<Record<string, (goldens: Goldens) => Family[]>> = {
  ops,
  reference,
  rng,
  initializers,
  optimizers,
  checkpoints,
  saved_models: savedModels,
  tfrecords,
  events,
  strings,
  seeds,
  curves,
};

export interface FamilyResult {
  readonly set: string;
  readonly family: string;
  readonly verdicts: readonly Verdict[];
}

export interface RunOptions {
  /** Names of sets, or of families of ops; all by default. */
  readonly only?: readonly string[] | undefined;
  /** Cases whose name matches. */
  readonly pattern?: RegExp | undefined;
  readonly done?: (result: FamilyResult) => void;
}

/** Runs the cases of a tree, one after another. */
export async function runConformance(root: string, { only, pattern, done }: RunOptions = {}): Promise<FamilyResult[]> {
  const goldens = new Goldens(root);
  const results: FamilyResult[] = [];
  for (const [set, families] of Object.entries(sets)) {
    const wantsSet = !only || only.includes(set);
    if (!wantsSet && set !== "ops") continue;
    for (const { name: family, cases } of families(goldens)) {
      if (!wantsSet && !only!.includes(family)) continue;
      const verdicts: Verdict[] = [];
      for (const golden of cases) if (!pattern || pattern.test(golden.name)) verdicts.push(await judge(golden));
      if (verdicts.length === 0) continue;
      const result = { set, family, verdicts };
      results.push(result);
      done?.(result);
    }
  }
  return results;
}

const statuses: readonly Status[] = ["equal", "differs", "error", "not supported"];

export const countOf = ({ verdicts }: Pick<FamilyResult, "verdicts">, status: Status): number =>
  verdicts.filter((verdict) => verdict.status === status).length;

/** `ops          unary               412     0     0     0` */
export function tableLines(results: readonly FamilyResult[]): string[] {
  const row = (set: string, family: string, counts: readonly (string | number)[]): string =>
    `${set.padEnd(14)}${family.padEnd(18)}${counts.map((count) => String(count).padStart(15)).join("")}`;
  const total = { verdicts: results.flatMap(({ verdicts }) => verdicts) };
  return [
    row("set", "family", statuses),
    ...results.map((result) =>
      row(
        result.set,
        result.family,
        statuses.map((status) => countOf(result, status)),
      ),
    ),
    row(
      "all",
      "",
      statuses.map((status) => countOf(total, status)),
    ),
  ];
}

/** Names of the cases that are not equal, with the reasons. */
export const faultLines = (results: readonly FamilyResult[]): string[] =>
  results.flatMap(({ set, family, verdicts }) =>
    verdicts
      .filter(({ status }) => status !== "equal")
      .map(({ name, status, detail }) => `${set}/${family}/${name}: ${status}: ${(detail ?? "").slice(0, 300)}`),
  );
