/** `tsflow graph check`: what of a graph would not run here, and why. */
import { OpError } from "../../../core/error.ts";
import type { FlagSpecs } from "../../../core/flags/value.ts";
import { pathKind } from "../../../io/paths.ts";
import type { Problem } from "../../../train/program/check.ts";
import { printable, table } from "../../../ui/format.ts";
import { type Call, defineCommand, Misuse } from "../../command.ts";
import { openGraph } from "../../model/graph_source.ts";

const checkFlags = {} satisfies FlagSpecs;

export default defineCommand({
  usage: "FILE",
  about:
    "list what of a graph would not run here, and why: unknown ops, dtypes, missing functions, files that it names",
  examples: ["graph check model.meta", "graph check frozen.pb --json"],
  flags: checkFlags,
  words: [1, 1],
  run: checkGraphFile,
});

/** The check failed: cli.md section 5. */
const failed = 7;
const shownNodes = 3;

async function checkGraphFile({ words, out }: Call<typeof checkFlags>): Promise<number> {
  const path = words[0]!;
  if (pathKind(path) === "none") throw Object.assign(new Misuse(`${path}: no such file`), { exit: 4 });
  await import("../../../index.ts");
  const { checkProgram } = await import("../../../train/program/check.ts");
  const { nodes, problems } = await open(path, checkProgram);
  const stops = problems.filter(({ kind }) => kind !== "trust");
  if (out.json) out.printJson({ file: path, nodes, runs: stops.length === 0, problems });
  else {
    out.print(...table(problems.map(line)));
    const count = stops.reduce((sum, problem) => sum + Math.max(problem.nodes.length, 1), 0);
    const verdict = stops.length ? `${count} of them would not run` : "all of them run";
    out.print(`${printable(path)}: ${nodes} nodes, ${verdict}`);
  }
  return stops.length ? failed : 0;
}

/** A graph that cannot even be read as a valid one is a problem too; a damaged file is not. */
async function open(
  path: string,
  check: (source: Awaited<ReturnType<typeof openGraph>>["definition"]) => Problem[],
): Promise<{ nodes: number; problems: Problem[] }> {
  try {
    const { definition } = await openGraph(path, {});
    return { nodes: definition.nodes.length, problems: check(definition) };
  } catch (error) {
    if (!(error instanceof OpError) || error.code !== "INVALID_ARGUMENT") throw error;
    return { nodes: 0, problems: [{ kind: "graph", op: "", why: error.message, nodes: [] }] };
  }
}

function line({ kind, op, why, nodes }: Problem): string[] {
  const more = nodes.length > shownNodes ? ` and ${nodes.length - shownNodes} more` : "";
  const names = nodes.length ? `${nodes.slice(0, shownNodes).join(", ")}${more}` : "";
  return [kind, op, why, names].map(printable);
}
