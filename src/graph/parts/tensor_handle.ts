/** Tensors that stay in a session between runs, by handle. Source: session_state.h, session_ops.py. */
import type { DType } from "../../core/dtype.ts";
import { InvalidArgumentError, TypeError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";

/** The tensors that a session keeps. */
export class TensorStore {
  readonly #tensors = new Map<string, NdArray>();
  #count = 0;

  /** Keeps a copy of the array; its handle is made of the node's name, a number and the device. */
  add(array: NdArray, node: string): string {
    const handle = `${node};${this.#count++};/job:localhost/replica:0/task:0/device:CPU:0`;
    const { dtype, shape, data } = array;
    this.#tensors.set(handle, new NdArray(dtype, [...shape], data.slice()));
    return handle;
  }

  /** Throws INVALID_ARGUMENT for a handle that was deleted or never given. */
  get(handle: string): NdArray {
    const array = this.#tensors.get(handle);
    if (array) return array;
    throw new InvalidArgumentError(`The tensor with handle '${handle}' is not in the session store.`);
  }

  delete(handle: string): void {
    if (this.#tensors.delete(handle)) return;
    throw new InvalidArgumentError(`Failed to delete a tensor with handle '${handle}' in the session store.`);
  }
}

/** Where ops and sessions find the store. */
export const tensorStore = { container: "", kind: "tensors", name: "session" } as const;

/** What a run gives for `tf.getSessionHandle`: a tensor that the session keeps until it is deleted. */
export class TensorHandle {
  /** Its name in the session: node, number and device. */
  readonly handle: string;
  readonly dtype: DType;
  readonly #store: TensorStore;
  #isDeleted = false;

  constructor(handle: string, dtype: DType, store: TensorStore) {
    this.handle = handle;
    this.dtype = dtype;
    this.#store = store;
  }

  /** The handle as it is fed to the placeholder of `tf.getSessionTensor`; the tensor is then the program's to delete. */
  getRawHandle(): string {
    return this.handle;
  }

  /** The tensor's value. Throws TypeError after `delete`, INVALID_ARGUMENT when the session has it no more. */
  async eval(): Promise<NdArray> {
    this.#check();
    return this.toArray();
  }

  /** Frees the tensor. Throws TypeError the second time. */
  async delete(): Promise<void> {
    this.#check();
    this.#isDeleted = true;
    this.#store.delete(this.handle);
  }

  /** The tensor's value, to feed in its place. */
  toArray(): NdArray {
    return this.#store.get(this.handle);
  }

  #check(): void {
    if (this.#isDeleted) throw new TypeError(`Persistent tensor ${this.handle} may have already been deleted.`);
  }

  toString(): string {
    return this.handle;
  }
}
