/** What of a graph would not run here, and why: found without running anything of it. */
import { OpError } from "../../core/error.ts";
import { suggestNames } from "../../core/suggest.ts";
import { type FunctionRef, unwrapAttr } from "../../graph/attr.ts";
import { functionGraph } from "../../graph/def/function.ts";
import { importGraphDefinition } from "../../graph/def/import.ts";
import type { OpDefinition } from "../../graph/definition.ts";
import { Graph } from "../../graph/graph.ts";
import { allDefinitions, findDefinition } from "../../graph/op/registry.ts";
import type { AttrValue } from "../../proto/attr_value.ts";
import { checkGraph, type GraphDefinition, type NodeDefinition } from "../../proto/graph_def.ts";

export type ProblemKind = "op" | "python" | "dtype" | "function" | "graph" | "trust";

export interface Problem {
  readonly kind: ProblemKind;
  /** The op's type; "" where the graph as a whole is meant. */
  readonly op: string;
  readonly why: string;
  /** Names of the nodes, those inside functions as `function/node`. */
  readonly nodes: readonly string[];
}

interface Found {
  readonly kind: ProblemKind;
  readonly op: string;
  readonly why: string;
  readonly node: string;
}

/** Problems of one kind, op and reason are one, with all their nodes. `trust` alone does not stop a graph that is trusted. */
export function checkProgram(source: GraphDefinition): Problem[] {
  const functions = source.library?.function ?? [];
  const known = new Set(functions.map((fn) => fn.signature?.name ?? ""));
  const bodies = functions.flatMap((fn) =>
    (fn.nodeDef ?? []).map((node) => ({ name: `${fn.signature?.name}/${node.name}`, op: node.op ?? "" })),
  );
  const found: Found[] = [];
  for (const node of source.nodes) found.push(...nodeProblems(node, known));
  for (const { name, op } of bodies) found.push(...opProblems(op, name, known));
  if (found.every(({ kind }) => kind === "trust")) found.push(...wholeProblems(source));
  return grouped(found);
}

function grouped(found: readonly Found[]): Problem[] {
  const problems = new Map<string, Problem & { nodes: string[] }>();
  for (const { kind, op, why, node } of found) {
    const key = `${kind}|${op}|${why}`;
    const same = problems.get(key);
    if (same) same.nodes.push(node);
    else problems.set(key, { kind, op, why, nodes: node === "" ? [] : [node] });
  }
  return [...problems.values()];
}

/** What an op's type alone says. A node may call a function by its name. */
function opProblems(op: string, node: string, known: ReadonlySet<string>): Found[] {
  const definition = findDefinition(op);
  if (!definition) {
    if (known.has(op)) return [];
    const near = suggestNames(
      op,
      Array.from(allDefinitions(), ({ type }) => type),
    )[0];
    return [{ kind: "op", op, why: `no such op here${near ? `; the nearest is ${near}` : ""}`, node }];
  }
  if (definition.access === "python")
    return [{ kind: "python", op, why: "calls a Python function, which no graph holds", node }];
  if (definition.access !== "file") return [];
  return [{ kind: "trust", op, why: "opens what the graph names: needs --trust_graph", node }];
}

function nodeProblems(node: NodeDefinition, known: ReadonlySet<string>): Found[] {
  const found = opProblems(node.op, node.name, known);
  const definition = findDefinition(node.op);
  if (!definition) return found;
  const say = (kind: ProblemKind, why: string) => found.push({ kind, op: node.op, why, node: node.name });
  for (const attr of definition.attrs) {
    const value = node.attrs.get(attr.name);
    if (!value || !attr.allowedTypes) continue;
    for (const dtype of typesOf(value)) {
      if (!attr.allowedTypes.some((allowed) => allowed.base === dtype))
        say("dtype", `${attr.name} is ${dtype}: not one of ${attr.allowedTypes.map(({ name }) => name).join(", ")}`);
    }
  }
  for (const name of functionsOf(node, definition))
    if (!known.has(name) && !findDefinition(name)) say("function", `function ${name} is not in the graph's library`);
  return found;
}

function typesOf(value: AttrValue): string[] {
  const plain = unwrapAttr(value) as { base?: string } | readonly { base?: string }[];
  return (Array.isArray(plain) ? plain : [plain]).flatMap((type) => type?.base ?? []);
}

/** Names of the functions that a node's attrs call; an empty one stands for none. */
function functionsOf({ attrs }: NodeDefinition, definition: OpDefinition): string[] {
  return definition.attrs
    .filter(({ kind }) => kind === "func")
    .flatMap(({ name }) => {
      const value = attrs.get(name);
      if (!value) return [];
      const plain = unwrapAttr(value) as FunctionRef | readonly FunctionRef[];
      return (Array.isArray(plain) ? plain : [plain]).map((fn: FunctionRef) => fn.name);
    })
    .filter((name) => name !== "");
}

/** Inputs, attrs, versions, cycles and shapes, as import finds them: the first that is wrong. */
function wholeProblems(source: GraphDefinition): Found[] {
  const graph = new Graph();
  const attempt = (node: string, action: () => void): Found[] => {
    try {
      action();
      return [];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const op = error instanceof OpError ? error.op : undefined;
      return [{ kind: "graph", op: op?.type ?? "", why: error.message, node: op?.name ?? node }];
    }
  };
  const whole = attempt("", () => {
    checkGraph(source, new Set());
    importGraphDefinition(source, { name: "", graph });
  });
  if (whole.length) return whole;
  return (source.library?.function ?? []).flatMap(({ signature }) => {
    const isGeneric = (signature?.attr ?? []).length > 0;
    if (isGeneric || !signature?.name) return [];
    return attempt(signature.name, () => void functionGraph(graph, { name: signature.name!, attrs: new Map() }));
  });
}
