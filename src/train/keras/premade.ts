/** `tf.keras.experimental`: linear models, alone and beside deep ones. Source: tf_keras/src/premade_models/{linear,wide_deep}.py. */
import { type ActivationLike, getActivation } from "../../build/keras/activations.ts";
import type { InitializerName } from "../../build/keras/initializers.ts";
import { Weighted } from "../../build/keras/layers/convolution/weighted.ts";
import { type CallOptions, type LayerOptions, listOf, type Tensors } from "../../build/keras/layers/layer.ts";
import type { RegularizerName } from "../../build/keras/regularizers.ts";
import type { Variable } from "../../build/variables/variable.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { add, biasAdd, matmul } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { Model } from "./model.ts";

export interface LinearModelOptions extends LayerOptions {
  /** The width of the outputs: 1. */
  readonly units?: number | undefined;
  readonly activation?: ActivationLike | undefined;
  readonly useBias?: boolean | undefined;
  /** Zeros, as those of the bias. */
  readonly kernelInitializer?: InitializerName | undefined;
  readonly biasInitializer?: InitializerName | undefined;
  readonly kernelRegularizer?: RegularizerName | undefined;
  readonly biasRegularizer?: RegularizerName | undefined;
}
const linearPlaces = [
  "units",
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
] as const;

/** A kernel in the scope of its model. */
class Product extends Weighted {
  readonly #units: number;

  constructor(units: number, options: Pick<LinearModelOptions, "kernelInitializer" | "kernelRegularizer">) {
    super(options, "dense");
    this.#units = units;
  }

  protected override inScope<R>(fn: () => R): R {
    return fn();
  }

  protected override build(inputShape: Shape): void {
    this.addKernel([inputShape!.at(-1)!, this.#units]);
  }

  protected override call(inputs: Tensors): Tensors {
    return matmul(inputs as Tensor, this.kernel!);
  }
}

/** activation(Σ inputs · kernel + bias): a kernel for each input [n, width], one bias. */
export class LinearModel extends Model {
  denseLayers: readonly Product[] = [];
  bias: Variable | null = null;
  readonly #options: LinearModelOptions;

  constructor(...rest: Rest<LinearModelOptions, typeof linearPlaces>) {
    const options = byName<LinearModelOptions>(rest, linearPlaces);
    super(options, "linear_model");
    this.#options = options;
  }

  protected override build(inputShape: Shape | readonly Shape[]): void {
    const { units = 1, useBias = true, kernelInitializer = "zeros", biasInitializer = "zeros" } = this.#options;
    const { kernelRegularizer, biasRegularizer } = this.#options;
    const shapes = (Array.isArray(inputShape?.[0]) ? inputShape : [inputShape]) as readonly Shape[];
    this.denseLayers = shapes.map((shape) => {
      const part = new Product(units, { kernelInitializer, kernelRegularizer });
      part.buildFor(shape, this.dtype);
      return part;
    });
    if (!useBias) return;
    this.bias = this.addWeight("bias", { shape: [units], initializer: biasInitializer, regularizer: biasRegularizer });
  }

  protected override call(inputs: Tensors): Tensors {
    const parts = listOf<Tensor>(inputs).map((x, i) => this.denseLayers[i]!.apply(x));
    const sum = parts.reduce((a, b) => add(a, b));
    const y = this.bias ? biasAdd(sum, this.bias) : sum;
    const { activation } = this.#options;
    return activation ? getActivation(activation)(y) : y;
  }
}

export interface WideDeepOptions extends LayerOptions {
  readonly activation?: ActivationLike | undefined;
}

/** activation(linear + deep): of [inputs of the linear model, inputs of the deep one], or of the same inputs for both. */
export class WideDeepModel extends Model {
  readonly linearModel: Model;
  readonly dnnModel: Model;
  readonly #activation: ActivationLike;

  constructor(linearModel: Model, dnnModel: Model, ...rest: Rest<WideDeepOptions, ["activation"]>) {
    const options = byName<WideDeepOptions>(rest, ["activation"]);
    super(options, "wide_deep_model");
    this.linearModel = linearModel;
    this.dnnModel = dnnModel;
    this.#activation = options.activation ?? null;
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [wide, deep] =
      Array.isArray(inputs) && inputs.length === 2 ? (inputs as readonly Tensor[]) : [inputs, inputs];
    const { training } = options;
    const y = add(this.linearModel.apply(wide as Tensor), this.dnnModel.apply(deep as Tensor, { training }));
    return this.#activation ? getActivation(this.#activation)(y) : y;
  }
}
