/** Conditions, loops and checks where ops run at once: the program's own. Source: cond.py, while_loop.py, control_flow_assert.py, check_ops.py. */
import { InvalidArgumentError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { printArray } from "../../core/print.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "./structure.ts";

/** Is the value of a tensor of one element true? */
export const isTrue = (value: TensorLike): boolean => Boolean(convertToTensor(value).numpy().item());

const asTensors = (value: unknown): unknown =>
  pack(
    value as Nested<unknown>,
    flatten(value as Nested<unknown>).map((leaf) => (isFlowArray(leaf) ? leaf : convertToTensor(leaf as TensorLike))),
  );

interface Loop {
  readonly cond: (...values: never[]) => TensorLike;
  readonly body: (...values: never[]) => unknown;
  readonly loopVars: readonly unknown[];
  readonly maximumIterations: number | null;
  readonly returnSameStructure: boolean;
}

/** Runs the loop. One variable comes back by itself where the body gives it so. */
export function loopAtOnce({ cond, body, loopVars, maximumIterations, returnSameStructure }: Loop): unknown {
  let values = asTensors(loopVars) as readonly unknown[];
  let isOne = false;
  for (let i = 0; (maximumIterations === null || i < maximumIterations) && isTrue(cond(...(values as never[]))); i++) {
    const result = body(...(values as never[]));
    isOne = loopVars.length === 1 && !returnSameStructure && !Array.isArray(result);
    const next = Array.isArray(result) ? result : [result];
    checkSameStructure(loopVars, next);
    values = asTensors(next) as readonly unknown[];
  }
  return isOne || (values.length === 1 && !returnSameStructure) ? values[0] : values;
}

/** Throws INVALID_ARGUMENT with the data when the condition is false. */
export function assertAtOnce(condition: TensorLike, data: readonly TensorLike[], summarize = 3): void {
  if (isTrue(condition)) return;
  const shown = typeof condition === "boolean" ? (condition ? "True" : "False") : String(condition);
  const lines = data.map((item) => summary(convertToTensor(item).numpy(), summarize));
  throw new InvalidArgumentError(`Expected '${shown}' to be true. Summarized data: ${lines.join("\n")}`);
}

function summary(array: NdArray, summarize: number): string {
  const limit = summarize < 0 ? array.size : summarize;
  if (array.shape.length === 0) return limit === 0 ? "" : printArray(array);
  const items = Array.from({ length: Math.min(limit, array.size) }, (_, i) => printArray(elementOf(array, i)));
  return [...items, ...(items.length < array.size ? ["..."] : [])].join(", ");
}

const width = (array: NdArray): number => (array.dtype.isComplex ? 2 : 1);

const elementOf = (array: NdArray, i: number): NdArray => {
  const n = width(array);
  return new NdArray(array.dtype, [], (array.data as Float32Array).slice(i * n, (i + 1) * n));
};

const head = (array: NdArray, n: number): NdArray =>
  new NdArray(array.dtype, [n], (array.data as Float32Array).slice(0, n * width(array)));

/** A comparison that failed, with the first elements and those that differ. */
export function comparisonError(
  sign: string,
  x: NdArray,
  y: NdArray,
  holds: readonly boolean[],
  options: {
    readonly message?: string | undefined;
    readonly summarize?: number | undefined;
    readonly data?: readonly TensorLike[] | undefined;
  },
): InvalidArgumentError {
  const limit =
    options.summarize === undefined ? 3 : options.summarize < 0 ? Number.MAX_SAFE_INTEGER : options.summarize;
  const lines = options.data
    ? options.data.map((item) => (typeof item === "string" ? item : printArray(convertToTensor(item).numpy())))
    : comparisonLines(sign, x, y, holds, limit);
  if (options.message !== undefined) lines.unshift(options.message);
  return new InvalidArgumentError(lines.join("\n"));
}

function comparisonLines(sign: string, x: NdArray, y: NdArray, holds: readonly boolean[], limit: number): string[] {
  const lines = [`Condition x ${sign} y did not hold.`];
  if (limit <= 0) return lines;
  if (x.shape.length > 0 && x.shape.length === y.shape.length && x.shape.every((d, i) => d === y.shape[i])) {
    const wrong = holds.flatMap((each, i) => (each ? [] : [i])).slice(0, limit);
    const indices = wrong.map((i) => coordinates(i, x.shape));
    lines.push(`Indices of first ${wrong.length} different values:`, rows(indices));
    lines.push("Corresponding x values:", printArray(picked(x, wrong)));
    lines.push("Corresponding y values:", printArray(picked(y, wrong)));
  }
  for (const [name, array] of [
    ["x", x],
    ["y", y],
  ] as const) {
    const n = Math.min(array.size, limit);
    lines.push(`First ${n} elements of ${name}:`, printArray(head(array, n)));
  }
  return lines;
}

function coordinates(i: number, shape: readonly number[]): number[] {
  const found: number[] = [];
  for (let rest = i, d = shape.length - 1; d >= 0; d--) {
    found.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return found;
}

const rows = (indices: readonly (readonly number[])[]): string => printArray(convertToTensor(indices as never).numpy());

function picked(array: NdArray, at: readonly number[]): NdArray {
  const n = width(array);
  const data = array.data as unknown as { slice(a: number, b: number): ArrayLike<unknown> };
  const items = at.flatMap((i) => Array.from(data.slice(i * n, (i + 1) * n)));
  const all = ArrayBuffer.isView(array.data)
    ? (array.data.constructor as unknown as { from(items: unknown[]): Float32Array }).from(items)
    : (items as Uint8Array[]);
  return new NdArray(array.dtype, [at.length], all);
}

/** The values of predicates, for words about them. */
export const predicateTexts = (predicates: readonly Tensor[]): string =>
  predicates.map((each) => (each.knownValue ? String(each.knownValue) : each.name)).join(", ");
