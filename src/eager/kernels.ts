/** The kernels of a runtime by op, attrs and dtypes; variables and other resources; states of random ops. */
import type { DType } from "../core/dtype.ts";
import { resource } from "../core/dtype.ts";
import { NdArray } from "../core/nd_array.ts";
import type { Shape } from "../core/shape.ts";
import { type AttrValue, unwrapAttr } from "../graph/attr.ts";
import type { OpDefinition } from "../graph/definition.ts";
import { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { VariableState } from "../session/state.ts";
import { Kernel, pool, programsOf } from "./kernel.ts";
import type { Runtime } from "./runtime.ts";
import type { Specialisation } from "./specialisation.ts";
import { EagerTensor } from "./tensor.ts";

/** So many states of random ops are kept: each seed that an op was given has one. */
const maxRandomStates = 8192;
const maxKernels = 8192;

interface Held {
  readonly runtime: Runtime;
  readonly state: VariableState;
  readonly programs: Map<string, Specialisation>;
}

/** Variables end with their handles. */
const variables = new FinalizationRegistry<Held>(({ runtime, state, programs }) => {
  for (const spec of [...programs.values()]) pool.drop(spec);
  runtime.state.endVariable(state);
});

/** Other resources end with the first handle, and so does the kernel that made them. */
const resources = new FinalizationRegistry<{ runtime: Runtime; handle: NdArray; kernel: Kernel }>(
  ({ runtime, handle, kernel }) => {
    runtime.state.deleteResource(handle);
    kernel.dispose();
  },
);

export class Kernels {
  readonly #runtime: Runtime;
  readonly #byKey = new Map<string, Kernel>();
  readonly #randomStates = new Map<string, Uint32Array>();
  #made = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The kernel of an op with these attrs for inputs of these dtypes. Ops that make resources have one each time. */
  get(definition: OpDefinition, attrs: Map<string, AttrValue>, inputs: readonly Tensor[]): Kernel {
    if (makesResource(definition, inputs)) {
      const kernel = new Kernel(this.#runtime, definition, attrs, inputs, `${definition.type}_${this.#made++}`);
      return kernel;
    }
    const key = `${definition.type}|${keyOf(attrs, isSeeded(definition))}|${inputs.map((input) => input.dtype.number)}`;
    let kernel = this.#byKey.get(key);
    if (!kernel) {
      kernel = new Kernel(this.#runtime, definition, attrs, inputs, definition.type);
      this.#byKey.set(key, kernel);
      if (this.#byKey.size > maxKernels) {
        const [oldest, old] = this.#byKey.entries().next().value!;
        this.#byKey.delete(oldest);
        old.dispose();
      }
    }
    return kernel;
  }

  /** The handle of a fresh variable. Its memory is freed with it. */
  variable(definition: OpDefinition, attrs: Map<string, AttrValue>, name: string): EagerTensor {
    const plain = (key: string): unknown => unwrapAttr(attrs.get(key)!);
    const dtype = plain("dtype") as DType;
    const state = this.#runtime.state.ownVariable(`${name}/${this.#made++}`, dtype);
    const { graph } = this.#runtime;
    const options = { graph, name, definition, id: this.#made, inputs: [], controlInputs: [], attrs, device: "" };
    const op = new Operation({ ...options, trace: undefined });
    const handle = new VariableHandle(op, state);
    (op.outputs as Tensor[]).push(handle);
    handle.handleData = [{ dtype, shape: plain("shape") as Shape }];
    const programs = new Map<string, Specialisation>();
    programsOf.set(state.value, programs);
    variables.register(handle, { runtime: this.#runtime, state, programs });
    return handle;
  }

  /** The resource goes when its handle does. */
  own(handle: EagerTensor, kernel: Kernel): void {
    if (handle.value instanceof NdArray)
      resources.register(handle, { runtime: this.#runtime, handle: handle.value, kernel });
  }

  /** Runs fn with the random state that an op of these seeds has, and keeps what it is afterwards. */
  withSeeds<R>(kernel: Kernel, seed: number, seed2: number, fn: () => R): R {
    if (seed === 0 && seed2 === 0) return fn();
    const { state } = this.#runtime;
    const name = `${kernel.id}${seed}|${seed2}`;
    let words = this.#randomStates.get(name);
    if (words) this.#randomStates.delete(name);
    else {
      words = new Uint32Array(8);
      const [a, b] = [BigInt.asUintN(64, BigInt(seed)), BigInt.asUintN(64, BigInt(seed2))];
      words.set([Number(a & 0xffffffffn), Number(a >> 32n)], 0);
      words.set([Number(b & 0xffffffffn), Number(b >> 32n)], 4);
    }
    this.#randomStates.set(name, words);
    if (this.#randomStates.size > maxRandomStates) this.#randomStates.delete(this.#randomStates.keys().next().value!);
    const slot = state.randomSlot(kernel.op);
    const place = (): Uint32Array => new Uint32Array(state.engine.buffer as ArrayBuffer, state.slotAddress(slot), 8);
    place().set(words);
    const result = fn();
    words.set(place());
    return result;
  }

  forgetRandomStates(): void {
    this.#randomStates.clear();
  }
}

/** The handle of a variable. */
export class VariableHandle extends EagerTensor {
  constructor(op: Operation, state: VariableState) {
    super(op, 0, resource, [], state.value);
  }

  override get name(): string {
    return `${this.op.name}:0`;
  }
}

/** Does the op make a resource, rather than take or hand on one? */
const makesResource = (definition: OpDefinition, inputs: readonly Tensor[]): boolean =>
  definition.stateful &&
  definition.outputs.some((output) => output.dtype?.base === "resource") &&
  !inputs.some((input) => input.dtype.base === "resource");

/** Has the op a random state that its seeds begin? */
export const isSeeded = (definition: OpDefinition): boolean =>
  definition.stateful &&
  definition.attrs.some((attr) => attr.name === "seed") &&
  definition.attrs.some((attr) => attr.name === "seed2");

function keyOf(attrs: ReadonlyMap<string, AttrValue>, isSeeded: boolean): string {
  let key = "";
  for (const [name, attr] of attrs) {
    if (isSeeded && (name === "seed" || name === "seed2")) continue;
    key += `${name}=${textOf(unwrapAttr(attr))};`;
  }
  return key;
}

/** Equal texts mean equal attrs. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value}:${String(value)}`;
  if (value instanceof NdArray) return `${value.dtype.name}${value.shape}:${value.data}`;
  if (value instanceof Uint8Array || ArrayBuffer.isView(value)) return `bytes:${value}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${key}=${textOf(item)}`).join()}}`;
  if ("number" in value && "base" in value) return `type:${String(value.number)}`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}=${textOf(item)}`)
    .join()}}`;
}
