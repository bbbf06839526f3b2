/** What nodes became: kernels, who each one works for, and who needs none. */
import type { FullShape } from "../../../core/shape.ts";
import type { Executable } from "../../../engine/engine.ts";
import type { Operation } from "../../../graph/operation.ts";
import { nodesOf } from "./tracer.ts";

export interface KernelExplanation {
  readonly text: string;
  /** Read and written by one run. */
  readonly bytes: number;
  /** Dearest first. */
  readonly nodes: readonly Operation[];
}

export interface SegmentExplanation {
  readonly nodes: readonly Operation[];
  /** Shapes of the inputs; null for variables. */
  readonly inputs: readonly (FullShape | null)[];
  readonly kernels: readonly KernelExplanation[];
  /** Nodes that no kernel works for: constants, shape arithmetic, what only passes a value on, what equals another node. */
  readonly vanished: readonly Operation[];
  readonly memory: Executable["memory"];
  /** Has it become machine code, each kernel of it? */
  readonly isCompiled: boolean;
}

/** `later` are nodes after a cut, which another executable runs. */
export function explainSegment(
  nodes: readonly Operation[],
  executable: Executable,
  inputs: readonly (FullShape | null)[],
  later: readonly Operation[] = [],
): SegmentExplanation {
  const kernels = executable.kernels().map((kernel) => ({
    text: kernel.text,
    bytes: kernel.bytes,
    nodes: nodesOf(kernel, nodes).map(({ op }) => op),
  }));
  const others = new Set(later);
  const own = nodes.filter((op) => !others.has(op));
  const working = new Set(kernels.flatMap((kernel) => kernel.nodes));
  const vanished = own.filter((op) => !working.has(op));
  const { memory, isCompiled } = executable;
  return { nodes: own, inputs, kernels, vanished, memory, isCompiled };
}
