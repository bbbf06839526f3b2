/** `tsflow graph [show]`: print, search, convert a graph; show the path of a fetch. */
import type { FlagSpecs } from "../../../core/flags/value.ts";
import { flag } from "../../../core/flags.ts";
import { writeFileAtomic } from "../../../io/file_system.ts";
import { pathKind } from "../../../io/paths.ts";
import type { NodeDefinition } from "../../../proto/graph_def.ts";
import { printable } from "../../../ui/format.ts";
import { type Call, defineCommand, type FirstLook, Misuse } from "../../command.ts";
import { type GraphSource, openGraph } from "../../model/graph_source.ts";
import { checkNames } from "../../model/names.ts";
import { isModelPath, loadModel } from "../../model/registry.ts";

const showFlags = {
  path: flag.string(null, "the computation path of this fetch"),
  ops: flag.bool(false, "count operations by type"),
  find: flag.string(null, "only nodes whose name or type matches this expression"),
  format: flag.enum("text", ["text", "json", "dot", "pb", "pbtxt"], "how to print the graph"),
  out: flag.string(null, "write to this file"),
  overwrite: flag.bool(false, "replace the file of --out"),
} satisfies FlagSpecs;

const wordOf = (look: FirstLook): string | undefined => look.words[0] ?? look.doubtful[0];

export default defineCommand({
  usage: "MODEL|FILE",
  about: "print, search and convert the graph of a model or a file; show the path of a fetch",
  examples: [
    "graph digits_softmax --path accuracy",
    "graph runs/linear/model.ckpt-1000.meta --ops",
    "graph linear_regression --format pb --out graph.pb",
  ],
  flags: showFlags,
  words: [1, 1],
  async extend(look) {
    const word = wordOf(look);
    if (!word || (pathKind(word) !== "none" && !isModelPath(word)) || /\.(pb|pbtxt|meta)$/.test(word))
      return { owner: "the model", flags: {} };
    return { owner: word, flags: (await loadModel(word)).flags };
  },
  run: showGraph,
});

type ShowCall = Call<typeof showFlags>;

async function showGraph(call: ShowCall): Promise<number> {
  const { flags, given, words, out } = call;
  if (/\.(pb|pbtxt|meta)$/.test(words[0]!) && pathKind(words[0]!) === "none") {
    throw Object.assign(new Misuse(`${words[0]}: no such file`), { exit: 4 });
  }
  const source = await openGraph(words[0]!, given.values());
  if (flags.path) {
    const { pathLines } = await import("./path.ts");
    const graph = await source.graph();
    checkNames(graph, [flags.path], "--path");
    out.print(...pathLines(graph, flags.path));
    return 0;
  }
  const data = await rendered(call, source);
  if (!flags.out) {
    out.write(data);
    return 0;
  }
  if (pathKind(flags.out) !== "none" && !flags.overwrite)
    throw new Misuse(`${flags.out} is there already`, "Add --overwrite to replace it");
  writeFileAtomic(flags.out, typeof data === "string" ? new TextEncoder().encode(data) : data);
  out.print(`${source.title}: ${source.definition.nodes.length} nodes in ${flags.out}`);
  return 0;
}

async function rendered({ flags }: ShowCall, source: GraphSource): Promise<string | Uint8Array> {
  const pattern = flags.find === null ? null : patternOf(flags.find);
  const nodes = source.definition.nodes.filter((node) => !pattern || pattern.test(node.name) || pattern.test(node.op));
  if (flags.ops) return `${opCounts(nodes).join("\n")}\n`;
  const { encodeGraphDef } = await import("../../../proto/graph_def.ts");
  const definition = { ...source.definition, nodes };
  switch (flags.format) {
    case "pb":
      return encodeGraphDef(definition);
    case "pbtxt": {
      const { printText } = await import("../../../proto/text_format.ts");
      return printText("GraphDef", encodeGraphDef(definition));
    }
    case "json":
      return `${JSON.stringify({ nodes: nodes.map(({ name, op, inputs, device }) => ({ name, op, inputs, device })) }, null, 1)}\n`;
    case "dot":
      return dot(source.title, nodes);
    default:
      return `${source.title}: ${nodes.length} nodes\n${nodes.map(nodeLine).join("\n")}\n`;
  }
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new Misuse(`--find: ${(error as Error).message}`);
  }
}

const nodeLine = ({ name, op, inputs, device }: NodeDefinition): string =>
  printable(`${name} = ${op}(${inputs.join(", ")})${device ? ` @${device}` : ""}`);

function opCounts(nodes: readonly NodeDefinition[]): string[] {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([op, n]) => `${String(n).padStart(6)}  ${printable(op)}`);
}

const quoted = (text: string): string => JSON.stringify(text);

function dot(title: string, nodes: readonly NodeDefinition[]): string {
  const lines = nodes.flatMap(({ name, op, inputs }) => [
    `  ${quoted(name)} [label=${quoted(`${name}\n${op}`)}];`,
    ...inputs.map((input) => {
      const from = input.replace(/^\^/, "").replace(/:\d+$/, "");
      return `  ${quoted(from)} -> ${quoted(name)}${input.startsWith("^") ? " [style=dashed]" : ""};`;
    }),
  ]);
  return `digraph ${quoted(title)} {\n  rankdir=BT;\n${lines.join("\n")}\n}\n`;
}
