/** What a traced run tells while it goes: segments with their kernels, and nodes that run by themselves. */
import type { DType } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { FullShape } from "../../../core/shape.ts";
import type { Kernel, KernelTime } from "../../../engine/engine.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { SessionState } from "../../state.ts";
import type { Lowered } from "../lower_node.ts";
import { EngineValue, type RunValue, VariableValue } from "../values.ts";
import type { Specialisation } from "./specialisation.ts";

export interface OutputTrace {
  readonly slot: number;
  readonly dtype: DType;
  readonly shape: FullShape;
}

/** A kernel, and the part of its time that is each node's; parts add up to 1, or there are none. */
export interface KernelTrace {
  readonly text: string;
  readonly bytes: number;
  readonly nodes: readonly { readonly op: Operation; readonly part: number }[];
  readonly startMs: number;
  readonly endMs: number;
  readonly pieces: KernelTime["pieces"];
}

export interface SegmentTrace {
  readonly nodes: readonly Operation[];
  readonly kernels: readonly KernelTrace[];
  outputsOf(op: Operation): readonly OutputTrace[];
  readonly startMs: number;
  readonly endMs: number;
}

export interface NodeTrace {
  readonly op: Operation;
  readonly outputs: readonly OutputTrace[];
  /** Did others run before it was done? */
  readonly waited: boolean;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Tracer {
  segment(trace: SegmentTrace): void;
  node(trace: NodeTrace): void;
  /** For the bodies of functions that nodes call. */
  readonly within: Tracer;
}

/** The nodes that a kernel works for, dearest first. `nodes` are numbered as they were lowered. */
export function nodesOf(kernel: Pick<Kernel, "shares">, nodes: readonly Operation[]): KernelTrace["nodes"] {
  const total = kernel.shares.reduce((sum, { work }) => sum + work, 0);
  return kernel.shares
    .map(({ origin, work }) => ({ op: nodes[origin]!, part: total > 0 ? work / total : 1 / kernel.shares.length }))
    .sort((a, b) => b.part - a.part);
}

/** Runs a specialisation, which knows what its nodes became, kernel by kernel, and tells of it. */
export function runTraced(
  { executable, lowered }: Specialisation,
  base: number,
  { nodes, state, trace }: { nodes: readonly Operation[]; state: SessionState; trace: Tracer },
): void {
  const { values, cut } = lowered!;
  const kernels: KernelTrace[] = [];
  const startMs = performance.now();
  executable.runTraced(base, (kernel, time) => {
    kernels.push({ text: kernel.text, bytes: kernel.bytes, nodes: nodesOf(kernel, nodes), ...time });
  });
  trace.segment({
    nodes: cut ? nodes.slice(0, cut.at) : nodes,
    kernels,
    outputsOf: (op) => loweredOutputs(op, (output) => values.get(output), state),
    startMs,
    endMs: performance.now(),
  });
}

/** Shapes of what lowered nodes give, by the values that they became. */
function loweredOutputs(
  op: Operation,
  valueOf: (output: Operation["outputs"][number]) => Lowered | undefined,
  state: SessionState,
): OutputTrace[] {
  return op.outputs.flatMap((tensor, slot) => {
    const value = valueOf(tensor);
    const shape = value instanceof VariableValue ? state.variableAt(value.slot).shape : value?.shape;
    return shape ? [{ slot, dtype: tensor.dtype, shape }] : [];
  });
}

const outputsOf = (values: readonly RunValue[]): OutputTrace[] =>
  values.flatMap((value, slot) =>
    value instanceof NdArray || value instanceof EngineValue ? [{ slot, dtype: value.dtype, shape: value.shape }] : [],
  );

/** Tells of a node that the host runs when it is done. */
export function tracedNode<R extends readonly RunValue[]>(
  tracer: Tracer,
  op: Operation,
  run: () => R | Promise<R>,
): R | Promise<R> {
  const startMs = performance.now();
  const told = (values: R, waited: boolean): R => {
    tracer.node({ op, outputs: outputsOf(values), waited, startMs, endMs: performance.now() });
    return values;
  };
  const result = run();
  return result instanceof Promise ? result.then((values) => told(values, true)) : told(result, false);
}
