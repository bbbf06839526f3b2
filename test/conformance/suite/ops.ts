/** The op cases, family by family; on the reference too where the engines are compared. */
import { createReferenceEngine } from "../../../src/engine/reference_engine.ts";
import { type OpCase, runOpCase } from "../ops.ts";
import type { Family, Goldens } from "./verdict.ts";

function familiesOf(goldens: Goldens): readonly string[] {
  return goldens.has("ops", "index.json")
    ? Object.keys(goldens.read<{ families: Record<string, number> }>("ops", "index.json").families)
    : [];
}

export const ops = (goldens: Goldens): Family[] =>
  familiesOf(goldens).map((name) => ({
    name,
    cases: goldens
      .cases<OpCase>("ops", `${name}.json`)
      .map((golden) => ({ name: golden.name, run: () => runOpCase(golden) })),
  }));

/** The same cases on the interpreter: what differs here and not there is the fault of a kernel. */
export const reference = (goldens: Goldens): Family[] =>
  familiesOf(goldens).map((name) => ({
    name,
    cases: goldens.cases<OpCase>("ops", `${name}.json`).map((golden) => ({
      name: golden.name,
      run: () => runOpCase(golden, createReferenceEngine()),
    })),
  }));
