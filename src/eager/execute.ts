/**
 * Ops at once: what `applyOp` does in eager execution in place of making a node.
 *
 *     record ─► tensors, attrs ─► kernel (by op, attrs, dtypes) ─► program (by shapes) ─► values ─► tensors, tapes
 */

import { isTrainable } from "../build/gradients/pending.ts";
import { type DType, int32 } from "../core/dtype.ts";
import { OpError, RuntimeError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import type { ArgDefinition, OpDefinition } from "../graph/definition.ts";
import { Graph, getDefaultGraph } from "../graph/graph.ts";
import { isListArg } from "../graph/infer.ts";
import type { Operation } from "../graph/operation.ts";
import { asTensor, isTensorConvertible, type Tensor } from "../graph/tensor.ts";
import { type Applied, type Backward, immediate, prepare, resultOf } from "../ops/apply.ts";
import { type Literal, literalToArray } from "../ops/convert.ts";
import { placeholderOp, zerosLike } from "../ops/index.ts";
import { mixedDtypes, raised, strangers } from "./errors.ts";
import type { EagerGraph } from "./graph.ts";
import type { Kernel } from "./kernel.ts";
import { isSeeded } from "./kernels.ts";
import { type Runtime, runtimeOf } from "./runtime.ts";
import { isRecording, record as recordOnTapes, withoutRecording } from "./tape/recording.ts";
import { EagerTensor, type EagerValue } from "./tensor.ts";

/** What is known of an op's signature, and its kernels by the short key of a call. */
interface Signature {
  readonly inputs: readonly ArgDefinition[];
  /** Inputs are single tensors; only then a call has a short key. */
  readonly isSimple: boolean;
  /** Attrs that a call may give beside its inputs. */
  readonly attrNames: readonly string[];
  /** For each input the first one that has the same type attr. */
  readonly sameAs: readonly number[];
  /** Is this input the only one of its type attr, which takes int32? */
  readonly freeInts: readonly boolean[];
  readonly isSeeded: boolean;
  readonly ownsOutputs: boolean;
  readonly kernels: WeakMap<Runtime, Map<string, Kernel>>;
}

const signatures = new WeakMap<OpDefinition, Signature>();

function signatureOf(definition: OpDefinition): Signature {
  let signature = signatures.get(definition);
  if (!signature) {
    const { inputs, attrs } = definition;
    const names = new Set(inputs.map((input) => input.name));
    signature = {
      inputs,
      isSimple: inputs.every((input) => !isListArg(input) && !input.isRef),
      attrNames: attrs.map((attr) => attr.name).filter((name) => !names.has(name)),
      sameAs: inputs.map((input) => inputs.findIndex((other) => input.typeAttr && other.typeAttr === input.typeAttr)),
      freeInts: inputs.map(({ typeAttr }) => {
        if (!typeAttr || inputs.filter((input) => input.typeAttr === typeAttr).length > 1) return false;
        const { allowedTypes } = attrs.find((attr) => attr.name === typeAttr)!;
        return allowedTypes?.includes(int32) ?? false;
      }),
      isSeeded: isSeeded(definition),
      ownsOutputs:
        definition.stateful &&
        definition.outputs.some((output) => output.dtype?.base === "resource") &&
        !inputs.some((input) => input.dtype?.base === "resource"),
      kernels: new WeakMap(),
    };
    signatures.set(definition, signature);
  }
  return signature;
}

function apply(
  definition: OpDefinition,
  record: Record<string, unknown>,
  name: string | null | undefined,
): Applied | undefined {
  const graph = getDefaultGraph();
  if (!graph.isEager) return undefined;
  if (definition.value) return constant(definition.value(record));
  const runtime = runtimeOf(graph as EagerGraph);
  const signature = signatureOf(definition);
  if (definition.placeholder && !definition.isOverridable)
    throw new RuntimeError("tf.placeholder() is not compatible with eager execution.");
  const isShort = signature.isSimple && !signature.ownsOutputs && !definition.variable;
  if (isShort && runtime.graph.gradientName(definition.type) === undefined) {
    const tensors = plainInputs(signature, record);
    const key = tensors && keyOf(signature, tensors, record);
    if (key) {
      let byKey = signature.kernels.get(runtime);
      if (!byKey) {
        byKey = new Map();
        signature.kernels.set(runtime, byKey);
      }
      let kernel = byKey.get(key);
      if (!kernel) {
        kernel = prepared(runtime, definition, record).kernel;
        byKey.set(key, kernel);
        if (byKey.size > maxShortKeys) byKey.delete(byKey.keys().next().value!);
      }
      return run(runtime, signature, kernel, tensors, record, name);
    }
  }
  if (definition.variable) {
    const { attrs } = prepare(definition, record);
    const shown = (record.debug_name as string) || name || definition.type;
    return runtime.kernels.variable(definition, attrs, shown.replace(/\/$/, ""));
  }
  const { kernel, tensors } = prepared(runtime, definition, record);
  return run(runtime, signature, kernel, tensors, record, name);
}

immediate.apply = apply;

/** Runs the function while no tape listens; tapes then take it as one op. */
immediate.differentiated = (args, run) => {
  const [results, given] = withoutRecording(run);
  const outputs = results.map((each) => {
    const { op, dtype, value } = each as EagerTensor;
    return new EagerTensor(op, 0, dtype, (value as NdArray).shape, value);
  });
  if (outputs.length > 0 && isRecording()) {
    const backward: Backward = (dys) =>
      given(dys.map((dy, i) => (dy === null && isTrainable(outputs[i]!.dtype) ? zerosLike(outputs[i]!) : dy)));
    recordOnTapes({ op: outputs[0]!.op, inputs: args as readonly EagerTensor[], outputs, backward });
  }
  return outputs;
};

const maxShortKeys = 2048;

/** The inputs where all are tensors, variables or plain numbers whose dtype is decided; else null. */
function plainInputs(signature: Signature, record: Record<string, unknown>): EagerTensor[] | null {
  const { inputs, sameAs, freeInts } = signature;
  const tensors = new Array<EagerTensor>(inputs.length);
  let literals = 0;
  for (let i = 0; i < inputs.length; i++) {
    const value = record[inputs[i]!.name];
    if (value instanceof EagerTensor) tensors[i] = value;
    else if (isTensorConvertible(value)) {
      if (!("dtype" in value)) return null;
      const read = value[asTensor]();
      if (!(read instanceof EagerTensor)) return null;
      tensors[i] = read;
    } else if (typeof value === "number" || isNumbers(value)) literals++;
    else return null;
  }
  if (literals > 0) {
    for (let i = 0; i < inputs.length; i++) {
      if (tensors[i]) continue;
      const { dtype, typeAttr } = inputs[i]!;
      const decided = dtype ?? (typeAttr && (known(tensors, sameAs, i) ?? (record[typeAttr] as DType | undefined)));
      const wanted = decided ?? (freeInts[i] && isWhole(record[inputs[i]!.name]) ? int32 : undefined);
      if (!wanted || wanted.isRef) return null;
      const array = literalArray(record[inputs[i]!.name] as Literal, wanted);
      if (!array) return null;
      tensors[i] = constant(array);
    }
  }
  return tensors;
}

/** Whole numbers that are int32 by themselves. */
function isWhole(value: unknown): boolean {
  if (typeof value === "number") return (value | 0) === value && !Object.is(value, -0);
  return Array.isArray(value) && value.length > 0 && value.every(isWhole);
}

const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "number");

function known(tensors: readonly EagerTensor[], sameAs: readonly number[], i: number): DType | undefined {
  for (let k = 0; k < tensors.length; k++) if (tensors[k] && sameAs[k] === sameAs[i]) return tensors[k]!.dtype;
  return undefined;
}

/** Null where the value does not fit: the long way has the words for it. */
function literalArray(value: Literal, dtype: DType): NdArray | null {
  if (typeof value === "number" && dtype.base === "float32") return new NdArray(dtype, [], Float32Array.of(value));
  if (typeof value === "number" && dtype.base === "int32" && Number.isInteger(value))
    return new NdArray(dtype, [], Int32Array.of(value));
  try {
    return literalToArray(value, dtype);
  } catch {
    return null;
  }
}

/** What tells kernels of an op apart; null where attrs have no short text or dtypes differ that must not. */
function keyOf(
  { attrNames, sameAs, isSeeded }: Signature,
  tensors: readonly EagerTensor[],
  record: Record<string, unknown>,
): string | null {
  let key = ".";
  for (let i = 0; i < tensors.length; i++) {
    const { dtype } = tensors[i]!;
    const first = sameAs[i]!;
    if (first >= 0 && first < i && tensors[first]!.dtype !== dtype) return null;
    key += `${dtype.number},`;
  }
  for (let i = 0; i < attrNames.length; i++) {
    const name = attrNames[i]!;
    const value = record[name];
    if (value === undefined || (isSeeded && (name === "seed" || name === "seed2"))) continue;
    const text = shortText(value);
    if (text === null) return null;
    key += `${name}=${text};`;
  }
  return key;
}

function shortText(value: unknown): string | null {
  switch (typeof value) {
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    case "string":
      return JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      if ("number" in value && "isRef" in value) return `t${String(value.number)}`;
      if (Array.isArray(value) && value.every((item) => typeof item === "number" || item === null))
        return `[${value.join()}]`;
      return null;
    default:
      return null;
  }
}

/** As an op at once, for one that may wait: a promise where it does. */
export function applyLater(definition: OpDefinition, record: Record<string, unknown>): Applied | Promise<Applied> {
  const runtime = runtimeOf(getDefaultGraph() as EagerGraph);
  const { kernel, tensors } = prepared(runtime, definition, record);
  const finish = (results: readonly EagerValue[]): Applied => {
    const outputs = results.map((value, i) => output(kernel.op, i, value));
    return resultOf(definition, { outputs, attrs: kernel.op.attrs });
  };
  const failed = (error: unknown): never => {
    throw error instanceof OpError ? raised(error, kernel.op, record, null) : error;
  };
  try {
    const result = kernel.runLater(tensors.map((tensor) => tensor.value));
    return result instanceof Promise ? result.then(finish, failed) : finish(result);
  } catch (error) {
    return failed(error);
  }
}

/** The long way: any input, any attr, with the words of a graph's op for what does not fit. */
function prepared(
  runtime: Runtime,
  definition: OpDefinition,
  record: Record<string, unknown>,
): { readonly kernel: Kernel; readonly tensors: readonly EagerTensor[] } {
  mixedDtypes(definition, record);
  const { attrs, inputs } = prepare(definition, record);
  strangers(inputs);
  const gradientName = runtime.graph.gradientName(definition.type);
  if (gradientName !== undefined) attrs.set("_gradient_op_type", { kind: "string", value: gradientName });
  return { kernel: runtime.kernels.get(definition, attrs, inputs), tensors: inputs as readonly EagerTensor[] };
}

function run(
  runtime: Runtime,
  signature: Signature,
  kernel: Kernel,
  tensors: readonly EagerTensor[],
  record: Record<string, unknown>,
  name: string | null | undefined,
): Applied {
  const values = new Array<EagerValue>(tensors.length);
  for (let i = 0; i < tensors.length; i++) values[i] = tensors[i]!.value;
  let results: readonly EagerValue[];
  try {
    results = signature.isSeeded ? seeded(runtime, kernel, values, record) : kernel.run(values);
  } catch (error) {
    throw error instanceof OpError ? raised(error, kernel.op, record, name) : error;
  }
  const { op } = kernel;
  const outputs = new Array<EagerTensor>(results.length);
  for (let i = 0; i < results.length; i++) outputs[i] = output(op, i, results[i]!);
  if (signature.ownsOutputs) for (const each of outputs) runtime.kernels.own(each, kernel);
  if (isRecording()) recordOnTapes({ op, inputs: tensors, outputs });
  const { outputs: args } = op.definition;
  if (args.length === 1 && outputs.length === 1 && !isListArg(args[0]!)) return outputs[0]!;
  return outputs.length === 0 && args.length === 0 ? op : resultOf(op.definition, { outputs, attrs: op.attrs });
}

function output(op: Operation, i: number, value: EagerValue): EagerTensor {
  if (value instanceof NdArray) {
    const tensor = new EagerTensor(op, i, value.dtype, value.shape, value);
    if (!value.dtype.isNumpyCompatible) tensor.handleData = op.outputs[i]!.handleData;
    return tensor;
  }
  return new EagerTensor(op, i, op.outputs[i]!.dtype, [], value);
}

/** Random ops of one seed share a state, as TensorFlow's kernels do. */
function seeded(
  runtime: Runtime,
  kernel: Kernel,
  values: readonly EagerValue[],
  record: Record<string, unknown>,
): readonly EagerValue[] {
  const seed = Number(record.seed ?? defaultOf(kernel.op, "seed"));
  const seed2 = Number(record.seed2 ?? defaultOf(kernel.op, "seed2"));
  return runtime.kernels.withSeeds(kernel, seed, seed2, () => kernel.run(values));
}

const defaultOf = (op: Operation, name: string): number =>
  Number(op.definition.attrs.find((attr) => attr.name === name)!.defaultValue ?? 0);

/** The op behind constants: where they come from is not kept. */
let source: Operation | null = null;

/** A tensor of this value. */
export function constant(value: NdArray): EagerTensor {
  if (!source) {
    const graph = new Graph();
    source = graph.asDefault(() => (placeholderOp({ dtype: value.dtype, shape: null }, "Const") as Tensor).op);
  }
  return new EagerTensor(source, 0, value.dtype, value.shape, value);
}
