/** `tf.Variable`: state of a session, with TensorFlow's nodes, names and collections. Source: ref_variable.py, resource_variable_ops.py. */
import type { DType } from "../../core/dtype.ts";
import { NotImplementedError, RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { compatible, formatShapePython, isFull, mergeShapes, type Shape } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { defaultSession, type FeedDict, type SessionLike } from "../../graph/scopes.ts";
import { asTensor, type Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import { convertToTensor, type Literal, type TensorLike } from "../../ops/convert.ts";
import {
  assignAddOp,
  assignAddVariableOp,
  assignOp,
  assignSubOp,
  assignSubVariableOp,
  assignVariableOp,
  countUpToOp,
  identity,
  readVariableOp,
  resourceCountUpToOp,
  resourceGatherOp,
} from "../../ops/index.ts";
import type { pb } from "../../proto/messages.ts";
import { GraphKeys } from "../collections.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { prependNameScope, stripNameScope } from "../meta_graph/scope_names.ts";
import { createdVariable } from "./creation/creators.ts";
import {
  dtypeFor,
  makeEagerVariable,
  makeReferenceNodes,
  makeResourceNodes,
  Recreated,
  resourceVariablesEnabled,
  type VariableNodes,
  valueShape,
} from "./nodes.ts";
import { addOperators, addPartAssignment } from "./operators.ts";
import { SaveSliceInfo } from "./slices.ts";
import { isVariableInitialized } from "./state.ts";
import { shownVariable, type Updated, UpdatedVariable } from "./updated.ts";

export type InitialValue = TensorLike | (() => TensorLike);
export type Constraint = (value: Tensor) => TensorLike;

export interface VariableOptions {
  /** Also in TRAINABLE_VARIABLES, so that optimizers change it; true by default. */
  readonly trainable?: boolean | undefined;
  /** [GLOBAL_VARIABLES] by default. */
  readonly collections?: readonly string[] | undefined;
  /** False allows an initial value without a full shape, and assignments of other shapes. */
  readonly validateShape?: boolean | undefined;
  readonly cachingDevice?: string | undefined;
  readonly name?: string | undefined;
  readonly dtype?: DType | undefined;
  /** Taken and ignored, as TensorFlow does. */
  readonly expectedShape?: Shape;
  /** Applied to the value after an optimizer's update. */
  readonly constraint?: Constraint | undefined;
  /** A resource variable instead of a reference. */
  readonly useResource?: boolean | undefined;
  readonly shape?: Shape | undefined;
  /** Kept in VariableDef for TensorFlow on several devices; here one copy is all there is. */
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
}

export const VariableSynchronization = { AUTO: 0, NONE: 1, ON_WRITE: 2, ON_READ: 3 } as const;
export const VariableAggregation = { NONE: 0, SUM: 1, MEAN: 2, ONLY_FIRST_REPLICA: 3 } as const;

export interface AssignOptions {
  readonly useLocking?: boolean | undefined;
  readonly name?: string | undefined;
}

/**
 * A variable of the default graph. The first argument is its initial value, or a function that builds it. It stands in expressions for
 * its value. Throws ValueError when the initial value has no full shape (unless validateShape is false).
 */
export class Variable implements TensorConvertible {
  #nodes!: VariableNodes;
  readonly isResource!: boolean;
  readonly trainable!: boolean;
  readonly constraint!: Constraint | null;
  readonly synchronization: number;
  readonly aggregation: number;
  saveSliceInfo: SaveSliceInfo | null = null;
  /** The static shape of a resource variable; a reference has its own. */
  #shape!: Shape;
  readonly #validateShape!: boolean;

  constructor(initialValue: InitialValue, options: VariableOptions = {}) {
    this.synchronization = options.synchronization ?? VariableSynchronization.AUTO;
    this.aggregation = options.aggregation ?? VariableAggregation.NONE;
    if (initialValue instanceof Recreated) {
      const { nodes, isResource, slice } = initialValue;
      this.#nodes = nodes;
      this.isResource = isResource;
      this.trainable = options.trainable ?? false;
      this.constraint = null;
      this.saveSliceInfo = slice;
      this.#validateShape = true;
      this.#shape = isResource ? nodes.handle.op.getAttr<readonly number[] | null>("shape") : null;
      return;
    }
    const created = createdVariable(initialValue, options, (...args) => new Variable(...args));
    // biome-ignore lint/correctness/noConstructorReturn: creators may give another variable
    if (created) return created;
    if (initialValue === undefined || initialValue === null) throw new ValueError("initial_value must be specified.");
    const { trainable = true, validateShape = true, collections = [GraphKeys.GLOBAL_VARIABLES] } = options;
    if (!Array.isArray(collections)) {
      throw new ValueError(
        `collections argument to Variable constructor must be a list, tuple, or set. Got ${collections} of type ${typeof collections}`,
      );
    }
    const { isEager } = getDefaultGraph().initScope(getDefaultGraph);
    const isResource = isEager || (options.useResource ?? resourceVariablesEnabled());
    const make = isEager ? makeEagerVariable : isResource ? makeResourceNodes : makeReferenceNodes;
    this.#nodes = make({
      initialValue,
      name: options.name,
      dtype: dtypeFor(initialValue, options),
      shape: options.shape,
      validateShape,
      cachingDevice: options.cachingDevice,
    });
    this.isResource = isResource;
    if (isEager) variableOf.set(this.#nodes.handle, this);
    this.trainable = trainable;
    this.constraint = options.constraint ?? null;
    this.#validateShape = validateShape;
    this.#shape = options.shape ?? (validateShape ? valueShape(this.#nodes) : null);
    const isAdded = trainable && !collections.includes(GraphKeys.TRAINABLE_VARIABLES);
    const keys = isAdded ? [...collections, GraphKeys.TRAINABLE_VARIABLES] : collections;
    getDefaultGraph().addToCollections(keys, this);
  }

  /** `scope/w:0`. */
  get name(): string {
    return this.#nodes.handle.name;
  }

  /** float32_ref for references, float32 for resources. */
  get dtype(): DType {
    return this.#nodes.dtype;
  }

  /** The static shape, an array that prints as `(784, 10)`; `null` for an unknown rank. */
  get shape(): Shape {
    if (!this.isResource) return this.#nodes.handle.shape;
    return this.#shape === null ? null : new TensorShape(this.#shape);
  }

  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }

  setShape(shape: Shape): void {
    if (this.isResource) this.#shape = mergeShapes(this.#shape, shape);
    else {
      this.#nodes.handle.setShape(shape);
      this.#nodes.read.setShape(shape);
    }
  }

  get op(): Operation {
    return this.#nodes.handle.op;
  }

  get graph(): Graph {
    return this.op.graph;
  }

  get device(): string {
    return this.op.device;
  }

  /** The operation that sets the initial value. */
  get initializer(): Operation {
    return this.#nodes.initializer;
  }

  get initialValue(): Tensor | null {
    if (this.graph.isEager) throw new RuntimeError("This property is not supported when eager execution is enabled.");
    return this.#nodes.initialValue;
  }

  /** The initial value comes from elsewhere: from a checkpoint. */
  initializeWith(initializer: Operation, initialValue: Tensor): void {
    this.#nodes = { ...this.#nodes, initializer, initialValue };
  }

  /** The reference, or the resource handle. */
  get handle(): Tensor {
    return this.#nodes.handle;
  }

  /** The value as a tensor: for a reference its one snapshot, for a resource a read where it stands. */
  value(): Tensor {
    if (!this.isResource) return this.#nodes.read;
    return getDefaultGraph().colocateWith(null, () => this.#readHandle(), { ignoreExisting: true });
  }

  #readHandle(): Tensor {
    return readVariableOp({ resource: this.#nodes.handle, dtype: this.#nodes.dtype });
  }

  /** A fresh read, after the control dependencies of where it is made. */
  readValue(): Tensor {
    if (!this.isResource) return identity(this.#nodes.handle, { name: "read" });
    const value = getDefaultGraph().nameScope("Read", () => this.#readHandle());
    return identity(value);
  }

  /** Reads rows of a resource variable without reading all of it; undefined for a reference, whose value is gathered from. */
  get sparseRead(): ((indices: TensorLike, options?: { readonly name?: string | undefined }) => Tensor) | undefined {
    if (!this.isResource) return undefined;
    return (indices, options = {}) =>
      getDefaultGraph().nameScope(options.name || "Gather", (scope) =>
        resourceGatherOp({ resource: this.handle, indices, dtype: this.dtype }, scope),
      );
  }

  /** What a fetch or feed of this variable means. */
  asGraphElement(): Tensor {
    return this.isResource ? this.#nodes.read : this.#nodes.handle;
  }

  [asTensor](options: { dtype?: DType | undefined; asRef?: boolean } = {}): Tensor {
    const { dtype, asRef = false } = options;
    if (dtype && dtype.baseDtype !== this.dtype.baseDtype) {
      throw new ValueError(
        `Incompatible type conversion requested to type '${dtype.name}' for variable of type '${this.dtype.name}'`,
      );
    }
    return asRef ? this.#nodes.handle : this.value();
  }

  /** The initial value while the variable has none. */
  initializedValue(): Tensor {
    const initialValue = this.initialValue;
    if (!initialValue) throw new ValueError(`the initial value of ${this.name} is not known`);
    return this.graph.initScope(
      () =>
        cond(
          isVariableInitialized(this),
          () => this.readValue(),
          () => initialValue,
        ) as Tensor,
    );
  }

  /** Sets the variable when the returned tensor (its new value) is run. */
  assign(value: TensorLike, options: AssignOptions = {}): Updated {
    const { useLocking = false, name } = options;
    if (!this.isResource) return assignOp({ ref: this.handle, value, use_locking: useLocking }, name);
    const tensor = convertToTensor(value, { dtype: this.dtype });
    if (!compatible(this.#shape, tensor.shape)) {
      throw new ValueError(
        `Cannot assign value to variable ' ${this.name}': Shape mismatch.The variable shape ${formatShapePython(this.#shape)}, and the assigned value shape ${formatShapePython(tensor.shape)} are incompatible.`,
      );
    }
    const isChecked = this.#validateShape && isFull(this.#shape);
    return this.readAfter(assignVariableOp({ resource: this.handle, value: tensor, validate_shape: isChecked }, name));
  }

  assignAdd(delta: TensorLike, options: AssignOptions = {}): Updated {
    const { useLocking = false, name } = options;
    if (!this.isResource) return assignAddOp({ ref: this.handle, value: delta, use_locking: useLocking }, name);
    const value = convertToTensor(delta, { dtype: this.dtype });
    return this.readAfter(assignAddVariableOp({ resource: this.handle, value }, name));
  }

  assignSub(delta: TensorLike, options: AssignOptions = {}): Updated {
    const { useLocking = false, name } = options;
    if (!this.isResource) return assignSubOp({ ref: this.handle, value: delta, use_locking: useLocking }, name);
    const value = convertToTensor(delta, { dtype: this.dtype });
    return this.readAfter(assignSubVariableOp({ resource: this.handle, value }, name));
  }

  /** The value before it grows by one. Throws OUT_OF_RANGE once it has reached the limit. */
  countUpTo(limit: number, options: { readonly name?: string } = {}): Tensor {
    return this.isResource
      ? resourceCountUpToOp({ resource: this.handle, limit, T: this.dtype.baseDtype }, options.name)
      : countUpToOp({ ref: this.handle, limit }, options.name);
  }

  /** This resource variable after an operation that changed it. */
  readAfter(update: Operation): UpdatedVariable {
    const read = (): Tensor => getDefaultGraph().controlDependencies([update], () => this.#readHandle());
    return new UpdatedVariable(update, read, this);
  }

  /** Sets the value in a session at once, without new nodes. */
  async load(value: Literal, session?: SessionLike): Promise<void> {
    if (this.graph.isEager) return void this.assign(value);
    const target = session ?? defaultSession();
    if (!target) {
      throw new ValueError("Either session argument should be provided or default session should be established");
    }
    await target.run(this.initializer, { feedDict: [[this.initializer.inputs[1]!, value]] });
  }

  /** The value of a variable of eager execution. */
  numpy(): NdArray {
    if (this.graph.isEager) return this.#readHandle().numpy();
    throw new NotImplementedError("numpy() is only available when eager execution is enabled.");
  }

  /** The value in the given session or the default one. */
  eval(session?: SessionLike, feedDict?: FeedDict): Promise<NdArray> {
    if (this.graph.isEager) throw new RuntimeError("This operation is not supported when eager execution is enabled.");
    return this.asGraphElement().eval(feedDict, session);
  }

  /** Its VariableDef, or null when it lies outside the scope that is exported. */
  toProto(exportScope?: string): pb.VariableDef.$Properties | null {
    if (exportScope !== undefined && !this.name.startsWith(exportScope)) return null;
    const strip = (name: string): string => stripNameScope(name, exportScope);
    return {
      variableName: strip(this.name),
      initializerName: strip(this.initializer.name),
      snapshotName: strip(this.#nodes.read.name),
      ...(this.initialValue ? { initialValueName: strip(this.initialValue.name) } : {}),
      ...(this.saveSliceInfo ? { saveSliceInfoDef: this.saveSliceInfo.toProto() } : {}),
      isResource: this.isResource,
      trainable: this.trainable,
      synchronization: this.synchronization,
      aggregation: this.aggregation,
    };
  }

  /** The variable of an imported graph whose nodes a VariableDef names. Throws KeyError when they are not there. */
  static fromProto(proto: pb.VariableDef.$Properties, importScope?: string): Variable {
    const graph = getDefaultGraph();
    const name = (text: string | null | undefined): string => prependNameScope(text, importScope);
    const handle = graph.getTensorByName(name(proto.variableName));
    const isResource = proto.isResource ?? false;
    const read = proto.snapshotName
      ? graph.getTensorByName(name(proto.snapshotName))
      : graph.getTensorByName(`${handle.op.name}/Read/ReadVariableOp:0`);
    const nodes: VariableNodes = {
      handle,
      dtype: isResource ? handle.op.getAttr<DType>("dtype") : handle.dtype,
      initializer: graph.getOperationByName(name(proto.initializerName)),
      initialValue: proto.initialValueName ? graph.getTensorByName(name(proto.initialValueName)) : null,
      read,
    };
    const slice = proto.saveSliceInfoDef ? SaveSliceInfo.fromProto(proto.saveSliceInfoDef) : null;
    const { trainable, synchronization, aggregation } = proto;
    return new Variable(new Recreated(nodes, isResource, slice) as unknown as InitialValue, {
      trainable: trainable ?? false,
      synchronization: synchronization ?? undefined,
      aggregation: aggregation ?? undefined,
    });
  }

  /** `<tf.Variable 'w:0' shape=(1,) dtype=float32_ref>`. */
  toString(): string {
    return shownVariable(this);
  }

  repr(): string {
    return this.toString();
  }

  valueOf(): never {
    if (this.graph.isEager) return this.numpy().valueOf() as never;
    throw new TypeError(
      `Using a symbolic \`tf.Tensor\` as a Python \`bool\` is not allowed: ${this} has a value in a session only. Run it there.`,
    );
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint !== "string" && this.graph.isEager) return this.numpy()[Symbol.toPrimitive](hint) as string;
    if (hint === "number") this.valueOf();
    return this.toString();
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** The variables of eager execution by their handles. */
export const variableOf = new WeakMap<Tensor, Variable>();

addOperators(Variable.prototype);
addPartAssignment(Variable.prototype);
