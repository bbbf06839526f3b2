/** Python's operators as methods of Variable: they act on its value. Source: variables.py, _OverloadAllOperators. */
import type { Tensor } from "../../graph/tensor.ts";
import type { SliceEntry } from "../../ops/index.ts";
import type { Operators } from "../../ops/operators.ts";

declare module "./variable.ts" {
  interface Variable extends Operators {
    at(...entries: readonly SliceEntry[]): Tensor;
  }
}

declare module "./updated.ts" {
  interface UpdatedVariable extends Operators {
    at(...entries: readonly SliceEntry[]): Tensor;
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

/** Gives the objects of a class, which stand for their `value()`, the operators of tensors. */
export function addOperators(prototype: { value(): Tensor }): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: { value(): Tensor }, ...args: unknown[]): Tensor {
        const value = this.value() as unknown as Record<string, (...args: unknown[]) => Tensor>;
        return value[name]!(...args);
      },
    });
  }
}
