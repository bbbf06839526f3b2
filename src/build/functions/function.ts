/**
 * `tf.function`: a function of the program becomes a function of the graph's library, traced once for each signature of its arguments;
 * a call of it is one node. Source: polymorphic_function.py, auto_control_deps.py.
 */
import { ValueError } from "../../core/error.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { functionCount } from "../../graph/def/library.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { argLength } from "../../graph/infer.ts";
import { isTensorConvertible, Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { identity, noOp, partitionedCallOp, statefulPartitionedCallOp } from "../../ops/index.ts";
import { flatten, type Nested, pack } from "../control_flow/structure.ts";
import { runFunctionsAtOnce } from "./behavior.ts";
import { FunctionBody } from "./body.ts";
import { orderEffects } from "./effects.ts";
import { type ArgumentSpec, checkedArguments } from "./signature.ts";

/** One signature of a function. */
interface Traced {
  readonly fn: FunctionRef;
  /** Tensors from outside, in the order of the arguments behind the function's own. */
  readonly captured: readonly Tensor[];
  readonly readOnly: readonly number[];
  readonly isStateful: boolean;
  readonly outputs: readonly Tensor[];
  /** What the function gave, with null for what is no tensor. */
  readonly result: unknown;
}

/** Calls where ops run at once; set by eager execution. The outputs are those of the body. */
export const calls: {
  atOnce:
    | ((fn: FunctionRef, args: readonly Tensor[], outputs: readonly Tensor[], isStateful: boolean) => Tensor[])
    | null;
} = { atOnce: null };

/** What Python writes for one CPU. */
const configProto = Uint8Array.from([
  10, 7, 10, 3, 67, 80, 85, 16, 1, 10, 7, 10, 3, 71, 80, 85, 16, 0, 50, 2, 74, 0, 56, 1, 130, 1, 0, 146, 1, 2, 74, 0,
]);

const intsAttr = (value: readonly number[]) => ({ kind: "list", of: "int", value }) as const;

export interface FunctionOptions {
  readonly name?: string | undefined;
  /** What arguments must be; the function is traced once, for these. */
  readonly inputSignature?: readonly ArgumentSpec[] | undefined;
}

/**
 * The function as one that adds a call to the graph. Arguments are tensors, numbers and structures of them: tensors (and variables' values)
 * become arguments of the function, everything else is a part of it, so that each value of it makes a function of its own. Variables and
 * tensors from outside are captured. What changes variables runs in the order in which it is written. Returns what `fn` returns, with the
 * call's outputs for its tensors; the call itself when there are none.
 */
// biome-ignore lint/suspicious/noExplicitAny: functions name the tensors they expect
export function asFunction<A extends readonly any[], R>(fn: (...args: A) => R, options: FunctionOptions = {}) {
  const known = new WeakMap<Graph, Map<string, Traced>>();
  const name = options.name ?? (pythonName(fn.name) || "lambda");
  const { inputSignature } = options;
  return (...given: A): R => {
    const args = (inputSignature ? checkedArguments(fn as never, inputSignature, given) : given) as unknown as A;
    const graph = getDefaultGraph();
    if (graph.isEager && runFunctionsAtOnce.isOn) return fn(...args);
    const leaves = flatten(args as unknown as Nested<unknown>).map((leaf) =>
      isTensorConvertible(leaf) && !graph.isEager ? convertToTensor(leaf as TensorLike) : leaf,
    );
    const tensors = leaves.filter((leaf): leaf is Tensor => leaf instanceof Tensor);
    const key = inputSignature ? "" : keyOf(args, leaves);
    let bySignature = known.get(graph);
    if (!bySignature) {
      bySignature = new Map();
      known.set(graph, bySignature);
    }
    let traced = bySignature.get(key);
    if (!traced) {
      traced = trace(graph, name, fn as never, args, leaves, inputSignature);
      bySignature.set(key, traced);
    }
    return call(traced, tensors) as R;
  };
}

/** Two calls with the same key are calls of one function. */
function keyOf(args: unknown, leaves: readonly unknown[]): string {
  const text = (leaf: unknown): string => {
    if (leaf instanceof Tensor) return `${leaf.dtype} ${JSON.stringify(leaf.shape)}`;
    if (typeof leaf === "object" && leaf !== null) return `object ${idOf(leaf)}`;
    return typeof leaf === "function" ? `function ${idOf(leaf)}` : `${typeof leaf} ${String(leaf)}`;
  };
  return JSON.stringify(pack(args as Nested<unknown>, leaves.map(text)));
}

const ids = new WeakMap<object, number>();
let objects = 0;

function idOf(object: object): number {
  let id = ids.get(object);
  if (id === undefined) {
    id = objects++;
    ids.set(object, id);
  }
  return id;
}

function trace(
  outer: Graph,
  name: string,
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  leaves: readonly unknown[],
  signature: readonly ArgumentSpec[] | undefined,
): Traced {
  const body = new FunctionBody(outer);
  return body.asDefault(() => {
    const own: Tensor[] = [];
    const inner = leaves.map((leaf) => {
      if (!(leaf instanceof Tensor)) return leaf;
      const { shape } = signature?.[own.length] ?? leaf;
      const arg = argument(body, `args_${own.length}`, leaf.dtype.baseDtype, shape);
      arg.handleData = leaf.handleData;
      own.push(arg);
      return arg;
    });
    const result = fn(...(pack(args as unknown as Nested<unknown>, inner) as unknown[]));
    if (result instanceof Promise) throw new ValueError(`${name} must not be async: a graph is written at once`);
    const parts = flatten(result as Nested<unknown>);
    const outputs = parts
      .filter((part) => part !== undefined && part !== null && !isOperation(part))
      .map((part) => identity(body.capture(convertToTensor(part as TensorLike))));
    const effects = orderEffects(body);
    if (effects.length && outputs.length) {
      const done = body.controlDependencies(effects, () => noOp());
      for (const output of outputs) output.op.addControlInputs([done]);
    }
    const inputs = [...own, ...body.captures.values()];
    const ref = addFunction(outer, `__inference_${name}_${functionCount(outer)}`, {
      inputs,
      outputs,
      targets: effects,
      inputNames: own.map((_, i) => `args_${i}`),
      outputNames: outputs.map((_, i) => (i === 0 ? "identity" : `identity_${i}`)),
    });
    return {
      fn: ref,
      captured: [...body.captures.keys()],
      readOnly: inputs.flatMap((input, i) => (isOnlyRead(input) ? [i] : [])),
      isStateful:
        effects.length > 0 || body.operations.some((op) => op.definition.stateful && !op.definition.placeholder),
      outputs,
      result: pack(
        result as Nested<unknown>,
        parts.map((part) => (part === undefined || part === null || isOperation(part) ? null : "tensor")),
      ),
    };
  });
}

const isOperation = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "controlInputs" in value;

function isOnlyRead(input: Tensor): boolean {
  if (input.dtype.base !== "resource") return false;
  return input.users.every((op) => {
    if (op.definition.call) return false;
    let at = 0;
    for (const arg of op.definition.inputs) {
      const n = argLength(arg, op.attrs);
      if (op.inputs.slice(at, at + n).includes(input) && op.definition.updates.includes(arg.name)) return false;
      at += n;
    }
    return true;
  });
}

function call({ fn, captured, readOnly, isStateful, outputs, result }: Traced, given: readonly Tensor[]): unknown {
  const graph = getDefaultGraph();
  if (graph.isEager) {
    const results = calls.atOnce!(fn, [...given, ...captured], outputs, isStateful);
    let at = 0;
    const parts = flatten(result as Nested<unknown>).map((part) => (part === null ? null : results[at++]));
    return pack(result as Nested<unknown>, parts);
  }
  const make = isStateful ? statefulPartitionedCallOp : partitionedCallOp;
  const first = graph.operations.length;
  const found = make({
    args: [...given, ...captured],
    Tout: dtypesOf(outputs),
    f: fn,
    config_proto: configProto as never,
  });
  const op = graph.operations.slice(first).find((made) => made.definition === make.definition)!;
  op.setAttr("_read_only_resource_inputs", intsAttr(readOnly));
  op.setAttr("_collective_manager_ids", intsAttr([]));
  for (const [i, output] of outputs.entries()) {
    found[i]!.setShape(output.shape);
    found[i]!.handleData = output.handleData;
  }
  if (found.length === 0) return op;
  let at = 0;
  return pack(
    result as Nested<unknown>,
    flatten(result as Nested<unknown>).map((part) => (part === null ? null : found[at++])),
  );
}

const pythonName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
