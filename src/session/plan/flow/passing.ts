/** Nodes that only pass their input on: their output is the same value under another name. */
import { OpError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import type { FullShape } from "../../../core/shape.ts";
import { createBuilder, NeedsValue } from "../../../engine/builder.ts";
import { constantValue, recordOf } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { isLowered, plainAttrs } from "../classify.ts";

const identities = new WeakMap<Operation, boolean>();

/** Does the node's lowering give back its only input? Looked at with a scalar and a matrix. */
export function isIdentity(op: Operation): boolean {
  let known = identities.get(op);
  if (known === undefined) {
    known = givesInputBack(op);
    identities.set(op, known);
  }
  return known;
}

function givesInputBack(op: Operation): boolean {
  const { inputs, outputs, definition } = op;
  if (inputs.length !== 1 || outputs.length !== 1 || definition.flow || definition.stateful || !isLowered(op))
    return false;
  const [input, output] = [inputs[0]!, outputs[0]!];
  if (input.dtype.isRef || output.dtype.isRef || input.dtype !== output.dtype) return false;
  // Only a node without any attr but its dtype does nothing for every shape.
  if ([...op.attrs.keys()].some((name) => !name.startsWith("_") && definition.inputs[0]!.typeAttr !== name))
    return false;
  return passes(op, []) && passes(op, [2, 3]);
}

function passes(op: Operation, shape: FullShape): boolean {
  const [input, output] = [op.inputs[0]!, op.outputs[0]!];
  const builder = createBuilder({ variable: () => ({ shape: null }) });
  const value = builder.input(input.dtype.base, shape);
  const lowering = builder.lowering({
    randomSlot: () => {
      throw new Error("bug: a node without state draws");
    },
    wrapError: (error) => error,
  });
  try {
    const result = op.definition.lower!(lowering, recordOf(op, [value]), {
      name: op.name,
      type: op.type,
      device: op.device,
      outputDtypes: [output.dtype],
      outputShapes: [output.shape],
    });
    return result === value || (Array.isArray(result) && result[0] === value);
  } catch (error) {
    if (error instanceof OpError || error instanceof NeedsValue) return false;
    throw error;
  }
}

/** The tensor whose value this one has, or null for a value of its own. What is fetched has its own. */
export function passedFrom(tensor: Tensor, isFetched: (tensor: Tensor) => boolean): Tensor | null {
  const { op } = tensor;
  const role = op.definition.flow;
  if (role === "switch" || role === "loopCond") return op.inputs[0]!;
  if (role === "enter") return plainAttrs(op).is_constant === true ? op.inputs[0]! : null;
  return !role && isIdentity(op) && !isFetched(tensor) ? op.inputs[0]! : null;
}

/** Is it a value from outside of the loop, the same in each iteration? */
export function isEntered(tensor: Tensor, fed: ReadonlySet<Tensor>): boolean {
  for (let at: Tensor | null = tensor; at && !fed.has(at); at = passedFrom(at, isNotFetched))
    if (at.op.definition.flow === "enter") return plainAttrs(at.op).is_constant === true;
  return false;
}

/** Nodes behind a constant that are looked at. */
const maxBehind = 32;

/**
 * The value that a tensor has in every run with these feeds, however it is passed on; null when it depends on more than constants. Segments
 * then begin with it, whichever region its node is in: a size or the start of a slice is known there.
 */
export function constantBehind(tensor: Tensor, fed: ReadonlySet<Tensor>): NdArray | null {
  let origin = tensor;
  for (let next: Tensor | null = origin; next; next = fed.has(origin) ? null : passedFrom(origin, isNotFetched))
    origin = next;
  if (fed.has(origin) || origin.dtype.isRef || origin.dtype.base === "string") return null;
  const seen = new Set<Operation>();
  const stack = [origin.op];
  while (stack.length) {
    const op = stack.pop()!;
    if (seen.has(op)) continue;
    if (seen.size === maxBehind || op.definition.flow) return null;
    seen.add(op);
    for (const input of op.inputs) {
      if (fed.has(input)) return null;
      stack.push(input.op);
    }
  }
  return constantValue(origin);
}

const isNotFetched = (): boolean => false;
