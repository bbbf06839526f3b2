/** Python's operators where the left side may be a number or a variable: `mul(2, x)` is 2 * x, a node named "mul". */
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../ops/convert.ts";
import { negOp } from "../ops/index.ts";

type Name = "add" | "sub" | "mul" | "truediv" | "pow";

const operator =
  (name: Name) =>
  (x: TensorLike, y: TensorLike): Tensor =>
    isSymbolic(x) ? convertToTensor(x)[name](y) : convertToTensor(y)[`r${name}`](x);

export const add = operator("add");
export const sub = operator("sub");
export const mul = operator("mul");
export const truediv = operator("truediv");
export const pow = operator("pow");

export const oneMinus = (x: TensorLike): Tensor => sub(1, x);

export const neg = (x: Tensor): Tensor => negOp({ x });
