/**
 * The objects below a root as TensorFlow writes them into a checkpoint:
 *     nodes            breadth first from the root, then slot variables
 *     children         names within an object
 *     checkpoint_key   <names from the root>/.ATTRIBUTES/VARIABLE_VALUE,
 *                      of slots <variable's names>/.OPTIMIZER_SLOT/<optimizer's names>/<slot>/.ATTRIBUTES/VARIABLE_VALUE
 * Source: checkpoint/graph_view.py, checkpoint/save_util_v1.py, trackable_object_graph.proto.
 */
import type { pb } from "../../proto/messages.ts";
import { Variable } from "../variables/variable.ts";
import { childrenOf, isSlotKeeper } from "./children.ts";

type ObjectProto = pb.TrackableObjectGraph.TrackableObject.$Properties;

/** The name of a variable's value among its attributes. */
export const valueAttribute = "VARIABLE_VALUE";
/** The key of the object graph itself. */
export const objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

export interface ObjectGraph {
  readonly proto: pb.TrackableObjectGraph.$Properties;
  /** The object of each node. */
  readonly objects: readonly object[];
  /** Each variable with its key. */
  readonly variables: readonly (readonly [key: string, variable: Variable])[];
}

const escaped = (name: string): string => name.replaceAll(".", "..").replaceAll("/", ".S");

export function objectGraphOf(root: object): ObjectGraph {
  const objects: object[] = [root];
  const ids = new Map<object, number>([[root, 0]]);
  const paths: string[] = [""];
  const nodes: ObjectProto[] = [];
  for (let i = 0; i < objects.length; i++) {
    const children = childrenOf(objects[i]!).map(([localName, child]) => {
      let nodeId = ids.get(child);
      if (nodeId === undefined) {
        nodeId = objects.push(child) - 1;
        ids.set(child, nodeId);
        paths.push(paths[i] ? `${paths[i]}/${escaped(localName)}` : escaped(localName));
      }
      return { nodeId, localName };
    });
    nodes.push({ children });
  }
  const variables: [string, Variable][] = [];
  const note = (node: ObjectProto, variable: Variable, path: string): ObjectProto => {
    const checkpointKey = `${path}/.ATTRIBUTES/${valueAttribute}`;
    variables.push([checkpointKey, variable]);
    return { ...node, attributes: [{ name: valueAttribute, fullName: variable.op.name, checkpointKey }] };
  };
  const count = objects.length;
  for (let i = 0; i < count; i++) {
    const object = objects[i]!;
    if (object instanceof Variable) nodes[i] = note(nodes[i]!, object, paths[i]!);
  }
  for (let i = 0; i < count; i++) {
    const keeper = objects[i]!;
    if (!isSlotKeeper(keeper)) continue;
    const slotVariables = keeper.getSlotNames().flatMap((slotName) =>
      objects.slice(0, count).flatMap((original, k) => {
        const slot = original instanceof Variable ? keeper.getSlot(original, slotName) : null;
        if (!slot) return [];
        let id = ids.get(slot);
        if (id === undefined) {
          id = objects.push(slot) - 1;
          ids.set(slot, id);
          nodes.push(
            note({}, slot, `${paths[k]}/.OPTIMIZER_SLOT/${paths[i] ? `${paths[i]}/` : ""}${escaped(slotName)}`),
          );
        }
        return [{ originalVariableNodeId: k, slotName, slotVariableNodeId: id }];
      }),
    );
    nodes[i] = { ...nodes[i], slotVariables };
  }
  return { proto: { nodes: withValues(nodes) }, objects, variables };
}

/** Each node says whether there is a value in it or below it. */
function withValues(nodes: readonly ObjectProto[]): ObjectProto[] {
  const has = nodes.map((node) => (node.attributes ?? []).length > 0);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [i, node] of nodes.entries()) {
      if (has[i] || !(node.children ?? []).some((child) => has[child.nodeId ?? 0])) continue;
      has[i] = true;
      changed = true;
    }
  }
  return nodes.map((node, i) => ({ ...node, hasCheckpointValues: { value: has[i]! } }));
}
