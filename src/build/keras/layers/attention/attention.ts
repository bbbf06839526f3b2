/** `tf.keras.layers`: attention of queries to values. Source: tf_keras/src/layers/attention. */
import { bool } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  add,
  cast,
  dropout,
  expandDims,
  logicalAnd,
  matmul,
  matrixBandPart,
  multiply,
  ones,
  reduceSum,
  shape as shapeOf,
  softmax,
  tanh,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { smartCond } from "../../../layers/layer.ts";
import type { Variable } from "../../../variables/variable.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors, tuple } from "../layer.ts";

export interface AttentionOptions extends LayerOptions {
  /** Scores times a number that is learned. */
  readonly useScale?: boolean | undefined;
  /** The part of the weights that is dropped while training. */
  readonly dropout?: number | undefined;
  /** Each step looks at itself and at those before it. */
  readonly causal?: boolean | undefined;
}

/** Of [query, value] or [query, value, key], [n, tq, d] and [n, tv, d] each: values weighted by their scores, [n, tq, d]. */
abstract class DenseAttention extends Layer {
  override supportsMasking = true;
  scale: Variable | null = null;
  protected readonly options: AttentionOptions;

  constructor(kind: string, options: AttentionOptions) {
    super(options, kind);
    this.options = options;
  }

  protected override checkInputs(inputs: Tensors): void {
    const name = this.constructor.name;
    if (!Array.isArray(inputs)) {
      throw new ValueError(
        `${name} layer must be called on a list of inputs, namely [query, value] or [query, value, key]. Received: ${inputs}.`,
      );
    }
    if (inputs.length < 2 || inputs.length > 3) {
      throw new ValueError(
        `${name} layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. Received length: ${inputs.length}.`,
      );
    }
  }

  /** Scores [n, tq, tv]. */
  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  protected override computeMask(_: Tensors, mask: CallOptions["mask"]): Tensor | null {
    return (Array.isArray(mask) ? (mask[0] as Tensor | null) : null) ?? null;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [query, value, key = value] = inputs as readonly Tensor[];
    const masks = Array.isArray(options.mask) ? (options.mask as readonly (Tensor | null)[]) : [];
    let scores = this.scores(query!, key!);
    let allowed = masks[1] ? expandDims(masks[1], 1) : null;
    if (this.options.causal) {
      const square = matrixBandPart(ones(shapeOf(scores), scores.dtype.baseDtype), -1, 0);
      const causal = cast(square, bool) as Tensor;
      allowed = allowed ? logicalAnd(allowed, causal) : causal;
    }
    if (allowed) scores = scores.sub(multiply(1e9, cast(allowed.logicalNot(), scores.dtype.baseDtype) as Tensor));
    const { dropout: rate = 0 } = this.options;
    const weights = softmax(scores);
    const kept = rate
      ? smartCond<Tensor>(
          this.training(options),
          () => dropout(weights, { rate }),
          () => weights.add(0),
        )
      : weights;
    const result = matmul(kept, value!);
    return masks[0] ? multiply(result, cast(expandDims(masks[0], -1), result.dtype.baseDtype) as Tensor) : result;
  }
}

/** Scores are products of queries and keys. Source: Luong et al., "Effective Approaches to Attention-based Neural Machine Translation". */
export class Attention extends DenseAttention {
  constructor(...rest: Rest<AttentionOptions, ["useScale"]>) {
    super("attention", byName(rest, ["useScale"]));
  }

  protected override build(): void {
    if (this.options.useScale) this.scale = this.addWeight("scale", { initializer: "ones" });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const products = matmul(query, key, { transposeB: true });
    return this.scale ? multiply(products, this.scale.value()) : products;
  }
}

/** Scores are sums of tanh(query + key). Source: Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate". */
export class AdditiveAttention extends DenseAttention {
  constructor(...rest: Rest<AttentionOptions, ["useScale"]>) {
    super("additive_attention", byName(rest, ["useScale"]));
  }

  protected override build(inputShape: Shape | readonly Shape[]): void {
    const [query] = inputShape as readonly Shape[];
    const width = query?.at(-1);
    if (width === null || width === undefined) {
      throw new ValueError(`The last dimension of the queries should be defined. Found ${tuple(query ?? [])}.`);
    }
    if (this.options.useScale ?? true)
      this.scale = this.addWeight("scale", { shape: [width], initializer: "glorot_uniform" });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const sums = tanh(add(expandDims(query, -2), expandDims(key, -3)));
    return reduceSum(this.scale ? multiply(sums, this.scale.value()) : sums, { axis: -1 });
  }
}
