/**
 * Calls that become what they call: the nodes of a function that only computes are lowered in the place of the call, so that the segment
 * around it goes on. Functions that change variables, draw random numbers, wait, or have shapes that depend on values stay calls.
 * Source: common_runtime/inline_function_utils.cc.
 */
import { type FullShape, isFull, type Shape } from "../../core/shape.ts";
import { type Builder, createBuilder } from "../../engine/builder.ts";
import { type FunctionRef, unwrapAttr } from "../../graph/attr.ts";
import { functionGraph } from "../../graph/def/function.ts";
import { type FunctionDef, findFunction } from "../../graph/def/library.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { fromAttrProto } from "../../proto/attr_value.ts";
import type { pb } from "../../proto/messages.ts";
import { isLowered, plainAttrs } from "./classify.ts";
import { atCall } from "./errors.ts";
import { type Lowered, type LoweringState, lowerNode } from "./lower_node.ts";
import { orderNodes, prune } from "./order.ts";
import { VariableValue } from "./values.ts";

/** A function's nodes in order, from its arguments to its results. */
interface Body {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly nodes: readonly Operation[];
  /** Shapes of the arguments that its writer noted. */
  readonly noted: readonly Shape[];
  /** By the shapes of the arguments: can it be lowered? */
  readonly fits: Map<string, boolean>;
}

type Attrs = Readonly<Record<string, { readonly b?: boolean | null }>>;

/** Nodes of a body, those of calls inside it not counted. */
const maxNodes = 200;

const bodies = new WeakMap<FunctionDef, Map<string, Body | null>>();
/** What was found for a call; gradients give it another function later. */
const inlined = new WeakMap<Operation, { readonly fn: FunctionRef | null; readonly body: Body | null }>();

/** Is this call lowered? */
export const isInlined = (op: Operation): boolean => inlinedBody(op) !== null;

function inlinedBody(op: Operation): Body | null {
  const called = op.definition.called!;
  const fn = called === "" ? null : (plainAttrs(op)[called] as FunctionRef);
  const known = inlined.get(op);
  if (known && known.fn === fn) return known.body;
  inlined.set(op, { fn, body: null }); // A function that calls itself stays a call.
  const body = find(op, fn ?? { name: op.type, attrs: op.attrs });
  inlined.set(op, { fn, body });
  return body;
}

function find(op: Operation, fn: FunctionRef): Body | null {
  if (plainAttrs(op)._noinline === true) return null;
  const body = bodyOf(op, fn);
  if (body === null || body.inputs.length !== op.inputs.length || body.outputs.length !== op.outputs.length)
    return null;
  if (body.inputs.some((input, k) => input.dtype.baseDtype !== op.inputs[k]!.dtype.baseDtype)) return null;
  if (body.outputs.some((output, k) => output.dtype !== op.outputs[k]!.dtype)) return null;
  const shapes = argumentShapes(op, body.noted);
  if (shapes === null) return null;
  const key = shapes.join(";");
  let fits = body.fits.get(key);
  if (fits === undefined) {
    fits = isLowerable(op, body, shapes);
    body.fits.set(key, fits);
  }
  return fits ? body : null;
}

/** The function for these attrs, made once: what only computes has no state of its own. */
function bodyOf(op: Operation, fn: FunctionRef): Body | null {
  const source = findFunction(op.graph.library, fn.name);
  if (!source || (source.attr as Attrs | null | undefined)?._noinline?.b || (source.nodeDef ?? []).length > maxNodes)
    return null;
  const known = bodies.get(source) ?? new Map<string, Body | null>();
  bodies.set(source, known);
  const wanted = [...fn.attrs].filter(([name]) => source.signature?.attr?.some((attr) => attr.name === name));
  const key = JSON.stringify(wanted, (_, value) => (typeof value === "bigint" ? String(value) : value));
  let body = known.get(key);
  if (body === undefined) {
    known.set(key, null);
    body = makeBody(op, fn, source);
    known.set(key, body);
  }
  return body;
}

function makeBody(op: Operation, fn: FunctionRef, source: FunctionDef): Body | null {
  let graph: ReturnType<typeof functionGraph>;
  try {
    graph = functionGraph(op.graph, fn);
  } catch {
    return null; // The call says what is wrong when it runs.
  }
  if (!graph) return null;
  const { inputs, outputs, targets } = graph;
  const fed = new Set(inputs);
  const pruned = prune([...outputs.filter((output) => !fed.has(output)).map((output) => output.op), ...targets], fed);
  const nodes = orderNodes(pruned.nodes, fed);
  const computes = ({ definition }: Operation): boolean =>
    definition.variable === undefined && definition.updates.length === 0;
  if (pruned.hasFlow || !nodes.every((node) => computes(node) && isLowered(node))) return null;
  return { inputs, outputs, nodes, noted: inputs.map((_, k) => notedShape(source, k)), fits: new Map() };
}

function notedShape(source: FunctionDef, k: number): Shape {
  const attr = (source.argAttr as Record<string, pb.FunctionDef.ArgAttrs.$Properties> | null | undefined)?.[k];
  const noted = attr?.attr?._output_shapes;
  if (!noted) return null;
  const shapes = unwrapAttr(fromAttrProto(noted)) as readonly Shape[];
  return shapes.length === 1 ? shapes[0]! : null;
}

/** Dimensions that are not known are taken to be of some size; null for an unknown rank, or for a handle of nothing known. */
function argumentShapes(op: Operation, noted: readonly Shape[]): FullShape[] | null {
  const shapes: FullShape[] = [];
  for (const [k, { dtype, shape, handleData }] of op.inputs.entries()) {
    const known = dtype.base === "resource" ? (handleData?.[0]?.shape ?? null) : (shape ?? noted[k]!);
    if (known === null || (dtype.base === "resource" && !isFull(known)) || dtype.isRef) return null;
    shapes.push(known.map((d) => d ?? 3));
  }
  return shapes;
}

/** Lowers it for a trial: nothing may depend on values, be drawn or be written. */
function isLowerable(op: Operation, body: Body, shapes: readonly FullShape[]): boolean {
  const builder = createBuilder({ variable: (slot) => ({ shape: shapes[slot]! }) });
  const values = new Map<Tensor, Lowered>();
  for (const [k, { dtype, handleData }] of op.inputs.entries()) {
    const value =
      dtype.base === "resource"
        ? new VariableValue(k, "", handleData![0]!.dtype.base, true, { exists: true })
        : builder.input(dtype.base, shapes[k]!);
    values.set(op.inputs[k]!, value);
  }
  const state: LoweringState = {
    variableOf: stateless,
    randomSlot: stateless,
  };
  try {
    lowerBody(op, body, { builder, values, state, wrap: (error) => error });
    return builder.written().size === 0;
  } catch {
    return false;
  }
}

const stateless = (): never => {
  throw new Error("bug: state in a function that only computes");
};

interface Place {
  readonly builder: Builder;
  readonly values: Map<Tensor, Lowered>;
  readonly state: LoweringState;
  /** Adds the calls around to an error. */
  readonly wrap: (error: unknown) => unknown;
}

/** Lowers a call's function, and records its results as those of the call. */
export function lowerCall(op: Operation, place: Place): void {
  lowerBody(op, inlinedBody(op)!, place);
}

function lowerBody(op: Operation, body: Body, { builder, values, state, wrap }: Place): void {
  const inner = new Map<Tensor, Lowered>();
  for (const [k, input] of op.inputs.entries()) inner.set(body.inputs[k]!, values.get(input)!);
  const within = (error: unknown): unknown => wrap(atCall(error, op));
  for (const node of body.nodes) lowerNode(node, builder, inner, state, undefined, within);
  for (const [k, output] of body.outputs.entries()) values.set(op.outputs[k]!, inner.get(output)!);
}
