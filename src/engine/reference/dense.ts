/** Matmul, convolution and pooling on dense arrays, by their definitions. */
import type { DTypeName } from "../../core/dtype.ts";
import type { NumberArray } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import type { ConvolutionGeometry, SpatialDim, WindowGeometry } from "../primitive.ts";
import { formatOf, type Scalar } from "./format.ts";
import { forEachIndex } from "./loops.ts";
import { accumulatorOf, binaryOf } from "./scalar.ts";

/** Products and sums in one dtype: floats in doubles, rounded once at the end. */
function arithmetic(dtype: DTypeName) {
  const format = formatOf(dtype);
  const { start, step, finish } = accumulatorOf("sum", dtype);
  const mul =
    format.class === "float" ? (x: Scalar, y: Scalar): Scalar => (x as number) * (y as number) : binaryOf("mul", dtype);
  return { format, start, finish, add: (a: Scalar, x: Scalar, y: Scalar) => step(a, mul(x, y)) };
}

export interface MatmulShape {
  readonly dtype: DTypeName;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly lda: number;
  readonly ldb: number;
}

/** One matrix product; the arrays begin at the matrices. Calls `result` for each element in row-major order. */
export function matmul(
  { dtype, m, n, k, transposeA, transposeB, lda, ldb }: MatmulShape,
  a: NumberArray,
  b: NumberArray,
  result: (i: number, value: Scalar) => void,
): void {
  const { format, start, finish, add } = arithmetic(dtype);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = start;
      for (let l = 0; l < k; l++) {
        const x = format.read(a, transposeA ? l * lda + row : row * lda + l);
        const y = format.read(b, transposeB ? column * ldb + l : l * ldb + column);
        sum = add(sum, x, y);
      }
      result(row * n + column, finish(sum));
    }
  }
}

/** Row-major position of a spatial index. */
const flat = (at: readonly number[], sizes: readonly number[]) => at.reduce((sum, i, d) => sum * sizes[d]! + i, 0);

/** Calls `visit(position in the input, position in the output, position in the filter)` for every tap inside the input. */
function forEachTap(
  spatial: readonly SpatialDim[],
  visit: (input: number, output: number, filter: number) => void,
): void {
  const inputs = spatial.map((s) => s.input);
  forEachIndex(
    spatial.map((s) => s.output),
    (o, output) => {
      forEachIndex(
        spatial.map((s) => s.filter),
        (k, filter) => {
          const at = spatial.map((s, d) => o[d]! * s.stride + k[d]! * s.dilation - s.padBefore);
          if (at.every((i, d) => i >= 0 && i < inputs[d]!)) visit(flat(at, inputs), output, filter);
        },
      );
    },
  );
}

/**
 * Any of the three convolutions: each tap pairs one input, one filter and one output element; two are given, the third sums.
 * x and y are the primitive's inputs.
 */
export function convolution(
  fn: "forward" | "inputGradient" | "filterGradient",
  dtype: DTypeName,
  { batch, inChannels, outChannels, groups, spatial }: ConvolutionGeometry,
  x: NumberArray,
  y: NumberArray,
): Scalar[] {
  const { format, start, finish, add } = arithmetic(dtype);
  const inputs = elementCount(spatial.map((s) => s.input));
  const outputs = elementCount(spatial.map((s) => s.output));
  const perGroup = inChannels / groups;
  const outPerGroup = outChannels / groups;
  const size = {
    forward: batch * outputs * outChannels,
    inputGradient: batch * inputs * inChannels,
    filterGradient: elementCount(spatial.map((s) => s.filter)) * perGroup * outChannels,
  }[fn];
  const sums = new Array<Scalar>(size).fill(start);
  for (let b = 0; b < batch; b++) {
    forEachTap(spatial, (input, output, filter) => {
      for (let oc = 0; oc < outChannels; oc++) {
        const group = Math.floor(oc / outPerGroup);
        for (let c = 0; c < perGroup; c++) {
          const i = (b * inputs + input) * inChannels + group * perGroup + c;
          const f = (filter * perGroup + c) * outChannels + oc;
          const o = (b * outputs + output) * outChannels + oc;
          if (fn === "forward") sums[o] = add(sums[o]!, format.read(x, i), format.read(y, f));
          else if (fn === "inputGradient") sums[i] = add(sums[i]!, format.read(x, f), format.read(y, o));
          else sums[f] = add(sums[f]!, format.read(x, i), format.read(y, o));
        }
      }
    });
  }
  return sums.map(finish);
}

/** The maximum (NaN never wins) or the average of each window. */
export function window(
  fn: "max" | "average",
  dtype: DTypeName,
  { batch, channels, spatial }: WindowGeometry,
  x: NumberArray,
): Scalar[] {
  const format = formatOf(dtype);
  const sum = accumulatorOf("sum", dtype);
  const inputs = elementCount(spatial.map((s) => s.input));
  const outputs = elementCount(spatial.map((s) => s.output));
  const y = new Array<Scalar>(batch * outputs * channels).fill(fn === "max" ? format.lowest : sum.start);
  const counts = windowCounts(spatial);
  for (let b = 0; b < batch; b++) {
    forEachTap(spatial, (input, output) => {
      for (let c = 0; c < channels; c++) {
        const o = (b * outputs + output) * channels + c;
        const value = format.read(x, (b * inputs + input) * channels + c);
        if (fn === "average") y[o] = sum.step(y[o]!, value);
        else if (value > y[o]!) y[o] = value;
      }
    });
  }
  if (fn === "max") return y;
  return y.map((total, i) => divided(dtype, total, counts[Math.floor(i / channels) % outputs]!));
}

/** Elements of the input under each window, by output position. */
function windowCounts(spatial: readonly SpatialDim[]): number[] {
  const counts = new Array<number>(elementCount(spatial.map((s) => s.output))).fill(0);
  forEachTap(spatial, (_, output) => {
    counts[output]!++;
  });
  return counts;
}

/** A sum that is not rounded yet, divided by a count and rounded. */
function divided(dtype: DTypeName, total: Scalar, count: number): Scalar {
  const format = formatOf(dtype);
  if (format.class === "float") return format.round((total as number) / count);
  return binaryOf("div", dtype)(total, format.class === "big" ? BigInt(count) : count);
}

/** max: each dy goes to the first input of its window that equals y; average: each dy / count to all of its window. */
export function windowGradient(
  fn: "max" | "average",
  dtype: DTypeName,
  { batch, channels, spatial }: WindowGeometry,
  inputs: { readonly x: NumberArray | null; readonly y: NumberArray | null; readonly dy: NumberArray },
): Scalar[] {
  const format = formatOf(dtype);
  const sum = accumulatorOf("sum", dtype);
  const inputCount = elementCount(spatial.map((s) => s.input));
  const outputs = elementCount(spatial.map((s) => s.output));
  const dx = new Array<Scalar>(batch * inputCount * channels).fill(sum.start);
  const counts = windowCounts(spatial);
  const given = new Set<number>();
  for (let b = 0; b < batch; b++) {
    forEachTap(spatial, (input, output) => {
      for (let c = 0; c < channels; c++) {
        const i = (b * inputCount + input) * channels + c;
        const o = (b * outputs + output) * channels + c;
        const dy = format.read(inputs.dy, o);
        if (fn === "average") {
          dx[i] = sum.step(dx[i]!, divided(dtype, dy, counts[output]!));
        } else if (!given.has(o) && format.read(inputs.x!, i) === format.read(inputs.y!, o)) {
          given.add(o);
          dx[i] = sum.step(dx[i]!, dy);
        }
      }
    });
  }
  return dx.map(sum.finish);
}
