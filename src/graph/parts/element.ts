/** Elements of a graph by name. */
import { KeyError, TypeError, ValueError } from "../../core/error.ts";
import type { Graph } from "../graph.ts";
import { Operation } from "../operation.ts";
import { Tensor } from "../tensor.ts";

export interface ElementOptions {
  readonly allowTensor?: boolean;
  readonly allowOperation?: boolean;
}

/**
 * The tensor or operation for a name or an element of the graph. Throws KeyError or ValueError in Python's words.
 * Source: ops.py, _as_graph_element_locked.
 */
export function elementOf(graph: Graph, item: unknown, options: ElementOptions = {}): Tensor | Operation {
  const { allowTensor = true, allowOperation = true } = options;
  if (!allowTensor && !allowOperation) throw new ValueError("allow_tensor and allow_operation can't both be False.");
  const types = allowTensor && allowOperation ? "Tensor or Operation" : allowTensor ? "Tensor" : "Operation";
  if (typeof item === "string") {
    if (item.includes(":") && allowTensor) {
      const colon = item.indexOf(":");
      const opName = item.slice(0, colon);
      const index = item.slice(colon + 1);
      if (!/^\d+$/.test(index)) {
        throw new ValueError(
          `The name '${item}' looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "<op_name>:<output_index>".`,
        );
      }
      const op = graph.findOperation(opName);
      if (!op) {
        throw new KeyError(
          `The name '${item}' refers to a Tensor which does not exist. The operation, '${opName}', does not exist in the graph.`,
        );
      }
      const tensor = op.outputs[Number(index)];
      if (!tensor) {
        throw new KeyError(
          `The name '${item}' refers to a Tensor which does not exist. The operation, '${opName}', exists but only has ${op.outputs.length} outputs.`,
        );
      }
      return tensor;
    }
    if (item.includes(":")) {
      throw new ValueError(`Name '${item}' appears to refer to a Tensor, not a Operation.`);
    }
    const op = graph.findOperation(item);
    if (allowOperation) {
      if (!op) throw new KeyError(`The name '${item}' refers to an Operation not in the graph.`);
      return op;
    }
    throw new ValueError(
      op
        ? `The name '${item}' refers to an Operation, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`
        : `The name '${item}' looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`,
    );
  }
  if ((allowTensor && item instanceof Tensor) || (allowOperation && item instanceof Operation)) {
    if (item.graph !== graph)
      throw new ValueError(
        `${item instanceof Tensor ? "Tensor" : "Operation"} ${item} is not an element of this graph.`,
      );
    return item;
  }
  throw new TypeError(`Can not convert a ${typeName(item)} into a ${types}.`);
}

/** Throws TypeError for a name that is no string. */
export function checkElementName(name: unknown, kind: "Tensor" | "Operation"): void {
  if (typeof name !== "string") throw new TypeError(`${kind} names are strings (or similar), not ${typeName(name)}.`);
}

/** Python's word for the type of a value; a class by its name, which a bundle may have put an underscore before. */
export function typeName(item: unknown): string {
  if (item === null || item === undefined) return "NoneType";
  if (typeof item === "number") return Number.isInteger(item) ? "int" : "float";
  if (typeof item === "boolean") return "bool";
  if (Array.isArray(item) && item.constructor === Array) return "list";
  return typeof item === "object" ? (item.constructor?.name ?? "object").replace(/^_(?=[A-Z])/, "") : typeof item;
}
