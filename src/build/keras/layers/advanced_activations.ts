/** `tf.keras.layers`: activations with parameters. Source: tf_keras/src/layers/activation. */
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  cast,
  clipByValue,
  elu,
  exp,
  multiply,
  negative as neg,
  reduceMax,
  reduceSum,
  relu,
  softmax,
  where,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Variable } from "../../variables/variable.ts";
import { leaky } from "../activations.ts";
import type { ConstraintName } from "../constraints.ts";
import type { InitializerName } from "../initializers.ts";
import type { RegularizerName } from "../regularizers.ts";
import { Layer, type LayerOptions, type Tensors } from "./layer.ts";

interface AlphaOptions extends LayerOptions {
  readonly alpha?: number | undefined;
}

/** alpha · x below 0 (0.3 by default). */
export class LeakyReLU extends Layer {
  override supportsMasking = true;
  readonly alpha: number;

  constructor(...rest: Rest<AlphaOptions, ["alpha"]>) {
    const options = byName<AlphaOptions>(rest, ["alpha"]);
    super(options, "leaky_re_lu");
    this.alpha = options.alpha ?? 0.3;
  }

  protected override call(inputs: Tensors): Tensors {
    return leaky(inputs as Tensor, this.alpha);
  }
}

export interface PReLUOptions extends LayerOptions {
  readonly alphaInitializer?: InitializerName | undefined;
  readonly alphaRegularizer?: RegularizerName | undefined;
  readonly alphaConstraint?: ConstraintName | undefined;
  /** Axes over which alpha is the same. */
  readonly sharedAxes?: readonly number[] | undefined;
}

const preluPlaces = ["alphaInitializer", "alphaRegularizer", "alphaConstraint", "sharedAxes"] as const;

/** alpha · x below 0, with an alpha that is learned. */
export class PReLU extends Layer {
  alpha: Variable | null = null;
  override supportsMasking = true;
  readonly #options: PReLUOptions;

  constructor(...rest: Rest<PReLUOptions, typeof preluPlaces>) {
    const options = byName<PReLUOptions>(rest, preluPlaces);
    super(options, "p_re_lu");
    this.#options = options;
  }

  protected override build(inputShape: Shape): void {
    const { sharedAxes = [], alphaInitializer = "zeros", alphaRegularizer, alphaConstraint } = this.#options;
    const shape = inputShape!.slice(1).map((size, i) => (sharedAxes.includes(i + 1) ? 1 : size!));
    this.alpha = this.addWeight("alpha", {
      shape,
      initializer: alphaInitializer,
      regularizer: alphaRegularizer,
      constraint: alphaConstraint,
    });
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    return relu(x).add(multiply(neg(this.alpha!.value()), relu(neg(x))));
  }
}

/** alpha · (exp(x) - 1) below 0. */
export class ELU extends Layer {
  override supportsMasking = true;
  readonly alpha: number;

  constructor(...rest: Rest<AlphaOptions, ["alpha"]>) {
    const options = byName<AlphaOptions>(rest, ["alpha"]);
    super(options, "elu");
    this.alpha = options.alpha ?? 1;
  }

  protected override call(inputs: Tensors): Tensors {
    const y = elu(inputs as Tensor);
    return this.alpha === 1 ? y : (where((inputs as Tensor).greater(0), y, multiply(this.alpha, y)) as Tensor);
  }
}

interface ThetaOptions extends LayerOptions {
  readonly theta?: number | undefined;
}

/** x above theta (1 by default), 0 below. */
export class ThresholdedReLU extends Layer {
  override supportsMasking = true;
  readonly theta: number;

  constructor(...rest: Rest<ThetaOptions, ["theta"]>) {
    const options = byName<ThetaOptions>(rest, ["theta"]);
    super(options, "thresholded_re_lu");
    this.theta = options.theta ?? 1;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    return multiply(x, cast(x.greater(this.theta), x.dtype.baseDtype) as Tensor);
  }
}

interface AxisOptions extends LayerOptions {
  readonly axis?: number | undefined;
}

/** Softmax over an axis. */
export class Softmax extends Layer {
  override supportsMasking = true;
  readonly axis: number;

  constructor(...rest: Rest<AxisOptions, ["axis"]>) {
    const options = byName<AxisOptions>(rest, ["axis"]);
    super(options, "softmax");
    this.axis = options.axis ?? -1;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    if (this.axis === -1 || this.axis === x.shape!.length - 1) return softmax(x);
    const powers = exp(x.sub(reduceMax(x, { axis: this.axis, keepdims: true })));
    return powers.div(reduceSum(powers, { axis: this.axis, keepdims: true }));
  }
}

export interface ReLUOptions extends LayerOptions {
  readonly maxValue?: number | null | undefined;
  readonly negativeSlope?: number | undefined;
  readonly threshold?: number | undefined;
}

const reluPlaces = ["maxValue", "negativeSlope", "threshold"] as const;

/** x above the threshold (at most maxValue), negativeSlope · (x - threshold) below. */
export class ReLU extends Layer {
  override supportsMasking = true;
  readonly #options: ReLUOptions;

  constructor(...rest: Rest<ReLUOptions, typeof reluPlaces>) {
    const options = byName<ReLUOptions>(rest, reluPlaces);
    super(options, "re_lu");
    this.#options = options;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const { maxValue = null, negativeSlope = 0, threshold = 0 } = this.#options;
    const above = threshold === 0 ? relu(x) : multiply(x, cast(x.greater(threshold), x.dtype.baseDtype) as Tensor);
    const kept = maxValue === null ? above : clipByValue(above, 0, maxValue);
    return negativeSlope === 0 ? kept : kept.sub(multiply(negativeSlope, relu(neg(x).add(threshold))));
  }
}
