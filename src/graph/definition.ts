/**
 * What the graph, the planner and eager know of an op: its signature as data, and its behaviour as functions. Definitions are made by
 * `defineOp` in src/ops; nothing here knows any op.
 */
import type { DType } from "../core/dtype.ts";
import type { NdArray } from "../core/nd_array.ts";
import type { Dim, Shape } from "../core/shape.ts";
import type { Lowering, VariableRef } from "../engine/lowering.ts";
import type { Value } from "../engine/primitive.ts";
import type { FunctionRef } from "./attr.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** An input or output argument: of a fixed dtype, of an attr's dtype, a list of `number` tensors, or a list of the dtypes in `typeList`. */
export interface ArgDefinition {
  readonly name: string;
  readonly dtype?: DType;
  readonly typeAttr?: string;
  readonly numberAttr?: string;
  readonly typeListAttr?: string;
  readonly isRef: boolean;
}

export type AttrKind = "bool" | "int" | "float" | "string" | "type" | "shape" | "tensor" | "func";

export interface AttrDefinition {
  readonly name: string;
  readonly kind: AttrKind;
  readonly isList: boolean;
  /** An unwrapped value (undefined: the attr must be given). */
  readonly defaultValue?: AttrPlain;
  readonly allowedTypes?: readonly DType[];
  readonly allowedStrings?: readonly string[];
  readonly minimum?: number;
}

/** An attr's value as op code sees it. */
export type AttrPlain =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | DType
  | Shape
  | NdArray
  | FunctionRef
  | readonly AttrPlain[]
  | null;

/** What a shape function may ask beside the shapes of its inputs. */
export interface ShapeContext {
  /** The value of an input where it is known while building (constants and what is computed from them), else null. */
  value(input: string, index?: number): NdArray | null;
  /** The value of an int vector input as a shape: known dimensions, null for unknown ones; a null shape when its length is unknown. -1 is unknown. */
  valueAsShape(input: string, index?: number): Shape;
  /** dtype and shape of what a resource, queue or TensorArray handle stands for, when the maker of the handle said so. */
  handle(input: string, index?: number): readonly HandleData[] | null;
  /** The shapes that a function of the library gives for arguments of these shapes; null when it is unknown or does not fit. */
  functionShapes(fn: FunctionRef, args: readonly Shape[]): readonly Shape[] | null;
  /** The function that has the op's own name, with the op's attrs. */
  readonly self: FunctionRef;
  /** dtypes of the outputs as the signature gives them, flattened. */
  readonly outputDtypes: readonly DType[];
  /** The node's name, for error texts. */
  readonly name: string;
}

export interface HandleData {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One shape for each output, flattened; with `handles` when outputs are handles with known contents. */
export type InferredShapes =
  | readonly Shape[]
  | { readonly shapes: readonly Shape[]; readonly handles: readonly (readonly HandleData[] | null)[] };

/** What the engine's side sees of the node being lowered or computed. */
export interface NodeFacts {
  readonly name: string;
  readonly type: string;
  readonly device: string;
  readonly outputDtypes: readonly DType[];
  readonly outputShapes: readonly Shape[];
}

export type Lowered = Value | VariableRef | readonly (Value | VariableRef)[] | undefined | void;

/** A variable of the session, as ops with `compute` or `run` see it. */
export interface VariableHandle {
  readonly name: string;
  readonly dtype: DType;
  /** A view of the value, valid until the next write; null when uninitialized. */
  read(): NdArray | null;
  /** Copies the value in; the shape may change. */
  write(value: NdArray): void;
}

/**
 * How an op uses files whose names are in the graph. `input`: reads data, as readers, tables and datasets do; `checkpoint`: saves or restores;
 * `file`: anything else. `python`: it leaves the graph for a Python function.
 */
export type FileAccess = "input" | "checkpoint" | "file" | "python";

/** What `compute` gets beside its inputs. All synchronous. */
export interface ComputeContext {
  readonly node: NodeFacts;
  /** State that belongs to this node in this session (random counters, first_n of Print). */
  nodeState<T>(create: () => T): T;
  /** The state of this node's random numbers, 8 words of key and counter in the session's memory: the op moves them on in place. */
  randomWords(): Uint32Array;
  /** The variable behind a reference or resource input. */
  variable(input: string): VariableHandle;
  /** The object that a handle names, or undefined. Handles of TensorFlow's first version are texts: container and name; `kind` says of what. */
  resource<T>(handle: NdArray, kind?: string): T | undefined;
  /** The object of a container, kind and name, made on first use; its handle. */
  makeResource<T>(options: { container: string; kind?: string; name: string; create: () => T }): {
    handle: NdArray;
    resource: T;
  };
  deleteResource(handle: NdArray): boolean;
  /** A number that this session has not given before. */
  nextId(): number;
  /** Runs a function of the graph's library. */
  call(fn: FunctionRef, args: readonly NdArray[]): readonly NdArray[];
  /** Asks the session before a file is opened whose name the graph gave. Throws PERMISSION_DENIED where the session's policy forbids it. */
  permit(path: string): void;
  /** A copy that lives until the run is over, where the nodes that take it read it without another copy. */
  keep(array: NdArray): NdArray;
  /** Called when the run is over, however it ends: frees what lives as long as the run. */
  atEnd(release: () => void): void;
}

/** What `run` gets: as `compute`, and it may wait. */
export interface RunContext extends ComputeContext {
  /** Aborted when the session closes or the run is cancelled. */
  readonly signal: AbortSignal;
  callAsync(fn: FunctionRef, args: readonly NdArray[]): Promise<readonly NdArray[]>;
  /** As `callAsync`, at once where nothing in the function waits; usable after the run too, for what outlives it. */
  invoke(fn: FunctionRef, args: readonly NdArray[]): readonly NdArray[] | Promise<readonly NdArray[]>;
}

/** A value of a run that an op hands on without looking inside: an array, a value in engine memory, a variable's handle. */
export interface Passed {
  readonly dtype: unknown;
}

type Eventually<T> = T | Promise<T>;

/** What ops get that run functions of the library. Results stay valid until the run that called ends. */
export interface CallContext {
  readonly node: NodeFacts;
  /** The function that has the op's own name, with the op's attrs. */
  readonly self: FunctionRef;
  /** Throws NOT_FOUND or INVALID_ARGUMENT for an unknown function or a wrong number of arguments. */
  call(fn: FunctionRef, args: readonly Passed[]): Eventually<readonly Passed[]>;
  /** Is the only result of the function true? */
  test(fn: FunctionRef, args: readonly Passed[]): Eventually<boolean>;
  /**
   * Calls what `next` says, each time with what the last call gave, until it says null. Memory does not grow with the number of calls.
   * `asksFirst`: `next` does nothing but test one function, always the same, and call another, with the values that it gets.
   */
  loop(
    values: readonly Passed[],
    next: (values: readonly Passed[], iteration: number) => Eventually<FunctionCall | null>,
    asksFirst?: boolean,
  ): Eventually<readonly Passed[]>;
  /** The value as an array; a view, valid as long as the value. */
  array(value: Passed): NdArray;
  /** The function from (inputs of fn, gradients of its outputs) to the gradients of its inputs. */
  gradientOf(fn: FunctionRef): FunctionRef;
}

export interface Absorbed {
  readonly nodes: readonly Operation[];
  readonly inputs: ReadonlyMap<Tensor, Tensor>;
}

export interface FunctionCall {
  readonly fn: FunctionRef;
  readonly args: readonly Passed[];
}

/** How an op takes part in TF1's control flow; the executor knows these roles and no names. */
export type FlowRole = "switch" | "merge" | "enter" | "exit" | "nextIteration" | "loopCond" | "controlTrigger";

// biome-ignore lint/suspicious/noExplicitAny: records and tools are typed where ops are defined
type Any = any;

/** An op, complete. `record` parameters hold inputs, attrs (and outputs for gradients) by their names in the signature. */
export interface OpDefinition {
  readonly type: string;
  readonly inputs: readonly ArgDefinition[];
  readonly outputs: readonly ArgDefinition[];
  readonly attrs: readonly AttrDefinition[];
  /** TensorFlow's is_stateful: never merged with an equal node, never folded. */
  readonly stateful: boolean;
  /** A placeholder: has no value of its own; running it unfed is an error of this text (or its `run`). */
  readonly placeholder: boolean;
  /** A run may feed another value than its input: never known while building. */
  readonly isOverridable: boolean;
  /** Inputs (references or resource handles) whose variable the op changes: it goes after the reads that nothing orders. */
  readonly updates: readonly string[];
  /** Its output is a variable of the session: a reference, or a resource handle. */
  readonly variable?: "ref" | "resource";
  readonly flow?: FlowRole;
  /** Its output names a tensor that the session keeps: a run gives it as a TensorHandle. */
  readonly keepsTensor?: boolean;
  /** Its output is its input's own memory: through a reference the variable's. */
  readonly passes?: boolean;
  /** Inputs that `compute` keeps and gives on, and of which it reads dtype and shape alone: their elements may lie where it cannot see them. */
  readonly opaque?: readonly string[];
  /** Files that it opens; the op asks `context.permit` for each one. */
  readonly access?: FileAccess;
  readonly value?: (record: Any) => NdArray;
  readonly shape: (record: Any, context: ShapeContext) => InferredShapes;
  /** Partly known values of an int vector output while building, for shapes computed from shapes. */
  readonly partialValue?: (record: Any, context: ShapeContext) => readonly Dim[] | null;
  readonly lower?: (p: Lowering, record: Any, node: NodeFacts) => Lowered;
  readonly compute?: (record: Any, context: ComputeContext) => NdArray | readonly NdArray[] | void;
  readonly run?: (
    record: Any,
    context: RunContext,
  ) => NdArray | readonly NdArray[] | void | Promise<NdArray | readonly NdArray[] | void>;
  /** The op runs functions of the library on its inputs as they are. It waits where they do. */
  readonly call?: (record: Any, context: CallContext) => readonly Passed[] | Promise<readonly Passed[]>;
  /** Of an op that calls one function once, with all its inputs: the attr that names it; "" for the function of the op's own name. */
  readonly called?: string;
  /** The op that calls may last as long as a loop: a run with it is asynchronous. */
  readonly loops?: boolean;
  /** What this node can do together with nodes before it, for which `lower` would have to know their values. */
  readonly absorbs?: {
    /** Those nodes, and for inputs of this one the tensors that it reads in their place; null where it stands by itself. */
    readonly match: (op: Operation) => Absorbed | null;
    readonly lower: (p: Lowering, record: Any, node: NodeFacts) => Lowered;
  };
  /** dtypes of inputs for which `compute` is used although the op has `lower` (strings and the like have no primitive form). */
  readonly lowers?: (record: Any, op: Operation) => boolean;
  readonly gradient: ((tf: Any, record: Any, ...dys: Any[]) => Record<string, unknown>) | "none" | "unregistered";
}
