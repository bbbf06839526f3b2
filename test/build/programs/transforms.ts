/** Programs of test/fixtures/build/transforms.py. */
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

type Z = { readonly z: Tensor };
type X = { readonly x: Tensor };
const s = tf.signal;

const spectra: Record<string, Program> = {
  fftnd: ({ z }: Z) => [s.fftnd(z), s.ifftnd(z)],
  fftnd_axis: ({ z }: Z) => [s.fftnd(z, [3], [0]), s.ifftnd(z, { fftLength: [4], axes: [1], name: "i" })],
  fftnd_norm: ({ z }: Z) => [s.fftnd(z, [3, 4], [0, 1], { norm: "forward" }), s.ifftnd(z, [3, 4], [0, 1], "ortho")],
  rfftnd: ({ x }: X) => [s.rfftnd(x), s.rfftnd(x, [3, 4], [1, 2])],
  irfftnd: ({ z }: Z) => s.irfftnd(z, [3, 6], [0, 1]),
};

type XY = { readonly x: Tensor; readonly y: Tensor };
type Shapes = Parameters<typeof tf.debugging.assertShapes>[0];
type Options = Exclude<Parameters<typeof tf.debugging.assertShapes>[1], null | readonly unknown[] | undefined>;

const checked = (x: Tensor, shapes: Shapes, options: Options = {}): Tensor => {
  const check = tf.debugging.assertShapes(shapes, options);
  return tf.controlDependencies([check], () => tf.identity(x));
};

const checks: Record<string, Program> = {
  shapes_static: ({ x, y }: XY) =>
    checked(x, [
      [x, ["N", 3]],
      [y, ["N"]],
    ]),
  shapes_dynamic: ({ x, y }: XY) =>
    checked(
      x,
      [
        [x, ["N", "D"]],
        [y, "N"],
      ],
      { message: "own words", name: "c" },
    ),
  shapes_any: ({ x, y }: XY) =>
    checked(
      x,
      [
        [x, ["*", "D"]],
        [y, [null]],
      ],
      { summarize: 2 },
    ),
  all_finite: ({ x }: XY) => tf.debugging.assertAllFinite(x, "not finite"),
};

type AB = { readonly a: Tensor; readonly b: Tensor };
type Solve = Parameters<typeof tf.linalg.experimental.conjugateGradient>;

function solved({ a, b }: AB, options: NonNullable<Extract<Solve[2], object>> = {}): Tensor[] {
  const operator = new tf.linalg.LinearOperatorFullMatrix(a, { isSelfAdjoint: true, isPositiveDefinite: true });
  const { i, x } = tf.linalg.experimental.conjugateGradient(operator, b, options as never);
  return [i, x];
}

const systems: Record<string, Program> = {
  conjugate_gradient: (places: AB) => solved(places),
  conjugate_gradient_options: (places: AB) =>
    solved(places, { x: tf.ones([4]), tol: 1e-3, maxIter: 3, name: "g" } as never),
};

export const transforms: Readonly<Record<string, Program>> = { ...spectra, ...checks, ...systems };
