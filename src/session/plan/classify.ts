/** How the session treats a node: facts of its definition and dtypes, never its name. */
import { isFull } from "../../core/shape.ts";
import { definitionIn, type FunctionDef, findFunction, functionsIn, type Library } from "../../graph/def/library.ts";
import type { AttrPlain } from "../../graph/definition.ts";
import { argLength } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isInlined } from "./inline.ts";
import { isLiveRead } from "./live_reads.ts";

const lowered = new WeakMap<Operation, boolean>();

/** Does the node become part of a segment? Needs `lower` for its attrs, and numbers: strings go through the host. */
export function isLowered(op: Operation): boolean {
  if (op.definition.called !== undefined) return !hasStrings(op) && isInlined(op);
  let known = lowered.get(op);
  if (known === undefined) {
    known = decide(op);
    lowered.set(op, known);
  }
  return known;
}

function decide(op: Operation): boolean {
  const { definition } = op;
  if (definition.flow || definition.placeholder) return false;
  if (definition.variable) return true;
  if (!hasLowering(op)) return false;
  return !hasStrings(op);
}

const lowerings = new WeakMap<Operation, boolean>();

/** Is `lower` there for these attrs? */
export function hasLowering(op: Operation): boolean {
  const { definition } = op;
  if (definition.lower === undefined || definition.lowers === undefined) return definition.lower !== undefined;
  let known = lowerings.get(op);
  if (known === undefined) {
    known = definition.lowers(plainAttrs(op), op);
    lowerings.set(op, known);
  }
  return known;
}

const isHandle = (tensor: Tensor): boolean => tensor.dtype.base === "string" || tensor.dtype.base === "variant";

export const hasStrings = (op: Operation): boolean => op.inputs.some(isHandle) || op.outputs.some(isHandle);

/** May the node make the run asynchronous? */
export const mayWait = (op: Operation): boolean =>
  (op.definition.run !== undefined && !op.definition.placeholder) ||
  (op.definition.call !== undefined && callWaits(op));

const waits = new WeakMap<FunctionDef, boolean>();

/** Does a function that the op calls wait, or last as long as a loop? */
function callWaits(op: Operation): boolean {
  const { library } = op.graph;
  if (op.definition.loops) return true;
  const own = findFunction(library, op.type);
  const called = functionsIn(op.attrs.values()).map((fn) => findFunction(library, fn.name));
  return [own, ...called].some((source) => source !== undefined && functionWaits(source, library));
}

function functionWaits(source: FunctionDef, library: Library | null): boolean {
  let known = waits.get(source);
  if (known === undefined) {
    waits.set(source, false); // A function that calls itself waits if something else in it does.
    known = (source.nodeDef ?? []).some((node) => {
      const definition = definitionIn(library, node.op ?? "");
      if (definition.flow || definition.loops || (definition.run && !definition.placeholder)) return true;
      if (!definition.call) return false;
      const refs = Object.values(node.attr ?? {}).flatMap((attr) => [
        ...(attr.func ? [attr.func] : []),
        ...(attr.list?.func ?? []),
      ]);
      return [node.op, ...refs.map((ref) => ref.name)].some((name) => {
        const inner = findFunction(library, name ?? "");
        return inner !== undefined && functionWaits(inner, library);
      });
    });
    waits.set(source, known);
  }
  return known;
}

/** Does what needs this node belong into segments of its own? */
export const setsApart = (op: Operation): boolean =>
  mayWait(op) ||
  (!isLowered(op) &&
    (op.definition.compute ?? op.definition.call) !== undefined &&
    op.outputs.some((output) => !isFull(output.shape)));

export const plainAttrs = (op: Operation): Readonly<Record<string, AttrPlain>> => op.plainAttrs;

export interface ReferenceInput {
  /** The node that makes the variable. */
  readonly variable: Operation;
  readonly isUpdated: boolean;
}

const references = new WeakMap<Operation, { version: number; inputs: readonly ReferenceInput[] }>();

/** The variables whose references or handles an op takes, and which of them it changes. */
export function referenceInputs(op: Operation): readonly ReferenceInput[] {
  if (!op.inputs.some(leadsToVariable)) return none;
  const known = references.get(op);
  if (known && known.version === op.graph.version) return known.inputs;
  const inputs: ReferenceInput[] = [];
  let at = 0;
  for (const arg of op.definition.inputs) {
    const n = argLength(arg, op.attrs);
    for (const tensor of op.inputs.slice(at, at + n)) {
      const variable = variableBehind(tensor);
      if (variable) inputs.push({ variable, isUpdated: op.definition.updates.includes(arg.name) });
    }
    at += n;
  }
  references.set(op, { version: op.graph.version, inputs });
  return inputs;
}

const none: readonly ReferenceInput[] = [];

const leadsToVariable = (tensor: Tensor): boolean =>
  tensor.dtype.isRef ||
  tensor.dtype.base === "resource" ||
  tensor.op.definition.variable !== undefined ||
  isLiveRead(tensor);

/** Follows reference and handle edges back to the node that makes the variable. */
function variableBehind(tensor: Tensor): Operation | null {
  let current = tensor;
  for (let steps = 0; steps < 64; steps++) {
    if (current.op.definition.variable) return current.op;
    const isLive = isLiveRead(current);
    if (!isLive && !current.dtype.isRef && current.dtype.base !== "resource") return null;
    const through = isLive
      ? current.op.inputs[0]
      : current.op.inputs.find((input) => input.dtype.isRef || input.dtype.base === "resource");
    if (!through) return null;
    current = through;
  }
  return null;
}
