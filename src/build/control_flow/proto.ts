/** Contexts of cond and while_loop as messages of a MetaGraphDef, so that gradients can be built on an imported graph. Source: control_flow_ops.py. */
import { ValueError } from "../../core/error.ts";
import { stringAttr } from "../../graph/attr.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapEntries, type pb } from "../../proto/messages.ts";
import { prependNameScope, stripNameScope } from "../meta_graph/scope_names.ts";
import { CondContext } from "./branch/cond_context.ts";
import type { FlowContext } from "./context.ts";
import { WhileContext } from "./while_context.ts";

type Values = pb.ValuesDef.$Properties;

function valuesToProto(context: FlowContext, scope: string | undefined): Values {
  const externals = [...context.externals].map(([outer, inner]) => [
    stripNameScope(outer.name, scope),
    stripNameScope(inner.name, scope),
  ]);
  return {
    values: [...context.values].map((tensor) => stripNameScope(tensor.name, scope)).sort(),
    externalValues: Object.fromEntries(externals.sort(([a], [b]) => (a! < b! ? -1 : 1))) as Record<string, string>,
  };
}

/**
 * The tensors that there are. A context that was exported after its gradients were built names their nodes too, which a graph exported
 * before lacks.
 */
const presentTensors = (
  names: readonly string[] | null | undefined,
  scope: string | undefined,
  graph: Graph,
): Tensor[] =>
  (names ?? [])
    .map((name) => prependNameScope(name, scope))
    .filter((name) => graph.findOperation(name.split(":")[0]!))
    .map((name) => graph.getTensorByName(name));

/** Marks the nodes of a context that came from a message. */
function valuesFromProto(
  context: FlowContext,
  proto: Values | null | undefined,
  scope: string | undefined,
  graph: Graph,
): void {
  for (const pair of mapEntries(proto?.externalValues)) {
    const [outer, inner] = presentTensors(pair, scope, graph);
    if (outer && inner) context.externals.set(outer, inner);
  }
  const own = new Set<Operation>();
  for (const value of presentTensors(proto?.values, scope, graph)) {
    context.values.add(value);
    if (!context.externals.has(value)) own.add(value.op);
  }
  for (const op of own) op.controlFlowContext = context;
}

const nestedToProto = (context: FlowContext, scope: string | undefined): pb.ControlFlowContextDef.$Properties[] =>
  context.nested.map((nested) =>
    nested instanceof CondContext
      ? { condCtxt: condToProto(nested, scope) }
      : { whileCtxt: whileToProto(nested as WhileContext, scope) },
  );

function nestedFromProto(
  context: FlowContext,
  list: readonly pb.ControlFlowContextDef.$Properties[] | null | undefined,
  scope: string | undefined,
): void {
  context.within(() => {
    for (const nested of list ?? []) {
      if (nested.condCtxt) condFromProto(nested.condCtxt, scope);
      else if (nested.whileCtxt) whileFromProto(nested.whileCtxt, scope);
      else throw new ValueError("Unknown ControlFlowContextDef field");
    }
  });
}

export const condToProto = (context: CondContext, scope?: string): pb.CondContextDef.$Properties => ({
  contextName: stripNameScope(context.name, scope),
  predName: stripNameScope(context.pred.name, scope),
  pivotName: stripNameScope(context.pivot.name, scope),
  branch: context.branch,
  valuesDef: valuesToProto(context, scope),
  nestedContexts: nestedToProto(context, scope),
});

/** Throws KeyError for nodes that are not in the default graph. */
export function condFromProto(proto: pb.CondContextDef.$Properties, scope?: string): CondContext {
  const graph = getDefaultGraph();
  const tensor = (name: string | null | undefined): Tensor => graph.getTensorByName(prependNameScope(name, scope));
  const context = new CondContext(
    tensor(proto.predName),
    tensor(proto.pivotName),
    proto.branch === 1 ? 1 : 0,
    prependNameScope(proto.contextName, scope),
  );
  valuesFromProto(context, proto.valuesDef, scope, graph);
  nestedFromProto(context, proto.nestedContexts, scope);
  return context;
}

export function whileToProto(context: WhileContext, scope?: string): pb.WhileContextDef.$Properties {
  const { maximumIterations, parallelIterations, backProp, swapMemory } = context.settings;
  const name = (tensor: Tensor | null): string => stripNameScope(tensor!.name, scope);
  return {
    contextName: stripNameScope(context.name, scope),
    parallelIterations,
    ...(maximumIterations ? { maximumIterationsName: name(maximumIterations) } : {}),
    backProp,
    swapMemory,
    pivotName: name(context.pivot),
    pivotForPredName: name(context.pivotForPred),
    pivotForBodyName: name(context.pivotForBody),
    loopExitNames: context.loopExits.map(name),
    loopEnterNames: context.loopEnters.map(name),
    valuesDef: valuesToProto(context, scope),
    nestedContexts: nestedToProto(context, scope),
  };
}

/** Throws KeyError for nodes that are not in the default graph. */
export function whileFromProto(proto: pb.WhileContextDef.$Properties, scope?: string): WhileContext {
  const graph = getDefaultGraph();
  const tensor = (name: string | null | undefined): Tensor => graph.getTensorByName(prependNameScope(name, scope));
  const context = new WhileContext(
    {
      maximumIterations: proto.maximumIterationsName ? tensor(proto.maximumIterationsName) : null,
      parallelIterations: proto.parallelIterations ?? 10,
      backProp: proto.backProp ?? false,
      swapMemory: proto.swapMemory ?? false,
    },
    { wholeName: prependNameScope(proto.contextName, scope) },
  );
  context.pivotForPred = tensor(proto.pivotForPredName);
  context.pivotForBody = tensor(proto.pivotForBodyName);
  context.pivot = tensor(proto.pivotName);
  context.loopExits = presentTensors(proto.loopExitNames, scope, graph);
  context.loopEnters = presentTensors(proto.loopEnterNames, scope, graph);
  valuesFromProto(context, proto.valuesDef, scope, graph);
  if (scope) {
    for (const value of context.values)
      if (value.op.definition.flow === "enter") value.op.setAttr("frame_name", stringAttr(context.name));
  }
  nestedFromProto(context, proto.nestedContexts, scope);
  return context;
}
