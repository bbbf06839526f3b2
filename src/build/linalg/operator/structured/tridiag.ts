/** `tf.linalg.LinearOperatorTridiag`: three diagonals. Source: linear_operator_tridiag.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { assertEqual } from "../../../checks/compare.ts";
import { broadcastStaticShape } from "../../../tensors/convert.ts";
import { type DiagonalsFormat, tridiagonalMatmul, tridiagonalSolve } from "../../tridiagonal.ts";
import { assertReal } from "../broadcast.ts";
import { held, type OperatorOptions } from "../hints.ts";
import "../family.ts";
import { LinearOperator, type Sides } from "../operator.ts";

export interface TridiagOptions extends OperatorOptions {
  /** "compact" by default. */
  readonly diagonalsFormat?: DiagonalsFormat | undefined;
}

type Diagonals = Tensor | readonly Tensor[];

export class LinearOperatorTridiag extends LinearOperator {
  /** One tensor, or the three of the format "sequence". */
  readonly diagonals: Diagonals;
  readonly diagonalsFormat: DiagonalsFormat;

  /** Throws ValueError for a format that there is not. */
  constructor(diagonals: TensorLike | readonly TensorLike[], options: TridiagOptions = {}) {
    const { diagonalsFormat = "compact", name = "LinearOperatorTridiag" } = options;
    const own = inScope(name, name, (): Diagonals => {
      if (!["compact", "matrix", "sequence"].includes(diagonalsFormat)) {
        throw new ValueError(
          `Argument \`diagonals_format\` must be one of compact, matrix, or sequence. Received : ${diagonalsFormat}.`,
        );
      }
      if (diagonalsFormat !== "sequence") return held(diagonals as TensorLike, "diagonals");
      return (diagonals as readonly TensorLike[]).map((each, i) => held(each, `diag_${i}`));
    });
    super((Array.isArray(own) ? (own[0] as Tensor) : (own as Tensor)).dtype, { ...options, name });
    this.diagonals = own;
    this.diagonalsFormat = diagonalsFormat;
  }

  /** The tensor of the formats "compact" and "matrix". */
  get #one(): Tensor {
    return this.diagonals as Tensor;
  }

  /** The tensors of the format "sequence". */
  get #three(): readonly [Tensor, Tensor, Tensor] {
    return this.diagonals as unknown as readonly [Tensor, Tensor, Tensor];
  }

  protected override staticShape(): Shape {
    if (this.diagonalsFormat === "matrix") return this.#one.shape;
    if (this.diagonalsFormat === "compact") {
      const { shape } = this.#one;
      return shape === null ? null : [...shape.slice(0, -2), shape.at(-1)!, shape.at(-1)!];
    }
    const batch = this.#three
      .map(({ shape }): Shape => shape?.slice(0, -1) ?? null)
      .reduce((all, shape) => broadcastStaticShape(all, shape));
    const n = this.#three[1].shape?.at(-1) ?? null;
    return batch === null ? null : [...batch, n, n];
  }

  protected override dynamicShape(diagonals: Diagonals = this.diagonals): Tensor {
    if (this.diagonalsFormat === "matrix") return tf.shape(diagonals as Tensor);
    let shape: Tensor;
    if (this.diagonalsFormat === "compact") shape = tf.shape((diagonals as Tensor).at("...", 0, ":"));
    else {
      const [above, middle, below] = this.#three;
      let batch = tf.broadcastDynamicShape(tf.shape(above).at(":-1"), tf.shape(middle).at(":-1"));
      batch = tf.broadcastDynamicShape(batch, tf.shape(below).at(":-1"));
      shape = tf.concat([batch, [tf.shape(middle).at(-1)]], 0);
    }
    return tf.concat([shape, [shape.at(-1)]], -1);
  }

  protected override checkSelfAdjoint(): Operation {
    const real = "This tridiagonal operator contained non-zero imaginary values on the diagonal.";
    const conjugate = "This tridiagonal operator has non-conjugate subdiagonal and superdiagonal.";
    if (this.diagonalsFormat === "matrix") {
      const check = assertEqual(this.#one, tf.adjoint(this.#one), { message: "Matrix was not equal to its adjoint." });
      return tf.group(check);
    }
    const compact = this.diagonalsFormat === "compact" ? convertToTensor(this.#one) : null;
    const row = (i: 0 | 1 | 2): Tensor => (compact ? compact.at("...", i, ":") : this.#three[i]);
    const first = assertReal(row(1), real);
    const below = tf.roll(row(2), -1, -1);
    const conj = tf.conj(below.at("...", ":-1"));
    const above = compact ? compact.at("...", 0, ":-1") : this.#three[0].at("...", ":-1");
    return tf.group(first, assertEqual(conj, above, { message: conjugate }));
  }

  #adjointDiagonals(): Diagonals {
    if (this.diagonalsFormat === "matrix") return tf.adjoint(this.#one);
    if (this.diagonalsFormat === "sequence") {
      const [below, middle, above] = [...this.#three].reverse().map((each) => tf.conj(each)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      return [tf.roll(below, -1, -1), middle, tf.roll(above, 1, -1)];
    }
    const [above, middle, below] = tf.unstack(tf.conj(this.#one), { num: 3, axis: -2 }) as [Tensor, Tensor, Tensor];
    const first = tf.roll(below, -1, -1);
    return tf.stack([first, middle, tf.roll(above, 1, -1)], { axis: -2 });
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const diagonals = adjoint ? this.#adjointDiagonals() : this.diagonals;
    const right = adjointArg ? tf.adjoint(x) : x;
    return tridiagonalMatmul(diagonals as TensorLike, right, { diagonalsFormat: this.diagonalsFormat });
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const { diagonalsFormat } = this;
    const own = adjoint ? this.#adjointDiagonals() : this.diagonals;
    const shape = tf.shape(rhs);
    const k = this.dynamicShape(own).at(-1);
    const batch = tf.broadcastDynamicShape(this.dynamicShape(own).at(":-2"), shape.at(":-2"));
    const right = tf.broadcastTo(rhs, tf.concat([batch, shape.at("-2:")], -1));
    const wide = (each: Tensor, sizes: readonly TensorLike[]): Tensor =>
      tf.broadcastTo(each, tf.concat([batch, sizes], -1));
    const diagonals =
      diagonalsFormat === "sequence"
        ? (own as readonly Tensor[]).map((each) => wide(each, [k]))
        : wide(own as Tensor, [diagonalsFormat === "matrix" ? k : 3, k]);
    return tridiagonalSolve(diagonals, right, {
      diagonalsFormat,
      transposeRhs: adjointArg,
      conjugateRhs: adjointArg,
    });
  }

  protected override diagonal(): Tensor {
    if (this.diagonalsFormat === "matrix") return tf.matrixDiagPart(this.#one);
    if (this.diagonalsFormat === "compact") return this.#one.at("...", 1, ":");
    return tf.broadcastTo(this.#three[1], this.shapeTensor().at(":-1"));
  }

  protected override dense(): Tensor {
    if (this.diagonalsFormat === "matrix") return this.#one;
    const diagonal =
      this.diagonalsFormat === "compact"
        ? this.#one
        : tf.stack(
            this.#three.map((each) => convertToTensor(each)),
            { axis: -2 },
          );
    return tf.matrixDiagV3Op({
      diagonal,
      k: [-1, 1],
      num_rows: -1,
      num_cols: -1,
      align: "LEFT_RIGHT",
      padding_value: 0,
    });
  }
}
