/** Binomial numbers from seeds. Source: stateless_random_ops.cc, random_binomial_op.cc, stateless_random_ops.py. */
import { type DType, float32, int32 } from "../../../../core/dtype.ts";
import { withRank } from "../../../../core/shape.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { byName, type Rest } from "../../../options.ts";
import { inScope } from "../../array/basic/names.ts";
import { shapeFromInput } from "../../array/basic/shape_input.ts";
import { binomials } from "../binomial.ts";
import { dimsOf, shapeTensor } from "../shape.ts";
import type { StatelessOptions } from "./draws.ts";
import { seededState, seedShape } from "./seed.ts";

/** output: how many of `counts` tries succeed with probability `probs`; the shape ends in theirs. */
export const statelessRandomBinomialOp = defineOp("StatelessRandomBinomial", {
  inputs: ["shape: S", "seed: Tseed", "counts: T", "probs: T"],
  outputs: ["output: dtype"],
  attrs: [
    "S: {int32, int64}",
    "Tseed: {int32, int64} = DT_INT64",
    "T: {half, float, double, int32, int64} = DT_DOUBLE",
    "dtype: {half, float, double, int32, int64} = DT_INT64",
  ],
  shape({ shape, seed }, context) {
    withRank(seed, 1);
    seedShape(seed);
    return [shapeFromInput(context, "shape", shape)];
  },
  compute: ({ shape, seed, counts, probs, dtype }) => binomials(seededState(seed), dtype, dimsOf(shape), counts, probs),
  gradient: "none",
});

export interface StatelessBinomialOptions extends Omit<StatelessOptions, "dtype" | "alg"> {
  readonly counts: TensorLike;
  readonly probs: TensorLike;
  readonly outputDtype?: DType;
}

/** Binomial numbers: the same seed gives the same numbers. */
export const statelessBinomial = (
  shape: TensorLike,
  ...rest: Rest<StatelessBinomialOptions, ["seed", "counts", "probs", "outputDtype", "name"]>
): Tensor => {
  const options = byName<StatelessBinomialOptions>(rest, ["seed", "counts", "probs", "outputDtype", "name"]);
  return inScope(options.name, "stateless_random_binomial", () => {
    const dims = shapeTensor(shape);
    const probs = convertToTensor(options.probs, { preferredDtype: float32, name: "probs" });
    const counts = convertToTensor(options.counts, { preferredDtype: probs.dtype.baseDtype, name: "counts" });
    return statelessRandomBinomialOp({
      shape: dims,
      seed: options.seed,
      counts,
      probs,
      dtype: options.outputDtype ?? int32,
    });
  });
};
