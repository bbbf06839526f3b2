/** The graph: nodes by name, and the scopes under which nodes are made. */
import type { DType } from "../core/dtype.ts";
import { OpError, RuntimeError, ValueError } from "../core/error.ts";
import {
  type AttrValue,
  boolAttr,
  containerAttr,
  stringAttr,
  stringsAttr,
  takesScopeAttr,
  unwrapAttr,
} from "./attr.ts";
import { type ControlFlowContext, type ControlScope, checkInputContexts } from "./context.ts";
import { type GraphDef, graphDefOf } from "./def/message.ts";
import type { OpDefinition } from "./definition.ts";
import { inferShapes, shapeError } from "./infer.ts";
import { Operation } from "./operation.ts";
import { Collections } from "./parts/collections.ts";
import { type DeviceScope, deviceIn, mergeDevices } from "./parts/device.ts";
import { checkElementName, type ElementOptions, elementOf } from "./parts/element.ts";
import { WithFunctions } from "./parts/functions.ts";
import { checkNodeName, checkScopeName, NamesInUse } from "./parts/names.ts";
import { seedAttrs } from "./parts/seeds.ts";
import { Traces } from "./parts/traces.ts";
import { around, globalGraph, graphStack, ScopeStack } from "./scopes.ts";
import { Tensor } from "./tensor.ts";

export interface NodeOptions {
  readonly definition: OpDefinition;
  readonly inputs: readonly Tensor[];
  readonly attrs: Map<string, AttrValue>;
  /** Ends in "/" when it is a whole name already; otherwise it is made unique inside the current scope. */
  readonly name: string;
  readonly outputDtypes: readonly DType[];
  readonly controlInputs?: readonly Operation[];
  /** Imported nodes keep their device, take no scopes and no stack trace. */
  readonly imported?: { readonly device: string };
}

/** A dataflow graph: operations, collections, seed, function library. */
export class Graph extends WithFunctions {
  /** Who made the nodes. */
  readonly traces = new Traces();
  readonly #operations: Operation[] = [];
  readonly #byName = new Map<string, Operation>();
  readonly #names = new NamesInUse();
  readonly #collections = new Collections();
  readonly #unfeedable = new Set<Tensor>();
  readonly #unfetchable = new Set<Operation>();
  readonly #nameScopes = new ScopeStack<string>("name scope");
  readonly #devices = new ScopeStack<DeviceScope>("device scope");
  readonly #colocations = new ScopeStack<Operation | null>("colocation scope");
  readonly #controls = new ScopeStack<ControlScope>("control dependencies");
  readonly #attrScopes = new ScopeStack<ReadonlyMap<string, AttrValue>>("attr scope");
  readonly #gradientNames = new ScopeStack<Readonly<Record<string, string>>>("gradient override map");
  #context: ControlFlowContext | null = null;
  #usesContexts = false; // While no context was ever entered, inputs need no check.
  #isFinalized = false;
  #version = 0;
  #seedRequests = 0;
  /** The graph-level seed of setRandomSeed; null without one. */
  seed: number | bigint | null = null;
  /** GraphDef versions.producer of an imported graph. */
  producer: number | undefined;
  /** Data of other modules that live as long as the graph: variable stores, functions under construction. */
  readonly extras = new Map<symbol, unknown>();
  readonly isEager: boolean = false; // Does it run ops at once instead of keeping them?

  /** Grows with every change; plans made for an older version are not used. */
  get version(): number {
    return this.#version;
  }

  get finalized(): boolean {
    return this.#isFinalized;
  }

  finalize(): void {
    this.#isFinalized = true;
  }

  unfinalize(): void {
    this.#isFinalized = false;
  }

  changed(): void {
    this.#version++;
  }

  get operations(): readonly Operation[] {
    return this.#operations;
  }

  getOperations(): Operation[] {
    return [...this.#operations];
  }

  // scopes

  /** Makes this graph the default one inside fn. */
  asDefault<R>(fn: () => R): R {
    return graphStack.with(this, "Graph.asDefault", fn);
  }

  /**
   * Opens a name scope for fn, which gets the scope with its trailing "/". A name that ends in "/" re-enters that scope; null or ""
   * goes back to the root. Throws ValueError for a name that TensorFlow refuses.
   */
  nameScope<R>(name: string | null, fn: (scope: string) => R): R {
    let scope: string;
    if (name === null || name === "") scope = "";
    else if (name.endsWith("/")) scope = name.slice(0, -1);
    else {
      checkScopeName(name, !this.#nameScopes.top);
      scope = this.uniqueName(name);
    }
    return this.#nameScopes.with(scope, scope, () => fn(scope === "" ? "" : `${scope}/`));
  }

  /** The current name scope without trailing "/"; "" at the root. */
  getNameScope(): string {
    return this.#nameScopes.top ?? "";
  }

  /** A name unique in this graph inside the current scope: `a`, `a_1`, … (compared without case). */
  uniqueName(name: string, options: { markAsUsed?: boolean } = {}): string {
    const scope = this.#nameScopes.top;
    return this.#names.unique(scope ? `${scope}/${name}` : name, options.markAsUsed ?? true);
  }

  /** A name unique in this graph outside all scopes. */
  rootName(name: string): string {
    return this.#names.unique(name, true);
  }

  /** Ops made in fn get this device (merged with outer scopes); null clears; a function chooses for each op. */
  device<R>(name: DeviceScope, fn: () => R): R {
    if (typeof name === "string") mergeDevices("", name);
    return this.#devices.with(name, String(name), fn);
  }

  /** Ops made in fn are placed with op: their `_class` attr names it. */
  colocateWith<R>(op: Operation | Tensor | null, fn: () => R, options: { ignoreExisting?: boolean } = {}): R {
    const target = op instanceof Tensor ? op.op : op;
    const inner = () => this.#devices.cleared(() => this.#colocations.with(target, target?.name ?? "none", fn));
    return options.ignoreExisting || target === null ? this.#colocations.cleared(inner) : inner();
  }

  /** Ops made in fn get these attrs where they have none of the name, the innermost scope first. */
  attrScope<R>(attrs: ReadonlyMap<string, AttrValue>, fn: () => R): R {
    return this.#attrScopes.with(attrs, [...attrs.keys()].join(), fn);
  }

  /** Objects of ops made in fn live in this container of the session: nothing else finds them by name. */
  container<R>(name: string, fn: () => R): R {
    return this.attrScope(new Map([[containerAttr, stringAttr(name)]]), fn);
  }

  /** Ops made in fn take the gradient functions of these names, by op type. */
  gradientOverrideMap<R>(names: Readonly<Record<string, string>>, fn: () => R): R {
    return this.#gradientNames.with({ ...this.#gradientNames.top, ...names }, Object.keys(names).join(), fn);
  }

  /** Ops made in fn wait for all the given ones; null clears outer dependencies. */
  controlDependencies<R>(inputs: readonly (Operation | Tensor | { readonly op: Operation })[] | null, fn: () => R): R {
    const ops = new Set<Operation>();
    for (const input of inputs ?? []) {
      const op = input instanceof Operation ? input : (input?.op ?? (this.asGraphElement(input) as Operation));
      this.checkOwns(op);
      ops.add(op);
      op.setAttr("_has_manual_control_dependencies", boolAttr(true));
    }
    const scope: ControlScope = {
      inputs: [...ops],
      made: new Set(),
      context: this.#context,
      isClearing: inputs === null,
    };
    if (inputs !== null) return this.#controls.with(scope, `[${scope.inputs.map((op) => op.name).join(", ")}]`, fn);
    const context = this.#context;
    this.#context = null;
    return around(
      () => this.#controls.cleared(fn),
      () => {
        this.#context = context;
      },
    );
  }

  get controlFlowContext(): ControlFlowContext | null {
    return this.#context;
  }

  setControlFlowContext(context: ControlFlowContext | null): void {
    if (context) this.#usesContexts = true;
    this.#context = context;
  }

  /** Runs fn outside all control dependencies, control flow and colocation, keeping the name scope. */
  initScope<R>(fn: () => R): R {
    return this.controlDependencies(null, fn);
  }

  /** Adds a node. Shapes are inferred; a shape function's complaint is a ValueError with TensorFlow's text. */
  createOp(options: NodeOptions): Operation {
    this.#checkNotFinalized();
    const { definition, inputs, attrs, imported } = options;
    const stranger = inputs.find((input) => input.graph !== inputs[0]!.graph);
    if (stranger) throw new ValueError(`${stranger} must be from the same graph as ${inputs[0]}.`);
    for (const input of inputs) this.checkOwns(input.op, input);
    const name = options.name.endsWith("/") ? options.name.slice(0, -1) : this.uniqueName(options.name);
    checkNodeName(name);
    if (this.#byName.has(name)) throw new ValueError(`Duplicate node name in graph: '${name}'`);
    const controlInputs = imported
      ? [...(options.controlInputs ?? [])]
      : this.controlInputsFor(inputs, options.controlInputs);
    if (!imported) this.#addScopeAttrs(definition.type, attrs);
    const colocated = imported ? { device: imported.device } : this.#colocate(name, attrs);
    const device = colocated.device ?? deviceIn(this.#devices.values, { name, type: definition.type });
    const op = new Operation({
      graph: this,
      name,
      definition,
      id: this.#operations.length,
      inputs,
      controlInputs,
      attrs,
      device,
      trace: imported ? undefined : this.traces.next(),
    });
    const outputs = op.outputs as Tensor[];
    for (const [i, dtype] of options.outputDtypes.entries()) outputs.push(new Tensor(op, i, dtype, null));
    try {
      inferShapes(op);
    } catch (error) {
      for (const input of inputs) input.users.splice(input.users.lastIndexOf(op), 1);
      if (!(error instanceof OpError)) throw error;
      throw shapeError(op, error);
    }
    this.#operations.push(op);
    this.#byName.set(name, op);
    if (imported || options.name.endsWith("/")) this.#names.mark(name);
    this.#version++;
    if (!imported) {
      this.noteMade(op);
      op.controlFlowContext = this.#context;
      if (this.#usesContexts) checkInputContexts(op);
      this.#context?.addOp(op);
    }
    return op;
  }

  #addScopeAttrs(type: string, attrs: Map<string, AttrValue>): void {
    const gradient = this.#gradientNames.top?.[type];
    if (gradient !== undefined) attrs.set("_gradient_op_type", stringAttr(gradient));
    for (const scope of [...this.#attrScopes.values].reverse()) {
      for (const [name, value] of scope) if (takesScopeAttr(attrs, name)) attrs.set(name, value);
    }
  }

  /** What an operation with these inputs waits for here; a scope whose own op is an input is waited for already. Source: ops.py. */
  controlInputsFor(inputs: readonly Tensor[], extra: readonly Operation[] = []): Operation[] {
    const inputOps = new Set(inputs.map((input) => input.op));
    const result = new Set<Operation>(extra);
    for (const scope of [...this.#controls.values].reverse()) {
      const dominated = [...inputOps].some((op) => scope.made.has(op));
      if (!dominated) for (const op of scope.inputs) if (!inputOps.has(op)) result.add(op);
    }
    return [...result];
  }

  /** Counts an operation as made inside the present control dependencies. */
  noteMade(op: Operation): void {
    for (const scope of this.#controls.values) scope.made.add(op);
  }

  /** Adds `_class` for the colocation scopes; the op takes the device of what it is colocated with. */
  #colocate(name: string, attrs: Map<string, AttrValue>): { device: string | null } {
    const targets = this.#colocations.values.filter((op) => op !== null);
    if (targets.length === 0) return { device: null };
    const classes = new Set<string>();
    let device: string | null = null;
    for (const target of targets) {
      const own = target.attrs.get("_class");
      if (own) for (const item of unwrapAttr(own) as string[]) classes.add(item);
      else classes.add(`loc:@${target.name}`);
      if (target.device) device = target.device;
    }
    classes.delete(`loc:@${name}`);
    if (classes.size) attrs.set("_class", stringsAttr([...classes].sort()));
    return { device: device ?? "" };
  }

  #checkNotFinalized(): void {
    if (this.#isFinalized) throw new RuntimeError("Graph is finalized and cannot be modified.");
  }

  /** Throws ValueError when the op (or tensor) belongs to another graph. */
  checkOwns(op: Operation, item: Operation | Tensor = op): void {
    if (op.graph !== this) throw new ValueError(`${item} must be from the same graph as the default graph.`);
  }

  // look-up

  findOperation(name: string): Operation | undefined {
    return this.#byName.get(name);
  }

  /** Throws KeyError in Python's words when there is no such operation. */
  getOperationByName(name: string): Operation {
    checkElementName(name, "Operation");
    return this.asGraphElement(name, { allowTensor: false }) as Operation;
  }

  getTensorByName(name: string): Tensor {
    checkElementName(name, "Tensor");
    return this.asGraphElement(name, { allowOperation: false }) as Tensor;
  }

  /** The tensor or operation for a name or an element of this graph. Throws KeyError or ValueError in Python's words. */
  asGraphElement(item: unknown, options: ElementOptions = {}): Tensor | Operation {
    return elementOf(this, item, options);
  }

  /** The graph as a GraphDef message, which TensorFlow reads; with `addShapes` each node carries its static shapes. */
  asGraphDef(options: { addShapes?: boolean } = {}): GraphDef {
    return graphDefOf(this, options);
  }

  // feeding and fetching

  preventFeeding(tensor: Tensor): void {
    this.#unfeedable.add(tensor);
  }

  isFeedable(tensor: Tensor): boolean {
    return !this.#unfeedable.has(tensor);
  }

  preventFetching(op: Operation): void {
    this.#unfetchable.add(op);
  }

  isFetchable(item: Tensor | Operation): boolean {
    return !this.#unfetchable.has(item instanceof Tensor ? item.op : item);
  }

  // collections and seeds

  addToCollection(name: string, value: unknown): void {
    this.#checkNotFinalized();
    this.#collections.add(name, value);
  }

  addToCollections(names: readonly string[], value: unknown): void {
    for (const name of new Set(names)) this.addToCollection(name, value);
  }

  /** The collection itself, made when missing: changes to it stay. */
  getCollectionRef<T = unknown>(name: string): T[] {
    return this.#collections.list(name);
  }

  /** A copy; with a scope, the items whose `name` begins with a match of it. */
  getCollection<T = unknown>(name: string, scope?: string): T[] {
    return this.#collections.matching(name, scope);
  }

  getAllCollectionKeys(): string[] {
    return this.#collections.keys();
  }

  clearCollection(name: string): void {
    this.#checkNotFinalized();
    this.#collections.delete(name);
  }

  /** The seed attrs of a random op: [seed, seed2]; [null, null] when nothing is seeded. */
  takeSeeds(opSeed: number | bigint | null | undefined): readonly [number, number] | readonly [null, null] {
    return seedAttrs(this.seed, opSeed, () => this.#seedRequests++);
  }
}

/** The innermost default graph; the process's own one outside all `asDefault`. */
export function getDefaultGraph(): Graph {
  if (graphStack.top) return graphStack.top;
  globalGraph.current ??= new Graph();
  return globalGraph.current;
}

/** Replaces the process's default graph. Throws inside `asDefault`. */
export function resetDefaultGraph(): void {
  if (graphStack.top) {
    throw new RuntimeError(
      "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.",
    );
  }
  globalGraph.current = new Graph();
}
