/** A mutex: one holder at a time; the lock is given back when it is consumed, or when its run ends. Source: mutex_ops.cc, critical_section_ops.py */
import { variant } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { ComputeContext } from "../../../graph/definition.ts";
import { defineOp } from "../../define.ts";
import { namedObject, objectOf } from "../resource.ts";
import { WaitList } from "./wait_list.ts";

const kind = "mutex";

class Mutex {
  readonly #waiting = new WaitList();
  #holder: Lock | null = null;

  lock(signal: AbortSignal): Lock | Promise<Lock> {
    const take = (): Lock | undefined => {
      if (this.#holder) return undefined;
      this.#holder = new Lock(this);
      return this.#holder;
    };
    return this.#waiting.until(take, signal, "Lock acquisition cancelled.");
  }

  release(lock: Lock): void {
    if (this.#holder !== lock) return;
    this.#holder = null;
    this.#waiting.changed();
  }

  close(): void {
    this.#waiting.cancelAll("Lock acquisition cancelled.");
  }
}

class Lock {
  readonly #mutex: Mutex;

  constructor(mutex: Mutex) {
    this.#mutex = mutex;
  }

  release(): void {
    this.#mutex.release(this);
  }
}

const mutexOf = (context: ComputeContext, handle: NdArray): Mutex => objectOf<Mutex>(context, handle, kind);

export const mutexV2Op = defineOp("MutexV2", {
  outputs: ["resource: resource"],
  attrs: ["container: string = ''", "shared_name: string = ''"],
  stateful: true,
  shape: () => [[]],
  compute: ({ container, shared_name }, context) =>
    namedObject(context, { kind, container, sharedName: shared_name, asText: false, create: () => new Mutex() }),
  gradient: "unregistered",
});

/** mutex_lock = the lock, as soon as nobody else has it. */
export const mutexLockOp = defineOp("MutexLock", {
  inputs: ["mutex: resource"],
  outputs: ["mutex_lock: variant"],
  stateful: true,
  shape: () => [[]],
  async run({ mutex }, context) {
    const lock = await mutexOf(context, mutex).lock(context.signal);
    context.atEnd(() => lock.release());
    return new NdArray(variant, [], [lock as never]);
  },
  gradient: "unregistered",
});

/** Gives the lock back. */
export const consumeMutexLockOp = defineOp("ConsumeMutexLock", {
  inputs: ["mutex_lock: variant"],
  stateful: true,
  shape: () => [],
  compute({ mutex_lock }) {
    (mutex_lock.data as unknown as readonly Lock[])[0]!.release();
  },
  gradient: "unregistered",
});
