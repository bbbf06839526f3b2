/** `tf.keras.layers.EinsumDense`. Source: tf_keras/src/layers/core/einsum_dense.py. */

import { ValueError } from "../../../../core/error.ts";
import type { Dim, Shape } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { add, einsum } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { weightPlaces } from "../../../layers/core.ts";
import { getActivation } from "../../activations.ts";
import { Weighted } from "../convolution/weighted.ts";
import type { WeightedOptions } from "../delegated.ts";
import { type Tensors, withArguments } from "../layer.ts";

export interface EinsumDenseOptions extends Omit<WeightedOptions, "useBias"> {
  /** The axes of the outputs that the bias has; none without. */
  readonly biasAxes?: string | null | undefined;
}
const places = ["activation", "biasAxes", ...weightPlaces] as const;

interface Shapes {
  readonly kernel: number[];
  readonly bias: number[] | null;
}

/** The shapes of the variables. Throws ValueError for equations that leave one open. */
function shapesOf(equation: string, biasAxes: string | null, input: readonly Dim[], output: readonly Dim[]): Shapes {
  const dotted = equation.replaceAll("...", "0").replaceAll(" ", "");
  const left = /^0([a-zA-Z]+),([a-zA-Z]+)->0([a-zA-Z]+)$/.exec(dotted);
  const found =
    /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/.exec(dotted) ??
    left ??
    /^([a-zA-Z]{2,})0,([a-zA-Z]+)->([a-zA-Z]+)0$/.exec(dotted);
  if (!found) {
    throw new ValueError(
      `Invalid einsum equation '${equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]....`,
    );
  }
  const [, inputSpec, weightSpec, outputSpec] = found as unknown as [string, string, string, string];
  const elided = input.length - inputSpec.length;
  const whole = left
    ? [...input.slice(0, Math.max(elided, 1)), ...output]
    : [input[0]!, ...output, ...input.slice(input.length - elided)];
  const before = left ? elided : 0;
  const sizeIn = (dim: string): Dim => input[inputSpec.indexOf(dim) + before]!;
  const sizeOut = (dim: string): Dim => whole[outputSpec.indexOf(dim) + before]!;
  for (const dim of inputSpec) {
    if (!outputSpec.includes(dim) || sizeOut(dim) === null || sizeOut(dim) === sizeIn(dim)) continue;
    throw new ValueError(
      `Input shape and output shape do not match at shared dimension '${dim}'. Input shape is ${sizeIn(dim) ?? "None"}, and output shape is ${sizeOut(dim)}.`,
    );
  }
  for (const dim of outputSpec) {
    if (inputSpec.includes(dim) || weightSpec.includes(dim)) continue;
    throw new ValueError(
      `Dimension '${dim}' was specified in the output '${outputSpec}' but has no corresponding dim in the input spec '${inputSpec}' or weight spec '${outputSpec}'`,
    );
  }
  const kernel = [...weightSpec].map((dim) => {
    if (inputSpec.includes(dim)) return sizeIn(dim)!;
    if (outputSpec.includes(dim)) return sizeOut(dim)!;
    throw new ValueError(
      `Weight dimension '${dim}' did not have a match in either the input spec '${inputSpec}' or the output spec '${outputSpec}'. For this layer, the weight must be fully specified.`,
    );
  });
  if (!biasAxes) return { kernel, bias: null };
  const missing = [...biasAxes].find((dim) => !outputSpec.includes(dim));
  if (missing) {
    throw new ValueError(
      `Bias dimension '${missing}' was requested, but is not part of the output spec '${outputSpec}'`,
    );
  }
  const first = Math.min(...[...biasAxes].map((dim) => outputSpec.indexOf(dim)));
  const bias = [...outputSpec.slice(first)].map((dim) => (biasAxes.includes(dim) ? sizeOut(dim)! : 1));
  return { kernel, bias: left ? bias : [...bias, ...new Array<number>(elided).fill(1)] };
}

/** Products by an equation such as "abc,cd->abd", where the second operand is learned. */
export class EinsumDense extends Weighted {
  readonly equation: string;
  readonly #outputSize: readonly Dim[];
  readonly #options: EinsumDenseOptions;

  /** `outputShape` without the batch, and without what an ellipsis stands for. */
  constructor(
    equation: string,
    outputShape: number | readonly Dim[],
    ...rest: Rest<EinsumDenseOptions, typeof places>
  ) {
    const options = byName<EinsumDenseOptions>(rest, places);
    super(withArguments(options, { equation, outputShape: [outputShape].flat() }), "einsum_dense");
    this.equation = equation;
    this.#outputSize = typeof outputShape === "number" ? [outputShape] : outputShape;
    this.#options = options;
  }

  protected override build(inputShape: Shape): void {
    const { kernel, bias } = shapesOf(this.equation, this.#options.biasAxes ?? null, inputShape!, this.#outputSize);
    this.addKernel(kernel);
    if (bias) this.addBias(bias);
  }

  protected override call(inputs: Tensors): Tensors {
    const products = einsum(this.equation, inputs as Tensor, this.kernel!.value()) as Tensor;
    const y = this.bias ? add(products, this.bias.value()) : products;
    const { activation } = this.#options;
    return activation ? getActivation(activation)(y) : y;
  }
}
