/** Models: a name, flags, and a function that builds a graph and says how it is trained. */
import { TypeError } from "../core/error.ts";
import type { FlagSpecs, FlagsOf } from "../core/flags/value.ts";
import type { NdArray } from "../core/nd_array.ts";
import { captureTrace, userLine } from "../core/trace.ts";
import { Operation } from "../graph/operation.ts";
import { Tensor, type TensorConvertible } from "../graph/tensor.ts";

/** One pair of a feed: placeholder and value. */
export type Feed = readonly (readonly [Tensor, NdArray | number])[];

/** Where the feeds of the steps come from. Its position is part of what a run saves. */
export interface BatchSource {
  /** Examples in a step, for examples/s; 1 when left out. */
  readonly batchSize?: number;
  /** The feed of the next step; null at the end of the data. */
  next(): Feed | null;
  /** The position as plain JSON, and back to it. */
  state(): unknown;
  restore(state: unknown): void;
}

/** A finite pass over data for evaluation, from its beginning each time. `count` examples a feed. */
export interface EvaluationData {
  readonly about: string;
  batches(): Iterable<{ readonly feed: Feed; readonly count: number }>;
}

/** What a model's `build` gives. */
export interface BuiltModel {
  readonly trainOp: Operation;
  /** The value before the step's update; that of a vector is its sum, which is what training makes smaller. */
  readonly loss: Tensor;
  /** Scalars by name, shown while training and averaged over the examples of an evaluation. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
  /** Without it the graph makes its own data. */
  readonly batches?: BatchSource;
  readonly evaluation?: EvaluationData;
  /** Shown when a run is restored; by default every trainable variable of up to 16 elements. */
  readonly show?: Readonly<Record<string, Tensor | TensorConvertible>>;
  /** The learning rate as a tensor of the graph, or a number; shown with the steps. */
  readonly learningRate?: Tensor | number;
}

/** What `build` may ask beside its flags. */
export interface BuildContext {
  /** The run's seed, which is the graph's seed already. */
  readonly seed: number;
  /** Says something once, before training begins. */
  note(text: string): void;
}

export interface ModelDefinition<S extends FlagSpecs = FlagSpecs> {
  readonly name: string;
  /** One line for `tsflow models`. */
  readonly about: string;
  readonly flags: S;
  /** Defaults of the command's own flags for this model: `{ max_step: 1500 }`. */
  readonly defaults?: Readonly<Record<string, number>>;
  build(flags: FlagsOf<S>, context: BuildContext): BuiltModel;
}

/** Where models were defined: their `build` throws in no line of its own when it gives too little. */
const definedAt = new WeakMap<object, Error>();

/** A model for the registry; default export of a model's file. */
export function defineModel<const S extends FlagSpecs>(definition: ModelDefinition<S>): ModelDefinition<S> {
  definedAt.set(definition, captureTrace());
  return definition;
}

/** Builds the model into the default graph. Throws TypeError when `build` does not give what training needs. */
export function buildModel(model: ModelDefinition, flags: unknown, context: BuildContext): BuiltModel {
  const built: Partial<BuiltModel> | undefined = model.build(flags as never, context);
  if (built?.trainOp instanceof Operation && built.loss instanceof Tensor) return built as BuiltModel;
  const isOne = { trainOp: built?.trainOp instanceof Operation, loss: built?.loss instanceof Tensor };
  const wrong = Object.entries(isOne).flatMap(([name, is]) => {
    const value = (built as Readonly<Record<string, unknown>> | undefined)?.[name];
    return is ? [] : [value === undefined ? `${name} is missing` : `${name} is ${String(value)}`];
  });
  const why = built instanceof Promise ? "it gives a promise, and is not awaited" : wrong.join(", ");
  const error = new TypeError(
    `build of model "${model.name}" must return { trainOp, loss }: the operation of a training step, and the tensor that it makes smaller; ${why}`,
  );
  const trace = definedAt.get(model);
  throw Object.assign(error, { madeAt: trace && userLine(trace) });
}

/** Is this what a model's file must export? */
export const isModel = (value: unknown): value is ModelDefinition =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as ModelDefinition).name === "string" &&
  typeof (value as ModelDefinition).build === "function" &&
  typeof (value as ModelDefinition).flags === "object";
