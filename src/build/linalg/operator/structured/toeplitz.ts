/** `tf.linalg.LinearOperatorToeplitz`: matrices that are constant along each diagonal. Source: linear_operator_toeplitz.py. */
import { complex64, complex128 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { assertEqual } from "../../../checks/compare.ts";
import { broadcastStaticShape } from "../../../tensors/convert.ts";
import { held, type OperatorOptions } from "../hints.ts";
import "../family.ts";
import { LinearOperator, type Sides } from "../operator.ts";
import { LinearOperatorCirculant } from "./circulant.ts";

export class LinearOperatorToeplitz extends LinearOperator {
  readonly col: Tensor;
  readonly row: Tensor;

  /** The first column and the first row, [..., n]. Throws ValueError for scalars, different lengths, and the hint that it is not square. */
  constructor(col: TensorLike, row: TensorLike, options: OperatorOptions = {}) {
    const { name = "LinearOperatorToeplitz" } = options;
    const own = inScope(name, name, () => ({ row: held(row, "row"), col: held(col, "col") }));
    for (const [key, tensor] of Object.entries(own)) {
      if (tensor.shape === null || tensor.shape.length > 0) continue;
      throw new ValueError(`Argument ${key} must have at least 1 dimension.  Found: ${tensor}`);
    }
    const [rows, columns] = [own.row.shape?.at(-1) ?? null, own.col.shape?.at(-1) ?? null];
    if (rows !== null && columns !== null && rows !== columns) {
      throw new ValueError("Expected square matrix, got row and col with mismatched dimensions.");
    }
    if (options.isSquare === false) throw new ValueError("Only square Toeplitz operators currently supported.");
    super(own.row.dtype, { ...options, isSquare: true, name });
    this.row = own.row;
    this.col = own.col;
  }

  protected override staticShape(): Shape {
    const shape = broadcastStaticShape(this.row.shape, this.col.shape);
    return shape === null ? null : [...shape, shape.at(-1)!];
  }

  protected override dynamicShape(row: Tensor = this.row, col: Tensor = this.col): Tensor {
    const shape = tf.broadcastDynamicShape(tf.shape(row), tf.shape(col));
    return tf.concat([shape, [shape.at(-1)]], 0);
  }

  protected override checkSelfAdjoint(): Operation {
    const message = "row and col are not the same, and so this operator is not self-adjoint.";
    return assertEqual(this.row, this.col, { message });
  }

  protected override product(given: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const x = adjointArg ? tf.adjoint(given) : given;
    const expanded = tf.concat([x, tf.zerosLike(x)], -2);
    const col = convertToTensor(this.col);
    const row = convertToTensor(this.row);
    const ring = tf.concat([col, tf.zerosLike(col.at("...", "0:1")), tf.reverse(row.at("...", "1:"), [-1])], -1);
    const isDouble = ["float64", "complex128"].includes(ring.dtype.base);
    const spectrum = tf.fft(tf.cast(ring, isDouble ? complex128 : complex64) as Tensor);
    const circulant = new LinearOperatorCirculant(spectrum, { inputOutputDtype: row.dtype });
    const result = circulant.matmul(expanded, { adjoint });
    const n = this.dynamicDomain(this.dynamicShape(row, col));
    return tf.cast(result.at("...", { stop: n }, ":"), this.dtype) as Tensor;
  }

  protected override sumOfDiagonal(): Tensor {
    return (tf.cast(this.domainDimensionTensor(), this.dtype) as Tensor).mul(this.col.at("...", 0));
  }

  protected override diagonal(): Tensor {
    const entry = this.col.at("...", "0:1");
    return entry.mul(tf.ones([this.domainDimensionTensor()] as unknown as Tensor, this.dtype));
  }

  protected override dense(): Tensor {
    const row = convertToTensor(this.row);
    const col = convertToTensor(this.col);
    const shape = tf.broadcastDynamicShape(tf.shape(row), tf.shape(col));
    const n = tf.shape(row).at(-1);
    const wideRow = tf.broadcastTo(row, shape);
    const wideCol = tf.broadcastTo(col, shape);
    const elements = tf.concat([tf.reverse(wideCol, [-1]), wideRow.at("...", "1:")], -1);
    const ascending = tf.range(0, n);
    const descending = tf.range(n.sub(1), -1, -1).at("...", null);
    const places = tf.floormod(ascending.add(descending), n.rmul(2).sub(1), { name: "mod" });
    return tf.gather(elements, places, { axis: -1 });
  }
}
