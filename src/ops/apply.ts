/**
 * Makes a node from a definition and a record of inputs and attrs: converts inputs, infers type and number attrs, fills defaults, checks
 * constraints. Source: tensorflow/python/framework/op_def_library.py.
 */

import { type DType, float32, int32 } from "../core/dtype.ts";
import { TypeError, ValueError } from "../core/error.ts";
import { printValue } from "../core/print.ts";
import type { AttrValue } from "../graph/attr.ts";
import { typeAttr, unwrapAttr, wrapAttr } from "../graph/attr.ts";
import type { ArgDefinition, AttrDefinition, AttrPlain, OpDefinition } from "../graph/definition.ts";
import { type Graph, getDefaultGraph } from "../graph/graph.ts";
import { argLength, isListArg } from "../graph/infer.ts";
import type { Gradient } from "../graph/op/gradients.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { composites, convertToTensor, isSymbolic, literalDtype, type TensorLike } from "./convert.ts";

/** What a builder returns: the Operation, a Tensor, or a record of Tensors, by the number of outputs in the signature. */
export type Applied = Operation | Tensor | readonly Tensor[] | Record<string, Tensor | readonly Tensor[]>;

/** Runs ops at once instead of making nodes; set by eager mode. Returns undefined in graph mode. */
export const immediate: {
  apply:
    | ((
        definition: OpDefinition,
        record: Record<string, unknown>,
        name: string | null | undefined,
      ) => Applied | undefined)
    | null;
  /** Results of a function with a gradient of its own, which `run` gives together with that gradient. */
  differentiated:
    | ((
        args: readonly Tensor[],
        run: () => readonly [results: readonly Tensor[], backward: Backward],
      ) => readonly Tensor[])
    | null;
} = {
  apply: null,
  differentiated: null,
};

/** From the gradients of results to those of arguments. */
export type Backward = (dys: readonly (Gradient | null)[]) => readonly (Gradient | null)[];

/** Adds the op to the default graph. A name that ends in "/" is taken whole. */
export function applyOp(definition: OpDefinition, record: Record<string, unknown>, name?: string | null): Applied {
  if (composites.apply !== null && definition.inputs.some((arg) => composites.has(record[arg.name]))) {
    return composites.apply(record, (inner) => applyOp(definition, inner, name));
  }
  const done = immediate.apply?.(definition, record, name);
  if (done !== undefined) return done;
  const graph = getDefaultGraph();
  const add = (scope: string): Applied => {
    const { attrs, inputs } = prepare(definition, record);
    const make = (): Operation =>
      graph.createOp({
        definition,
        inputs,
        attrs,
        name: scope,
        outputDtypes: outputDtypes(definition, attrs),
      });
    const op = besideReferences(definition, inputs, attrs, make);
    return resultOf(definition, op);
  };
  return graph.traces.here(() => scoped(graph, definition, name || definition.type, add));
}

/** The inputs as tensors, flattened, and all attrs in alphabetical order. Throws TypeError or ValueError in Python's words. */
export function prepare(
  definition: OpDefinition,
  record: Record<string, unknown>,
): { readonly attrs: Map<string, AttrValue>; readonly inputs: readonly Tensor[] } {
  const attrs = givenAttrs(definition, record);
  const inputs = convertInputs(definition, record, attrs);
  fillDefaults(definition, attrs);
  return { attrs: inOrder(attrs), inputs };
}

/** Inputs are converted in a scope of the op's name; an op without inputs needs none. */
const scoped = <R>(graph: Graph, definition: OpDefinition, name: string, fn: (scope: string) => R): R =>
  definition.inputs.length ? graph.nameScope(name, fn) : fn(name);

/** An op is placed with the references that it takes. Source: op_def_library.py, _MaybeColocateWith. */
function besideReferences(
  definition: OpDefinition,
  inputs: readonly Tensor[],
  attrs: ReadonlyMap<string, AttrValue>,
  make: () => Operation,
): Operation {
  if (!definition.inputs.some((arg) => arg.isRef)) return make();
  const references: Tensor[] = [];
  let at = 0;
  for (const arg of definition.inputs) {
    if (arg.isRef && !isListArg(arg)) references.push(inputs[at]!);
    at += argLength(arg, attrs);
  }
  const placed = references.reduceRight<() => Operation>(
    (inner, reference) => () => getDefaultGraph().colocateWith(reference, inner),
    make,
  );
  return placed();
}

/** Several outputs by name that may be taken in their order too, as Python's tuples: `const [key, value] = reader.read(queue)`. */
export const unpackable = <R extends object>(outputs: R): R & Iterable<Tensor> =>
  Object.defineProperty(outputs, Symbol.iterator, {
    value: () => Object.values(outputs)[Symbol.iterator](),
  }) as R & Iterable<Tensor>;

/** The outputs of a node in the form that builders return. */
export function resultOf(
  definition: OpDefinition,
  op: { readonly outputs: readonly Tensor[]; readonly attrs: ReadonlyMap<string, AttrValue> },
): Applied {
  const { outputs } = definition;
  if (outputs.length === 0) return op as Operation;
  let at = 0;
  const take = (arg: ArgDefinition): Tensor | readonly Tensor[] => {
    const n = argLength(arg, op.attrs);
    const items = op.outputs.slice(at, at + n);
    at += n;
    return isListArg(arg) ? items : items[0]!;
  };
  if (outputs.length === 1) return take(outputs[0]!);
  return unpackable(Object.fromEntries(outputs.map((arg) => [arg.name, take(arg)])));
}

function givenAttrs(definition: OpDefinition, record: Record<string, unknown>): Map<string, AttrValue> {
  const attrs = new Map<string, AttrValue>();
  for (const attr of definition.attrs) {
    const plain = record[attr.name];
    if (plain === undefined || definition.inputs.some((input) => input.name === attr.name)) continue;
    attrs.set(attr.name, wrapAttr(attr, baseTypes(attr, plain as AttrPlain)));
  }
  return attrs;
}

const baseTypes = (attr: AttrDefinition, plain: AttrPlain): AttrPlain => {
  if (attr.kind !== "type") return plain;
  return attr.isList ? (plain as readonly DType[]).map((dtype) => dtype.baseDtype) : (plain as DType).baseDtype;
};

function convertInputs(
  definition: OpDefinition,
  record: Record<string, unknown>,
  attrs: Map<string, AttrValue>,
): Tensor[] {
  decideTypes(definition, record, attrs);
  const inputs: Tensor[] = [];
  for (const arg of definition.inputs) {
    const value = record[arg.name] as TensorLike | readonly TensorLike[];
    if (value === undefined) throw new TypeError(`No argument for input ${arg.name} of ${definition.type}`);
    if (isListArg(arg)) inputs.push(...convertList(definition, arg, value as readonly TensorLike[], attrs));
    else inputs.push(convertOne(definition, arg, value as TensorLike, attrs));
  }
  return inputs;
}

/** Tensors and variables decide the type attrs first, then literals that are no whole numbers, so that the others follow. */
function decideTypes(definition: OpDefinition, record: Record<string, unknown>, attrs: Map<string, AttrValue>): void {
  for (const arg of definition.inputs) {
    if (!arg.typeAttr || attrs.has(arg.typeAttr)) continue;
    const value = record[arg.name];
    const items = arg.numberAttr && Array.isArray(value) ? value : [value];
    const symbolic = items.find((item) => isSymbolic(item) && "dtype" in item) as { dtype: DType } | undefined;
    if (symbolic) attrs.set(arg.typeAttr, typeAttr(symbolic.dtype));
  }
  for (const attr of definition.attrs) {
    if (attr.kind !== "type" || attr.isList || attr.defaultValue !== undefined || attrs.has(attr.name)) continue;
    const args = definition.inputs.filter((arg) => arg.typeAttr === attr.name);
    const literals = args.flatMap((arg) => (arg.numberAttr ? record[arg.name] : [record[arg.name]]) as unknown[]);
    if (isFloat(literals, attr.allowedTypes)) attrs.set(attr.name, typeAttr(float32));
  }
}

/** Are these JavaScript's numbers float32: one has a fraction, or whole numbers are not what the op computes with? */
function isFloat(literals: readonly unknown[], allowed: readonly DType[] | undefined): boolean {
  const numbers = literals.flat(Number.POSITIVE_INFINITY);
  if (numbers.length === 0 || !numbers.every((item) => typeof item === "number")) return false;
  if (allowed && !allowed.includes(float32)) return false;
  return literalDtype(numbers) === float32 ? literals.length > 1 : allowed !== undefined && !allowed.includes(int32);
}

const attrDefinition = (definition: OpDefinition, name: string): AttrDefinition =>
  definition.attrs.find((attr) => attr.name === name)!;

function wantedDtype(arg: ArgDefinition, attrs: Map<string, AttrValue>): DType | undefined {
  if (arg.dtype) return arg.dtype;
  const known = arg.typeAttr && attrs.get(arg.typeAttr);
  return known ? (unwrapAttr(known) as DType) : undefined;
}

function convertOne(
  definition: OpDefinition,
  arg: ArgDefinition,
  value: TensorLike,
  attrs: Map<string, AttrValue>,
): Tensor {
  const wanted = wantedDtype(arg, attrs);
  const attr = arg.typeAttr ? attrDefinition(definition, arg.typeAttr) : undefined;
  const preferred = attr?.defaultValue as DType | undefined;
  // Python takes the dtype that a literal has by itself where the op allows it; the node of a refused one stays in the graph.
  const isFree = wanted === undefined && attr?.allowedTypes !== undefined && !isSymbolic(value);
  let tensor = convertChecked(definition, arg, value, wanted, isFree ? undefined : preferred);
  if (isFree && preferred && !attr.allowedTypes.includes(tensor.dtype.baseDtype)) {
    tensor = convertChecked(definition, arg, value, wanted, preferred);
  }
  if (arg.typeAttr && !attrs.has(arg.typeAttr)) attrs.set(arg.typeAttr, typeAttr(tensor.dtype));
  if (arg.typeAttr) checkAllowed(definition, arg, tensor.dtype);
  if (arg.isRef && !tensor.dtype.isRef) {
    throw new TypeError(
      `'${definition.type}' Op requires that input '${arg.name}' be a mutable tensor (e.g.: a tf.Variable)`,
    );
  }
  return tensor;
}

function convertChecked(
  definition: OpDefinition,
  arg: ArgDefinition,
  value: TensorLike,
  wanted: DType | undefined,
  preferred: DType | undefined,
): Tensor {
  if (isSymbolic(value)) {
    // What has no dtype of its own takes the one that is wanted.
    const dtype = "dtype" in value ? undefined : (wanted ?? preferred);
    const tensor = convertToTensor(value, { asRef: arg.isRef, name: arg.name, dtype });
    if (wanted && tensor.dtype.baseDtype !== wanted.baseDtype)
      throw mismatch(definition, arg, tensor.dtype.baseDtype, wanted);
    return tensor;
  }
  try {
    return convertToTensor(value, { dtype: wanted, preferredDtype: preferred, name: arg.name, asRef: arg.isRef });
  } catch (error) {
    if (!wanted || !(error instanceof TypeError || error instanceof ValueError)) throw error;
    throw new TypeError(
      `Expected ${wanted.baseDtype.name} passed to parameter '${arg.name}' of op '${definition.type}', got ${shown(value)} of type '${pythonType(value)}' instead. Error: ${error.message}`,
      { cause: error },
    );
  }
}

const shown = (value: unknown): string =>
  typeof value === "string" ? `'${value}'` : Array.isArray(value) ? printValue(value) : String(value);

const pythonType = (value: unknown): string =>
  typeof value === "string"
    ? "str"
    : typeof value === "boolean"
      ? "bool"
      : Array.isArray(value)
        ? "list"
        : typeof value === "number"
          ? Number.isInteger(value)
            ? "int"
            : "float"
          : typeof value;

/** Python's words when a tensor has another dtype than its argument wants. */
function mismatch(definition: OpDefinition, arg: ArgDefinition, got: DType, wanted: DType): TypeError {
  const first = arg.typeAttr && definition.inputs.find((input) => input.typeAttr === arg.typeAttr);
  if (first && first !== arg) {
    return new TypeError(
      `Input '${arg.name}' of '${definition.type}' Op has type ${got.name} that does not match type ${wanted.baseDtype.name} of argument '${first.name}'.`,
    );
  }
  return new TypeError(
    `Input '${arg.name}' of '${definition.type}' Op has type ${got.name} that does not match expected type of ${wanted.baseDtype.name}.`,
  );
}

function convertList(
  definition: OpDefinition,
  arg: ArgDefinition,
  values: readonly TensorLike[],
  attrs: Map<string, AttrValue>,
): Tensor[] {
  if (!Array.isArray(values)) {
    throw new TypeError(`Expected list for '${arg.name}' argument to '${definition.type}' Op, not ${shown(values)}.`);
  }
  if (arg.numberAttr) {
    const number = attrDefinition(definition, arg.numberAttr);
    const minimum = number.minimum ?? 0;
    if (values.length < minimum) {
      throw new ValueError(
        `List argument '${arg.name}' to '${definition.type}' Op with length ${values.length} shorter than minimum length ${minimum}.`,
      );
    }
    const given = attrs.get(arg.numberAttr);
    if (given && Number(unwrapAttr(given)) !== values.length) {
      throw new ValueError(
        `List argument '${arg.name}' to '${definition.type}' Op with length ${values.length} must match length ${unwrapAttr(given)} of argument '${definition.inputs.find((input) => input.numberAttr === arg.numberAttr)!.name}'.`,
      );
    }
    attrs.set(arg.numberAttr, wrapAttr(number, values.length));
    return values.map((value, i) => {
      const wanted = wantedDtype(arg, attrs);
      const preferred = arg.typeAttr
        ? (attrDefinition(definition, arg.typeAttr).defaultValue as DType | undefined)
        : undefined;
      const tensor = isSymbolic(value)
        ? convertToTensor(value, { asRef: arg.isRef, name: `${arg.name}_${i}` })
        : convertToTensor(value, {
            dtype: wanted,
            preferredDtype: preferred,
            name: `${arg.name}_${i}`,
            asRef: arg.isRef,
          });
      if (wanted && tensor.dtype.baseDtype !== wanted.baseDtype) {
        throw new TypeError(
          `Tensors in list passed to '${arg.name}' of '${definition.type}' Op have types [${values.map((item) => (isSymbolic(item) ? (item as { dtype: DType }).dtype.baseDtype.name : "<NOT CONVERTIBLE TO TENSOR>")).join(", ")}] that don't all match.`,
        );
      }
      if (arg.typeAttr && !attrs.has(arg.typeAttr)) attrs.set(arg.typeAttr, typeAttr(tensor.dtype));
      if (arg.typeAttr) checkAllowed(definition, arg, tensor.dtype);
      return tensor;
    });
  }
  const given = attrs.get(arg.typeListAttr!);
  const dtypes = given ? (unwrapAttr(given) as readonly DType[]) : undefined;
  if (dtypes && dtypes.length !== values.length) {
    throw new ValueError(
      `List argument '${arg.name}' to '${definition.type}' Op with length ${values.length} must match length ${dtypes.length} of attr '${arg.typeListAttr}'.`,
    );
  }
  const tensors = values.map((value, i) =>
    convertToTensor(value, { dtype: dtypes?.[i], name: `${arg.name}_${i}`, asRef: arg.isRef }),
  );
  if (!given)
    attrs.set(arg.typeListAttr!, { kind: "list", of: "type", value: tensors.map((tensor) => tensor.dtype.baseDtype) });
  return tensors;
}

function checkAllowed(definition: OpDefinition, arg: ArgDefinition, dtype: DType): void {
  const { allowedTypes } = attrDefinition(definition, arg.typeAttr!);
  if (!allowedTypes || allowedTypes.includes(dtype.baseDtype)) return;
  throw new TypeError(
    `Value passed to parameter '${arg.name}' has DataType ${dtype.baseDtype.name} not in list of allowed values: ${allowedTypes.map((allowed) => allowed.name).join(", ")}`,
  );
}

function fillDefaults(definition: OpDefinition, attrs: Map<string, AttrValue>): void {
  for (const attr of definition.attrs) {
    const given = attrs.get(attr.name);
    if (given) checkAttr(definition, attr, unwrapAttr(given));
    else if (attr.defaultValue !== undefined) attrs.set(attr.name, wrapAttr(attr, attr.defaultValue));
    else throw new TypeError(`No argument found for attr ${attr.name} for '${definition.type}' Op`);
  }
}

function checkAttr(definition: OpDefinition, attr: AttrDefinition, plain: AttrPlain): void {
  const items = attr.isList ? (plain as readonly AttrPlain[]) : [plain];
  for (const item of items) {
    if (attr.allowedTypes && !attr.allowedTypes.includes((item as DType).baseDtype)) {
      throw new TypeError(
        `Value passed to parameter '${attr.name}' has DataType ${(item as DType).name} not in list of allowed values: ${attr.allowedTypes.map((allowed) => allowed.name).join(", ")}`,
      );
    }
    if (attr.allowedStrings && !attr.allowedStrings.includes(item as string)) {
      throw new ValueError(
        `Attr '${attr.name}' of '${definition.type}' Op passed string '${item}' not in: ${attr.allowedStrings.map((allowed) => `"${allowed}"`).join(", ")}.`,
      );
    }
  }
  if (attr.minimum !== undefined) {
    const size = attr.isList ? items.length : Number(plain);
    if (size < attr.minimum) {
      throw new ValueError(
        `Attr '${attr.name}' of '${definition.type}' Op passed ${attr.isList ? "list of length " : ""}${size} less than minimum ${attr.minimum}.`,
      );
    }
  }
}

/** dtypes of all outputs, flattened. */
export function outputDtypes(definition: OpDefinition, attrs: ReadonlyMap<string, AttrValue>): DType[] {
  return definition.outputs.flatMap((arg) => {
    if (arg.typeListAttr) {
      const dtypes = unwrapAttr(attrs.get(arg.typeListAttr)!) as readonly DType[];
      return arg.isRef ? dtypes.map((dtype) => dtype.asRef) : [...dtypes];
    }
    const base = arg.dtype ?? (unwrapAttr(attrs.get(arg.typeAttr!)!) as DType);
    const dtype = arg.isRef ? base.asRef : base;
    return new Array<DType>(argLength(arg, attrs)).fill(dtype);
  });
}

function inOrder(attrs: Map<string, AttrValue>): Map<string, AttrValue> {
  let last = "";
  for (const name of attrs.keys()) {
    if (name < last) return new Map([...attrs].sort(([a], [b]) => (a < b ? -1 : 1)));
    last = name;
  }
  return attrs;
}
