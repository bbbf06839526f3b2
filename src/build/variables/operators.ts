/** Python's operators as methods of Variable: they act on its value. Source: variables.py, _OverloadAllOperators. */
import type { Tensor } from "../../graph/tensor.ts";
import type { Operators } from "../../ops/operators.ts";
import { UpdatedVariable, Variable } from "./variable.ts";

declare module "./variable.ts" {
  interface Variable extends Operators {
    at(...entries: Parameters<Tensor["at"]>): Tensor;
  }
  interface UpdatedVariable extends Operators {
    at(...entries: Parameters<Tensor["at"]>): Tensor;
  }
}

const names: readonly (keyof Operators | "at")[] = [
  "add",
  "sub",
  "mul",
  "div",
  "truediv",
  "floordiv",
  "mod",
  "pow",
  "matmul",
  "radd",
  "rsub",
  "rmul",
  "rdiv",
  "rtruediv",
  "rfloordiv",
  "rmod",
  "rpow",
  "rmatmul",
  "neg",
  "abs",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "equal",
  "notEqual",
  "logicalAnd",
  "logicalOr",
  "logicalXor",
  "logicalNot",
  "at",
];

for (const { prototype } of [Variable, UpdatedVariable])
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: Variable | UpdatedVariable, ...args: unknown[]): Tensor {
        const value = this.value() as unknown as Record<string, (...args: unknown[]) => Tensor>;
        return value[name]!(...args);
      },
    });
  }
