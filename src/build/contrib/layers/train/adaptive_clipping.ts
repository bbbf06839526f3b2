/** `tf.contrib.layers.adaptive_clipping_fn`: gradients clipped by what their norm used to be. Source: contrib/layers optimizers.py. */
import { float32 } from "../../../../core/dtype.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../../ops/convert.ts";
import { cast, exp, globalNorm, log, maximum, minimum, onesLike, sqrt, square, where } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { zerosInitializer } from "../../../initializers.ts";
import { assignMovingAverage } from "../../../moving_averages.ts";
import { add, mul, sub, truediv } from "../../../operators.ts";
import type { Gradients } from "../../../optimizers/optimizer.ts";
import { scalar } from "../../../summary.ts";
import { getVariable, variableScope } from "../../../variables/scope.ts";
import type { Variable } from "../../../variables/variable.ts";

interface ClippingOptions {
  /** How many standard deviations above the mean are let through: 2. */
  readonly stdFactor?: number | undefined;
  /** 0.95. */
  readonly decay?: TensorLike | undefined;
  readonly staticMaxNorm?: TensorLike | null | undefined;
  readonly globalStep?: Variable | null | undefined;
  readonly reportSummary?: boolean | undefined;
  readonly epsilon?: number | undefined;
  readonly name?: string | null | undefined;
}

const places = ["stdFactor", "decay", "staticMaxNorm", "globalStep", "reportSummary", "epsilon", "name"] as const;

function adaptiveMaxNorm(norm: Tensor, options: ClippingOptions): [maxNorm: Tensor, logMean: Tensor] {
  const { stdFactor = 2, globalStep, epsilon = 1e-8, name } = options;
  return variableScope(name ?? null, { defaultName: "AdaptiveMaxNorm" }, () => {
    const logNorm = log(add(norm, epsilon));
    let decay: TensorLike = options.decay ?? 0.95;
    if (globalStep) {
      const n = cast(globalStep as TensorLike, float32) as Tensor;
      decay = minimum(decay, truediv(n, add(n, 1)));
    }
    const average = (name: string, value: Tensor): Tensor => {
      const { shape, dtype } = value;
      const variable = getVariable(name, { shape, dtype, initializer: zerosInitializer(), trainable: false });
      return assignMovingAverage(variable, value, decay, { zeroDebias: false }) as unknown as Tensor;
    };
    const mean = average("mean", logNorm);
    const variance = sub(average("sq_mean", square(logNorm)), square(mean));
    const deviation = sqrt(maximum(epsilon, variance));
    return [exp(add(mean, mul(stdFactor, deviation))), mean];
  });
}

/** A function for `clipGradients` of optimizeLoss: gradients whose norm is far above its moving average are scaled back to it. */
export function adaptiveClippingFn(...rest: Rest<ClippingOptions, typeof places>): (gradients: Gradients) => Gradients {
  const options: ClippingOptions = byName(rest, places);
  return (gradients) => {
    const norm = globalNorm(gradients.map(([gradient]) => gradient));
    const [maxNorm, logMean] = adaptiveMaxNorm(norm, options);
    if (options.reportSummary) scalar("global_norm/adaptive_max_gradient_norm", maxNorm);
    let factor = where(norm.less(maxNorm), onesLike(norm), truediv(exp(logMean), norm));
    const { staticMaxNorm } = options;
    if (staticMaxNorm !== undefined && staticMaxNorm !== null) factor = minimum(truediv(staticMaxNorm, norm), factor);
    return gradients.map(([gradient, variable]) => {
      if (gradient === null) return [null, variable];
      if (!(gradient instanceof IndexedSlices)) return [mul(gradient, factor), variable];
      return [new IndexedSlices(mul(gradient.values, factor), gradient.indices, gradient.denseShape), variable];
    });
  };
}
