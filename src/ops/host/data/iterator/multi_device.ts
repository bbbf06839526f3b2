/** One iterator for several consumers: element i goes to consumer i mod n. Source: multi_device_iterator_ops.cc */
import { int64 } from "../../../../core/dtype.ts";
import { FailedPreconditionError, invalidArgument, OutOfRangeError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { variantOf } from "../../../variant/value.ts";
import { namedObject, objectOf } from "../../resource.ts";
import type { Element } from "../runtime/dataset.ts";
import { datasetOf, typed } from "../runtime/define.ts";
import { IteratorResource } from "./resource.ts";
import { iteratorRuntime } from "./runtime.ts";
import { handleOf, handleText } from "./string_handle.ts";

const kind = "MultiDeviceIterator";

class MultiDeviceIterator {
  readonly name: string;
  readonly container: string;
  readonly source: IteratorResource;
  readonly #waiting: Element[][];
  #incarnation = 0n;
  #next = 0;
  #hasEnded = false;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(container: string, name: string, consumers: number, source: IteratorResource) {
    this.container = container;
    this.name = name;
    this.source = source;
    this.#waiting = Array.from({ length: consumers }, () => []);
  }

  /** A new beginning; its number. */
  begin(): bigint {
    this.#next = 0;
    this.#hasEnded = false;
    for (const queue of this.#waiting) queue.length = 0;
    this.#incarnation++;
    return this.#incarnation;
  }

  /** The next element of a consumer, null at the end; calls are served in their order. */
  take(consumer: number, incarnation: bigint, signal: AbortSignal): Promise<Element | null> {
    const queue = this.#waiting[consumer];
    if (!queue) throw invalidArgument(`Device index ${consumer} is not in [0, ${this.#waiting.length})`);
    if (incarnation !== this.#incarnation)
      throw invalidArgument(`Invalid incarnation id. Provided: ${incarnation}; Expected: ${this.#incarnation}`);
    if (!this.source.position()) throw new FailedPreconditionError("Iterator has not been initialized");
    const taken = this.#tail.then(async () => {
      while (queue.length === 0 && !this.#hasEnded) {
        const element = await this.source.next(signal);
        if (element === null) this.#hasEnded = true;
        else this.#waiting[this.#next++ % this.#waiting.length]!.push(element);
      }
      return queue.shift() ?? null;
    });
    this.#tail = taken.catch(() => {});
    return taken;
  }

  close(): void {
    this.source.close();
  }
}

interface Op {
  readonly devices: readonly string[];
  readonly output_types: ConstructorParameters<typeof IteratorResource>[2]["dtypes"];
  readonly output_shapes: ConstructorParameters<typeof IteratorResource>[2]["shapes"];
}

const make = (op: Op, container: string, name: string): MultiDeviceIterator =>
  new MultiDeviceIterator(
    container,
    name,
    op.devices.length,
    new IteratorResource(container, name, { dtypes: op.output_types, shapes: op.output_shapes }),
  );

const devices = "devices: list(string) >= 1" as const;

export const multiDeviceIteratorOp = defineOp("MultiDeviceIterator", {
  outputs: ["handle: resource"],
  attrs: [devices, "shared_name: string", "container: string", ...typed],
  stateful: true,
  shape: () => [[]],
  compute: (op, context) =>
    namedObject<MultiDeviceIterator>(context, {
      kind,
      container: op.container,
      sharedName: op.shared_name,
      asText: false,
      create: (name) => make(op, op.container, name),
    }),
  gradient: "unregistered",
});

function anonymous(op: Op, context: ComputeContext): NdArray {
  const name = `AnonymousMultiDeviceIterator${context.nextId()}`;
  return context.makeResource({ container: "", kind, name, create: () => make(op, "", name) }).handle;
}

export const anonymousMultiDeviceIteratorOp = defineOp("AnonymousMultiDeviceIterator", {
  outputs: ["handle: resource", "deleter: variant"],
  attrs: [devices, ...typed],
  stateful: true,
  shape: () => [[], []],
  compute(op, context) {
    const handle = anonymous(op, context);
    return [handle, variantOf({ deletes: handle })];
  },
  gradient: "unregistered",
});

export const anonymousMultiDeviceIteratorV3Op = defineOp("AnonymousMultiDeviceIteratorV3", {
  outputs: ["handle: resource"],
  attrs: [devices, ...typed],
  stateful: true,
  shape: () => [[]],
  compute: anonymous,
  gradient: "unregistered",
});

export const multiDeviceIteratorInitOp = defineOp("MultiDeviceIteratorInit", {
  inputs: ["dataset: variant", "multi_device_iterator: resource", "max_buffer_size: int64"],
  outputs: ["incarnation_id: int64"],
  stateful: true,
  shape: () => [[]],
  run({ dataset, multi_device_iterator }, context) {
    const iterator = objectOf<MultiDeviceIterator>(context, multi_device_iterator, kind);
    iterator.source.initialize(datasetOf(dataset), iteratorRuntime(context));
    return new NdArray(int64, [], BigInt64Array.of(iterator.begin()));
  },
  gradient: "unregistered",
});

export const multiDeviceIteratorGetNextFromShardOp = defineOp("MultiDeviceIteratorGetNextFromShard", {
  inputs: ["multi_device_iterator: resource", "shard_num: int32", "incarnation_id: int64"],
  outputs: ["components: output_types"],
  attrs: typed,
  stateful: true,
  shape: ({ output_shapes }) => output_shapes,
  async run({ multi_device_iterator, shard_num, incarnation_id }, context) {
    const iterator = objectOf<MultiDeviceIterator>(context, multi_device_iterator, kind);
    const incarnation = (incarnation_id.data as BigInt64Array)[0]!;
    const element = await iterator.take(Number(shard_num.data[0]), incarnation, context.signal);
    if (element === null) throw new OutOfRangeError("End of sequence");
    return element;
  },
  gradient: "unregistered",
});

export const multiDeviceIteratorToStringHandleOp = defineOp("MultiDeviceIteratorToStringHandle", {
  inputs: ["multi_device_iterator: resource"],
  outputs: ["string_handle: string"],
  stateful: true,
  shape: () => [[]],
  compute({ multi_device_iterator }, context) {
    const { container, name } = objectOf<MultiDeviceIterator>(context, multi_device_iterator, kind);
    return handleText(container, name, "N10tensorflow4data19MultiDeviceIteratorE");
  },
  gradient: "unregistered",
});

export const multiDeviceIteratorFromStringHandleOp = defineOp("MultiDeviceIteratorFromStringHandle", {
  inputs: ["string_handle: string"],
  outputs: ["multi_device_iterator: resource"],
  attrs: ["output_types: list(type) >= 0 = []", "output_shapes: list(shape) >= 0 = []"],
  stateful: true,
  shape: () => [[]],
  compute: ({ string_handle }, context) => handleOf(context, kind, string_handle).handle,
  gradient: "unregistered",
});

export const deleteMultiDeviceIteratorOp = defineOp("DeleteMultiDeviceIterator", {
  inputs: ["multi_device_iterator: resource", "iterators: N * resource", "deleter: variant"],
  attrs: ["N: int >= 0"],
  stateful: true,
  shape: () => [],
  compute({ multi_device_iterator, iterators }, context) {
    for (const handle of [multi_device_iterator, ...iterators]) context.deleteResource(handle);
  },
  gradient: "unregistered",
});
