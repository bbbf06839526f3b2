/** Steps whose bits are the same however they are computed: no sum of floats, no function that is approximated. */
import { elementCount } from "../../core/shape.ts";
import { simpleFunctions } from "../primitive.ts";
import { type Class, formatOf } from "../reference/format.ts";
import type { Body, LoopStep, Step } from "../step.ts";

/** Rounded correctly by every implementation, or not rounded at all. */
const exactFunctions: ReadonlySet<string> = new Set([
  ...simpleFunctions,
  "floor",
  "ceil",
  "round",
  "sqrt",
  "reciprocal",
  "div",
  "bitNot",
]);

const isWhole = (kind: Class): boolean => kind === "integer" || kind === "big" || kind === "bool";

function isExactBody({ nodes }: Body): boolean {
  return nodes.every((node) => {
    if (node.kind !== "unary" && node.kind !== "binary") return true;
    const kind = formatOf(nodes[node.x]!.dtype).class;
    return isWhole(kind) || (kind === "float" && exactFunctions.has(node.fn));
  });
}

const isExactLoop = (step: LoopStep): boolean =>
  isExactBody(step) &&
  step.reductions.every(({ fn, view }) => isWhole(formatOf(view.dtype).class) || fn === "max" || fn === "min");

/** Elements times functions of a small step, Infinity for one that must be compiled. */
export function interpretedWork(step: Step): number {
  switch (step.kind) {
    case "loop":
      return isExactLoop(step) ? elementCount(step.extents) * (step.nodes.length + 1) : Number.POSITIVE_INFINITY;
    case "gather":
      return step.batch * step.outer * step.count * step.inner;
    case "scatter":
      return step.fn === "update" || isWhole(formatOf(step.dtype).class)
        ? step.count * step.inner
        : Number.POSITIVE_INFINITY;
    case "dynamicSlice":
      return elementCount(step.size);
    case "check":
      return step.count;
    case "argReduce":
      return step.outer * step.n * step.inner;
    case "order":
      return 16 * step.rows * step.n;
    case "firstEqual":
      return step.n;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
