/** A graph with control flow, prepared for the executor: who takes whose outputs, and the state of frames and iterations. */
import type { FlowRole } from "../../../graph/definition.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { plainAttrs } from "../classify.ts";
import { isFed } from "../order.ts";
import type { Segment } from "../segment.ts";
import type { RunValue } from "../values.ts";

export interface FlowGraph {
  readonly nodes: readonly Operation[];
  readonly fed: ReadonlySet<Tensor>;
}

export interface FlowNode {
  readonly op: Operation;
  readonly index: number;
  readonly role: FlowRole | undefined;
  readonly dataInputs: number;
  readonly controlInputs: number;
  /** For each output: the nodes and input places that take it. */
  readonly users: readonly (readonly { readonly node: FlowNode; readonly input: number }[])[];
  readonly controlUsers: readonly FlowNode[];
  readonly frameName: string;
  readonly isConstantEnter: boolean;
  readonly parallelIterations: number;
  segment: Segment | null;
}

export interface NodeState {
  readonly inputs: (RunValue | undefined)[];
  arrived: number;
  controls: number;
  deadInputs: number;
  hasDeadControl: boolean;
  fired: boolean;
}

export interface Iteration {
  readonly frame: Frame;
  readonly number: number;
  readonly nodes: Map<number, NodeState>;
  /** Nodes that are ready, running or waiting. */
  outstanding: number;
  childFrames: number;
}

export interface Frame {
  readonly key: string;
  readonly parent: Iteration | null;
  readonly iterations: Map<number, Iteration>;
  readonly children: Map<string, Frame>;
  readonly parallelIterations: number;
  newest: number;
  /** Enters that have not come yet. */
  pendingEnters: number;
  /** Loop constants: they come again in each iteration. */
  readonly constants: { readonly node: FlowNode; readonly value: RunValue }[];
  /** Values for an iteration that may not begin yet. */
  readonly deferred: { readonly node: FlowNode; readonly value: RunValue }[];
  /** Exits that were dead in the newest iteration: if it stays the last, their dead values go to the parent. */
  readonly deadExits: FlowNode[];
}

export interface Ready {
  readonly node: FlowNode;
  readonly at: Iteration;
  readonly inputs: readonly (RunValue | undefined)[];
  readonly isDead: boolean;
}

const prepared = new WeakMap<FlowGraph, { nodes: Map<Operation, FlowNode>; enters: Map<string, number> }>();

export function prepare(graph: FlowGraph): { nodes: Map<Operation, FlowNode>; enters: Map<string, number> } {
  const known = prepared.get(graph);
  if (known) return known;
  const nodes = new Map<Operation, FlowNode>();
  const enters = new Map<string, number>();
  const waitsFor = (op: Operation): readonly Operation[] =>
    op.controlInputs.filter((input) => !isFed(input, graph.fed));
  for (const [index, op] of graph.nodes.entries()) {
    const role = op.definition.flow;
    const attrs = role === "enter" ? plainAttrs(op) : {};
    const frameName = (attrs.frame_name as string) ?? "";
    if (role === "enter") enters.set(frameName, (enters.get(frameName) ?? 0) + 1);
    nodes.set(op, {
      op,
      index,
      role,
      dataInputs: op.inputs.length,
      controlInputs: waitsFor(op).length,
      users: op.outputs.map(() => []),
      controlUsers: [],
      frameName,
      isConstantEnter: attrs.is_constant === true,
      parallelIterations: Number(attrs.parallel_iterations ?? 10),
      segment: null,
    });
  }
  for (const node of nodes.values()) {
    for (const [input, tensor] of node.op.inputs.entries()) {
      if (!graph.fed.has(tensor))
        (nodes.get(tensor.op)!.users[tensor.valueIndex] as { node: FlowNode; input: number }[]).push({ node, input });
    }
    for (const op of waitsFor(node.op)) (nodes.get(op)!.controlUsers as FlowNode[]).push(node);
  }
  const result = { nodes, enters };
  prepared.set(graph, result);
  return result;
}
