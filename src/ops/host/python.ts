/** Calls of the program's own functions. A graph holds only a token for them, so they run nowhere but in the process that made them. Source: script_ops.cc, py_func.cc */
import type { DType } from "../../core/dtype.ts";
import { invalidArgument, LookupError, OpError, UnknownError, ValueError } from "../../core/error.ts";
import { after, type Maybe } from "../../core/flow/maybe.ts";
import { NdArray } from "../../core/nd_array.ts";
import { cppName } from "../../graph/def/node_text.ts";
import type { RunContext } from "../../graph/definition.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { outermostKey } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { zerosLike } from "../compute/array/basic/fill.ts";
import { convertToTensor, type Literal, literalToArray, type TensorLike } from "../convert.ts";
import { defineOp } from "../define.ts";
import { byName, type Rest } from "../options.ts";

const attrs = ["token: string", "Tin: list(type) >= 0", "Tout: list(type) >= 0"] as const;

/** A function of this process: arrays in; out an array (or what converts to one), or a list of them where there are several outputs. */
export type HostFunction = (...inputs: NdArray[]) => unknown;

/** By token; the graph that a function was put into, the outermost one, keeps it alive. */
const functions = new Map<string, WeakRef<HostFunction>>();
const kept = Symbol("functions of a graph");
let count = 0;

/** Derivatives of functions, by token: from the gradients of outputs to those of inputs. */
const derivatives = new WeakMap<HostFunction, HostFunction>();

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
function call({ token, input, Tout }: Call, context: RunContext): Maybe<NdArray[]> {
  const fn = functions.get(token)?.deref();
  if (!fn) {
    context.permit(token);
    throw invalidArgument(`ValueError: callback ${token} is not found`, {
      hint: `${context.node.name} calls a Python function, which no file holds: build the graph without tf.py_func`,
    });
  }
  return after(resultOf(fn, input), (result) => arraysOf(result, token, Tout));
}

function arraysOf(result: unknown, token: string, Tout: readonly DType[]): NdArray[] {
  // Lists of numbers are an array where one is expected, lists of arrays are several values.
  const isList = Array.isArray(result) && (Tout.length !== 1 || result.some((each) => each instanceof NdArray));
  const values = Tout.length === 0 ? [] : isList ? (result as unknown[]) : [result];
  if (values.length !== Tout.length) {
    throw invalidArgument(`${token} returns ${values.length} values, but expects to see ${Tout.length} values.`);
  }
  return values.map((value, i) => {
    const dtype = Tout[i]!;
    if (value instanceof NdArray && value.dtype !== dtype) {
      throw invalidArgument(
        `${i}-th value returned by ${token} is ${cppName(value.dtype)}, but expects ${cppName(dtype)}`,
      );
    }
    return literalToArray(value as Literal, dtype);
  });
}

function resultOf(fn: HostFunction, input: readonly NdArray[]): unknown {
  const failed = (error: unknown): never => {
    if (error instanceof OpError) throw error;
    const { name, message } = error as Error;
    const text = `${name}: ${message}`;
    if (name === "TypeError" || name === "ValueError") throw invalidArgument(text, { cause: error });
    throw new UnknownError(text, { cause: error });
  };
  try {
    const result = fn(...input);
    return result instanceof Promise ? result.catch(failed) : result;
  } catch (error) {
    return failed(error);
  }
}

/** The gradients of the inputs: a call of the function's derivative, after the function. Throws LookupError where it has none. */
function gradientOfCallback(op: Operation, dys: readonly (Tensor | null)[]): readonly Tensor[] {
  const fn = functions.get(op.getAttr<string>("token"))?.deref();
  const derivative = fn && derivatives.get(fn);
  if (!derivative) throw new LookupError(`No gradient defined for operation '${op.name}' (op type: ${op.type})`);
  const Tout = op.inputs.map(({ dtype }) => dtype.baseDtype);
  const input = dys.map((dy, i) => dy ?? zerosLike(op.outputs[i]!));
  return getDefaultGraph().controlDependencies([op], () => eagerPyFuncOp({ input, token: insert(derivative), Tout }));
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
  gradient: (_, { op }, ...dys) => ({ input: gradientOfCallback(op, dys as (Tensor | null)[]) }),
});

export interface PyFuncOptions {
  /** False: the same inputs give the same outputs; true by default. */
  readonly stateful?: boolean | undefined;
  readonly name?: string | null | undefined;
}

type PyFuncRest = Rest<PyFuncOptions, ["stateful", "name"]>;

/** Throws ValueError for what is no function. */
export function checkCallable(func: unknown): void {
  if (typeof func === "function") return;
  throw new ValueError(`Expected func to be callable. Received func=${String(func)} of type ${typeof func}.`);
}

/**
 * A function of this process as an operation: it gets the inputs' values as arrays, and may be async. Tout is the dtype of what it returns, or a list
 * of dtypes. The outputs' shapes are unknown, and no gradient passes. A graph with it runs in this process alone. Where ops run at once the
 * function is called at once: a single result comes by itself.
 */
export function pyFunc(func: HostFunction, inp: readonly TensorLike[], Tout: DType, ...rest: PyFuncRest): Tensor;
export function pyFunc(
  func: HostFunction,
  inp: readonly TensorLike[],
  Tout: readonly DType[],
  ...rest: PyFuncRest
): Tensor[] | Operation;
export function pyFunc(
  func: HostFunction,
  inp: readonly TensorLike[],
  Tout: DType | readonly DType[],
  ...rest: PyFuncRest
): Tensor | Tensor[] | Operation {
  const options: PyFuncOptions = byName(rest, ["stateful", "name"]);
  checkCallable(func);
  const isList = Array.isArray(Tout);
  const dtypes = (isList ? Tout : [Tout]) as readonly DType[];
  if (getDefaultGraph().isEager) return atOnce(func, inp, dtypes) as Tensor;
  const make = options.stateful === false ? pyFuncStatelessOp : pyFuncOp;
  const made = make({ input: inp, token: insert(func), Tout: dtypes }, options.name || undefined);
  if (dtypes.length === 0) return getDefaultGraph().getOperations().at(-1)!;
  return isList ? made : made[0]!;
}

export const numpyFunction = pyFunc;

/** What the function gives for arrays, as tensors; one by itself. */
function atOnce(func: HostFunction, inp: readonly TensorLike[], dtypes: readonly DType[]): unknown {
  const result = func(...inp.map((each) => convertToTensor(each).numpy()));
  const values = Array.isArray(result) && dtypes.length !== 1 ? (result as unknown[]) : [result];
  const tensors = values.map((value, i) =>
    value === null || value === undefined
      ? null
      : convertToTensor(value as TensorLike, { dtype: value instanceof NdArray ? undefined : dtypes[i] }),
  );
  return tensors.length === 1 ? tensors[0] : tensors;
}

interface EagerPyFuncOptions {
  /** From the gradients of outputs to those of inputs. */
  readonly derivative?: HostFunction;
  readonly name?: string | undefined;
}

/** As pyFunc with a list of dtypes, as the op that TensorFlow uses where the function computes with eager tensors. */
export function eagerPyFunc(
  func: HostFunction,
  inp: readonly TensorLike[],
  Tout: readonly DType[],
  { derivative, name }: EagerPyFuncOptions = {},
): Tensor[] {
  if (derivative) derivatives.set(func, derivative);
  return eagerPyFuncOp({ input: inp, token: insert(func), Tout }, name);
}
