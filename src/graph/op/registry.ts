/** The op registry: every definition by its type. */
import { NotFoundError } from "../../core/error.ts";
import { hostname } from "../../core/host.ts";
import type { OpDefinition } from "../definition.ts";

const definitions = new Map<string, OpDefinition>();

export function registerOp(definition: OpDefinition): void {
  if (definitions.has(definition.type)) throw new Error(`bug: op ${definition.type} is defined twice`);
  definitions.set(definition.type, definition);
}

/** The unit of code that defines a type, for code that has not run yet, and what runs it. */
let later: { readonly unitOf: Readonly<Record<string, number>>; readonly run: (unit: number) => void } | null = null;

/**
 * Leaves definitions for when they are first looked for. The bundle does, so that a run starts without the ops that it has no use for.
 * @public
 */
export function registerLater(unitOf: Readonly<Record<string, number>>, run: (unit: number) => void): void {
  later = { unitOf, run };
}

export function findDefinition(type: string): OpDefinition | undefined {
  const definition = definitions.get(type);
  if (definition || !later || !Object.hasOwn(later.unitOf, type)) return definition;
  later.run(later.unitOf[type]!);
  return definitions.get(type);
}

/** Throws NOT_FOUND in TensorFlow's words for an unknown type. Source: op.cc. */
export function definitionOf(type: string): OpDefinition {
  const definition = findDefinition(type);
  if (!definition) {
    throw new NotFoundError(
      `Op type not registered '${type}' in binary running on ${hostname()}. Make sure the Op and Kernel are registered in the binary running in this process. Note that if you are loading a saved graph which used ops from tf.contrib (e.g. \`tf.contrib.resampler\`), accessing should be done before importing the graph, as contrib ops are lazily registered when the module is first accessed.`,
    );
  }
  return definition;
}

/** Every definition; those first whose code has run. */
export function* allDefinitions(): Iterable<OpDefinition> {
  yield* definitions.values();
  if (!later) return;
  const known = new Set(definitions.keys());
  for (const unit of new Set(Object.values(later.unitOf))) later.run(unit);
  for (const definition of definitions.values()) if (!known.has(definition.type)) yield definition;
}
