/** What like ops share: `unary` and `binary` take a type, its dtypes and what differs, and make the op. */
import type { DType } from "../../../../core/dtype.ts";
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import { broadcastShapes, compatibleDims, type FullShape, formatShape, type Shape } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { UnaryFunction, Value } from "../../../../engine/primitive.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../convert.ts";
import { defineOp, type OpBuilder } from "../../../define.ts";
import type { GradientTools } from "../../../gradient_tools.ts";
import { type Name, nameOf } from "../../array/basic/names.ts";

/** dtypes of floats and complex numbers, in the order of most of TensorFlow's lists. */
export const floats = "bfloat16, half, float, double";
export const floatsAndComplex = "bfloat16, half, float, double, complex64, complex128";
export const signed = "bfloat16, half, float, double, int8, int16, int32, int64, complex64, complex128";
export const wholes = "int8, int16, int32, int64, uint8, uint16, uint32, uint64";

export interface UnaryRecord {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly T: DType;
  readonly op: Operation;
}

export type UnaryOp = OpBuilder<readonly ["x: T"], readonly ["y: T"], readonly ["T: type"]>;
export type UnaryGradient =
  | ((tf: GradientTools, op: UnaryRecord, dy: Tensor) => Tensor | null)
  | "none"
  | "unregistered";

interface UnarySpec {
  /** How the op is written in primitives; a name stands for the primitive of that name. */
  readonly lower?: UnaryFunction | ((p: Lowering, x: Value) => Value);
  readonly compute?: (x: NdArray) => NdArray;
  readonly gradient: UnaryGradient;
}

/** y[i] = f(x[i]). */
export function unary(type: string, dtypes: string, spec: UnarySpec): UnaryOp {
  const { lower, compute, gradient } = spec;
  return defineOp(type, {
    inputs: ["x: T"],
    outputs: ["y: T"],
    attrs: [`T: {${dtypes}}`] as unknown as readonly ["T: type"],
    shape: ({ x }) => [x],
    ...(lower
      ? {
          lower: (p: Lowering, { x }: { readonly x: Value }) => (typeof lower === "string" ? p[lower](x) : lower(p, x)),
        }
      : {}),
    ...(compute ? { compute: ({ x }: { readonly x: NdArray }) => compute(x) } : {}),
    gradient: typeof gradient === "string" ? gradient : (tf, op, dy) => ({ x: gradient(tf, op, dy!) }),
  });
}

export interface BinaryRecord {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly z: Tensor;
  readonly T: DType;
  readonly op: Operation;
}

export interface BinaryGradients {
  readonly x?: Tensor | null;
  readonly y?: Tensor | null;
}

export type BinaryOp = OpBuilder<readonly ["x: T", "y: T"], readonly ["z: T"], readonly ["T: type"]>;
export type BinaryGradient =
  | ((tf: GradientTools, op: BinaryRecord, dy: Tensor) => BinaryGradients)
  | "none"
  | "unregistered";

interface BinarySpec {
  readonly lower?: (p: Lowering, x: Value, y: Value) => Value;
  readonly lowers?: (T: DType) => boolean;
  readonly compute?: (x: NdArray, y: NdArray) => NdArray;
  /** No broadcasting: the gradient ops. */
  readonly isSameShape?: boolean;
  readonly gradient: BinaryGradient;
}

/** z[i] = f(x[i], y[i]), broadcast as numpy does. Throws `Incompatible shapes: [2] vs. [3]` when it runs on shapes that do not fit. */
export function binary(type: string, dtypes: string, spec: BinarySpec): BinaryOp {
  const { lower, lowers, compute, gradient, isSameShape = false } = spec;
  return defineOp(type, {
    inputs: ["x: T", "y: T"],
    outputs: ["z: T"],
    attrs: [`T: {${dtypes}}`] as unknown as readonly ["T: type"],
    shape: ({ x, y }) => [isSameShape ? x : broadcastShapes(x, y)],
    ...(lower
      ? {
          lower: (p: Lowering, { x, y }: { readonly x: Value; readonly y: Value }) => {
            checkBroadcast(x.shape, y.shape);
            return lower(p, x, y);
          },
        }
      : {}),
    ...(lowers ? { lowers: ({ T }: { readonly T: DType }) => lowers(T) } : {}),
    ...(compute
      ? {
          compute: ({ x, y }: { readonly x: NdArray; readonly y: NdArray }) => {
            checkBroadcast(x.shape, y.shape);
            return compute(x, y);
          },
        }
      : {}),
    gradient: typeof gradient === "string" ? gradient : (tf, op, dy) => gradient(tf, op, dy!),
  });
}

export type YdyOp = OpBuilder<readonly ["y: T", "dy: T"], readonly ["z: T"], readonly ["T: type"]>;

interface YdyRecord {
  readonly y: Tensor;
  readonly dy: Tensor;
  readonly op: Operation;
}

/** z = the gradient of a function whose output is y, for the gradient dy that comes in. */
export function gradientOfOutput(
  type: string,
  lower: (p: Lowering, y: Value, dy: Value) => Value,
  gradient: (tf: GradientTools, op: YdyRecord, grad: Tensor) => { readonly y: Tensor; readonly dy: Tensor },
): YdyOp {
  return defineOp(type, {
    inputs: ["y: T", "dy: T"],
    outputs: ["z: T"],
    attrs: [`T: {${floatsAndComplex}}`] as unknown as readonly ["T: type"],
    shape: ({ y }) => [y],
    lower: (p, { y, dy }) => {
      checkBroadcast(y.shape, dy.shape);
      return lower(p, y, dy);
    },
    gradient: (tf, op, grad) => gradient(tf, op, grad!),
  });
}

const fits = (a: FullShape, b: FullShape): boolean => {
  const rank = Math.min(a.length, b.length);
  for (let i = 1; i <= rank; i++) {
    const [da, db] = [a.at(-i)!, b.at(-i)!];
    if (da !== db && da !== 1 && db !== 1) return false;
  }
  return true;
};

/** Throws the kernels' `Incompatible shapes: [2] vs. [3]`. */
export function checkBroadcast(a: FullShape, b: FullShape): void {
  if (!fits(a, b)) throw new InvalidArgumentError(`Incompatible shapes: ${formatShape(a)} vs. ${formatShape(b)}`);
}

/** Whether static shapes may broadcast to something: nothing known says no. */
export const mayBroadcast = (a: Shape, b: Shape): boolean => {
  if (a === null || b === null) return true;
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [da, db] = [a.at(-i)!, b.at(-i)!];
    if (!compatibleDims(da, db) && da !== 1 && db !== 1) return false;
  }
  return true;
};

export type UnaryCall = (x: TensorLike, name?: Name) => Tensor;
export type BinaryCall = (x: TensorLike, y: TensorLike, name?: Name) => Tensor;

/** The public function of a unary op whose Python wrapper adds nothing. */
export const callUnary =
  (op: UnaryOp): UnaryCall =>
  (x, name) =>
    op({ x }, nameOf(name));

/** The public function of a binary op; `byDefault` is the name that Python's wrapper gives where none is given. */
export const callBinary =
  (op: BinaryOp, byDefault?: string): BinaryCall =>
  (x, y, name) =>
    op({ x, y }, nameOf(name) || byDefault);
