/** `tf.contrib.layers`: initial weights whose variance follows the number of inputs. Source: contrib/layers initializers.py. */
import { type DType, float32 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { randomUniform, truncatedNormal } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Initializer } from "../../variables/store.ts";

interface XavierOptions {
  /** False: normal numbers, cut off at two standard deviations. */
  readonly uniform?: boolean | undefined;
  readonly seed?: number | null | undefined;
  readonly dtype?: DType | undefined;
}

interface ScalingOptions extends XavierOptions {
  /** 2 by default. */
  readonly factor?: number | undefined;
  readonly mode?: "FAN_IN" | "FAN_OUT" | "FAN_AVG" | undefined;
}

const checked = (dtype: DType): DType => {
  if (!dtype.isFloating) throw new TypeError("Cannot create initializer for non-floating point type.");
  return dtype;
};

/** Variance factor / n, n being inputs, outputs or their mean. Throws TypeError for a dtype that is not floating, and for other modes. */
export function varianceScalingInitializer(
  ...rest: Rest<ScalingOptions, ["factor", "mode", "uniform", "seed", "dtype"]>
): Initializer {
  const options: ScalingOptions = byName(rest, ["factor", "mode", "uniform", "seed", "dtype"]);
  const { factor = 2, mode = "FAN_IN", uniform = false, seed = null } = options;
  const fallback = checked(options.dtype ?? float32);
  if (!["FAN_IN", "FAN_OUT", "FAN_AVG"].includes(mode)) {
    throw new TypeError(`Unknown mode ${mode} [FAN_IN, FAN_OUT, FAN_AVG]`);
  }
  return (shape, { dtype = fallback } = {}) => {
    checked(dtype);
    const area = shape.slice(0, -2).reduce((product, size) => product * size, 1);
    const fanIn = shape.length === 0 ? 1 : (shape.at(-2) ?? shape.at(-1)!) * area;
    const fanOut = shape.length === 0 ? 1 : shape.at(-1)! * area;
    const n = mode === "FAN_IN" ? fanIn : mode === "FAN_OUT" ? fanOut : (fanIn + fanOut) / 2;
    if (uniform) {
      const limit = Math.sqrt((3 * factor) / n);
      return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed });
    }
    // 1.3: what cutting the tails off takes from the variance.
    return truncatedNormal(shape, { mean: 0, stddev: Math.sqrt((1.3 * factor) / n), dtype, seed });
  };
}

/** Glorot and Bengio's: variance 1 / mean of inputs and outputs. */
export function xavierInitializer(...rest: Rest<XavierOptions, ["uniform", "seed", "dtype"]>): Initializer {
  const options: XavierOptions = byName(rest, ["uniform", "seed", "dtype"]);
  return varianceScalingInitializer({ factor: 1, mode: "FAN_AVG", uniform: true, ...options });
}

export const xavierInitializerConv2d = xavierInitializer;
