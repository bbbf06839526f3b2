/** The function library of a graph: functions by name, and functions as ops of their own. Source: function.cc, op_def.proto. */
import { dtypeOfNumber } from "../../core/dtype.ts";
import { InvalidArgumentError } from "../../core/error.ts";
import { fromAttrProto } from "../../proto/attr_value.ts";
import { encode, pb } from "../../proto/messages.ts";
import { type FunctionRef, unwrapAttr } from "../attr.ts";
import type { ArgDefinition, AttrDefinition, AttrKind, OpDefinition, Passed } from "../definition.ts";
import type { Graph } from "../graph.ts";
import { definitionOf, findDefinition } from "../op/registry.ts";
import type { FunctionGraph } from "./function.ts";

export type Library = NonNullable<Graph["library"]>;
export type FunctionDef = pb.FunctionDef.$Properties;

/** The graph from (arguments of a function, gradients of its outputs) to the gradients of its arguments; set by what composes gradients. */
export const differentiator: { gradientGraph: ((owner: Graph, fn: FunctionRef) => FunctionGraph | null) | null } = {
  gradientGraph: null,
};

/** How many functions a graph has: what tells names of new ones apart. */
export const functionCount = ({ library }: Graph): number => library?.function?.length ?? 0;

/** The derivative of a function, in the place of a function. */
export interface DerivativeRef extends FunctionRef {
  readonly derivativeOf: FunctionRef;
}

const indexes = new WeakMap<Library, { count: number; byName: Map<string, FunctionDef> }>();

function indexOf(library: Library): Map<string, FunctionDef> {
  const functions = library.function ?? [];
  const known = indexes.get(library);
  if (known?.count === functions.length) return known.byName;
  const byName = new Map(functions.map((source) => [source.signature?.name ?? "", source]));
  indexes.set(library, { count: functions.length, byName });
  return byName;
}

export const findFunction = (library: Library | null, name: string): FunctionDef | undefined =>
  library ? indexOf(library).get(name) : undefined;

/** Adds functions and their gradients. Throws INVALID_ARGUMENT when another function has the name of one. */
export function addFunctions(graph: Graph, added: Library): void {
  const present = graph.library;
  const fresh = (added.function ?? []).filter((source) => {
    const known = findFunction(present, source.signature?.name ?? "");
    if (known && known !== source && !isSame(known, source)) {
      throw new InvalidArgumentError(
        `Cannot add function '${source.signature?.name}' because a different function with the same name already exists.`,
      );
    }
    return !known;
  });
  const gradients = present?.gradient ?? [];
  const names = new Set(gradients.map((gradient) => gradient.functionName));
  graph.library = {
    function: [...(present?.function ?? []), ...fresh],
    gradient: [...gradients, ...(added.gradient ?? []).filter((gradient) => !names.has(gradient.functionName))],
  };
}

function isSame(a: FunctionDef, b: FunctionDef): boolean {
  const [x, y] = [encode(pb.FunctionDef, a), encode(pb.FunctionDef, b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

const asOps = new WeakMap<FunctionDef, OpDefinition>();

/** The definition of an op type: a registered one, or the function of this name. Throws NOT_FOUND in TensorFlow's words. */
export function definitionIn(library: Library | null, type: string): OpDefinition {
  const registered = findDefinition(type);
  if (registered) return registered;
  const source = findFunction(library, type);
  return source ? functionOp(source) : definitionOf(type);
}

/** A function as an op: its signature, and a call of it. */
function functionOp(source: FunctionDef): OpDefinition {
  let definition = asOps.get(source);
  if (!definition) {
    const signature = source.signature ?? {};
    const outputs = (signature.outputArg ?? []).map(toArg);
    const inputs = (signature.inputArg ?? []).map(toArg);
    definition = {
      type: signature.name ?? "",
      inputs,
      outputs,
      attrs: (signature.attr ?? []).map(toAttr),
      stateful: signature.isStateful ?? false,
      placeholder: false,
      isOverridable: false,
      updates: [],
      shape: (_, context) => context.outputDtypes.map(() => null),
      call: (record, context) =>
        context.call(
          context.self,
          inputs.flatMap((arg) => record[arg.name] as Passed | readonly Passed[]),
        ),
      called: "",
      gradient: (tf, record, ...dys) => tf.gradientOfFunctionOp(record, dys),
    };
    asOps.set(source, definition);
  }
  return definition;
}

function toArg(arg: pb.OpDef.ArgDef.$Properties): ArgDefinition {
  const dtype = dtypeOfNumber(Number(arg.type ?? 0));
  return {
    name: arg.name ?? "",
    ...(dtype ? { dtype } : {}),
    ...(arg.typeAttr ? { typeAttr: arg.typeAttr } : {}),
    ...(arg.numberAttr ? { numberAttr: arg.numberAttr } : {}),
    ...(arg.typeListAttr ? { typeListAttr: arg.typeListAttr } : {}),
    isRef: arg.isRef ?? false,
  };
}

function toAttr(attr: pb.OpDef.AttrDef.$Properties): AttrDefinition {
  const list = /^list\((.*)\)$/.exec(attr.type ?? "");
  return {
    name: attr.name ?? "",
    kind: (list ? list[1] : attr.type) as AttrKind,
    isList: list !== null,
    ...(attr.defaultValue ? { defaultValue: unwrapAttr(fromAttrProto(attr.defaultValue)) } : {}),
  };
}

/** The functions that attrs name. */
export function functionsIn(attrs: Iterable<unknown>): FunctionRef[] {
  return [...attrs].flatMap((attr) => {
    const { kind, of, value } = attr as { kind: string; of?: string; value: unknown };
    if (kind === "func") return [value as FunctionRef];
    return kind === "list" && of === "func" ? (value as FunctionRef[]) : [];
  });
}
