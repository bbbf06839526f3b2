/** `tf.contrib.image`: images that flow, and splines through points. Source: contrib/image dense_image_warp.py, interpolate_spline.py, sparse_image_warp.py. */
import { type DType, float32, int32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  cast,
  concat,
  constant,
  expandDims,
  eye,
  floor,
  gather,
  log,
  matmul,
  matrixDiagPart,
  matrixSolve,
  maximum,
  meshgrid,
  minimum,
  onesLike,
  pow,
  range,
  reduceSum,
  reshape,
  shape as shapeOf,
  sqrt,
  square,
  stack,
  transpose,
  unstack,
  zeros,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { assertEqual, assertGreaterEqual, assertLessEqual } from "../../checks/compare.ts";
import { add, mul, sub } from "../../operators.ts";

const inScope = <R>(name: string, fn: () => R): R => getDefaultGraph().nameScope(name, fn);
const after = <R>(checks: readonly unknown[], fn: () => R): R =>
  getDefaultGraph().controlDependencies(
    checks.filter((check) => check !== undefined && check !== null) as Operation[],
    fn,
  );

interface Corner {
  /** Where the lower neighbour is, int32. */
  readonly floor: Tensor;
  readonly ceil: Tensor;
  /** How far it is to the upper one, [batch, queries, 1]. */
  readonly alpha: Tensor;
}

function cornerOf(queries: Tensor, size: Tensor, dtype: DType): Corner {
  const most = cast(sub(size, 2), queries.dtype);
  const least = constant(0, { dtype: queries.dtype });
  const low = minimum(maximum(least, floor(queries)), most);
  const whole = cast(low, int32);
  const ceil = add(whole, 1);
  const far = cast(sub(queries, low), dtype);
  const none = constant(0, { dtype });
  const all = constant(1, { dtype });
  return { floor: whole, ceil, alpha: expandDims(minimum(maximum(none, far), all), 2) };
}

/** TensorFlow's words, with the line breaks that they have there. */
const tooLarge = [
  "The image size or batch size is sufficiently large",
  "that the linearized addresses used by array_ops.gather",
  "may exceed the int32 limit.",
].join(`\n${" ".repeat(23)}`);

/** The grid [batch, rows, columns, channels] at query points [batch, queries, 2] (row, column), between its values. */
function interpolateBilinear(grid: Tensor, queryPoints: Tensor): Tensor {
  return inScope("interpolate_bilinear", () => {
    if (grid.shape?.length !== 4) {
      throw new ValueError(`Grid must be 4 dimensional. Received size: ${formatShapePython(grid.shape)}`);
    }
    const size = (axis: number): Tensor => shapeOf(grid).at(axis);
    const [batch, height, width, channels] = [size(0), size(1), size(2), size(3)];
    const pointChecks = [
      assertEqual(queryPoints.shape!.length, 3, { message: "Query points must be 3 dimensional." }),
      assertEqual(shapeOf(queryPoints).at(2), 2, { message: "Query points must be size 2 in dim 2." }),
    ];
    const queries = after(pointChecks, () => shapeOf(queryPoints).at(1));
    const sizeChecks = [
      assertGreaterEqual(height, 2, { message: "Grid height must be at least 2." }),
      assertGreaterEqual(width, 2, { message: "Grid width must be at least 2." }),
    ];
    const parts = after(sizeChecks, () => unstack(queryPoints, { axis: 2 }));
    const corners = [height, width].map((limit, dim) =>
      inScope(`dim-${dim}`, () => cornerOf(parts[dim]!, limit, grid.dtype)),
    );
    const [rows, columns] = corners as [Corner, Corner];
    const limit = (2 ** 31 - 1) / 8;
    const count = cast(mul(mul(batch, height), width), float32);
    const flat = after([assertLessEqual(count, limit, { message: tooLarge })], () => {
      const pixels = reshape(grid, [mul(mul(batch, height), width), channels] as never);
      const starts = mul(mul(range(batch), height), width);
      return { pixels, offsets: reshape(starts, [batch, 1] as never) };
    });
    const read = (y: Tensor, x: Tensor, name: string): Tensor =>
      inScope(`gather-${name}`, () => {
        const at = add(add(flat.offsets, mul(y, width)), x);
        return reshape(gather(flat.pixels, at), [batch, queries, channels] as never);
      });
    const topLeft = read(rows.floor, columns.floor, "top_left");
    const topRight = read(rows.floor, columns.ceil, "top_right");
    const bottomLeft = read(rows.ceil, columns.floor, "bottom_left");
    const bottomRight = read(rows.ceil, columns.ceil, "bottom_right");
    return inScope("interpolate", () => {
      const top = add(mul(columns.alpha, sub(topRight, topLeft)), topLeft);
      const bottom = add(mul(columns.alpha, sub(bottomRight, bottomLeft)), bottomLeft);
      return add(mul(rows.alpha, sub(bottom, top)), top);
    });
  });
}

/** The image [n, h, w, c] with each pixel taken from where the flow [n, h, w, 2] comes: output[y, x] = image[y - flow0, x - flow1]. */
export function denseImageWarp(image: TensorLike, flow: TensorLike, name = "dense_image_warp"): Tensor {
  const [pixels, moves] = [convertToTensor(image), convertToTensor(flow)];
  return inScope(name, () => {
    const size = (axis: number): Tensor => shapeOf(pixels).at(axis);
    const [batch, height, width, channels] = [size(0), size(1), size(2), size(3)];
    const [columns, rows] = meshgrid(range(width), range(height)) as [Tensor, Tensor];
    const grid = cast(stack([rows, columns], { axis: 2 }), moves.dtype);
    const from = sub(expandDims(grid, 0), moves);
    const points = reshape(from, [batch, mul(height, width), 2] as never);
    return reshape(interpolateBilinear(pixels, points), [batch, height, width, channels] as never);
  });
}

const least = 1e-10;

/** The radial function of squared distances. */
function phi(given: Tensor, order: number): Tensor {
  return inScope("phi", () => {
    if (order === 1) return sqrt(maximum(given, least));
    if (order === 2) return mul(mul(0.5, given), log(maximum(given, least)));
    if (order === 4) return mul(mul(0.5, square(given)), log(maximum(given, least)));
    const r = maximum(given, least);
    if (order % 2 === 0) return mul(mul(0.5, pow(r, 0.5 * order)), log(r));
    return pow(r, 0.5 * order);
  });
}

/** Squared distances of all pairs of rows of x [b, n, d]. */
function squaredDistances(x: Tensor): Tensor {
  const products = matmul(x, x, { adjointB: true });
  const norms = expandDims(matrixDiagPart(products), 2);
  return add(sub(norms, mul(2, products)), transpose(norms, { perm: [0, 2, 1] }));
}

function crossDistances(x: Tensor, y: Tensor): Tensor {
  const ofX = reduceSum(square(x), { axis: 2 });
  const ofY = reduceSum(square(y), { axis: 2 });
  const rows = expandDims(ofX, 2);
  const columns = expandDims(ofY, 1);
  const products = matmul(x, y, { adjointB: true });
  return add(sub(rows, mul(2, products)), columns);
}

/** [weights of the radial functions, weights of the linear part]. */
function solved(points: Tensor, values: Tensor, order: number, regularization: number): readonly [Tensor, Tensor] {
  const [batch, count] = unstack(shapeOf(points), { num: 3 }) as [Tensor, Tensor];
  const d = points.shape?.at(-1) ?? null;
  const k = values.shape?.at(-1) ?? null;
  if (d === null) throw new ValueError("The dimensionality of the input points (d) must be statically-inferrable.");
  if (k === null) throw new ValueError("The dimensionality of the output values (k) must be statically-inferrable.");
  const { dtype } = points;
  const [left, right] = inScope("construct_linear_system", () => {
    let a = phi(squaredDistances(points), order);
    if (regularization > 0) a = add(a, mul(regularization, expandDims(eye(count as never, { dtype }), 0)));
    const b = concat([points, onesLike(points.at("...", ":1"), { dtype })], 2);
    const tall = concat([a, transpose(b, { perm: [0, 2, 1] })], 1);
    const wide = concat([b, zeros([batch, d + 1, d + 1] as never, dtype)], 1);
    const lhs = concat([tall, wide], 2);
    return [lhs, concat([values, zeros([batch, d + 1, k] as never, dtype)], 1)] as const;
  });
  return inScope("solve_linear_system", () => {
    const all = matrixSolve(left, right);
    return [all.at(":", { stop: count }, ":"), all.at(":", { start: count }, ":")] as const;
  });
}

interface SplineOptions {
  /** More makes the spline smoother, and off the points. */
  readonly regularizationWeight?: number | undefined;
  readonly name?: string | undefined;
}

/**
 * A polyharmonic spline of an order through trainPoints [b, n, d] with trainValues [b, n, k], at queryPoints [b, m, d]: [b, m, k]. Throws
 * ValueError where d or k is not known.
 */
export function interpolateSpline(
  trainPoints: TensorLike,
  trainValues: TensorLike,
  queryPoints: TensorLike,
  order: number,
  ...rest: Rest<SplineOptions, ["regularizationWeight", "name"]>
): Tensor {
  const options = byName<SplineOptions>(rest, ["regularizationWeight", "name"]);
  const { regularizationWeight = 0, name = "interpolate_spline" } = options;
  return inScope(name, () => {
    const [points, values, queries] = [trainPoints, trainValues, queryPoints].map((each) => convertToTensor(each)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const [w, v] = inScope("solve", () => solved(points, values, order, regularizationWeight));
    return inScope("predict", () => {
      const radial = matmul(phi(crossDistances(queries, points), order), w);
      const padded = concat([queries, onesLike(queries.at("...", ":1"), { dtype: points.dtype })], 2);
      return add(radial, matmul(padded, v));
    });
  });
}

const evenly = (last: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (count === 1 ? 0 : (last * i) / (count - 1)));

/** Rows for each image of a batch. */
const repeated = (points: readonly (readonly number[])[], batch: number, dtype: DType): Tensor =>
  constant(
    Array.from({ length: batch }, () => points.map((point) => [...point])),
    { dtype, shape: [batch, points.length, 2] },
  );

const pairs = (ys: readonly number[], xs: readonly number[]): number[][] => ys.flatMap((y) => xs.map((x) => [y, x]));

interface SparseWarpOptions extends SplineOptions {
  readonly interpolationOrder?: number | undefined;
  /** Points along each edge of the image that stay where they are. */
  readonly numBoundaryPoints?: number | undefined;
}

const sparsePlaces = ["interpolationOrder", "regularizationWeight", "numBoundaryPoints", "name"] as const;

/** The image [n, h, w, c] warped so that source points [n, m, 2] come to their destinations: [image, flow [n, h, w, 2]]. */
export function sparseImageWarp(
  image: TensorLike,
  sourceControlPointLocations: TensorLike,
  destControlPointLocations: TensorLike,
  ...rest: Rest<SparseWarpOptions, typeof sparsePlaces>
): [image: Tensor, flow: Tensor] {
  const options = byName<SparseWarpOptions>(rest, sparsePlaces);
  const { interpolationOrder = 2, regularizationWeight = 0, numBoundaryPoints = 0 } = options;
  const pixels = convertToTensor(image);
  const source = convertToTensor(sourceControlPointLocations);
  const dest = convertToTensor(destControlPointLocations);
  const moved = sub(dest, source);
  return inScope(options.name ?? "sparse_image_warp", () => {
    const [batch, height, width] = pixels.shape as readonly [number, number, number];
    const whole = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    const grid = repeated(pairs(whole(height), whole(width)), batch, pixels.dtype);
    let [points, flows] = [dest, moved];
    if (numBoundaryPoints > 0) {
      const count = numBoundaryPoints + 1;
      const isEdge = ([y, x]: readonly number[]): boolean => x === 0 || x === width - 1 || y === 0 || y === height - 1;
      const edge = pairs(evenly(height - 1, count), evenly(width - 1, count)).filter(isEdge);
      const still = edge.map(() => [0, 0]);
      const rows = dest.shape![0] as number;
      const [places, none] = [repeated(edge, rows, dest.dtype), repeated(still, rows, dest.dtype)];
      points = concat([dest, places], 1);
      flows = concat([moved, none], 1);
    }
    const flat = interpolateSpline(points, flows, grid, interpolationOrder, { regularizationWeight });
    const flow = reshape(flat, [batch, height, width, 2]);
    return [denseImageWarp(pixels, flow), flow];
  });
}
