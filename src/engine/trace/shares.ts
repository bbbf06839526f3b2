/** For whom a pass over memory works, and how its time is divided among them: by an estimate of what each value costs. */
import { elementCount } from "../../core/shape.ts";
import type { Group } from "../plan/group.ts";
import { approximatedFunctions, type ConvolutionGeometry, inputsOf, type Value } from "../primitive.ts";
import type { Share } from "../step.ts";

/** Nanoseconds of a multiplication with an addition, of a cheap function of an element, and of a dear one. */
const perProduct = 1 / 25;
const perElement = 0.15;
const perDearElement = 1.5;

const dearFunctions: ReadonlySet<string> = new Set([...approximatedFunctions, "pow", "atan2"]);

function productsOf({ batch, inChannels, outChannels, groups, spatial }: ConvolutionGeometry): number {
  const sites = spatial.reduce((product, { output, filter }) => product * output * filter, batch);
  return sites * (inChannels / groups) * outChannels;
}

/** About how many nanoseconds one thread computes this value. */
export function workOf({ primitive, shape }: Value): number {
  const count = elementCount(shape);
  switch (primitive.kind) {
    case "matmul": {
      const [x] = primitive.inputs;
      return count * (primitive.transposeA ? x.shape.at(-2)! : x.shape.at(-1)!) * perProduct;
    }
    case "convolution":
      return productsOf(primitive.geometry) * perProduct;
    case "unary":
    case "binary":
      return count * (dearFunctions.has(primitive.fn) ? perDearElement : perElement);
    case "constant":
    case "input":
    case "read":
      return 0;
    default:
      return perElement * inputsOf(primitive).reduce((most, x) => Math.max(most, elementCount(x.shape)), count);
  }
}

/** The shares of a group; values without an origin count for nobody. */
export function sharesOf({ head, members, reductions }: Group): readonly Share[] {
  const work = new Map<number, number>();
  for (const value of new Set([...(head ? [head] : []), ...members, ...reductions])) {
    const { origin } = value;
    if (origin !== undefined) work.set(origin, (work.get(origin) ?? 0) + workOf(value));
  }
  return [...work].map(([origin, sum]) => ({ origin, work: sum }));
}
