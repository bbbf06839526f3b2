/** What a segment is compiled into, and what it is while it is lowered. */
import type { DType } from "../../../core/dtype.ts";
import { NdArray, type NumberArray, viewElements } from "../../../core/nd_array.ts";
import type { FullShape } from "../../../core/shape.ts";
import type { Builder } from "../../../engine/builder.ts";
import type { Executable } from "../../../engine/engine.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Lowered } from "../lower_node.ts";
import type { Segment } from "../segment.ts";
import { type EngineValue, type RunValue, VariableValue } from "../values.ts";
import type { DeepSum } from "./deep_sum.ts";
import type { QuickRun } from "./quick.ts";
import type { Workspace } from "./workspaces.ts";

/** What made a segment be compiled again and again. */
export interface Growth {
  compiled: number;
  /** Nodes that need values to know their shapes. */
  readonly shapedBy: Set<Operation>;
}

export interface Specialisation {
  readonly key: string;
  readonly shapes: readonly (FullShape | null)[];
  /** What holds of the inputs besides: the slot of a variable, the elements of a value that is part of the key. */
  readonly given: readonly (number | NumberArray | null)[];
  readonly executable: Executable;
  /** Segment input k of executable input i. */
  readonly engineInputs: readonly number[];
  readonly outputs: readonly { readonly index: number; readonly dtype: DType }[];
  /** Outputs that are known without running: constants and variables. */
  readonly known: readonly { readonly index: number; readonly value: NdArray | VariableValue }[];
  /** Outputs that are inputs: where one goes, and where it comes from. */
  readonly passed: readonly { readonly index: number; readonly from: number }[];
  readonly written: readonly { readonly slot: number; readonly shape: FullShape }[];
  /** Of products, in a loop: the segment gives their operands. */
  readonly sums: readonly DeepSum[];
  /** What must still hold of variables; an undefined shape does not matter. */
  readonly assumed: readonly {
    readonly slot: number;
    readonly shape: FullShape | null | undefined;
    readonly address: number;
  }[];
  readonly next: Segment | null;
  readonly free: Workspace[];
  layoutVersion: number;
  /** The run of a loop whose lasting inputs it has last had. */
  loop?: object | undefined;
  /** Made when it has run once; null where there is none. */
  quick?: QuickRun | null;
  /** For traces: what the nodes became, kept from the first one on. */
  lowered?: Attempt;
}

export interface Attempt {
  readonly builder: Builder;
  readonly values: Map<Tensor, Lowered>;
  readonly engineInputs: readonly number[];
  readonly assumed: Map<number, FullShape | null | undefined>;
  /** Where a shape depends on a value computed here, and the tensors whose values the rest needs. */
  readonly cut: { readonly at: number; readonly needed: ReadonlySet<Tensor> } | null;
  /** Segment inputs whose values must be known. */
  readonly wanted: readonly number[];
}

/** Lowers what belongs to no node. */
export const noOp = {
  randomSlot: (): number => {
    throw new Error("bug: no op draws here");
  },
  wrapError: (error: Error): Error => error,
};

/** What the inputs of a run are, and what must hold of them besides. `elements`: those of a value that is part of the key. */
export const factsOf = (
  values: readonly RunValue[],
  elements: (array: NdArray | EngineValue, i: number) => NumberArray | null,
): Pick<Specialisation, "shapes" | "given"> => ({
  shapes: values.map((value) => (value instanceof VariableValue ? null : (value as NdArray).shape)),
  given: values.map((value, i) =>
    value instanceof VariableValue ? value.slot : elements(value as NdArray | EngineValue, i),
  ),
});

/** The graph's dtype over the engine's: handles are int32 there. */
export const retyped = (array: NdArray, dtype: DType): NdArray =>
  array.dtype === dtype ? array : new NdArray(dtype, array.shape, array.data);

/** Are these the elements of a value of the same shape, wherever it lies? NaN is none. */
export function hasElements(elements: NumberArray, value: NdArray | EngineValue, buffer: ArrayBufferLike): boolean {
  const data =
    value instanceof NdArray
      ? (value.data as NumberArray)
      : viewElements(value.dtype, buffer, value.address, elements.length);
  for (let i = 0; i < elements.length; i++) if (data[i] !== elements[i]) return false;
  return true;
}
