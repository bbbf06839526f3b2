/**
 * Batch renormalization: y = ((x - mean) / deviation * r + d) * gamma + beta with r and d from moving values, so that training and inference
 * see nearly the same. Source: tf_keras batch_normalization.py; "Batch Renormalization", Ioffe, 2017.
 */
import { ValueError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { constant, identity, maximum, minimum, onesLike, sqrt, zerosLike } from "../../ops/index.ts";
import { add, mul, sub, truediv } from "../operators.ts";
import { assign } from "../variables/state.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { smartCond } from "./layer.ts";

/** Bounds of the corrections: rmin <= r <= rmax, |d| <= dmax. */
export interface RenormClipping {
  readonly rmin?: TensorLike;
  readonly rmax?: TensorLike;
  readonly dmax?: TensorLike;
}

export interface Renorm {
  readonly movingStddev: Variable;
  readonly renormMean: Variable;
  readonly renormStddev: Variable;
}

/** Throws ValueError for a bound of another name. */
export function checkClipping(clipping: RenormClipping): void {
  const known = ["rmax", "rmin", "dmax"];
  if (Object.keys(clipping).every((key) => known.includes(key))) return;
  const text = Object.entries(clipping).map(([key, value]) => `'${key}': ${value}`);
  throw new ValueError(
    `Received invalid keys for \`renorm_clipping\` argument: {${text.join(", ")}}. Supported values: ['rmax', 'rmin', 'dmax'].`,
  );
}

/** Ones of the shape: one node where the shape is known. */
export const onesOf = (tensor: Tensor): Tensor =>
  tensor.shape && isFull(tensor.shape)
    ? constant(1, { dtype: tensor.dtype.baseDtype, shape: tensor.shape, name: "ones_like" })
    : onesLike(tensor);

interface Moving {
  readonly movingMean: Variable;
  readonly movingVariance: Variable;
  readonly meanInitializer: InitializerLike;
  readonly varianceInitializer: InitializerLike;
}

/** The deviation that the output follows, and the mean and deviation that correct. */
export function renormVariables(
  make: (name: string, initializer: InitializerLike) => Variable,
  { movingMean, movingVariance, meanInitializer, varianceInitializer }: Moving,
): Renorm {
  const deviation = ((...args: never[]) =>
    sqrt((varianceInitializer as unknown as (...args: never[]) => Tensor)(...args))) as unknown as InitializerLike;
  const beside = <R>(variable: Variable, fn: () => R): R => getDefaultGraph().colocateWith(variable.op, fn);
  const movingStddev = beside(movingVariance, () => make("moving_stddev", deviation));
  const renormMean = beside(movingMean, () => make("renorm_mean", meanInitializer));
  const renormStddev = beside(movingStddev, () => make("renorm_stddev", deviation));
  return { movingStddev, renormMean, renormStddev };
}

interface CorrectionOptions {
  readonly training: boolean | Tensor;
  readonly epsilon: number;
  readonly clipping: RenormClipping;
  /** Moves a variable towards a value. */
  readonly follow: (variable: Variable, value: Tensor) => Tensor;
}

/** r and d, and the batch's mean and variance after the moving values were told of them. */
export function correction(
  { renormMean, renormStddev }: Renorm,
  mean: Tensor,
  variance: Tensor,
  { training, epsilon, clipping, follow }: CorrectionOptions,
): { readonly r: Tensor; readonly d: Tensor; readonly mean: Tensor; readonly variance: Tensor } {
  const graph = getDefaultGraph();
  const stddev = sqrt(variance.add(epsilon));
  const moving = maximum(renormStddev, sqrt(epsilon));
  const ratio = truediv(stddev, moving) as Tensor;
  const shift = truediv(sub(mean, renormMean), moving) as Tensor;
  const [ownMean, ownStddev] = graph.controlDependencies([ratio, shift], () => [identity(mean), identity(stddev)]);
  const { rmin, rmax, dmax } = clipping;
  let [r, d] = [ratio, shift];
  if (rmin !== undefined) r = maximum(r, rmin);
  if (rmax !== undefined) r = minimum(r, rmax);
  if (dmax !== undefined) d = minimum(maximum(d, typeof dmax === "number" ? -dmax : mul(dmax, -1)), dmax);
  r = smartCond<Tensor>(
    training,
    () => r,
    () => onesOf(r),
  );
  d = smartCond<Tensor>(
    training,
    () => d,
    () => zerosLike(d),
  );
  const told = (variable: Variable, given: Tensor): Tensor => {
    const value = identity(given);
    return smartCond<Tensor>(
      training,
      () => follow(variable, value),
      () => identity(variable),
    );
  };
  const updates = [told(renormMean, ownMean!), told(renormStddev, ownStddev!)];
  return graph.controlDependencies(updates, () => ({ r, d, mean: identity(ownMean!), variance: identity(variance) }));
}

type Parameter = Tensor | Variable | null;

/** scale * then_scale, offset * then_scale + then_offset. */
export function composed(
  scale: Parameter,
  offset: Parameter,
  thenScale: Parameter,
  thenOffset: Parameter,
): [Tensor, Tensor] {
  let [factor, shift] = [scale as Tensor, offset as Tensor];
  if (thenScale !== null) [factor, shift] = [mul(factor, thenScale), mul(shift, thenScale)];
  if (thenOffset !== null) shift = add(shift, thenOffset);
  return [factor, shift];
}

/** The variable set to a value, as an op of its own scope. */
export const assignNew = (variable: Variable, value: Tensor): Tensor =>
  getDefaultGraph().nameScope("AssignNewValue", (scope) =>
    getDefaultGraph().colocateWith(variable.op, () => assign(variable, value, { name: scope }) as Tensor),
  );
