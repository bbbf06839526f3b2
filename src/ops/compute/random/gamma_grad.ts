/** How gamma numbers move with their parameter. Source: random_grad.py, random_op.cc; "Implicit reparameterization gradients", Figurnov et al., 2018. */
import { allocateElements, NdArray, setElement } from "../../../core/nd_array.ts";
import { broadcastShapes, elementCount, type FullShape, rowMajorStrides } from "../../../core/shape.ts";
import { defineOp } from "../../define.ts";
import { toNumbers } from "../array/basic/elements.ts";
import { gammaSampleGradient } from "./log_gamma.ts";

/** Position in an array of a shape, for each position of the shape that it broadcasts to. */
function positions(shape: FullShape, full: FullShape): (i: number) => number {
  const strides = rowMajorStrides(shape);
  const fullStrides = rowMajorStrides(full);
  const lead = full.length - shape.length;
  return (i) =>
    shape.reduce((sum, d, k) => sum + (d === 1 ? 0 : (Math.floor(i / fullStrides[lead + k]!) % d) * strides[k]!), 0);
}

/** output = d sample / d alpha for samples of gamma distributions, broadcast. */
export const randomGammaGradOp = defineOp("RandomGammaGrad", {
  inputs: ["alpha: T", "sample: T"],
  outputs: ["output: T"],
  attrs: ["T: {float, double}"],
  shape: ({ alpha, sample }) => [broadcastShapes(alpha, sample)],
  compute({ alpha, sample, T }) {
    const shape = broadcastShapes(alpha.shape, sample.shape) as FullShape;
    const [ofAlpha, ofSample] = [positions(alpha.shape, shape), positions(sample.shape, shape)];
    const [alphas, samples] = [toNumbers(alpha), toNumbers(sample)];
    const data = allocateElements(T, elementCount(shape));
    for (let i = 0; i < data.length; i++)
      setElement(T, data, i, gammaSampleGradient(alphas[ofAlpha(i)]!, samples[ofSample(i)]!));
    return new NdArray(T, shape, data);
  },
  gradient: "unregistered",
});
