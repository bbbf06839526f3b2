/** Nodes that the host runs: `compute` and `run` on arrays, and lowered ops over strings. */
import { type DType, dtypeOf } from "../../core/dtype.ts";
import { FailedPreconditionError, InvalidArgumentError, UnimplementedError } from "../../core/error.ts";
import { NdArray, viewElements } from "../../core/nd_array.ts";
import { elementCount, formatShape } from "../../core/shape.ts";
import { createBuilder, NeedsValue } from "../../engine/builder.ts";
import type { Value } from "../../engine/primitive.ts";
import { argLength, isListArg, recordOf } from "../../graph/infer.ts";
import type { Operation } from "../../graph/operation.ts";
import type { SessionState } from "../state.ts";
import { type CallFunction, callContext } from "./call.ts";
import { hasLowering } from "./classify.ts";
import { atCall, atNode } from "./errors.ts";
import type { Plan } from "./plan.ts";
import { factsOf, HostContext } from "./run/context.ts";
import { type Tracer, tracedNode } from "./run/tracer.ts";
import type { RunFrame } from "./segment.ts";
import { copyIn, copyOut, EngineValue, type RunValue, VariableValue, viewOf } from "./values.ts";

export interface HostEnvironment {
  readonly state: SessionState;
  readonly signal: AbortSignal;
  readonly call: CallFunction;
  /** Called when the run is over. */
  readonly releases: (() => void)[];
  /** The plan of the whole run. */
  readonly owner: Plan;
  /** Keeps the workspaces of functions that nodes call until it is given back itself; null: results are copied at once. */
  readonly holder: RunFrame | null;
  /** May a long loop let timers and signals run in between? Then the run gives a promise. */
  readonly mayYield?: boolean;
  /** Functions that nodes call must not wait. */
  readonly atOnce?: boolean | undefined;
  readonly trace?: Tracer | undefined;
}

/** Outputs of a node in order: at once, or when it is done waiting. */
export type HostResult = readonly RunValue[] | Promise<readonly RunValue[]>;

/** Runs one node on its input values. Errors carry the node. */
export function runHostNode(op: Operation, inputs: readonly RunValue[], environment: HostEnvironment): HostResult {
  const { trace } = environment;
  try {
    const result = trace
      ? tracedNode(trace, op, () => dispatch(op, inputs, environment))
      : dispatch(op, inputs, environment);
    if (result instanceof Promise) {
      return result.catch((error) => {
        throw atNode(error, op);
      });
    }
    return result;
  } catch (error) {
    throw atNode(error, op);
  }
}

function dispatch(op: Operation, inputs: readonly RunValue[], environment: HostEnvironment): HostResult {
  const { definition } = op;
  if (definition.placeholder && !definition.compute) throw unfed(op);
  if (definition.call) return callFunctions(op, inputs, environment);
  if (definition.passes && !(inputs[0] instanceof VariableValue)) return [inputs[0]!];
  if (hasLowering(op) && !definition.run) return runLoweredStrings(op, inputs, environment.state);
  const record = recordOf<NdArray>(
    op,
    hostInputs(op, inputs, environment.state, definition.run !== undefined) as NdArray[],
  );
  const context = new HostContext(op, inputs, environment);
  if (definition.run) {
    const result = definition.run(record, context);
    return result instanceof Promise ? result.then((value) => asList(op, value)) : asList(op, result);
  }
  if (definition.compute) return asList(op, definition.compute(record, context));
  throw new UnimplementedError(
    `No OpKernel was registered to support Op '${op.type}' used by {{node ${op.name}}} with these attrs. Run tsflow graph check FILE to list such nodes`,
  );
}

/** Gives the values to the op's `call` as they are; references are read. */
function callFunctions(op: Operation, inputs: readonly RunValue[], environment: HostEnvironment): HostResult {
  const { state } = environment;
  const values = inputs.map((value) =>
    value instanceof VariableValue && !value.isResource ? readVariable(value, state) : value,
  );
  const record = recordOf<RunValue>(op, values);
  try {
    const result = op.definition.call!(record, callContext(op, factsOf(op), environment)) as HostResult;
    if (!(result instanceof Promise)) return result;
    return result.catch((error) => {
      throw atCall(error, op);
    });
  } catch (error) {
    throw atCall(error, op);
  }
}

function unfed(op: Operation): InvalidArgumentError {
  const { dtype, shape } = op.outputs[0]!;
  const names: Record<string, string> = { float32: "float", float64: "double", float16: "half" };
  const shapeText = shape === null || shape.length === 0 ? "" : ` and shape ${formatShape(shape)}`;
  return new InvalidArgumentError(
    `You must feed a value for placeholder tensor '${op.name}' with dtype ${names[dtype.base] ?? dtype.base}${shapeText}`,
  );
}

function asList(op: Operation, result: unknown): readonly RunValue[] {
  const outputs = result === undefined || result === null ? [] : Array.isArray(result) ? result : [result];
  if (outputs.length !== op.outputs.length) {
    // A node that only changes a variable gives its reference back.
    if (outputs.length === 0 && op.outputs.every((output) => output.dtype.isRef)) return [];
    throw new Error(`bug: ${op.type} gives ${outputs.length} values for ${op.outputs.length} outputs`);
  }
  return outputs;
}

/** Inputs as arrays: references are read where the signature takes a value; what waits gets copies. */
function hostInputs(
  op: Operation,
  inputs: readonly RunValue[],
  state: SessionState,
  copies: boolean,
): (NdArray | VariableValue)[] {
  const result: (NdArray | VariableValue)[] = [];
  let at = 0;
  for (const arg of op.definition.inputs) {
    const n = isListArg(arg) ? argLength(arg, op.attrs) : 1;
    for (let k = at; k < at + n; k++) {
      const value = inputs[k]!;
      if (value instanceof VariableValue)
        result.push(value.isResource || arg.isRef ? value : readVariable(value, state));
      else if (value instanceof EngineValue)
        result.push(copies ? copyOut(state.engine, value) : viewOf(state.engine, value));
      else result.push(value as NdArray);
    }
    at += n;
  }
  return result;
}

/** A copy of a variable's value. Throws FAILED_PRECONDITION when it has none. */
export function readVariable(value: VariableValue, state: SessionState): NdArray {
  const variable = state.variableAt(value.slot);
  const array = state.readVariable(variable);
  if (!array) throw uninitialized(value);
  return new NdArray(array.dtype, array.shape, (array.data as Float32Array).slice());
}

const uninitialized = (value: VariableValue) =>
  new FailedPreconditionError(`Attempting to use uninitialized value ${value.name}`);

const isHandle = (dtype: DType): boolean => dtype.base === "string" || dtype.base === "variant";

/** What position 0 stands for: the empty string, or a variant that holds nothing. */
const nothingOf = (op: Operation): unknown =>
  [...op.inputs, ...op.outputs].some((tensor) => tensor.dtype.base === "string") ? new Uint8Array(0) : null;

/** Strings and variants in a lowered op are positions in a list of this call; numbers in variables and inputs as ever. */
function runLoweredStrings(op: Operation, inputs: readonly RunValue[], state: SessionState): readonly RunValue[] {
  const { engine } = state;
  const table: unknown[] = [nothingOf(op)];
  const given = new Map<Value | VariableValue, NdArray>();
  const intern = (array: NdArray): NdArray => {
    if (ArrayBuffer.isView(array.data)) return array;
    const handles = Int32Array.from(array.data, (bytes) => table.push(bytes) - 1);
    return new NdArray(array.dtype, array.shape, handles);
  };
  const scratch = new Map<number, number>();
  const builder = createBuilder({ variable: (slot) => ({ shape: state.variableAt(slot).shape }) });
  const lowering = builder.lowering({
    randomSlot: () => state.randomSlot(op),
    wrapError: (error) => atNode(error, op) as Error,
  });
  let at = 0;
  const record = recordOf<Value | VariableValue>(
    op,
    op.definition.inputs.flatMap((arg) => {
      const n = isListArg(arg) ? argLength(arg, op.attrs) : 1;
      const taken = inputs.slice(at, at + n);
      at += n;
      return taken.map((value) => {
        if (value instanceof VariableValue && (value.isResource || arg.isRef)) return value;
        const array =
          value instanceof VariableValue
            ? readVariable(value, state)
            : value instanceof EngineValue
              ? copyOut(engine, value)
              : (value as NdArray);
        const constant = lowering.constant(intern(array));
        given.set(constant, array);
        return constant;
      });
    }),
  );
  const facts = factsOf(op);
  const result = (() => {
    try {
      return op.definition.lower!(lowering, record, facts);
    } catch (error) {
      if (error instanceof NeedsValue) throw new InvalidArgumentError("a shape depends on a variable's value");
      throw error;
    }
  })();
  const outputs =
    result === undefined
      ? []
      : Array.isArray(result)
        ? (result as readonly (Value | VariableValue)[])
        : [result as Value | VariableValue];
  const handedOn = outputs.map((value) => (value instanceof VariableValue ? value : given.get(value)));
  const isPassedOn = outputs.length > 0 && builder.written().size === 0;
  if (isPassedOn && handedOn.every((value) => value !== undefined)) return handedOn;
  const numeric = outputs.filter((value): value is Value => !(value instanceof VariableValue));
  const program = builder.finish(numeric);
  for (const slot of new Set([...builder.reads(), ...builder.written().keys()])) {
    const variable = state.variableAt(slot);
    if (variable.dtype.base !== "string") continue;
    const shape = builder.written().get(slot)?.shape ?? variable.shape!;
    const address = engine.allocate(Math.max(4 * elementCount(shape), 4));
    scratch.set(slot, address);
    if (variable.strings)
      copyIn(engine, intern(new NdArray(variable.dtype, variable.shape!, variable.strings)), address);
  }
  for (const [slot, { shape }] of builder.written())
    if (!scratch.has(slot)) state.reserveVariable(state.variableAt(slot), shape);
  const executable = engine.compile(program, (slot) => scratch.get(slot) ?? state.slotAddress(slot));
  const base = engine.allocate(Math.max(executable.workspaceBytes, 64));
  try {
    executable.prepare(base);
    executable.run(base);
    for (const [slot, { shape }] of builder.written()) {
      const variable = state.variableAt(slot);
      const address = scratch.get(slot);
      if (address !== undefined) {
        const handles = new Int32Array(engine.buffer as ArrayBuffer, address, elementCount(shape));
        variable.strings = Array.from(handles, (handle) => table[handle] as Uint8Array);
      }
      state.commitVariable(variable, shape);
    }
    let k = 0;
    return outputs.map((value, i) => {
      if (value instanceof VariableValue) return value;
      const dtype = op.outputs[i]!.dtype.baseDtype;
      const shape = executable.outputs[k]!.shape;
      const view = viewElements(
        dtypeOf(dtype.base),
        engine.buffer,
        executable.outputAddress(base, k++),
        elementCount(shape),
      );
      if (isHandle(dtype)) {
        const elements = Array.from(view as Int32Array, (handle) => table[handle]);
        return new NdArray(dtype, shape, elements as Uint8Array[]);
      }
      return copyOut(engine, new EngineValue(dtype, shape, view.byteOffset));
    });
  } finally {
    engine.free(base);
    for (const address of scratch.values()) engine.free(address);
    executable.dispose?.();
  }
}
