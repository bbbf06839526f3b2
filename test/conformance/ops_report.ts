/**
 * Prints docs/ops.md: what ran, on which dtypes. An op counts for a dtype when a case with it was equal to TensorFlow's; its gradient when a
 * case that goes through it was. Cases: the goldens beside the checkout and those of test/fixtures.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import "../../src/index.ts";
import type { DType } from "../../src/core/dtype.ts";
import { unwrapAttr } from "../../src/graph/attr.ts";
import type { OpDefinition } from "../../src/graph/definition.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { allDefinitions, findDefinition } from "../../src/graph/op/registry.ts";
import { decodeGraphDef, type GraphDefinition, parseInput } from "../../src/proto/graph_def.ts";
import { type OpCase, runOpCase } from "./ops.ts";

interface Ran {
  readonly dtypes: Set<string>;
  cases: number;
  gradients: number;
}

const root = process.env.TSFLOW_ROOT ?? resolve(import.meta.dirname, "../..");
const ran = new Map<string, Ran>();

const entryOf = (type: string): Ran => {
  let entry = ran.get(type);
  if (!entry) {
    entry = { dtypes: new Set(), cases: 0, gradients: 0 };
    ran.set(type, entry);
  }
  return entry;
};

/** The attr that stands for an op's dtype: that of its first input with one, else of its first output. */
export function mainType(definition: OpDefinition): string | undefined {
  const named = [...definition.inputs, ...definition.outputs].find(({ typeAttr }) => typeAttr);
  return named?.typeAttr ?? definition.attrs.find(({ kind, isList }) => kind === "type" && !isList)?.name;
}

/** Names of the nodes that some tensors or operations need. */
function needed({ nodes }: GraphDefinition, names: Iterable<string>): Set<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seen = new Set<string>();
  const stack = Array.from(names, (name) => parseInput(name).node);
  while (stack.length) {
    const name = stack.pop()!;
    if (seen.has(name)) continue;
    seen.add(name);
    for (const input of byName.get(name)?.inputs ?? []) stack.push(parseInput(input).node);
  }
  return seen;
}

function count(golden: OpCase): void {
  const definition = decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64")));
  const steps = golden.steps ?? [golden];
  const names = needed(
    definition,
    steps.flatMap(({ fetches = [], targets = [] }) => [...fetches, ...targets]),
  );
  const reached = needed(
    definition,
    (golden.gradients ?? []).flatMap(({ ys }) => ys),
  );
  for (const { name, op, attrs } of definition.nodes) {
    const own = findDefinition(op);
    if (!own || !(names.has(name) || reached.has(name))) continue;
    const entry = entryOf(op);
    entry.cases++;
    if (reached.has(name) && typeof own.gradient === "function") entry.gradients++;
    const attr = mainType(own);
    const value = attr === undefined ? undefined : attrs.get(attr);
    if (value) entry.dtypes.add((unwrapAttr(value) as DType).base);
    else if (attr !== undefined) {
      const standard = own.attrs.find((each) => each.name === attr)?.defaultValue as DType | undefined;
      if (standard) entry.dtypes.add(standard.base);
    }
  }
}

/** Ops that the gradients of a case are made of. */
function countGradients(golden: OpCase, graph: Graph): void {
  const definition = decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64")));
  const given = new Set(definition.nodes.map(({ name }) => name));
  for (const op of graph.operations) {
    if (given.has(op.name)) continue;
    const entry = entryOf(op.type);
    entry.cases++;
    const attr = mainType(op.definition);
    const value = attr === undefined ? undefined : op.attrs.get(attr);
    if (value) entry.dtypes.add((unwrapAttr(value) as DType).base);
  }
}

function documents(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name))
    .sort();
}

const folders = [
  resolve(root, "../shared/oracle/golden/ops"),
  resolve(root, "../shared/oracle/golden/rng"),
  join(root, "test/fixtures/op_cases"),
];
let [equal, total] = [0, 0];
for (const path of folders.flatMap(documents)) {
  const cases =
    (JSON.parse(readFileSync(path, "utf8")) as { cases?: readonly (OpCase & { runs?: unknown })[] }).cases ?? [];
  for (const golden of cases) {
    if (typeof golden.graph !== "string") continue;
    total++;
    const difference = golden.runs
      ? null
      : await runOpCase(golden, undefined, (graph) => countGradients(golden, graph)).catch(
          (error: Error) => error.message,
        );
    if (difference !== null) {
      process.stderr.write(`${relative(root, path)}: ${golden.name}: ${difference.split("\n")[0]}\n`);
      continue;
    }
    equal++;
    count(golden);
  }
}

interface ListedOp {
  readonly op: string;
  readonly cpu: readonly Record<string, readonly string[]>[];
  readonly gradient: string;
}

const listPath = resolve(root, "../shared/oracle/golden/op_list.json");
const listed: readonly ListedOp[] = JSON.parse(readFileSync(listPath, "utf8").replace(/:(-?Infinity)/g, ':"$1"'));

/** dtypes of TensorFlow's CPU kernels for the attr; none when they are not bound to it. */
const kernelTypes = (op: ListedOp, attr: string | undefined): string[] =>
  attr === undefined ? [] : [...new Set(op.cpu.flatMap((kernel) => kernel[attr] ?? []))];

const order =
  "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string complex64 complex128 resource variant".split(
    " ",
  );
const inOrder = (dtypes: Iterable<string>): string[] =>
  [...dtypes].filter((dtype) => order.includes(dtype)).sort((a, b) => order.indexOf(a) - order.indexOf(b));

const own = new Map([...allDefinitions()].map((definition) => [definition.type, definition]));
const known = listed.filter(({ op }) => own.has(op));
const lacking = listed.filter(({ op, cpu }) => !own.has(op) && cpu.length > 0);
const untried = known.filter(({ op }) => !ran.has(op));

const rows = known
  .filter(({ op }) => ran.has(op))
  .map((op) => {
    const { dtypes, gradients } = ran.get(op.op)!;
    const definition = own.get(op.op)!;
    const wanted = inOrder(kernelTypes(op, mainType(definition)).filter((dtype) => !dtypes.has(dtype)));
    const gradient =
      typeof definition.gradient === "function"
        ? gradients > 0
          ? "yes"
          : "not run"
        : op.gradient === "none"
          ? "none"
          : "";
    return `| ${op.op} | ${inOrder(dtypes).join(" ")} | ${wanted.join(" ")} | ${gradient} |`;
  });

const paragraph = (ops: readonly ListedOp[]): string => ops.map(({ op }) => op).join(", ") || "none";

process.stdout.write(`# Ops

Printed by \`node scripts/ops.mjs\` from runs: ${equal} of ${total} cases were equal to TensorFlow's. An op counts for a dtype when such a case ran it on
that dtype. Of the ${listed.length} ops that TensorFlow 2.21 lists, ${known.length} are here and ${ran.size} of them ran; ${lacking.length} that have a CPU kernel there are not here.
"No case" names dtypes that TensorFlow's CPU kernels take and no case tried: most of them run all the same. A gradient says \`yes\` when a case
went through it, \`none\` where TensorFlow registers the op as not differentiable, and is empty where it has none.

| op | ran with | no case | gradient |
| --- | --- | --- | --- |
${rows.join("\n")}

## Here, in no case of their own

${paragraph(untried)}

## In TensorFlow with a CPU kernel, and not here

${paragraph(lacking)}
`);
