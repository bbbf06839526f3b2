/** `tf.test`: derivatives checked by differences, and what this TensorFlow can do. Source: gradient_checker.py, test_util.py. */
import { gradients } from "../../build/gradients/gradients.ts";
import { ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { ndarray } from "../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import { defaultSession } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import { placeholder } from "../../ops/index.ts";

export const isGpuAvailable = (): boolean => false;
export const isBuiltWithCuda = (): boolean => false;
export const isBuiltWithRocm = (): boolean => false;
export const isBuiltWithGpuSupport = (): boolean => false;
export const isBuiltWithXla = (): boolean => false;
export const isCpuTargetAvailable = (target: string): boolean => target === "" || target === "cpu";
/** Nothing: there is no GPU. */
export const gpuDeviceName = (): string => "";

export interface GradientCheckOptions {
  /** Where the derivatives are taken; small steps from 0.1 on when not given. */
  readonly xInitValue?: NdArray | null;
  /** The step of the differences; 0.001. */
  readonly delta?: number;
}

/** Rows [x elements][y elements]. */
export type Jacobian = number[][];

/**
 * The Jacobian of y for x, by gradients and by differences: [theoretical, numeric]. Both are float32 or float64; needs a default session.
 */
export async function computeGradient(
  x: Tensor,
  xShape: FullShape,
  y: Tensor,
  yShape: FullShape,
  options: GradientCheckOptions = {},
): Promise<[theoretical: Jacobian, numeric: Jacobian]> {
  const session = defaultSession();
  if (!session) throw new ValueError("computeGradient needs a default session");
  const { delta = 1e-3 } = options;
  const [rows, columns] = [elementCount(xShape), elementCount(yShape)];
  const name = x.dtype.baseDtype.name;
  const start = options.xInitValue
    ? Array.from(options.xInitValue.data as ArrayLike<number>)
    : Array.from({ length: rows }, (_, i) => 0.1 + 0.05 * i);
  const at = (values: readonly number[]): NdArray => ndarray([...values], name, xShape);
  const dy = placeholder(y.dtype.baseDtype, yShape);
  const [found] = gradients(y, [x], { gradYs: [dy] });
  const dx = found ? convertToTensor(found as Tensor) : null;
  const theoretical: Jacobian = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  for (let column = 0; column < columns && dx; column++) {
    const one = ndarray(
      Array.from({ length: columns }, (_, i) => (i === column ? 1 : 0)),
      y.dtype.baseDtype.name,
      yShape,
    );
    const values = (await session.run(dx, {
      feedDict: [
        [x, at(start)],
        [dy, one],
      ],
    })) as NdArray;
    for (let row = 0; row < rows; row++) theoretical[row]![column] = Number(values.data[row]);
  }
  const valueAt = async (row: number, by: number): Promise<ArrayLike<number>> => {
    const moved = start.map((value, i) => (i === row ? value + by : value));
    return ((await session.run(y, { feedDict: [[x, at(moved)]] })) as NdArray).data as ArrayLike<number>;
  };
  const numeric: Jacobian = [];
  for (let row = 0; row < rows; row++) {
    const above = Array.from(await valueAt(row, delta));
    const below = await valueAt(row, -delta);
    numeric.push(above.map((value, i) => (value - below[i]!) / (2 * delta)));
  }
  return [theoretical, numeric];
}

/** The largest difference between the two Jacobians. */
export async function computeGradientError(
  x: Tensor,
  xShape: FullShape,
  y: Tensor,
  yShape: FullShape,
  options: GradientCheckOptions = {},
): Promise<number> {
  const [theoretical, numeric] = await computeGradient(x, xShape, y, yShape, options);
  const differences = theoretical.flatMap((row, i) => row.map((value, j) => Math.abs(value - numeric[i]![j]!)));
  return differences.reduce((a, b) => Math.max(a, b), 0);
}
