/** What a session keeps between runs: variables, random counters, per-node state, resources. */
import { type DType, resource } from "../core/dtype.ts";
import { NdArray, viewElements } from "../core/nd_array.ts";
import { elementCount, type FullShape, sameShape } from "../core/shape.ts";
import type { Engine } from "../engine/engine.ts";
import { isBody } from "../graph/def/function.ts";
import type { AttrPlain, FileAccess, VariableHandle } from "../graph/definition.ts";
import type { Graph } from "../graph/graph.ts";
import { type KeepsState, type Kept, keepsState } from "../graph/kept.ts";
import type { Operation } from "../graph/operation.ts";
import { TensorHandle, TensorStore, tensorStore } from "../graph/parts/tensor_handle.ts";
import { plainAttrs } from "./plan/classify.ts";
import { copyIn, sizeBytesOf, VariableValue } from "./plan/values.ts";

/** One variable. Strings live outside engine memory. `shape` is null while it has no value. */
export interface VariableState {
  readonly value: VariableValue;
  readonly dtype: DType;
  address: number;
  /** The room at the address: the size of the largest value so far. */
  sizeBytes: number;
  shape: FullShape | null;
  strings: readonly Uint8Array[] | null;
}

/** Throws PERMISSION_DENIED for a file that nodes of this session may not open. */
export type FilePolicy = (access: FileAccess, path: string) => void;

interface ResourceEntry {
  readonly key: string;
  readonly object: unknown;
}

/** Anything with an end of its own that a session must close: queues, readers. */
interface Closable {
  close(): void;
}

const isClosable = (object: unknown): object is Closable =>
  typeof object === "object" && object !== null && typeof (object as { close?: unknown }).close === "function";

const randomStateBytes = 32;
const decoder = new TextDecoder();

/** A node's own object is called `_<number>_<node>`, where the number depends on what ran before: it is left out. */
const lastingKey = (key: string): string => key.replace(/\/_\d+_(?=[^/]*(?:\/|$))/, "/");

/** What tells resources apart: their container, what they are, and their name. */
export const resourceKey = (container: string, kind: string, name: string): string =>
  `${container || "localhost"}/${kind}/${name}`;

export class SessionState {
  readonly engine: Engine;
  /** Grows whenever a variable gets, loses or changes its place or shape. */
  layoutVersion = 0;
  readonly #variables: VariableState[] = [];
  readonly #freeSlots: number[] = [];
  readonly #slotByName = new Map<string, number>();
  readonly #variableOf = new Map<Operation, VariableState>();
  readonly #randomSlots = new Map<Operation, number>();
  readonly #randomAddresses = new Map<number, number>();
  /** Graphs of functions' bodies, by the plan that runs them. */
  readonly #bodyNames = new WeakMap<Graph, string>();
  /** States of random nodes and of resources that have not come up yet. */
  readonly #owedRandoms = new Map<string, readonly number[]>();
  readonly #owed = new Map<string, Kept>();
  /** Told of each resource that is made. */
  onResource: ((object: unknown) => void) | null = null;
  readonly #nodeStates = new Map<Operation, unknown>();
  /** Resource variables live in a container that their first value makes. */
  readonly #container = { exists: false };
  readonly #resources = new Map<number, ResourceEntry>();
  #nextResource = 0;
  readonly #resourceByKey = new Map<string, number>();
  #nextId = 0;
  /** Random slots are numbered apart from variables. */
  #nextRandomSlot = 1 << 20;

  /** Null: nodes open what they name. */
  readonly filePolicy: FilePolicy | null;

  constructor(engine: Engine, filePolicy: FilePolicy | null = null) {
    this.engine = engine;
    this.filePolicy = filePolicy;
  }

  // variables

  /** The variable that a node stands for. Nodes of one container and shared name share it. */
  variableOf(op: Operation): VariableState {
    let state = this.#variableOf.get(op);
    if (!state) {
      const attrs = plainAttrs(op);
      const isResource = op.definition.variable === "resource";
      // A resource without a shared name is called "", as in TensorFlow.
      const name = (attrs.shared_name as string) || (isResource ? "" : op.name);
      const key = `${isResource ? "resource" : "ref"}/${attrs.container ?? ""}/${name}`;
      const slot = this.#slotByName.get(key);
      state =
        slot === undefined
          ? this.#addVariable(key, name, (attrs.dtype as DType).baseDtype, isResource)
          : this.#variables[slot]!;
      this.#variableOf.set(op, state);
    }
    return state;
  }

  #addVariable(key: string, name: string, dtype: DType, isResource: boolean): VariableState {
    const state = this.#newVariable(name, dtype, isResource);
    this.#slotByName.set(key, state.value.slot);
    return state;
  }

  #newVariable(name: string, dtype: DType, isResource: boolean): VariableState {
    const slot = this.#freeSlots.pop() ?? this.#variables.length;
    const value = new VariableValue(slot, name, dtype.base, isResource, this.#container);
    const state: VariableState = { value, dtype, address: 0, sizeBytes: 0, shape: null, strings: null };
    this.#variables[slot] = state;
    return state;
  }

  /** A resource variable that no node shares: whoever makes it ends it. */
  ownVariable(name: string, dtype: DType): VariableState {
    return this.#newVariable(name, dtype.baseDtype, true);
  }

  /** Frees a variable that `ownVariable` made; its slot is the next one's. */
  endVariable(state: VariableState): void {
    if (state.address) this.engine.free(state.address);
    state.address = 0;
    this.clearVariable(state);
    this.#freeSlots.push(state.value.slot);
  }

  /** Forgets what is kept for a node that does not run again. */
  forgetNode(op: Operation): void {
    this.#nodeStates.delete(op);
    const slot = this.#randomSlots.get(op);
    if (slot === undefined) return;
    this.engine.free(this.#randomAddresses.get(slot)!);
    this.#randomAddresses.delete(slot);
    this.#randomSlots.delete(op);
  }

  variableAt(slot: number): VariableState {
    return this.#variables[slot]!;
  }

  get variables(): readonly VariableState[] {
    return this.#variables;
  }

  /** Makes room for a value of this shape. The old value stays where it can be read until the new one is committed. */
  reserveVariable(state: VariableState, shape: FullShape): void {
    const sizeBytes = sizeBytesOf(state.dtype, shape);
    if (state.dtype.base === "string" || (state.address !== 0 && sizeBytes <= state.sizeBytes)) return;
    const { address, sizeBytes: oldBytes } = state;
    this.layoutVersion++;
    state.address = this.engine.allocate(Math.max(sizeBytes, 1));
    state.sizeBytes = sizeBytes;
    if (!address) return;
    if (state.shape) new Uint8Array(this.engine.buffer).copyWithin(state.address, address, address + oldBytes);
    this.engine.free(address);
  }

  /** The variable has a value of this shape from here on. */
  commitVariable(state: VariableState, shape: FullShape): void {
    if (state.shape && (state.shape === shape || sameShape(state.shape, shape))) return;
    state.shape = shape;
    if (state.value.isResource) this.#container.exists = true;
    this.layoutVersion++;
  }

  clearVariable(state: VariableState): void {
    state.shape = null;
    state.strings = null;
    this.layoutVersion++;
  }

  readVariable(state: VariableState): NdArray | null {
    if (!state.shape) return null;
    if (state.strings) return new NdArray(state.dtype, state.shape, state.strings);
    return new NdArray(
      state.dtype,
      state.shape,
      viewElements(state.dtype, this.engine.buffer, state.address, elementCount(state.shape)),
    );
  }

  writeVariable(state: VariableState, value: NdArray): void {
    this.reserveVariable(state, value.shape);
    this.commitVariable(state, value.shape);
    if (state.dtype.base === "string") state.strings = [...(value.data as readonly Uint8Array[])];
    else copyIn(this.engine, value, state.address);
  }

  handleOf(state: VariableState): VariableHandle {
    return {
      name: state.value.name,
      dtype: state.dtype,
      read: () => this.readVariable(state),
      write: (value) => this.writeVariable(state, value),
    };
  }

  /** Where a slot of a program lies. */
  readonly slotAddress = (slot: number): number =>
    slot < this.#variables.length ? this.#variables[slot]!.address : this.#randomAddresses.get(slot)!;

  // random numbers

  /** The slot of a random op's state: key from its seeds, counter at 0. Without seeds the key is drawn anew for each session. */
  randomSlot(op: Operation): number {
    let slot = this.#randomSlots.get(op);
    if (slot === undefined) {
      slot = this.#nextRandomSlot++;
      const address = this.engine.allocate(randomStateBytes);
      const { seed, seed2 } = plainAttrs(op);
      const words = new Uint32Array(this.engine.buffer as ArrayBuffer, address, randomStateBytes / 4);
      const [key, counter] = seedWords(seed, seed2);
      words[0] = Number(key & 0xffffffffn);
      words[1] = Number((key >> 32n) & 0xffffffffn);
      words[4] = Number(counter & 0xffffffffn);
      words[5] = Number((counter >> 32n) & 0xffffffffn);
      const owed = this.#owedRandoms.get(this.#randomName(op) ?? "");
      if (owed) words.set(owed);
      this.#randomSlots.set(op, slot);
      this.#randomAddresses.set(slot, address);
    }
    return slot;
  }

  /** Gives the random nodes of a function's body names that last: the body belongs to one plan of one session. */
  nameBody(graph: Graph, name: string): void {
    this.#bodyNames.set(graph, name);
  }

  /** Null in bodies without a name: what they draw is drawn again when their caller is brought to where it was. */
  #randomName(op: Operation): string | null {
    if (!isBody(op.graph)) return op.name;
    const body = this.#bodyNames.get(op.graph);
    return body === undefined ? null : `${body}|${op.name}`;
  }

  /** Random states by the name of their node, those in functions behind the plan and the function: 8 words each. */
  *randomStates(): Generator<readonly [string, Uint32Array]> {
    for (const [op, slot] of this.#randomSlots) {
      const name = this.#randomName(op);
      if (name === null) continue;
      const address = this.#randomAddresses.get(slot)!;
      yield [name, new Uint32Array(this.engine.buffer as ArrayBuffer, address, randomStateBytes / 4)];
    }
    for (const [name, words] of this.#owedRandoms)
      if (name.includes("|") && !this.#hasRandom(name)) yield [name, Uint32Array.from(words)];
  }

  #hasRandom(name: string): boolean {
    for (const op of this.#randomSlots.keys()) if (this.#randomName(op) === name) return true;
    return false;
  }

  /** Sets the states of random nodes, those to come included. */
  restoreRandoms(states: Readonly<Record<string, readonly number[]>>): void {
    this.#owedRandoms.clear();
    for (const [name, words] of Object.entries(states)) this.#owedRandoms.set(name, words);
    for (const [op, slot] of this.#randomSlots) {
      const words = this.#owedRandoms.get(this.#randomName(op) ?? "");
      if (!words) continue;
      const address = this.#randomAddresses.get(slot)!;
      new Uint32Array(this.engine.buffer as ArrayBuffer, address, randomStateBytes / 4).set(words);
    }
  }

  // per-node state and resources

  nodeState<T>(op: Operation, create: () => T): T {
    if (!this.#nodeStates.has(op)) this.#nodeStates.set(op, create());
    return this.#nodeStates.get(op) as T;
  }

  nextId(): number {
    return this.#nextId++;
  }

  makeResource<T>(key: string, create: () => T): { handle: NdArray; resource: T } {
    let id = this.#resourceByKey.get(key);
    if (id === undefined) {
      id = this.#nextResource++;
      const object = create();
      this.#resources.set(id, { key, object });
      this.#resourceByKey.set(key, id);
      const owed = this.#owed.get(lastingKey(key));
      if (owed && keepsState(object)) {
        this.#owed.delete(lastingKey(key));
        object.goBackTo(owed);
      }
      this.onResource?.(object);
    }
    return { handle: new NdArray(resource, [], Int32Array.of(id)), resource: this.#resources.get(id)!.object as T };
  }

  /** What a node of `keepsTensor` gave. */
  tensorHandle(value: NdArray, op: Operation): TensorHandle {
    const { container, kind, name } = tensorStore;
    const { resource: store } = this.makeResource(resourceKey(container, kind, name), () => new TensorStore());
    return new TensorHandle(decoder.decode(value.data[0] as Uint8Array), op.inputs[0]!.dtype.baseDtype, store);
  }

  /** Objects that keep something between runs, by names that last; those that have not come up yet with what they are to hold. */
  *keepers(): Generator<readonly [string, KeepsState | Kept]> {
    for (const { key, object } of this.#resources.values()) if (keepsState(object)) yield [lastingKey(key), object];
    yield* this.#owed;
  }

  /** The objects of these names go on from here as soon as their nodes make them. */
  owe(states: Iterable<readonly [string, Kept]>): void {
    for (const [key, kept] of states) this.#owed.set(key, kept);
  }

  resource<T>(handle: NdArray, kind: string): T | undefined {
    const id = this.#idOf(handle, kind);
    return id === undefined ? undefined : (this.#resources.get(id)?.object as T | undefined);
  }

  #idOf(handle: NdArray, kind = ""): number | undefined {
    if (ArrayBuffer.isView(handle.data)) return (handle.data as Int32Array)[0]!;
    const [container, name] = Array.from(handle.data, (bytes) => decoder.decode(bytes));
    return this.#resourceByKey.get(resourceKey(container!, kind, name!));
  }

  deleteResource(handle: NdArray): boolean {
    const id = this.#idOf(handle);
    const entry = id === undefined ? undefined : this.#resources.get(id);
    if (id === undefined || !entry) return false;
    if (isClosable(entry.object)) entry.object.close();
    this.#resourceByKey.delete(entry.key);
    this.#resources.delete(id);
    return true;
  }

  /** Frees everything. */
  close(): void {
    for (const entry of this.#resources.values()) if (isClosable(entry.object)) entry.object.close();
    this.#resources.clear();
    this.#resourceByKey.clear();
    for (const state of this.#variables) {
      if (state.address) this.engine.free(state.address);
      state.address = 0;
      state.shape = null;
      state.strings = null;
    }
    for (const address of this.#randomAddresses.values()) this.engine.free(address);
    this.#randomAddresses.clear();
    this.#randomSlots.clear();
    this.#nodeStates.clear();
  }
}

/** Key and upper counter words of a random op. Source: guarded_philox_random.cc. */
function seedWords(seed: AttrPlain | undefined, seed2: AttrPlain | undefined): [bigint, bigint] {
  const a = BigInt((seed as number | bigint | undefined) ?? 0);
  const b = BigInt((seed2 as number | bigint | undefined) ?? 0);
  if (a !== 0n || b !== 0n) return [BigInt.asUintN(64, a), BigInt.asUintN(64, b)];
  return [randomWord(), randomWord()];
}

const randomWord = (): bigint => {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return (BigInt(words[0]!) << 32n) | BigInt(words[1]!);
};
