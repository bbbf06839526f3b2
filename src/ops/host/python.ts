/** Calls of the program's own functions. A graph holds only a token for them, so they run nowhere but in the process that made them. Source: script_ops.cc, py_func.cc */
import type { DType } from "../../core/dtype.ts";
import { invalidArgument, OpError, UnknownError, ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { RunContext } from "../../graph/definition.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { outermostKey } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type Literal, literalToArray, type TensorLike } from "../convert.ts";
import { defineOp } from "../define.ts";

const attrs = ["token: string", "Tin: list(type) >= 0", "Tout: list(type) >= 0"] as const;

/** A function of this process: arrays in; out an array (or what converts to one), or a list of them where there are several outputs. */
export type HostFunction = (...inputs: NdArray[]) => unknown;

/** By token; the graph that a function was put into, the outermost one, keeps it alive. */
const functions = new Map<string, WeakRef<HostFunction>>();
const kept = Symbol("functions of a graph");
let count = 0;

function insert(fn: HostFunction): string {
  const token = `pyfunc_${count++}`;
  const graph = getDefaultGraph();
  const { extras } = (graph.extras.get(outermostKey) as Graph | undefined) ?? graph;
  const list = (extras.get(kept) as HostFunction[] | undefined) ?? [];
  list.push(fn);
  extras.set(kept, list);
  functions.set(token, new WeakRef(fn));
  return token;
}

interface Call {
  readonly token: string;
  readonly input: readonly NdArray[];
  readonly Tout: readonly DType[];
}

/** Throws INVALID_ARGUMENT, as TensorFlow does, for a token of another process and for results that do not fit. */
async function call({ token, input, Tout }: Call, context: RunContext): Promise<NdArray[]> {
  const fn = functions.get(token)?.deref();
  if (!fn) {
    context.permit(token);
    throw invalidArgument(`ValueError: callback ${token} is not found`, {
      hint: `${context.node.name} calls a Python function, which no file holds: build the graph without tf.py_func`,
    });
  }
  const result = await resultOf(fn, input);
  const isList = Array.isArray(result) && Tout.length !== 1;
  const values = Tout.length === 0 ? [] : isList ? (result as unknown[]) : [result];
  if (values.length !== Tout.length) {
    throw invalidArgument(`${token} returns ${values.length} values, but expects to see ${Tout.length} values.`);
  }
  return values.map((value, i) => {
    const dtype = Tout[i]!;
    if (value instanceof NdArray && value.dtype !== dtype) {
      throw invalidArgument(`${i}-th value returned by ${token} is ${value.dtype.name}, but expects ${dtype.name}`);
    }
    return literalToArray(value as Literal, dtype);
  });
}

async function resultOf(fn: HostFunction, input: readonly NdArray[]): Promise<unknown> {
  try {
    return await fn(...input);
  } catch (error) {
    if (error instanceof OpError) throw error;
    const { name, message } = error as Error;
    const text = `${name}: ${message}`;
    if (name === "TypeError" || name === "ValueError") throw invalidArgument(text, { cause: error });
    throw new UnknownError(text, { cause: error });
  }
}

/** output = a function of the inputs, which this process knows by its token. */
export const pyFuncOp = defineOp("PyFunc", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs,
  stateful: true,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: (op, context) => call(op, context),
  gradient: "none",
});

export const pyFuncStatelessOp = defineOp("PyFuncStateless", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: (op, context) => call(op, context),
  gradient: "none",
});

export const eagerPyFuncOp = defineOp("EagerPyFunc", {
  inputs: ["input: Tin"],
  outputs: ["output: Tout"],
  attrs: ["token: string", "is_async: bool = false", "Tin: list(type) >= 0", "Tout: list(type) >= 0"],
  stateful: true,
  access: "python",
  shape: ({ Tout }) => Tout.map(() => null),
  run: (op, context) => call(op, context),
  gradient: "unregistered",
});

export interface PyFuncOptions {
  /** False: the same inputs give the same outputs; true by default. */
  readonly stateful?: boolean;
  readonly name?: string | undefined;
}

/**
 * A function of this process as an operation: it gets the inputs' values as arrays, and may be async. Tout is the dtype of what it returns, or a list
 * of dtypes. The outputs' shapes are unknown, and no gradient passes. A graph with it runs in this process alone.
 */
export function pyFunc(func: HostFunction, inp: readonly TensorLike[], Tout: DType, options?: PyFuncOptions): Tensor;
export function pyFunc(
  func: HostFunction,
  inp: readonly TensorLike[],
  Tout: readonly DType[],
  options?: PyFuncOptions,
): Tensor[] | Operation;
export function pyFunc(
  func: HostFunction,
  inp: readonly TensorLike[],
  Tout: DType | readonly DType[],
  options: PyFuncOptions = {},
): Tensor | Tensor[] | Operation {
  if (typeof func !== "function") {
    throw new ValueError(`Expected func to be callable. Received func=${String(func)} of type ${typeof func}.`);
  }
  const isList = Array.isArray(Tout);
  const dtypes = (isList ? Tout : [Tout]) as readonly DType[];
  const make = options.stateful === false ? pyFuncStatelessOp : pyFuncOp;
  const made = make({ input: inp, token: insert(func), Tout: dtypes }, options.name);
  if (dtypes.length === 0) return getDefaultGraph().getOperations().at(-1)!;
  return isList ? made : made[0]!;
}

export const numpyFunction = pyFunc;

/** As pyFunc with a list of dtypes, as the op that TensorFlow uses where the function computes with eager tensors. */
export const eagerPyFunc = (func: HostFunction, inp: readonly TensorLike[], Tout: readonly DType[]): Tensor[] =>
  eagerPyFuncOp({ input: inp, token: insert(func), Tout });
