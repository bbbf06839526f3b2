/**
 * Python's operators as methods of Tensor: `a.add(b)` makes what `a + b` makes, under the name that the operator gives ("add", "truediv").
 * Methods that begin with r have their operands exchanged: `x.rsub(1)` is 1 - x. Source: tensor_math_operator_overrides.py.
 */
import { bool, int32 } from "../core/dtype.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { IndexedSlices } from "../graph/indexed_slices.ts";
import { Tensor } from "../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "./convert.ts";
import * as ops from "./index.ts";

export interface Operators {
  add(y: TensorLike): Tensor;
  sub(y: TensorLike): Tensor;
  mul(y: TensorLike): Tensor;
  /** True division: integers are divided as floats. */
  div(y: TensorLike): Tensor;
  truediv(y: TensorLike): Tensor;
  floordiv(y: TensorLike): Tensor;
  mod(y: TensorLike): Tensor;
  pow(y: TensorLike): Tensor;
  matmul(y: TensorLike): Tensor;
  radd(x: TensorLike): Tensor;
  rsub(x: TensorLike): Tensor;
  rmul(x: TensorLike): Tensor;
  rdiv(x: TensorLike): Tensor;
  rtruediv(x: TensorLike): Tensor;
  rfloordiv(x: TensorLike): Tensor;
  rmod(x: TensorLike): Tensor;
  rpow(x: TensorLike): Tensor;
  rmatmul(x: TensorLike): Tensor;
  neg(): Tensor;
  abs(): Tensor;
  less(y: TensorLike): Tensor;
  lessEqual(y: TensorLike): Tensor;
  greater(y: TensorLike): Tensor;
  greaterEqual(y: TensorLike): Tensor;
  equal(y: TensorLike): Tensor;
  notEqual(y: TensorLike): Tensor;
  /** Of bools; of integers the bits. */
  logicalAnd(y: TensorLike): Tensor;
  logicalOr(y: TensorLike): Tensor;
  logicalXor(y: TensorLike): Tensor;
  logicalNot(): Tensor;
}

declare module "../graph/tensor.ts" {
  interface Tensor extends Operators {}
}

type Make = (x: TensorLike, y: TensorLike, scope: string) => Tensor;

const dtypeOf = (x: TensorLike): Tensor["dtype"] => (x as Tensor).dtype.baseDtype;
const isBool = (x: TensorLike): boolean => isSymbolic(x) && dtypeOf(x).isBool;

/** Bools multiply by way of int32. */
function product(x: TensorLike, y: TensorLike, name: string): Tensor {
  if (!isBool(x) && !isBool(y)) return ops.multiply(x, y, { name });
  const [a, b] = [ops.castOp({ x, DstT: int32 }), ops.castOp({ x: y, DstT: int32 })];
  return ops.castOp({ x: ops.multiply(a, b, { name }), DstT: bool });
}

function sum(x: TensorLike, y: TensorLike, name: string): Tensor {
  const a = convertToTensor(x, { name: "x" });
  const b = isSymbolic(y) ? y : convertToTensor(y, { preferredDtype: a.dtype.baseDtype, name: "y" });
  return (a.dtype.base === "string" ? ops.addOp : ops.addV2Op)({ x: a, y: b }, name);
}

const logic =
  (
    ofBools: (x: TensorLike, y: TensorLike, options: { name: string }) => Tensor,
    ofBits: (x: TensorLike, y: TensorLike) => Tensor,
  ): Make =>
  (x, y, name) =>
    isBool(isSymbolic(x) ? x : y) ? ofBools(x, y, { name }) : ofBits(x, y);

/** By the method: the scope that the operator opens, and what it makes inside. */
const table: Readonly<Record<string, readonly [string, Make]>> = {
  add: ["add", sum],
  sub: ["sub", (x, y, name) => ops.subtract(x, y, { name })],
  mul: ["mul", product],
  div: ["truediv", (x, y, name) => ops.truediv(x, y, { name })],
  truediv: ["truediv", (x, y, name) => ops.truediv(x, y, { name })],
  floordiv: ["floordiv", (x, y, name) => ops.floordiv(x, y, { name })],
  mod: ["mod", (x, y, name) => ops.floormod(x, y, { name })],
  pow: ["pow", (x, y, name) => ops.pow(x, y, { name })],
  matmul: ["matmul", (x, y, name) => ops.matmul(x, y, { name })],
  logicalAnd: [
    "and",
    logic(
      (x, y, o) => ops.logicalAnd(x, y, o),
      (x, y) => ops.bitwiseAnd(x, y),
    ),
  ],
  logicalOr: [
    "or",
    logic(
      (x, y, o) => ops.logicalOr(x, y, o),
      (x, y) => ops.bitwiseOr(x, y),
    ),
  ],
  logicalXor: [
    "xor",
    logic(
      (x, y, o) => ops.logicalXor(x, y, o),
      (x, y) => ops.bitwiseXor(x, y),
    ),
  ],
};

type Method = (this: Tensor, other: TensorLike) => Tensor;
const methods: Record<string, Method | ((this: Tensor) => Tensor)> = {
  neg(this: Tensor) {
    return ops.negOp({ x: this });
  },
  abs(this: Tensor) {
    return ops.abs(this);
  },
  less(this: Tensor, y: TensorLike) {
    return ops.less(this, y);
  },
  lessEqual(this: Tensor, y: TensorLike) {
    return ops.lessEqual(this, y);
  },
  greater(this: Tensor, y: TensorLike) {
    return ops.greater(this, y);
  },
  greaterEqual(this: Tensor, y: TensorLike) {
    return ops.greaterEqual(this, y);
  },
  equal(this: Tensor, y: TensorLike) {
    return ops.equal(this, y);
  },
  notEqual(this: Tensor, y: TensorLike) {
    return ops.notEqual(this, y);
  },
  logicalNot(this: Tensor) {
    return this.dtype.isBool ? ops.logicalNot(this) : ops.invert(this);
  },
};

for (const [method, [scope, make]] of Object.entries(table)) {
  methods[method] = function binary(this: Tensor, y: TensorLike): Tensor {
    return getDefaultGraph().nameScope(scope, (name) => make(this, y, name));
  };
  if (method.startsWith("logical")) continue;
  methods[`r${method}`] = function reversed(this: Tensor, x: TensorLike): Tensor {
    return getDefaultGraph().nameScope(scope, (name) =>
      make(convertToTensor(x, { dtype: this.dtype.baseDtype, name: "x" }), this, name),
    );
  };
}

/** Gives a class of tensors the operators; `read` is what one of it stands for. */
export function installOperators<T>(prototype: object, read: (self: T) => Tensor): void {
  for (const [name, method] of Object.entries(methods)) {
    if (name in prototype) continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: T, other: TensorLike): Tensor {
        return (method as Method).call(read(this), other);
      },
    });
  }
}

installOperators<Tensor>(Tensor.prototype, (self) => self);

/** IndexedSlices stand on the left where a gradient is sparse: the tensor on the right then makes them dense, as in Python. */
for (const [method] of Object.entries(table)) {
  if (method.startsWith("logical")) continue;
  Object.defineProperty(IndexedSlices.prototype, method, {
    configurable: true,
    value(this: IndexedSlices, y: TensorLike): Tensor {
      const right = y instanceof Tensor ? y : convertToTensor(y, { dtype: this.dtype.baseDtype });
      return (methods[`r${method}`] as Method).call(right, this as unknown as TensorLike);
    },
  });
}
Object.defineProperty(IndexedSlices.prototype, "neg", {
  configurable: true,
  value(this: IndexedSlices): IndexedSlices {
    return new IndexedSlices(this.values.neg(), this.indices, this.denseShape);
  },
});
