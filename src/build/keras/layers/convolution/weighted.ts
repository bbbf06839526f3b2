/** Keras layers with a kernel, a bias and an activation of their own. */
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, biasAdd, reshape } from "../../../../ops/index.ts";
import type { Variable } from "../../../variables/variable.ts";
import { getActivation } from "../../activations.ts";
import type { WeightedOptions } from "../delegated.ts";
import { Layer } from "../layer.ts";

type Initializer = WeightedOptions["kernelInitializer"];
type Regularizer = WeightedOptions["kernelRegularizer"];
type Constraint = WeightedOptions["kernelConstraint"];

export abstract class Weighted extends Layer {
  kernel: Variable | null = null;
  bias: Variable | null = null;
  readonly #options: WeightedOptions;

  constructor(options: WeightedOptions, kind: string) {
    super(options, kind);
    this.#options = options;
  }

  /** A variable by the options of its kind: "kernel" goes by kernelInitializer, kernelRegularizer and kernelConstraint. */
  protected add(
    kind: string,
    shape: readonly number[],
    { name = kind, initializer = "glorot_uniform" }: { readonly name?: string; readonly initializer?: string } = {},
  ): Variable {
    const given = this.#options as Readonly<Record<string, unknown>>;
    return this.addWeight(name, {
      shape,
      initializer: (given[`${kind}Initializer`] as Initializer) ?? initializer,
      regularizer: given[`${kind}Regularizer`] as Regularizer,
      constraint: given[`${kind}Constraint`] as Constraint,
    });
  }

  protected addKernel(shape: readonly number[]): void {
    this.kernel = this.add("kernel", shape);
  }

  /** None where the options ask for none. */
  protected addBias(shape: readonly number[]): void {
    if (this.#options.useBias ?? true) this.bias = this.add("bias", shape, { initializer: "zeros" });
  }

  /** The outputs with bias and activation; the bias goes along the channels of `dataFormat`. */
  protected finished(y: Tensor, dataFormat = "NWC"): Tensor {
    const { activation } = this.#options;
    let biased = y;
    if (this.bias) {
      biased =
        dataFormat === "NCW"
          ? add(y, reshape(this.bias, [1, this.bias.shape![0]!, 1]))
          : biasAdd(y, this.bias, dataFormat.length === 3 ? {} : { dataFormat });
    }
    return activation ? getActivation(activation)(biased) : biased;
  }
}
