/**
 * An initial value computed from other variables is copied so that it reads those variables' initial values while they have none yet.
 * Source: variables.py, _try_guard_against_uninitialized_dependencies.
 */
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isVariableInitializedOp, readVariableOp, refSwitchOp, switchOp, varIsInitializedOp } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import type { Variable } from "./variable.ts";

/** `scope` is the name scope of the variable that gets the value. A value inside a cycle is left as it is. */
export function guardInitialValue(scope: string, initialValue: Tensor): Tensor {
  return dependsOnVariable(initialValue.op) && !hasCycle(initialValue.op)
    ? safeTensor(scope, initialValue, new Map())
    : initialValue;
}

/** Ops that ask whether a variable has a value, and reads of resources, stay as they are. */
const kept = [isVariableInitializedOp, varIsInitializedOp, readVariableOp].map((builder) => builder.definition);

function dependsOnVariable(from: Operation): boolean {
  const seen = new Set<Operation>([from]);
  for (const op of seen) {
    if (op.definition.variable !== undefined) return true;
    for (const input of op.inputs) seen.add(input.op);
  }
  return false;
}

function hasCycle(from: Operation): boolean {
  const finished = new Set<Operation>();
  const started = new Set<Operation>();
  const stack: Operation[] = [from];
  while (stack.length) {
    const op = stack.at(-1)!;
    if (finished.has(op) || started.has(op)) {
      finished.add(op);
      stack.pop();
      continue;
    }
    started.add(op);
    for (const next of [...op.inputs.map((input) => input.op), ...op.controlInputs]) {
      if (started.has(next) && !finished.has(next)) return true;
      if (!finished.has(next)) stack.push(next);
    }
  }
  return false;
}

function safeTensor(scope: string, tensor: Tensor, copies: Map<Operation, Operation>): Tensor {
  let copy = copies.get(tensor.op);
  if (!copy) {
    copy = safeOperation(scope, tensor.op, copies);
    copies.set(tensor.op, copy);
  }
  return copy.outputs[tensor.valueIndex]!;
}

function safeOperation(scope: string, op: Operation, copies: Map<Operation, Operation>): Operation {
  if (kept.includes(op.definition)) return op;
  if (op.definition.variable !== undefined) return initializedValueOf(op)?.op ?? op;
  const inputs = op.inputs.map((input) => safeTensor(scope, input, copies));
  if (inputs.every((input, i) => input === op.inputs[i])) return op;
  return getDefaultGraph().createOp({
    definition: op.definition === refSwitchOp.definition ? switchOp.definition : op.definition,
    inputs,
    attrs: new Map(op.attrs),
    name: `${op.name}_${scope}`.replaceAll(":", "_"),
    outputDtypes: op.outputs.map((output) => output.dtype.baseDtype),
  });
}

function initializedValueOf(op: Operation): Tensor | null {
  const all = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES].flatMap((key) =>
    op.graph.getCollection<Variable>(key),
  );
  return all.find((variable) => variable.op === op)?.initializedValue() ?? null;
}
