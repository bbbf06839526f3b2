/** Checks of several shapes together: equal symbols stand for equal sizes. Source: check_ops.py, assert_shapes. */
import { ValueError } from "../../core/error.ts";
import { formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, equal, group, rank as rankOf, shape as shapeOf } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { type CheckOptions, prefixOf } from "./compare.ts";
import { assertRank, assertRankAtLeast, assertRankIn } from "./ranks.ts";

/** A size, a name for a size, null or "." for any size; "..." or "*" in front for any number of axes. */
export type SymbolicShape = readonly (number | string | null)[] | string;

/** Pairs of a tensor and its shape. */
export type ShapePairs = Iterable<readonly [TensorLike, SymbolicShape | null]>;

type Size = number | Tensor;

interface Sizes {
  readonly x: Tensor;
  /** Are there axes in front that nothing is said of? */
  readonly isInnermost: boolean;
  readonly actual: readonly Size[] | Tensor;
  readonly symbols: readonly (number | string | null)[];
}

function actualSizes(x: Tensor): readonly Size[] | Tensor {
  const dynamic = shapeOf(x);
  if (x.shape?.length === 0) return [1];
  if (x.shape !== null) return x.shape.map((size, i) => size ?? dynamic.at(i));
  return cond(
    equal(rankOf(x), 0),
    () => constant([1]),
    () => dynamic,
  ) as Tensor;
}

function sizesOf(x: Tensor, shape: SymbolicShape, prefix: string): Sizes {
  if (typeof shape !== "string" && !Array.isArray(shape)) {
    throw new ValueError(
      `${prefix}Tensor ${x.shownName}.  Specified shape must be an iterable.  An iterable has the attribute \`__iter__\` or \`__getitem__\`.  Received specified shape: ${shape}`,
    );
  }
  const symbols: readonly (number | string | null)[] = [...shape];
  const isAny = (symbol: number | string | null): boolean => symbol === "..." || symbol === "*";
  const wrong = symbols.findIndex((symbol, i) => i > 0 && isAny(symbol));
  if (wrong > 0) {
    throw new ValueError(
      `${prefix}Tensor ${x.shownName} specified shape index ${wrong}.  Symbol \`...\` or \`*\` for a variable number of unspecified dimensions is only allowed as the first entry`,
    );
  }
  const isInnermost = symbols.length > 0 && isAny(symbols[0]!);
  const actual = actualSizes(x);
  const named = isInnermost ? symbols.slice(1) : symbols;
  return { x, isInnermost, actual, symbols: named.length === 0 ? [1] : named };
}

function rankCheck({ x, isInnermost, symbols }: Sizes, options: CheckOptions): Operation | null {
  const rank = symbols.length;
  if (isInnermost) return rank <= 1 ? null : assertRankAtLeast(x, rank, options);
  return rank <= 1 ? assertRankIn(x, [0, 1], options) : assertRank(x, rank, options);
}

const sizeAt = (actual: readonly Size[] | Tensor, dim: number): Size => {
  if (!Array.isArray(actual)) return (actual as Tensor).at(dim);
  return actual[dim < 0 ? actual.length + dim : dim]!;
};

const places = ["data", "summarize", "message", "name"] as const;

/**
 * Throws ValueError where static shapes do not have the sizes that are named, or differ where they have one name; else an operation that checks
 * what is not known. `[[x, ["N", 3]], [y, ["N"]]]`.
 */
export function assertShapes(shapes: ShapePairs, ...rest: Rest<CheckOptions, typeof places>): Operation {
  const options = byName<CheckOptions>(rest, places);
  const prefix = prefixOf(options.message);
  const graph = getDefaultGraph();
  const [ranks, checks] = graph.nameScope(options.name ?? "assert_shapes", () => {
    const given = [...shapes].flatMap(([x, shape]) => (shape === null ? [] : [[convertToTensor(x), shape] as const]));
    const all = given.map(([x, shape]) => sizesOf(x, shape, prefix));
    const ranks = all.flatMap((sizes) => rankCheck(sizes, options) ?? []);
    const checks: Operation[] = [];
    const known = new Map<number | string, { size: Size; x: Tensor; dim: number }>();
    for (const { x, isInnermost, actual, symbols } of all) {
      for (const [i, symbol] of symbols.entries()) {
        if (symbol === null || symbol === ".") continue;
        const dim = isInnermost ? i - symbols.length : i;
        const before = typeof symbol === "number" ? { size: symbol } : known.get(symbol);
        const size = graph.controlDependencies(ranks, () => sizeAt(actual, dim));
        if (!before) {
          known.set(symbol, { size, x, dim });
          continue;
        }
        const words =
          "x" in before ? `Specified by tensor ${before.x.shownName} dimension ${before.dim}` : "Specified explicitly";
        if (typeof size === "number" && typeof before.size === "number") {
          if (size === before.size) continue;
          throw new ValueError(
            `${prefix}${words}.  Tensor ${x.shownName} dimension ${dim} must have size ${before.size}.  Received size ${size}, shape ${formatShapePython(x.shape)}`,
          );
        }
        const condition = equal(convertToTensor(size), convertToTensor(before.size));
        const data = options.data ?? [
          prefix,
          words,
          `Tensor ${x.shownName} dimension`,
          dim,
          "must have size",
          before.size,
          "Received shape: ",
          shapeOf(x),
        ];
        checks.push(assertThat(condition, data, { summarize: options.summarize }) as Operation);
      }
    }
    return [ranks, checks] as const;
  });
  return graph.controlDependencies(ranks, () => group(checks));
}
