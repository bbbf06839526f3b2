/** What Keras keeps beside a graph: numbers for names of layers, and the switch between training and inference. Source: tf_keras/src/backend.py. */
import { bool } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { constant, placeholderWithDefault } from "../../ops/index.ts";
import { snakeCase } from "../layers/layer.ts";

interface KerasState {
  readonly counts: Map<string, number>;
  phase: Tensor | boolean | null;
}

const key = Symbol("Keras");

function state(): KerasState {
  const { extras } = getDefaultGraph();
  const known = extras.get(key) as KerasState | undefined;
  if (known) return known;
  const made: KerasState = { counts: new Map(), phase: null };
  extras.set(key, made);
  return made;
}

/** The name that objects of a class get: `dense_net` for DenseNet. */
export function nameOfKind(kind: string): string {
  const name = snakeCase(kind.replace(/\W/g, ""));
  return name.startsWith("_") ? `private${name}` : name;
}

/** `dense`, `dense_1`, …: a name that no layer of the default graph was given before. */
export function uniqueObjectName(base: string): string {
  const { counts } = state();
  const n = counts.get(base) ?? 0;
  counts.set(base, n + 1);
  return n === 0 ? base : `${base}_${n}`;
}

/** The number after the last one that this prefix had in the default graph, from 1. */
export function getUid(prefix = ""): number {
  const { counts } = state();
  const n = (counts.get(prefix) ?? 0) + 1;
  counts.set(prefix, n);
  return n;
}

export const resetUids = (): void => state().counts.clear();

/** True while training: what `setLearningPhase` said, else the placeholder `keras_learning_phase` (false unless it is fed). */
export function learningPhase(): Tensor | boolean {
  const current = state();
  const graph = getDefaultGraph();
  if (graph.isEager) return current.phase ?? false;
  current.phase ??= graph.initScope(() =>
    graph.nameScope(null, () => {
      const input = constant(false, { dtype: bool, name: "keras_learning_phase/input" });
      return placeholderWithDefault(input, [], { name: "keras_learning_phase" });
    }),
  );
  return current.phase;
}

/** The placeholder of the learning phase, if some layer asked for it. */
export const knownLearningPhase = (): Tensor | boolean | null => state().phase;

/** Fixes the learning phase: 0 for inference, 1 for training. Throws ValueError for other values. */
export function setLearningPhase(value: 0 | 1 | boolean): void {
  if (value !== 0 && value !== 1 && typeof value !== "boolean") {
    throw new ValueError("Expected learning phase to be 0 or 1.");
  }
  state().phase = Boolean(value);
}

/** The small number that keeps logarithms and quotients finite. */
export const epsilon = 1e-7;

/** A variable's name without its output number: also where ops run at once. */
export const nameOf = ({ name }: { readonly name: string }): string => name.replace(/:\d+$/, "");
