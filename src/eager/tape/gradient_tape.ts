/** `tf.GradientTape`: writes down what is computed, and differentiates it. Source: tensorflow/python/eager/backprop.py. */

import { flatten, type Nested, pack } from "../../build/control_flow/structure.ts";
import { FunctionBody } from "../../build/functions/body.ts";
import { gradients } from "../../build/gradients/gradients.ts";
import { isTrainable } from "../../build/gradients/pending.ts";
import { taped } from "../../build/gradients/tape.ts";
import { UpdatedVariable } from "../../build/variables/updated.ts";
import { Variable, variableOf } from "../../build/variables/variable.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Gradient } from "../../graph/op/gradients.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, ones, onesLike, reshape, stack, transpose, zeros, zerosLike } from "../../ops/index.ts";
import { backward } from "./backward.ts";
import { WrittenNodes } from "./nodes.ts";
import { aside, closeRecording, openRecording, Recording } from "./recording.ts";

export interface TapeOptions {
  /** More than one call of `gradient`. */
  readonly persistent?: boolean | undefined;
  /** Watches trainable variables by itself; true by default. */
  readonly watchAccessedVariables?: boolean | undefined;
}

export type Source = Tensor | Variable;

export interface GradientOptions {
  /** The gradients that come in at the targets; ones without. */
  readonly outputGradients?: Nested<TensorLike> | null | undefined;
  /** What a source without a path gets: null, or zeros. */
  readonly unconnectedGradients?: "none" | "zero" | undefined;
}

/** The structure of the sources, with a gradient or null for each. */
export type GradientsOf<S> = S extends Source
  ? Tensor
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: GradientsOf<S[K]> }
    : S extends object
      ? { [K in keyof S]: GradientsOf<S[K]> }
      : never;

/** A tape that nobody ended ends when nobody holds it any more. */
const forgotten = new FinalizationRegistry<Recording>(closeRecording);

/**
 * A tape begins to write when it is made and ends with the callback that it was given, with `using`, or with its first `gradient`:
 *     const tape = new tf.GradientTape(() => { loss = w.mul(w) });
 *     using tape = new tf.GradientTape({ persistent: true });
 * It watches trainable variables that are read, and what `watch` is told.
 */
export class GradientTape implements Disposable {
  readonly #persistent: boolean;
  #recording: Recording | null;
  #isOpen = false;
  readonly #nodes = new WrittenNodes();
  /** Handles and tensors of a graph, which keep what made them themselves. */
  #watched: readonly Variable[] = [];

  constructor(options: TapeOptions | ((tape: GradientTape) => void) = {}, body?: (tape: GradientTape) => void) {
    const fn = typeof options === "function" ? options : body;
    const { persistent = false, watchAccessedVariables = true } = typeof options === "function" ? {} : options;
    this.#persistent = persistent;
    this.#recording = new Recording(watchAccessedVariables);
    this.#open();
    if (!fn) {
      forgotten.register(this, this.#recording);
      return;
    }
    try {
      const result = fn(this) as unknown;
      if (result instanceof Promise)
        throw new ValueError("a tape's callback must not be async: write `using tape = new tf.GradientTape()`");
    } finally {
      if (this.#isOpen) this.#close();
    }
  }

  #open(): void {
    openRecording(this.#recording!);
    this.#isOpen = true;
    this.#nodes.begin();
  }

  #close(): void {
    closeRecording(this.#recording!);
    this.#isOpen = false;
    this.#nodes.end();
  }

  /** Ends the writing. */
  [Symbol.dispose](): void {
    if (this.#isOpen) this.#close();
  }

  #needed(): Recording {
    if (this.#recording) return this.#recording;
    throw new RuntimeError(
      "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)",
    );
  }

  /** Follows these tensors from here on. Throws ValueError for what is no tensor. */
  watch(tensors: Nested<Source>): void {
    for (const each of flatten(tensors as Nested<unknown>)) {
      const isVariable = each instanceof Variable;
      if (!isVariable && !(each instanceof Tensor)) {
        throw new ValueError(
          `Passed in object ${String(each)} of type '${pythonType(each)}', not tf.Tensor or tf.Variable or ExtensionType.`,
        );
      }
      if (!isTrainable(each.dtype.baseDtype)) {
        logging.warn(
          `The dtype of the watched tensor must be floating (e.g. tf.float32), got tf.${each.dtype.baseDtype.name}`,
        );
      }
      const tensor = isVariable ? each.handle : each;
      const recording = this.#needed();
      recording.tracked.add(tensor);
      if (variableOf.has(tensor)) recording.variables.add(tensor as never);
    }
  }

  /** Nothing in fn is written down. */
  stopRecording<R>(fn: () => R): R {
    if (!this.#isOpen) throw new RuntimeError("Trying to stop recording a tape which is not recording.");
    this.#close();
    try {
      return fn();
    } finally {
      this.#open();
    }
  }

  /** Forgets what was written so far. */
  reset(): void {
    this.#needed().clear();
  }

  /** The variables that were read so far, in that order. */
  watchedVariables(): Variable[] {
    const { variables } = this.#recording ?? { variables: null };
    return variables ? [...variables].map((handle) => variableOf.get(handle)!) : [...this.#watched];
  }

  /**
   * The gradients of the target (or the sum of several) for each source, in the structure of the sources: a Tensor of the source's shape,
   * IndexedSlices for what is only gathered from, null without a path. Throws RuntimeError at the second call of a tape that is not persistent.
   */
  gradient<const S>(target: Nested<TensorLike>, sources: S, options: GradientOptions = {}): GradientsOf<S> {
    const { outputGradients = null, unconnectedGradients = "none" } = options;
    const recording = this.#needed();
    if (unconnectedGradients !== "none" && unconnectedGradients !== "zero")
      throw new ValueError(`Unknown value for unconnected_gradients: '${String(unconnectedGradients)}'`);
    if (this.#isOpen && !this.#persistent) this.#close();
    const sourceList = flatten(sources as Nested<unknown>).map(tensorOf);
    const targets = flatten(target as Nested<unknown>).map(tensorOf);
    const given = outputGradients === null ? null : flatten(outputGradients as Nested<unknown>);
    const found = getDefaultGraph().isEager
      ? this.#backward(recording, targets, given, sourceList)
      : gradients(targets, sourceList.map(insideOf), {
          gradYs: given as never,
          stopGradients: this.#nodes.unwritten(targets, sourceList.map(insideOf)),
        });
    if (!this.#persistent) {
      this.#watched = this.watchedVariables();
      this.#recording = null;
    }
    const results = found.map((each, i) =>
      each === null && unconnectedGradients === "zero" ? zerosFor(sourceList[i]!) : each,
    );
    return pack(sources as Nested<unknown>, results) as GradientsOf<S>;
  }

  #backward(
    { entries }: Recording,
    targets: readonly Tensor[],
    given: readonly unknown[] | null,
    sources: readonly Tensor[],
  ): (Gradient | null)[] {
    const seeds = targets.map((target, i): Gradient => {
      if (!given) return variableOf.has(target) ? onesFor(target) : onesLike(target);
      const seed = given[i];
      if (seed === null || seed === undefined) {
        throw new ValueError(
          "Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor.",
        );
      }
      return seed instanceof IndexedSlices ? seed : convertToTensor(seed as TensorLike);
    });
    const reachable = targets.map((target) => isTrainable(target.dtype.baseDtype));
    return backward(
      [...entries],
      targets.filter((_, i) => reachable[i]),
      seeds.filter((_, i) => reachable[i]),
      sources,
    );
  }

  /** All derivatives of the elements of target [t…] by those of each source [s…]: [t…, s…]; null without a path. */
  jacobian<const S>(
    target: Tensor,
    sources: S,
    options: { readonly unconnectedGradients?: "none" | "zero" | undefined } = {},
  ): GradientsOf<S> {
    const recording = this.#needed();
    if (this.#isOpen && !this.#persistent) this.#close();
    const shape = target.shape as FullShape;
    const n = elementCount(shape);
    const sourceList = flatten(sources as Nested<unknown>).map(tensorOf);
    const rows = Array.from({ length: n }, (_, i) =>
      this.#backward(recording, [target], [unit(target, i)], sourceList),
    );
    if (!this.#persistent) {
      this.#watched = this.watchedVariables();
      this.#recording = null;
    }
    const results = sourceList.map((source, k) => {
      const parts = rows.map((row) => row[k] ?? null);
      if (parts.every((part) => part === null))
        return options.unconnectedGradients === "zero" ? zeros([...shape, ...shapeOf(source)], source.dtype) : null;
      const stacked = stack(parts.map((part) => (part === null ? zerosFor(source) : convertToTensor(part as Tensor))));
      return reshape(stacked, [...shape, ...shapeOf(source)]);
    });
    return pack(sources as Nested<unknown>, results) as GradientsOf<S>;
  }

  /** The derivatives of each row of target [b, t…] by the same row of source [b, s…]: [b, t…, s…]. Throws ValueError for other batches. */
  batchJacobian(target: Tensor, source: Tensor): Tensor {
    const recording = this.#needed();
    const [b, ...rest] = target.shape as FullShape;
    const sourceShape = source.shape as FullShape;
    if (b === undefined || b !== sourceShape[0]) {
      throw new ValueError(
        `Need first dimension of target shape (${String(target.shape)}) and source shape (${String(source.shape)}) to match.`,
      );
    }
    if (this.#isOpen && !this.#persistent) this.#close();
    const n = elementCount(rest);
    const columns = Array.from({ length: n }, (_, j) => {
      const seed = constant(
        Array.from({ length: b * n }, (_, i) => (i % n === j ? 1 : 0)),
        { dtype: target.dtype },
      );
      const [found] = this.#backward(recording, [target], [reshape(seed, target.shape as FullShape)], [source]);
      return found ? convertToTensor(found as Tensor) : zerosLike(source);
    });
    if (!this.#persistent) this.#recording = null;
    const order = [1, 0, ...sourceShape.slice(1).map((_, i) => i + 2)];
    return reshape(transpose(stack(columns), order), [b, ...rest, ...sourceShape.slice(1)]);
  }
}

/** Zeros with a one at element i. */
function unit({ dtype, shape }: Tensor, i: number): Tensor {
  const n = elementCount(shape as FullShape);
  return constant(
    Array.from({ length: n }, (_, k) => (k === i ? 1 : 0)),
    { dtype, shape: shape as FullShape },
  );
}

function tensorOf(value: unknown): Tensor {
  if (value instanceof Variable) return value.isResource ? value.handle : (value as never);
  if (value instanceof UpdatedVariable) return value.value();
  return convertToTensor(value as TensorLike);
}

/** What stands for a tensor in the function that is being written. */
function insideOf(tensor: Tensor): Tensor {
  const graph = getDefaultGraph();
  return graph instanceof FunctionBody ? graph.capture(tensor) : tensor;
}

const shapeOf = (source: Tensor): FullShape => (source.handleData?.[0]?.shape ?? source.shape) as FullShape;

const zerosFor = (source: Tensor): Tensor =>
  source.handleData?.[0] ? zeros(shapeOf(source), source.handleData[0].dtype) : zerosLike(source);

const onesFor = (handle: Tensor): Tensor => ones(shapeOf(handle), handle.handleData![0]!.dtype);

const pythonType = (value: unknown): string =>
  typeof value === "number"
    ? Number.isInteger(value)
      ? "int"
      : "float"
    : typeof value === "string"
      ? "str"
      : typeof value;

/** What optimizers ask for. */
taped.differentiate = (loss, variables, gradLoss) => {
  let value: Tensor | undefined;
  const tape = new GradientTape((tape) => {
    if (variables) tape.watch(variables as Variable[]);
    value = convertToTensor(loss());
  });
  const wanted = variables ?? tape.watchedVariables();
  const options = gradLoss === undefined ? {} : { outputGradients: [gradLoss] as Nested<TensorLike> };
  const gradients = tape.gradient([value!], wanted, options) as (Gradient | null)[];
  return { loss: value!, variables: wanted, gradients };
};

taped.watch = (fn) => {
  let result!: ReturnType<typeof fn>;
  const tape = aside(
    () =>
      new GradientTape(() => {
        result = fn();
      }),
  );
  return [result, tape.watchedVariables()];
};

taped.pull = (fn, sources, dys) => {
  let results: readonly Tensor[] = [];
  const tape = new GradientTape((each) => {
    each.watch([...sources]);
    results = fn();
  });
  const outputGradients = [...dys] as Nested<TensorLike>;
  return tape.gradient([...results], [...sources], { outputGradients, unconnectedGradients: "zero" }) as Tensor[];
};
