/** One line for each step, as `tsflow explain` prints it. */
import type { Body, Step } from "../step.ts";
import { simplest, strategyOf } from "./loop/strategy.ts";

const times = (sizes: readonly number[]): string => (sizes.length === 0 ? "scalar" : sizes.join("x"));

const functionsOf = (body: Body): string =>
  body.nodes.flatMap((node) => (node.kind === "unary" || node.kind === "binary" ? [node.fn] : [])).join(" ");

const withEpilogue = (text: string, epilogue: Body | null): string =>
  epilogue ? `${text}, then ${functionsOf(epilogue) || "cast"}` : text;

export function describeStep(step: Step): string {
  switch (step.kind) {
    case "loop": {
      const { pattern, width } = strategyOf(simplest(step));
      const dtype = (step.stores[0]?.view ?? step.reductions[0]?.view)?.dtype ?? "";
      const folds = step.reductions.map(({ fn }) => fn).join(" ");
      const what = [functionsOf(step), folds && `${pattern} ${folds}`].filter(Boolean).join("; ") || "copy";
      return `loop ${times(step.extents)} ${dtype}${width > 1 ? ` x${width}` : ""}: ${what}`;
    }
    case "matmul": {
      const { m, n, k, batch, transposeA, transposeB, dtype } = step;
      const form = `${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`;
      return withEpilogue(`matmul ${batch > 1 ? `${batch}x` : ""}${m}x${n}x${k} ${form} ${dtype}`, step.epilogue);
    }
    case "convolution": {
      const { fn, dtype, geometry } = step;
      const { batch, inChannels, outChannels, groups, spatial } = geometry;
      const sizes = spatial.map((s) => `${s.input}/${s.filter}:${s.stride}`).join(" ");
      const line = `convolution ${fn} ${batch} of ${sizes} ${inChannels}->${outChannels}${groups > 1 ? ` in ${groups}` : ""} ${dtype}`;
      return withEpilogue(line, step.epilogue);
    }
    case "window":
    case "windowGradient": {
      const { fn, dtype, geometry } = step;
      const sizes = geometry.spatial.map((s) => `${s.input}/${s.filter}:${s.stride}`).join(" ");
      return `${step.kind} ${fn} ${geometry.batch} of ${sizes} x ${geometry.channels} ${dtype}`;
    }
    case "gather":
      return `gather ${step.batch * step.outer * step.count} rows of ${step.inner * step.sizeBytes} bytes`;
    case "scatter":
      return `scatter ${step.fn} ${step.count} rows of ${step.inner} into ${step.rows} ${step.dtype}`;
    case "dynamicSlice":
      return `slice ${times(step.size)} of ${times(step.shape)}`;
    case "argReduce":
      return `arg${step.fn} ${step.outer}x${step.n}x${step.inner} ${step.dtype}`;
    case "order":
      return `order ${step.rows}x${step.n} ${step.dtype}`;
    case "firstEqual":
      return `first equal of ${step.n} ${step.dtype}`;
    case "scan":
      return `scan ${step.fn} ${step.outer}x${step.n}x${step.inner} ${step.dtype}`;
    case "random":
      return `random ${step.distribution} ${step.count} ${step.dtype}`;
    case "check":
      return `check ${step.count}`;
  }
}
