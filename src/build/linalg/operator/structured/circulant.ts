/** `tf.linalg.LinearOperatorCirculant`, `…2D`, `…3D`: matrices that a Fourier transform makes diagonal. Source: linear_operator_circulant.py. */
import { complex64, complex128, type DType } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { isFull, type Shape } from "../../../../core/shape.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { inScope } from "../../../../ops/compute/array/basic/names.ts";
import { realDtype } from "../../../../ops/compute/math/elementwise/complex.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import * as tf from "../../../../ops/index.ts";
import { assertLess, assertPositive } from "../../../checks/compare.ts";
import { assertInteger } from "../../../checks/ranks.ts";
import { assertNoZeros, assertReal, broadcastMatrices } from "../broadcast.ts";
import { commutingHints, type Hints, held, type OperatorOptions, productOfDims, sizesTensor } from "../hints.ts";
import "../family.ts";
import { LinearOperator, type Sides } from "../operator.ts";
import type { MethodOptions } from "../shaped.ts";

export interface CirculantOptions extends OperatorOptions {
  /** Of what is multiplied and what comes out: complex64 by default. */
  readonly inputOutputDtype?: DType | undefined;
}

const transforms = {
  1: [tf.fft, tf.ifft],
  2: [tf.fft2d, tf.ifft2d],
  3: [tf.fft3d, tf.ifft3d],
} as const;

const toComplex = (x: Tensor): Tensor => {
  if (x.dtype.isComplex) return x;
  return tf.cast(x, x.dtype.base === "float64" ? complex128 : complex64) as Tensor;
};

/** The last axis first (1), or the first one last (-1). */
const rotated = (x: Tensor, shift: 1 | -1): Tensor =>
  inScope(undefined, "rotate_transpose", () => {
    const by = tf.constant(shift, { name: "shift" });
    assertInteger(by);
    const rank = x.shape?.length;
    if (rank !== undefined) {
      if (rank < 2) return x;
      const places = Array.from({ length: rank }, (_, i) => (i - shift + rank) % rank);
      return tf.transpose(x, { perm: BigInt64Array.from(places, BigInt) });
    }
    const n = tf.rank(x);
    const cut = tf.whereV2(tf.less(by, 0), tf.floormod(by.neg(), n), n.sub(tf.floormod(by, n)));
    const first = tf.range(0, cut);
    return tf.transpose(x, { perm: tf.concat([tf.range(cut, n), first], 0) });
  });

abstract class CirculantOperator extends LinearOperator {
  /** The eigenvalues, [..., n] or [..., m, n] …: the transform of the first column. */
  readonly spectrum: Tensor;
  readonly blockDepth: 1 | 2 | 3;

  /** Throws ValueError for a spectrum of too few axes and for hints that the operator contradicts. */
  constructor(spectrum: TensorLike, blockDepth: 1 | 2 | 3, options: CirculantOptions & { readonly name: string }) {
    const { inputOutputDtype = complex64, name } = options;
    let { isSelfAdjoint } = options;
    const own = inScope(name, name, () => held(spectrum, "spectrum"));
    if (own.shape !== null && own.shape.length < blockDepth) {
      throw new ValueError(`Argument \`spectrum\` must have at least ${blockDepth} dimensions. Received: ${own}.`);
    }
    if (!own.dtype.isComplex) {
      if (isSelfAdjoint === false) {
        throw new ValueError(
          "A real spectrum always corresponds to a self-adjoint operator. Expected argument `is_self_adjoint` to be True when `spectrum.dtype.is_complex` = True. Received: False.",
        );
      }
      isSelfAdjoint = true;
    }
    if (options.isSquare === false) {
      throw new ValueError(
        "A [[nested] block] circulant operator is always square. Expected argument `is_square` to be True. Received: False.",
      );
    }
    super(inputOutputDtype, { ...options, isSelfAdjoint, isSquare: true });
    this.spectrum = own;
    this.blockDepth = blockDepth;
  }

  protected abstract another(spectrum: Tensor, options: CirculantOptions): LinearOperator;

  get blockShape(): Shape {
    return this.spectrum.shape?.slice(-this.blockDepth) ?? null;
  }

  /** The sizes of the blocks, int32 [blockDepth]. */
  blockShapeTensor(spectrumShape?: Tensor): Tensor {
    const shape = this.blockShape;
    if (isFull(shape)) return sizesTensor(shape, "block_shape");
    return (spectrumShape ?? tf.shape(this.spectrum)).at(`${-this.blockDepth}:`);
  }

  protected override staticShape(): Shape {
    const { shape } = this.spectrum;
    if (shape === null) return null;
    const n = productOfDims(shape.slice(-this.blockDepth));
    return [...shape.slice(0, -this.blockDepth), n, n];
  }

  protected override dynamicShape(spectrum: Tensor = this.spectrum): Tensor {
    const shape = tf.shape(spectrum);
    const batch = shape.at(`:${-this.blockDepth}`);
    const n = tf.reduceProd(shape.at(`${-this.blockDepth}:`));
    return tf.concat([batch, [n, n]], 0);
  }

  /** The first column, in blocks. */
  convolutionKernel({ name = "convolution_kernel" }: MethodOptions = {}): Tensor {
    return this.scoped(name, () => tf.cast(this.#inverse(toComplex(this.spectrum)), this.dtype) as Tensor);
  }

  /** An operation that fails unless the matrix is real. */
  assertHermitianSpectrum({ name = "assert_hermitian_spectrum" }: MethodOptions = {}): Operation {
    const eps = this.dtype.base === "complex128" || this.dtype.base === "float64" ? 2 ** -52 : 2 ** -23;
    return this.scoped(name, () => {
      const largest = (tf.cast(this.domainDimensionTensor(), realDtype(this.dtype)) as Tensor).mul(eps);
      const imaginary = tf.imag(this.convolutionKernel());
      return assertLess(tf.abs(imaginary), largest, { message: "Spectrum was not Hermitian" });
    });
  }

  protected override checkNonSingular(): Operation {
    return assertNoZeros(this.spectrum, "Singular operator:  Spectrum contained zero values.");
  }

  protected override checkPositiveDefinite(): Operation {
    const message = "Not positive definite:  Real part of spectrum was not all positive.";
    return assertPositive(tf.real(this.spectrum), { message });
  }

  protected override checkSelfAdjoint(): Operation {
    return assertReal(this.spectrum, "Not self-adjoint:  The spectrum contained non-zero imaginary part.");
  }

  #hints(): Hints {
    const { isNonSingular, isSelfAdjoint, isPositiveDefinite } = this;
    return { isNonSingular, isSelfAdjoint, isPositiveDefinite, isSquare: true };
  }

  protected override operatorAdjoint(): LinearOperator {
    return this.another(this.spectrum.dtype.isComplex ? tf.conj(this.spectrum) : this.spectrum, this.#hints());
  }

  protected override operatorInverse(): LinearOperator {
    return this.another(this.spectrum.rdiv(1), { ...this.#hints(), inputOutputDtype: this.dtype });
  }

  protected override operatorProduct(right: LinearOperator): LinearOperator {
    if (!this.#isAlike(right)) return super.operatorProduct(right);
    return this.another(this.spectrum.mul(right.spectrum), commutingHints(this, right));
  }

  protected override operatorSolution(right: LinearOperator): LinearOperator {
    if (!this.#isAlike(right)) return super.operatorSolution(right);
    return this.another(right.spectrum.div(this.spectrum), commutingHints(this, right));
  }

  #isAlike(other: LinearOperator): other is CirculantOperator {
    return other instanceof CirculantOperator && other.blockDepth === this.blockDepth;
  }

  #forward(x: Tensor): Tensor {
    return transforms[this.blockDepth][0](toComplex(x));
  }

  #inverse(x: Tensor): Tensor {
    return transforms[this.blockDepth][1](toComplex(x));
  }

  /** Columns [..., n, k] as blocks [k, ..., …]. */
  #blocks(matrix: Tensor): Tensor {
    const vectors = rotated(matrix, 1);
    const [shape, block] = [vectors.shape, this.blockShape];
    if (isFull(shape) && isFull(block)) return tf.reshape(vectors, [...shape.slice(0, -1), ...block]);
    const lead = tf.shape(vectors).at(":-1");
    return tf.reshape(vectors, tf.concat([lead, this.blockShapeTensor()], 0));
  }

  #flat(x: Tensor): Tensor {
    const depth = this.blockDepth;
    if (isFull(x.shape)) {
      const shape = [...x.shape];
      return tf.reshape(x, [...shape.slice(0, -depth), shape.slice(-depth).reduce((n, d) => n * d, 1)]);
    }
    const shape = tf.shape(x);
    const lead = shape.at(`:${-depth}`);
    const block = shape.at(`${-depth}:`);
    return tf.reshape(x, tf.concat([lead, [tf.reduceProd(block)]], 0));
  }

  #broadcast(x: Tensor, given: Tensor): [Tensor, Tensor] {
    const spectrum = convertToTensor(given, { name: "spectrum" });
    const batch = this.dynamicBatch(this.dynamicShape(spectrum));
    const column = tf.reshape(spectrum, tf.concat([batch, [-1, 1]], 0));
    const [wide, wideColumn] = broadcastMatrices([x, column]) as [Tensor, Tensor];
    const lead = tf.shape(wide).at(":-2");
    const shape = tf.shape(spectrum);
    return [wide, tf.reshape(wideColumn, tf.concat([lead, this.blockShapeTensor(shape)], 0))];
  }

  #throughSpectrum(x: Tensor, adjoint: boolean, casts: boolean, act: (x: Tensor, spectrum: Tensor) => Tensor): Tensor {
    const complex = toComplex(this.spectrum);
    const spectrum = adjoint ? tf.conj(complex) : complex;
    const [right, wide] = this.#broadcast(casts ? (tf.cast(x, spectrum.dtype) as Tensor) : x, spectrum);
    const transformed = this.#forward(this.#blocks(right));
    const back = this.#inverse(act(transformed, wide));
    return tf.cast(rotated(this.#flat(back), -1), this.dtype) as Tensor;
  }

  protected override product(x: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const right = adjointArg ? tf.adjoint(x) : x;
    return this.#throughSpectrum(right, adjoint, true, (y, spectrum) => spectrum.mul(y));
  }

  protected override solution(rhs: Tensor, { adjoint, adjointArg }: Sides): Tensor {
    const right = adjointArg ? tf.adjoint(rhs) : rhs;
    return this.#throughSpectrum(right, adjoint, false, (y, spectrum) => y.div(spectrum));
  }

  #axes(): number[] {
    return Array.from({ length: this.blockDepth }, (_, i) => -(i + 1));
  }

  protected override det(): Tensor {
    return tf.cast(tf.reduceProd(this.spectrum, { axis: this.#axes() }), this.dtype) as Tensor;
  }

  protected override logAbsDet(): Tensor {
    const sum = tf.reduceSum(tf.log(tf.abs(this.spectrum)), { axis: this.#axes() });
    return tf.cast(sum, this.dtype) as Tensor;
  }

  protected override diagonal(): Tensor {
    const { shape } = this;
    const isKnown = shape.isFullyDefined();
    const diagShape = isKnown ? (shape.slice(0, -1) as number[]) : this.shapeTensor().at(":-1");
    const size = isKnown ? this.domainDimension! : this.domainDimensionTensor();
    const ones = tf.ones(diagShape, this.dtype);
    const value = this.trace().div(tf.cast(size, this.dtype));
    return value.at("...", null).mul(ones);
  }

  protected override sumOfDiagonal(): Tensor {
    const { shape } = this.spectrum;
    const depth = this.blockDepth;
    const axis = (): number[] | Tensor => {
      if (isFull(shape)) return Array.from({ length: depth }, (_, i) => shape.length - depth + i);
      const rank = tf.rank(this.spectrum);
      return tf.range(rank.sub(depth), rank);
    };
    const axes = axis() as number[];
    const real = tf.reduceSum(tf.real(this.spectrum), { axis: axes });
    if (!this.dtype.isComplex) return tf.cast(real, this.dtype) as Tensor;
    const imaginary = this.isSelfAdjoint ? tf.zerosLike(real) : tf.reduceSum(tf.imag(this.spectrum), { axis: axes });
    return tf.cast(tf.complex(real, imaginary), this.dtype) as Tensor;
  }

  protected override eigenvalues(): Tensor {
    return convertToTensor(this.#flat(this.spectrum));
  }

  protected override condition(): Tensor {
    const sizes = tf.abs(this.#flat(this.spectrum));
    return tf.reduceMax(sizes, { axis: -1 }).div(tf.reduceMin(sizes, { axis: -1 }));
  }
}

/** Each column is the one before it, moved down by one. */
export class LinearOperatorCirculant extends CirculantOperator {
  constructor(spectrum: TensorLike, options: CirculantOptions = {}) {
    super(spectrum, 1, { ...options, name: options.name ?? "LinearOperatorCirculant" });
  }

  protected override another(spectrum: Tensor, options: CirculantOptions): LinearOperator {
    return new LinearOperatorCirculant(spectrum, options);
  }
}

/** Circulant blocks in a circulant. */
export class LinearOperatorCirculant2D extends CirculantOperator {
  constructor(spectrum: TensorLike, options: CirculantOptions = {}) {
    super(spectrum, 2, { ...options, name: options.name ?? "LinearOperatorCirculant2D" });
  }

  protected override another(spectrum: Tensor, options: CirculantOptions): LinearOperator {
    return new LinearOperatorCirculant2D(spectrum, options);
  }
}

/** Circulant blocks of circulant blocks in a circulant. */
export class LinearOperatorCirculant3D extends CirculantOperator {
  constructor(spectrum: TensorLike, options: CirculantOptions = {}) {
    super(spectrum, 3, { ...options, name: options.name ?? "LinearOperatorCirculant3D" });
  }

  protected override another(spectrum: Tensor, options: CirculantOptions): LinearOperator {
    return new LinearOperatorCirculant3D(spectrum, options);
  }
}
