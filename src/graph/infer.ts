/** Static shapes, and the values of tensors that are known while building. Source: shape_inference.cc, shape_refiner.cc. */
import { type OpError, ValueError } from "../core/error.ts";
import { elementAt, NdArray } from "../core/nd_array.ts";
import { type Dim, elementCount, formatShape, isFull, type Shape } from "../core/shape.ts";
import { holdsTensor, unwrapAttr } from "./attr.ts";
import { functionShapes } from "./def/function.ts";
import { attrText } from "./def/node_text.ts";
import type { ArgDefinition, AttrPlain, OpDefinition, ShapeContext } from "./definition.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Computes the outputs of a stateless op from constant inputs; set by the session, which owns the engine. Null when it cannot. */
export const constantFolder: {
  fold: ((op: Operation, inputs: readonly NdArray[]) => readonly NdArray[] | null) | null;
} = { fold: null };

const maxFoldedElements = 1 << 16;

/** How many tensors one argument of the signature takes. */
export function argLength(arg: ArgDefinition, attrs: Operation["attrs"]): number {
  if (arg.numberAttr) return Number(unwrapAttr(attrs.get(arg.numberAttr)!));
  if (arg.typeListAttr) return (unwrapAttr(attrs.get(arg.typeListAttr)!) as readonly unknown[]).length;
  return 1;
}

export const isListArg = (arg: ArgDefinition): boolean =>
  arg.numberAttr !== undefined || arg.typeListAttr !== undefined;

/** The record that the last operation of a definition has as its layout, and the attrs that it is for. */
const lastLayout = new WeakMap<
  OpDefinition,
  { attrs: Operation["plainAttrs"]; record: Record<string, unknown> | null }
>();

function layoutOf(definition: OpDefinition, attrs: Operation["plainAttrs"]): Record<string, unknown> {
  const record: Record<string, unknown> = { ...attrs };
  for (const arg of definition.inputs) record[arg.name] = undefined;
  for (const arg of definition.outputs) record[arg.name] = undefined;
  return record;
}

/** A record with the attrs: from the second time on a copy with all names, which costs less than to add them one by one. */
function newRecord(op: Operation, definition: OpDefinition): Record<string, unknown> {
  if (definition !== op.definition) return { ...op.plainAttrs };
  if (op.layout) return { ...op.layout };
  const attrs = op.plainAttrs;
  const last = lastLayout.get(definition);
  if (last?.attrs === attrs) {
    last.record ??= layoutOf(definition, attrs);
    op.layout = last.record;
    return { ...op.layout };
  }
  if (op.layout === null) {
    op.layout = layoutOf(definition, attrs);
    return { ...op.layout };
  }
  op.layout = null;
  if (!holdsTensor(definition)) lastLayout.set(definition, { attrs, record: null });
  return { ...attrs };
}

/** A record by argument name: single items, or arrays for list arguments; attrs by name beside them. */
export function recordOf<T>(
  op: Operation,
  inputs: readonly T[],
  outputs?: readonly T[],
  definition: OpDefinition = op.definition,
): Record<string, T | readonly T[] | AttrPlain> {
  const record = newRecord(op, definition) as Record<string, T | readonly T[] | AttrPlain>;
  spread(record, definition.inputs, op.attrs, inputs);
  if (outputs) spread(record, definition.outputs, op.attrs, outputs);
  return record;
}

function spread<T>(
  record: Record<string, unknown>,
  args: readonly ArgDefinition[],
  attrs: Operation["attrs"],
  items: readonly T[],
): void {
  let at = 0;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!isListArg(arg)) record[arg.name] = items[at++];
    else {
      const n = argLength(arg, attrs);
      record[arg.name] = items.slice(at, at + n);
      at += n;
    }
  }
}

/** Position of an argument's (index-th) tensor among the flat inputs. */
function inputAt(op: Operation, name: string, index: number): number {
  let at = 0;
  for (const arg of op.definition.inputs) {
    if (arg.name === name) return at + index;
    at += argLength(arg, op.attrs);
  }
  throw new Error(`bug: ${op.type} has no input ${name}`);
}

function shapeContext(op: Operation): ShapeContext {
  const look = (kind: "values" | "shapes", at: number): Tensor => {
    if (!asked.has(op)) asked.set(op, { values: new Set(), shapes: new Set() });
    asked.get(op)![kind].add(at);
    return op.inputs[at]!;
  };
  return {
    value: (input, index = 0) => constantValue(look("values", inputAt(op, input, index))),
    valueAsShape: (input, index = 0) => constantValueAsShape(look("shapes", inputAt(op, input, index))),
    handle: (input, index = 0) => op.inputs[inputAt(op, input, index)]!.handleData,
    functionShapes: (fn, args) => functionShapes(op.graph, fn, args),
    self: { name: op.type, attrs: op.attrs },
    outputDtypes: op.outputs.map((output) => output.dtype),
    name: op.name,
  };
}

/** Sets the static shapes of an op's outputs. Throws the shape function's OpError. */
export function inferShapes(op: Operation): void {
  const record = recordOf<Shape>(
    op,
    op.inputs.map((input) => input.shape),
  );
  const result = op.definition.shape(record, shapeContext(op));
  const shapes = "shapes" in result ? result.shapes : result;
  if (shapes.length !== op.outputs.length) {
    throw new Error(`bug: shape function of ${op.type} gives ${shapes.length} shapes for ${op.outputs.length} outputs`);
  }
  for (const [i, shape] of shapes.entries()) {
    op.outputs[i]!.refineShape(shape);
    if ("handles" in result) op.outputs[i]!.handleData = result.handles[i] ?? null;
  }
}

/** TensorFlow's text around a shape function's complaint. Source: shape_refiner.cc, AttachContext. */
export function shapeError(op: Operation, error: OpError): ValueError {
  const attrs = [...op.attrs].filter(([name]) => !name.startsWith("_")).sort(([a], [b]) => (a < b ? -1 : 1));
  const attrList = attrs.map(([name, attr]) => `${name}=${attrText(attr)}`).join(", ");
  const inputs = [...op.inputs.map(inputText), ...op.controlInputs.map((input) => `^${input.name}`)].join(", ");
  const shapes = op.inputs.map((input) => formatShape(input.shape)).join(", ");
  const known = failsUnseen(op) ? "" : lookedAt(op);
  return new ValueError(
    `${error.message} for '{{node ${op.name}}} = ${op.type}[${attrList}](${inputs})' with input shapes: ${shapes}${known}.`,
    {
      cause: error,
    },
  );
}

/** Which inputs a shape function looked at, as values or as shapes: the error text prints those. */
const asked = new WeakMap<Operation, { readonly values: Set<number>; readonly shapes: Set<number> }>();

/** TensorFlow asks the shape function without values first; an error of that round shows none. */
function failsUnseen(op: Operation): boolean {
  const unseen: ShapeContext = { ...shapeContext(op), value: () => null, valueAsShape: () => null };
  const shapes = op.inputs.map((input) => input.shape);
  try {
    op.definition.shape(recordOf<Shape>(op, shapes), unseen);
    return false;
  } catch {
    return true;
  }
}

function lookedAt(op: Operation): string {
  const { values, shapes } = asked.get(op) ?? { values: new Set(), shapes: new Set() };
  const computed = op.inputs.flatMap((input, i) => {
    const value = values.has(i) && !shapes.has(i) ? constantValue(input) : null;
    return value ? [`input[${i}] = <${flatText(value)}>`] : [];
  });
  const partial = op.inputs.flatMap((input, i) =>
    shapes.has(i) ? [`input[${i}] = ${formatShape(constantValueAsShape(input))}`] : [],
  );
  return [
    computed.length ? ` and with computed input tensors: ${computed.join(", ")}` : "",
    partial.length ? ` and with input tensors computed as partial shapes: ${partial.join(",")}` : "",
  ].join("");
}

const inputText = (input: Tensor): string => (input.valueIndex === 0 ? input.op.name : input.name);

function flatText(value: NdArray): string {
  if (value.shape.length === 0) return String(elementAt(value, 0));
  return Array.from({ length: Math.min(value.size, 10) }, (_, i) => elementAt(value, i)).join(" ");
}

const known = new WeakMap<Operation, readonly NdArray[] | null>();

/** The value of a tensor that depends on constants alone; null when unknown, stateful or large. */
export function constantValue(tensor: Tensor): NdArray | null {
  return tensor.knownValue ?? constantOutputs(tensor.op)?.[tensor.valueIndex] ?? null;
}

function constantOutputs(op: Operation): readonly NdArray[] | null {
  const stack: Operation[] = [op];
  while (stack.length) {
    const top = stack.at(-1)!;
    if (known.has(top)) {
      stack.pop();
      continue;
    }
    const { definition } = top;
    if (definition.value) {
      known.set(top, [definition.value(recordOf(top, []))]);
      stack.pop();
      continue;
    }
    const isGiven = definition.placeholder || definition.isOverridable;
    if (definition.stateful || isGiven || definition.flow || definition.variable || !foldable(top)) {
      known.set(top, null);
      stack.pop();
      continue;
    }
    const pending = top.inputs.filter((input) => !known.has(input.op));
    if (pending.length) {
      // An unknown input makes the op unknown: look at one at a time so that long chains stop early.
      if (top.inputs.some((input) => known.get(input.op) === null)) {
        known.set(top, null);
        stack.pop();
      } else stack.push(pending[0]!.op);
      continue;
    }
    const inputs = top.inputs.map((input) => known.get(input.op)?.[input.valueIndex] ?? null);
    known.set(
      top,
      fromShapes(top) ??
        (inputs.every((value) => value !== null) ? (constantFolder.fold?.(top, inputs) ?? null) : null),
    );
    stack.pop();
  }
  return known.get(op) ?? null;
}

/** Worth computing while building: it has a definite, small result. */
const foldable = (op: Operation): boolean =>
  op.outputs.length > 0 &&
  (op.definition.lower !== undefined || op.definition.compute !== undefined) &&
  op.outputs.every(
    (output) => output.shape === null || !isFull(output.shape) || elementCount(output.shape) <= maxFoldedElements,
  );

/** A vector whose partly known form is wholly known (the shape of a tensor of full static shape). */
function fromShapes(op: Operation): readonly NdArray[] | null {
  const partial = op.definition.partialValue?.(
    recordOf<Shape>(
      op,
      op.inputs.map((input) => input.shape),
    ),
    shapeContext(op),
  );
  if (!partial || !isFull(partial) || op.outputs.length !== 1) return null;
  return [integers(partial, op.outputs[0]!)];
}

function integers(values: readonly number[], output: Tensor): NdArray {
  const data = output.dtype.base === "int64" ? BigInt64Array.from(values, BigInt) : Int32Array.from(values);
  return new NdArray(output.dtype, output.shape?.length === 0 ? [] : [values.length], data);
}

/** The value of an int vector as a shape, with null for what is unknown. Source: shape_inference.cc, MakeShapeFromShapeTensor. */
export function constantValueAsShape(tensor: Tensor): Shape {
  const partial = partialValue(tensor);
  if (partial) return partial.map((n) => (n !== null && n < 0 ? null : n));
  const value = constantValue(tensor);
  if (value) {
    if (value.shape.length === 0) return null;
    return Array.from({ length: value.size }, (_, i) => {
      const n = Number(elementAt(value, i));
      return n < 0 ? null : n;
    });
  }
  const length = tensor.shape?.[0];
  return typeof length === "number" && tensor.shape?.length === 1 ? new Array<Dim>(length).fill(null) : null;
}

/** The partly known elements of an int vector (or scalar, as one element), or null. */
export function partialValue(tensor: Tensor): readonly Dim[] | null {
  const { op } = tensor;
  if (!op.definition.partialValue) return null;
  return op.definition.partialValue(
    recordOf<Shape>(
      op,
      op.inputs.map((input) => input.shape),
    ),
    shapeContext(op),
  );
}
