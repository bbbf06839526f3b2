/** The op registry: every definition by its type. */
import { NotFoundError } from "../../core/error.ts";
import { hostname } from "../../core/host.ts";
import type { OpDefinition } from "../definition.ts";

const definitions = new Map<string, OpDefinition>();

export function registerOp(definition: OpDefinition): void {
  if (definitions.has(definition.type)) throw new Error(`bug: op ${definition.type} is defined twice`);
  definitions.set(definition.type, definition);
}

export const findDefinition = (type: string): OpDefinition | undefined => definitions.get(type);

/** Throws NOT_FOUND in TensorFlow's words for an unknown type. Source: op.cc. */
export function definitionOf(type: string): OpDefinition {
  const definition = definitions.get(type);
  if (!definition) {
    throw new NotFoundError(
      `Op type not registered '${type}' in binary running on ${hostname()}. Make sure the Op and Kernel are registered in the binary running in this process. Note that if you are loading a saved graph which used ops from tf.contrib (e.g. \`tf.contrib.resampler\`), accessing should be done before importing the graph, as contrib ops are lazily registered when the module is first accessed.`,
    );
  }
  return definition;
}

export const allDefinitions = (): Iterable<OpDefinition> => definitions.values();
