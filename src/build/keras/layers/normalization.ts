/** `tf.keras.layers`: normalization over the batch and over each example. Source: tf_keras/src/layers/normalization. */
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { batchNormalization, moments, reshape } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { type BatchNormalizationLayerOptions, BatchNormalization as Core } from "../../layers/normalization.ts";
import type { Variable } from "../../variables/variable.ts";
import type { Config } from "../config/registry.ts";
import { type ConstraintName, getConstraint } from "../constraints.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import type { RegularizerName } from "../regularizers.ts";
import { Delegated } from "./delegated.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors } from "./layer.ts";

export interface ScaleOptions extends LayerOptions {
  readonly axis?: number | readonly number[] | undefined;
  /** 0.001. */
  readonly epsilon?: number | undefined;
  readonly center?: boolean | undefined;
  readonly scale?: boolean | undefined;
  readonly betaInitializer?: InitializerName | undefined;
  readonly gammaInitializer?: InitializerName | undefined;
  readonly betaRegularizer?: RegularizerName | undefined;
  readonly gammaRegularizer?: RegularizerName | undefined;
  readonly betaConstraint?: ConstraintName | undefined;
  readonly gammaConstraint?: ConstraintName | undefined;
}

export interface BatchNormalizationOptions extends ScaleOptions {
  /** How slowly the moving averages follow: 0.99. */
  readonly momentum?: number | undefined;
  readonly movingMeanInitializer?: InitializerName | undefined;
  readonly movingVarianceInitializer?: InitializerName | undefined;
  readonly fused?: boolean | undefined;
}

const coreOptions = (options: BatchNormalizationOptions): BatchNormalizationLayerOptions => ({
  axis: options.axis,
  momentum: options.momentum,
  epsilon: options.epsilon,
  center: options.center,
  scale: options.scale,
  fused: options.fused,
  betaInitializer: getInitializer(options.betaInitializer ?? "zeros"),
  gammaInitializer: getInitializer(options.gammaInitializer ?? "ones"),
  movingMeanInitializer: getInitializer(options.movingMeanInitializer ?? "zeros"),
  movingVarianceInitializer: getInitializer(options.movingVarianceInitializer ?? "ones"),
  betaConstraint: getConstraint(options.betaConstraint),
  gammaConstraint: getConstraint(options.gammaConstraint),
});

const batchPlaces = [
  "axis",
  "momentum",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "movingMeanInitializer",
  "movingVarianceInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
] as const;

/** By the batch's mean and variance while training, by the moving averages else. */
export class BatchNormalization extends Delegated<Core> {
  override supportsMasking = true;

  constructor(...rest: Rest<BatchNormalizationOptions, typeof batchPlaces>) {
    const options = byName<BatchNormalizationOptions>(rest, batchPlaces);
    super(options, "batch_normalization", (common) => new Core({ ...coreOptions(options), ...common }));
  }

  /** Axes from the front, once the inputs are known. */
  override getConfig(): Config {
    const config = super.getConfig();
    const rank = (this.core as unknown as { readonly inputSpec: { readonly ndim?: number } }).inputSpec.ndim;
    const axes = [config.axis as number | readonly number[]].flat() as number[];
    return rank === undefined ? config : { ...config, axis: axes.map((axis) => (axis < 0 ? axis + rank : axis)) };
  }

  get gamma() {
    return this.core.gamma;
  }

  get beta() {
    return this.core.beta;
  }

  get movingMean() {
    return this.core.movingMean;
  }

  get movingVariance() {
    return this.core.movingVariance;
  }

  protected override coreOptions(options: CallOptions) {
    return { training: this.training(options) };
  }
}

const layerPlaces = [
  "axis",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
] as const;

/** Each example by its own mean and variance over the given axes (the last one). */
export class LayerNormalization extends Layer {
  gamma: Variable | null = null;
  beta: Variable | null = null;
  override supportsMasking = true;
  readonly #options: ScaleOptions;
  #axes: number[] = [];

  constructor(...rest: Rest<ScaleOptions, typeof layerPlaces>) {
    const options = byName<ScaleOptions>(rest, layerPlaces);
    super(options, "layer_normalization");
    this.#options = options;
  }

  protected override build(inputShape: Shape): void {
    const { axis = -1, center = true, scale = true } = this.#options;
    const rank = inputShape!.length;
    this.#axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => (a < 0 ? a + rank : a));
    const shape = this.#axes.map((a) => inputShape![a]!);
    const part = (name: "gamma" | "beta", initial: string): Variable =>
      this.addWeight(name, {
        shape,
        initializer: this.#options[`${name}Initializer`] ?? initial,
        regularizer: this.#options[`${name}Regularizer`],
        constraint: this.#options[`${name}Constraint`],
      });
    if (scale) this.gamma = part("gamma", "ones");
    if (center) this.beta = part("beta", "zeros");
  }

  /** Axes from the front, once the inputs are known. */
  override getConfig(): Config {
    return this.built ? { ...super.getConfig(), axis: [...this.#axes] } : super.getConfig();
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const spread = (v: Variable | null): Tensor | null =>
      v &&
      reshape(
        v,
        x.shape!.map((size, i) => (this.#axes.includes(i) ? size! : 1)),
      );
    const [mean, variance] = moments(x, this.#axes, { keepdims: true });
    return batchNormalization(x, {
      mean,
      variance,
      offset: spread(this.beta),
      scale: spread(this.gamma),
      varianceEpsilon: this.#options.epsilon ?? 0.001,
    });
  }
}
