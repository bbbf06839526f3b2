/** Iterators as ops: made, given a dataset, asked for the next element. Source: iterator_ops.cc */
import { string } from "../../../../core/dtype.ts";
import { OutOfRangeError } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { defineOp } from "../../../define.ts";
import { variantOf } from "../../../variant/value.ts";
import { bytesOfText } from "../../arrays.ts";
import { namedObject } from "../../resource.ts";
import { datasetFrom } from "../runtime/captured.ts";
import type { Element } from "../runtime/dataset.ts";
import { datasetOf, typed } from "../runtime/define.ts";
import { atAsker, iteratorOf, kind, nextOf } from "./access.ts";
import { IteratorResource } from "./resource.ts";
import { iteratorRuntime } from "./runtime.ts";

interface Components {
  readonly output_types: ConstructorParameters<typeof IteratorResource>[2]["dtypes"];
  readonly output_shapes: ConstructorParameters<typeof IteratorResource>[2]["shapes"];
}

const componentsOf = (op: Components) => ({ dtypes: op.output_types, shapes: op.output_shapes });

const maker = <const T extends string>(type: T) =>
  defineOp(type, {
    outputs: ["handle: resource"],
    attrs: ["shared_name: string", "container: string", ...typed],
    stateful: true,
    shape: () => [[]],
    compute: (op, context) =>
      namedObject<IteratorResource>(context, {
        kind,
        container: op.container,
        sharedName: op.shared_name,
        asText: false,
        create: (name) => new IteratorResource(op.container, name, componentsOf(op)),
      }),
    gradient: "unregistered",
  });

export const iteratorOp = maker("Iterator");
export const iteratorV2Op = maker("IteratorV2");

function anonymous(op: Components, context: ComputeContext): NdArray {
  const name = `AnonymousIterator${context.nextId()}`;
  return context.makeResource({
    container: "",
    kind,
    name,
    create: () => new IteratorResource("", name, componentsOf(op)),
  }).handle;
}

const anonymousMaker = <const T extends string>(type: T) =>
  defineOp(type, {
    outputs: ["handle: resource"],
    attrs: typed,
    stateful: true,
    shape: () => [[]],
    compute: anonymous,
    gradient: "unregistered",
  });

export const anonymousIteratorOp = anonymousMaker("AnonymousIterator");
export const anonymousIteratorV3Op = anonymousMaker("AnonymousIteratorV3");

export const anonymousIteratorV2Op = defineOp("AnonymousIteratorV2", {
  outputs: ["handle: resource", "deleter: variant"],
  attrs: typed,
  stateful: true,
  shape: () => [[], []],
  compute(op, context) {
    const handle = anonymous(op, context);
    return [handle, variantOf({ deletes: handle })];
  },
  gradient: "unregistered",
});

export const deleteIteratorOp = defineOp("DeleteIterator", {
  inputs: ["handle: resource", "deleter: variant"],
  stateful: true,
  shape: () => [],
  compute({ handle }, context) {
    context.deleteResource(handle);
  },
  gradient: "unregistered",
});

export const makeIteratorOp = defineOp("MakeIterator", {
  inputs: ["dataset: variant", "iterator: resource"],
  stateful: true,
  shape: () => [],
  run({ dataset, iterator }, context) {
    iteratorOf(context, iterator).initialize(datasetOf(dataset), iteratorRuntime(context));
  },
  gradient: "unregistered",
});

/** An iterator that begins by itself, over the dataset that a function of no arguments makes. */
export const oneShotIteratorOp = defineOp("OneShotIterator", {
  outputs: ["handle: resource"],
  attrs: ["dataset_factory: func", ...typed, "container: string = ''", "shared_name: string = ''"],
  stateful: true,
  shape: () => [[]],
  run(op, context) {
    const handle = namedObject<IteratorResource>(context, {
      kind,
      container: op.container,
      sharedName: op.shared_name,
      asText: false,
      create: (name) => new IteratorResource(op.container, name, componentsOf(op)),
    });
    const resource = iteratorOf(context, handle);
    if (resource.position()) return handle;
    resource.started ??= start(resource);
    return resource.started.then(
      () => handle,
      (error) => {
        throw atAsker(error, context);
      },
    );

    async function start(iterator: IteratorResource): Promise<void> {
      if (iterator.position()) return;
      const result = await context.invoke(op.dataset_factory, []);
      iterator.initialize(datasetFrom(result), iteratorRuntime(context));
    }
  },
  gradient: "unregistered",
});

function elementOrEnd(element: Element | null): Element {
  if (element === null) throw new OutOfRangeError("End of sequence");
  return element;
}

const getNext = <const T extends string>(type: T) =>
  defineOp(type, {
    inputs: ["iterator: resource"],
    outputs: ["components: output_types"],
    attrs: typed,
    stateful: true,
    shape: ({ output_shapes }) => output_shapes,
    run({ iterator }, context) {
      const element = nextOf(iterator, context);
      return element instanceof Promise ? element.then(elementOrEnd) : elementOrEnd(element);
    },
    gradient: "unregistered",
  });

export const iteratorGetNextOp = getNext("IteratorGetNext");
export const iteratorGetNextSyncOp = getNext("IteratorGetNextSync");

const device = <const T extends string>(type: T) =>
  defineOp(type, {
    inputs: ["resource: resource"],
    outputs: ["device: string"],
    stateful: true,
    shape: () => [[]],
    compute: () => new NdArray(string, [], [bytesOfText("/job:localhost/replica:0/task:0/device:CPU:0")]),
    gradient: "unregistered",
  });

export const iteratorGetDeviceOp = device("IteratorGetDevice");
export const experimentalIteratorGetDeviceOp = device("ExperimentalIteratorGetDevice");
