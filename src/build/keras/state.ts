/** What Keras keeps beside a graph: numbers for names of layers, and the switch between training and inference. Source: tf_keras/src/backend.py. */
import { bool, type DType, float32 } from "../../core/dtype.ts";
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

/** Keras' own settings, the same for all graphs. */
const settings: { floatx: DType; epsilon: number; imageDataFormat: "channels_last" | "channels_first" } = {
  floatx: float32,
  epsilon: 1e-7,
  imageDataFormat: "channels_last",
};

/** The small number that keeps logarithms and quotients finite. */
export const epsilon = (): number => settings.epsilon;
export function setEpsilon(value: number): void {
  settings.epsilon = value;
}

/** The dtype of what is made without one. */
export const floatx = (): DType => settings.floatx;
/** Throws ValueError for what is no float dtype of Keras. */
export function setFloatx(value: DType): void {
  if (!["float16", "float32", "float64", "bfloat16"].includes(value.name)) {
    throw new ValueError(
      `Unknown \`floatx\` value: ${value.name}. Expected one of {'float16', 'float32', 'float64', 'bfloat16'}`,
    );
  }
  settings.floatx = value;
}

/** Where images have their channels when nobody says so. */
export const imageDataFormat = (): "channels_last" | "channels_first" => settings.imageDataFormat;
/** Throws ValueError for another word. */
export function setImageDataFormat(value: "channels_last" | "channels_first"): void {
  if (value !== "channels_last" && value !== "channels_first") {
    throw new ValueError(`Unknown \`data_format\`: ${value}. Expected one of {'channels_last', 'channels_first'}`);
  }
  settings.imageDataFormat = value;
}

/** The learning phase for what a function makes. */
export function learningPhaseScope<R>(value: 0 | 1 | boolean, fn: () => R): R {
  const before = state().phase;
  setLearningPhase(value);
  try {
    return fn();
  } finally {
    state().phase = before;
  }
}

/** A variable's name without its output number: also where ops run at once. */
export const nameOf = ({ name }: { readonly name: string }): string => name.replace(/:\d+$/, "");
