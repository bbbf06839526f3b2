/** `tf.keras.layers.MultiHeadAttention`. Source: tf_keras/src/layers/attention/multi_head_attention.py; Vaswani et al., "Attention Is All You Need". */

import { bool } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Dim, Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../../ops/convert.ts";
import {
  cast,
  dropout as dropped,
  einsum,
  exp,
  expandDims,
  matrixBandPart,
  multiply,
  ones,
  reduceLogsumexp,
  shape as shapeOf,
  softmax,
  stack,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { weightPlaces } from "../../../layers/core.ts";
import { smartCond } from "../../../layers/layer.ts";
import type { WeightedOptions } from "../delegated.ts";
import { type CallOptions, Layer, maskOf, type Tensors, withArguments } from "../layer.ts";
import { EinsumDense } from "./einsum_dense.ts";

export interface MultiHeadOptions extends Omit<WeightedOptions, "activation"> {
  readonly valueDim?: number | null | undefined;
  readonly dropout?: number | undefined;
  /** The sizes of the outputs after the batch and the axes of attention; the query's width by default. */
  readonly outputShape?: number | readonly number[] | null | undefined;
  /** Axes that attention goes over: all between batch and features by default. */
  readonly attentionAxes?: number | readonly number[] | null | undefined;
}
const places = ["valueDim", "dropout", "useBias", "outputShape", "attentionAxes", ...weightPlaces] as const;

export interface MultiHeadCall extends CallOptions {
  /** The values, when the query alone comes first. */
  readonly value?: Tensor | undefined;
  /** The values by default. */
  readonly key?: Tensor | undefined;
  /** bool [batch, query, value]: false for pairs to leave out. */
  readonly attentionMask?: Tensor | undefined;
  readonly returnAttentionScores?: boolean | undefined;
  /** Each step looks at itself and at those before it. */
  readonly useCausalMask?: boolean | undefined;
}

const letters = "abcdefghijklmnopqrstuvwxyz";

/** The equation of a projection from `bound` axes after `free` ones to `made` axes, and the axes of its bias. */
function projection(free: number, bound: number, made: number): readonly [equation: string, biasAxes: string] {
  const kept = letters.slice(0, free);
  const from = letters.slice(free, free + bound);
  const to = letters.slice(free + bound, free + bound + made);
  return [`${kept}${from},${from}${to}->${kept}${to}`, to];
}

/** Equations of scores and of outputs, and how many axes scores have. */
function attentionEquations(
  rank: number,
  axes: readonly number[],
): readonly [dot: string, combine: string, rank: number] {
  const target = letters.slice(0, rank);
  const batch = Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i) && i !== rank - 1);
  let next = rank;
  const source = [...target]
    .map((letter, i) => (batch.includes(i) || i === rank - 1 ? letter : letters[next++]!))
    .join("");
  const pick = (from: string, which: readonly number[]): string => which.map((i) => from[i]).join("");
  const scores = pick(target, batch) + pick(target, axes) + pick(source, axes);
  return [`${source},${target}->${scores}`, `${scores},${source}->${target}`, scores.length];
}

/** Attention of several heads at once: [query, value] or [query, value, key], [n, tq, d] and [n, tv, d'], to [n, tq, d]. */
export class MultiHeadAttention extends Layer {
  override supportsMasking = true;
  readonly numHeads: number;
  readonly keyDim: number;
  readonly #options: MultiHeadOptions;
  #parts: Readonly<Record<"query" | "key" | "value" | "output", EinsumDense>> | null = null;
  #axes: readonly number[] = [];

  constructor(numHeads: number, keyDim: number, ...rest: Rest<MultiHeadOptions, typeof places>) {
    const options = byName<MultiHeadOptions>(rest, places);
    super(withArguments(options, { numHeads, keyDim }), "multi_head_attention");
    this.numHeads = numHeads;
    this.keyDim = keyDim;
    this.#options = options;
  }

  /** The parts by the names that a checkpoint has for them. */
  override trackables(): ReturnType<Layer["trackables"]> {
    return this.#parts ? Object.entries(this.#parts).map(([name, layer]) => [`_${name}_dense`, layer]) : [];
  }

  protected override build(inputShape: Shape | readonly Shape[]): void {
    const shapes = (Array.isArray(inputShape?.[0]) ? inputShape : [inputShape, inputShape]) as readonly Shape[];
    const [query, value, key = value] = shapes as readonly (readonly Dim[])[];
    const { valueDim, outputShape, attentionAxes, useBias = true } = this.#options;
    const { trainable: _, name: __, weights: ___, activityRegularizer: ____, ...given } = this.#options;
    const make = (name: string, [equation, biasAxes]: readonly [string, string], shape: readonly Dim[]): EinsumDense =>
      new EinsumDense(equation, shape, { ...given, name, biasAxes: useBias ? biasAxes : null });
    const heads = (from: readonly Dim[], name: string, width: number): EinsumDense => {
      const free = from.length - 1;
      return make(name, projection(free, 1, 2), [...from.slice(1, -1).map(() => null), this.numHeads, width]);
    };
    const free = query!.length - 1;
    this.#axes = Array.isArray(attentionAxes)
      ? attentionAxes
      : typeof attentionAxes === "number"
        ? [attentionAxes]
        : Array.from({ length: query!.length - 2 }, (_, i) => i + 1);
    const sizes = outputShape ? [outputShape].flat() : [query!.at(-1)!];
    this.#parts = {
      query: heads(query!, "query", this.keyDim),
      key: heads(key!, "key", this.keyDim),
      value: heads(value!, "value", valueDim ?? this.keyDim),
      output: make("attention_output", projection(free, 2, sizes.length), [
        ...query!.slice(1, -1).map(() => null),
        ...sizes,
      ]),
    };
    const built = (layer: EinsumDense, shape: readonly Dim[]): void =>
      getDefaultGraph().nameScope(layer.name, () => layer.buildFor(shape, this.dtype));
    built(this.#parts.query, query!);
    built(this.#parts.key, key!);
    built(this.#parts.value, value!);
    built(this.#parts.output, [...query!.slice(0, -1), this.numHeads, valueDim ?? this.keyDim]);
  }

  /** Of [query, value] or [query, value, key], or of a query with the values among the options. */
  override apply(inputs: Tensor | TensorLike, options?: MultiHeadCall): Tensor;
  override apply(inputs: readonly Tensor[] | Tensors | TensorLike, options?: MultiHeadCall): Tensors;
  override apply(inputs: Tensors | TensorLike, options: MultiHeadCall = {}): Tensors {
    const { value, key, ...rest } = options;
    if (!value) return super.apply(inputs as Tensor, rest);
    return super.apply([inputs as Tensor, value, ...(key ? [key] : [])], rest) as Tensor;
  }

  /** Pairs that count, by the masks of the inputs, the one that is given, and the order of steps. */
  #allowed([query, value, key]: readonly Tensor[], options: MultiHeadCall): Tensor | null {
    const masks: Tensor[] = [];
    const [q, v, k] = [maskOf(query!), maskOf(value!), key && key !== value ? maskOf(key) : null];
    if (q) masks.push(expandDims(q, 2));
    if (v) masks.push(expandDims(v, 1));
    if (k) masks.push(expandDims(k, 1));
    if (options.useCausalMask) {
      const square = ones(stack([1, shapeOf(query!).at(1), shapeOf(value!).at(1)]));
      masks.push(cast(matrixBandPart(square, -1, 0), bool) as Tensor);
    }
    if (options.attentionMask) masks.push(cast(options.attentionMask, bool) as Tensor);
    return masks.length ? masks.reduce((a, b) => a.logicalAnd(b)) : null;
  }

  protected override computeMask(_: Tensors, mask: CallOptions["mask"]): Tensor | null {
    return (Array.isArray(mask) ? ((mask[0] as Tensor | null) ?? null) : (mask as Tensor | null)) ?? null;
  }

  protected override call(inputs: Tensors, options: MultiHeadCall): Tensors {
    if (!Array.isArray(inputs) || inputs.length < 2) {
      throw new ValueError("MultiHeadAttention is called on [query, value] or [query, value, key].");
    }
    const [query, value, key = value] = inputs as readonly Tensor[];
    const { query: ofQuery, key: ofKey, value: ofValue, output } = this.#parts!;
    const q = multiply(ofQuery.apply(query!), 1 / Math.sqrt(this.keyDim));
    const [k, v] = [ofKey.apply(key!), ofValue.apply(value!)];
    const [dot, combine, rank] = attentionEquations(q.shape!.length, this.#axes);
    let scores = einsum(dot, k, q) as Tensor;
    let allowed = this.#allowed(inputs as readonly Tensor[], options);
    if (allowed) {
      const at = -(this.#axes.length * 2) - 1;
      while (allowed.shape!.length < rank) allowed = expandDims(allowed, at);
      scores = scores.add(multiply((cast(allowed, scores.dtype.baseDtype) as Tensor).rsub(1), -1e9));
    }
    const weights = this.#softmax(scores);
    const { dropout: rate = 0 } = this.#options;
    const kept = rate
      ? smartCond<Tensor>(
          this.training(options),
          () => dropped(weights, { rate }),
          () => weights.add(0),
        )
      : weights;
    const result = output.apply(einsum(combine, kept, v) as Tensor) as Tensor;
    return options.returnAttentionScores ? [result, weights] : result;
  }

  /** Over the axes of the values. */
  #softmax(scores: Tensor): Tensor {
    const n = this.#axes.length;
    if (n === 1) return softmax(scores);
    const axis = Array.from({ length: n }, (_, i) => scores.shape!.length - n + i);
    return exp(scores.sub(reduceLogsumexp(scores, { axis, keepdims: true })));
  }
}
