/**
 * Values of a checkpoint into the objects of a program. Objects that come later, such as slots made by the first update, get theirs when
 * they are made. Source: checkpoint/restore.py.
 */
import { ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { compatible, formatShapePython } from "../../core/shape.ts";
import type { pb } from "../../proto/messages.ts";
import { Variable } from "../variables/variable.ts";
import { childrenOf, isSlotKeeper } from "./children.ts";
import { valueAttribute } from "./object_graph.ts";

type ObjectProto = pb.TrackableObjectGraph.TrackableObject.$Properties;

/** The restorations that an object waits for more of, the last one last. */
const waiting = new WeakMap<object, { readonly restoration: Restoration; readonly id: number }[]>();

export class Restoration {
  readonly nodes: readonly ObjectProto[];
  /** The object of a node, where there is one. */
  readonly objects = new Map<number, object>();
  /** Values for variables of a graph, which a session has to set. */
  readonly assignments: (readonly [Variable, NdArray])[] = [];
  readonly #values: ReadonlyMap<string, NdArray>;

  constructor(proto: pb.TrackableObjectGraph.$Properties, values: ReadonlyMap<string, NdArray>) {
    this.nodes = proto.nodes ?? [];
    this.#values = values;
  }

  /** Gives the values of a node, and of those below it, to an object. Throws ValueError for a value of another shape. */
  bind(object: object, id: number): void {
    this.#bind(object, id);
    this.resolveSlots();
  }

  #bind(object: object, id: number): void {
    if (this.objects.has(id)) return;
    this.objects.set(id, object);
    waiting.set(object, [...(waiting.get(object) ?? []), { restoration: this, id }]);
    const node = this.nodes[id]!;
    if (object instanceof Variable) {
      this.#assign(object, node);
      return;
    }
    const children = new Map(childrenOf(object));
    for (const { localName, nodeId } of node.children ?? []) {
      const child = children.get(localName ?? "");
      if (child) this.#bind(child, nodeId ?? 0);
    }
  }

  #assign(variable: Variable, node: ObjectProto): void {
    const attribute = (node.attributes ?? []).find(({ name }) => name === valueAttribute);
    const value = attribute && this.#values.get(attribute.checkpointKey ?? "");
    if (!value) return;
    if (!compatible(variable.shape, value.shape)) {
      throw new ValueError(
        `Received incompatible tensor with shape ${formatShapePython(value.shape)} when attempting to restore variable with shape ${formatShapePython(variable.shape)} and name ${variable.name}.`,
      );
    }
    if (variable.graph.isEager) variable.assign(value);
    else this.assignments.push([variable, value]);
  }

  /** Binds slots whose variable and optimizer are both there. */
  resolveSlots(): void {
    for (const [id, keeper] of [...this.objects]) {
      if (!isSlotKeeper(keeper)) continue;
      for (const { originalVariableNodeId, slotName, slotVariableNodeId } of this.nodes[id]!.slotVariables ?? []) {
        const original = this.objects.get(originalVariableNodeId ?? 0);
        if (!(original instanceof Variable)) continue;
        const slot = keeper.getSlot(original, slotName ?? "");
        if (slot) this.#bind(slot, slotVariableNodeId ?? 0);
      }
    }
  }

  /** An object has a new part. */
  childAdded(id: number, name: string, child: object): void {
    const found = (this.nodes[id]!.children ?? []).find(({ localName }) => localName === name);
    if (found) this.bind(child, found.nodeId ?? 0);
  }
}

/** To be called when a part is added to an object that may have been restored: the part gets its values. */
export function childAdded(owner: object, name: string, child: object): void {
  const last = waiting.get(owner)?.at(-1);
  last?.restoration.childAdded(last.id, name, child);
}

/** To be called when an optimizer has made a slot. */
export function slotAdded(keeper: object): void {
  waiting.get(keeper)?.at(-1)?.restoration.resolveSlots();
}
