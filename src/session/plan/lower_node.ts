/** One node into primitives, and what a shape that is not known yet depends on. */
import { elementCount } from "../../core/shape.ts";
import type { Builder } from "../../engine/builder.ts";
import type { Lowering } from "../../engine/lowering.ts";
import { inputsOf, type Value } from "../../engine/primitive.ts";
import type { Absorbed } from "../../graph/definition.ts";
import { argLength, isListArg, recordOf } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { SessionState } from "../state.ts";
import { atNode } from "./errors.ts";
import { lowerCall } from "./inline.ts";
import { isLiveRead } from "./live_reads.ts";
import { VariableValue } from "./values.ts";

/** A lowered value: one of the engine's, or a variable. */
export type Lowered = Value | VariableValue;

/** Inputs of up to this many elements may become part of a segment's key. */
export const maxConcreteElements = 256;

/** What lowering needs of a session. */
export type LoweringState = Pick<SessionState, "variableOf" | "randomSlot">;

/**
 * Lowers one node, together with those that it absorbs or that it calls, and records its outputs. Errors name the node; `wrap` adds the
 * calls that it is inside of.
 */
export function lowerNode(
  op: Operation,
  builder: Builder,
  values: Map<Tensor, Lowered>,
  state: LoweringState,
  absorbed?: Absorbed,
  wrap: (error: unknown) => unknown = (error) => error,
): void {
  const { definition } = op;
  if (definition.variable) values.set(op.outputs[0]!, state.variableOf(op).value);
  else if (definition.called !== undefined) lowerCall(op, { builder, values, state, wrap });
  else {
    const named = (error: unknown): unknown => wrap(atNode(error, op));
    try {
      lowerOne(
        op,
        builder.lowering({ randomSlot: () => state.randomSlot(op), wrapError: named as (error: Error) => Error }),
        values,
        absorbed,
      );
    } catch (error) {
      throw named(error);
    }
  }
}

function lowerOne(
  op: Operation,
  lowering: Lowering,
  values: Map<Tensor, Lowered>,
  absorbed: Absorbed | undefined,
): void {
  const { definition } = op;
  const record = recordOf<Lowered>(op, inputsFor(op, values, lowering, absorbed?.inputs));
  const lower = absorbed ? definition.absorbs!.lower : definition.lower!;
  const result = lower(lowering, record, {
    name: op.name,
    type: op.type,
    device: op.device,
    outputDtypes: op.outputs.map((output) => output.dtype),
    outputShapes: op.outputs.map((output) => output.shape),
  });
  const outputs =
    result === undefined ? [] : Array.isArray(result) ? (result as readonly Lowered[]) : [result as Lowered];
  if (outputs.length !== op.outputs.length) {
    throw new Error(`bug: lowering of ${op.type} gives ${outputs.length} values for ${op.outputs.length} outputs`);
  }
  for (const [i, value] of outputs.entries()) values.set(op.outputs[i]!, value);
  if (definition.passes && isLiveRead(op.outputs[0]!)) {
    const source = values.get(op.inputs[0]!);
    if (source instanceof VariableValue && !source.isResource) values.set(op.outputs[0]!, source);
  }
}

/** The inputs of a node: references stay variables where the signature takes them, and are read elsewhere. */
function inputsFor(
  op: Operation,
  values: ReadonlyMap<Tensor, Lowered>,
  lowering: Lowering,
  replaced?: ReadonlyMap<Tensor, Tensor>,
): Lowered[] {
  const inputs: Lowered[] = [];
  let at = 0;
  for (const arg of op.definition.inputs) {
    const n = isListArg(arg) ? argLength(arg, op.attrs) : 1;
    for (const tensor of op.inputs.slice(at, at + n)) {
      const value = values.get(replaced?.get(tensor) ?? tensor);
      if (value === undefined) throw new Error(`bug: ${op.name} is lowered before its input ${tensor.name}`);
      inputs.push(value instanceof VariableValue && !value.isResource && !arg.isRef ? lowering.read(value) : value);
    }
    at += n;
  }
  return inputs;
}

/** The segment inputs that a value is computed from, if it is computed from small inputs and constants alone; else null. */
export function inputLeaves(value: Value, inputOf: ReadonlyMap<Value, number>): number[] | null {
  const leaves = new Set<number>();
  const seen = new Set<Value>();
  const stack = [value];
  while (stack.length) {
    const v = stack.pop()!;
    if (seen.has(v)) continue;
    seen.add(v);
    const input = inputOf.get(v);
    if (input !== undefined) {
      if (elementCount(v.shape) > maxConcreteElements) return null;
      leaves.add(input);
      continue;
    }
    const { kind } = v.primitive;
    if (kind === "read" || kind === "random" || seen.size > 4096) return null;
    stack.push(...inputsOf(v.primitive));
  }
  return leaves.size ? [...leaves] : null;
}

/** The input tensors of a node from which the wanted value is computed. */
export function neededInputs(op: Operation, wanted: Value, values: ReadonlyMap<Tensor, Lowered>): Set<Tensor> {
  const byValue = new Map<Lowered, Tensor>();
  for (const tensor of op.inputs) {
    const value = values.get(tensor);
    if (value) byValue.set(value, tensor);
  }
  const needed = new Set<Tensor>();
  const seen = new Set<Value>();
  const stack = [wanted];
  while (stack.length) {
    const v = stack.pop()!;
    if (seen.has(v)) continue;
    seen.add(v);
    const tensor = byValue.get(v);
    if (tensor) needed.add(tensor);
    else stack.push(...inputsOf(v.primitive));
  }
  if (needed.size === 0) for (const tensor of op.inputs) if (tensor.dtype.isInteger) needed.add(tensor);
  return needed;
}
