/** Queues of input items that a queue runner fills again and again: strings, numbers of a range, slices. Source: tensorflow/python/training/input.py. */
import { GraphKeys } from "../../build/collections.ts";
import { assertThat } from "../../build/control_flow/assert.ts";
import { scalar } from "../../build/summary.ts";
import { Variable } from "../../build/variables/variable.ts";
import { float32, int64, string } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { compatible, formatShapePython, isFull, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import { FIFOQueue } from "../../ops/host/queue/classes/queues.ts";
import {
  cast,
  constant,
  gather,
  greater,
  identity,
  matchingFiles,
  randomShuffle,
  range,
  shape,
  size,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { noPipelines } from "./batch.ts";
import { addQueueRunner, QueueRunner } from "./queue_runner.ts";

export interface ProducerOptions {
  /** Each item this many times, then OUT_OF_RANGE; counted in a local variable, which must be initialized. Without end by default. */
  readonly numEpochs?: number | null | undefined;
  /** Items in random order, anew each epoch; true by default. */
  readonly shuffle?: boolean | undefined;
  readonly seed?: number | bigint | null | undefined;
  /** Of the queue; 32 by default. */
  readonly capacity?: number | undefined;
  readonly sharedName?: string | undefined;
  readonly name?: string | undefined;
}

interface CancelOption {
  /** Of the runner: run when its coordinator stops. */
  readonly cancelOp?: Operation | null | undefined;
}

export interface InputProducerOptions extends ProducerOptions, CancelOption {
  /** Of an item, where the tensor's shape does not say it. */
  readonly elementShape?: Shape | undefined;
  /** The tag of a summary of how full the queue is; none by default. */
  readonly summaryName?: string | null | undefined;
}

const inScope = <R>(name: string | undefined, otherwise: string, body: (scope: string) => R): R =>
  getDefaultGraph().nameScope(name || otherwise, body);

/** The sorted names of files that match, found when local variables are initialized: a local variable of strings. */
export const matchFilenamesOnce = (
  pattern: TensorLike,
  ...rest: Rest<{ readonly name?: string }, ["name"]>
): Variable => {
  const options = byName<{ readonly name?: string }>(rest, ["name"]);
  return inScope(options.name, "matching_filenames", (name) => {
    const initialValue = matchingFiles(pattern);
    return new Variable(initialValue, {
      name,
      trainable: false,
      validateShape: false,
      collections: [GraphKeys.LOCAL_VARIABLES],
    });
  });
};

type LimitEpochsOptions = { readonly numEpochs?: number | null; readonly name?: string };
const limitEpochsPlaces = ["numEpochs", "name"] as const;

/** The tensor, numEpochs times; OUT_OF_RANGE after that. The count is a local variable `epochs`. Throws ValueError for numEpochs below 1. */
export const limitEpochs = byKeyword(
  ["tensor"],
  function limitEpochs(tensor: TensorLike, ...rest: Rest<LimitEpochsOptions, typeof limitEpochsPlaces>): Tensor {
    const options = byName<LimitEpochsOptions>(rest, limitEpochsPlaces);
    const { numEpochs } = options;
    if (numEpochs === undefined || numEpochs === null) return convertToTensor(tensor);
    if (numEpochs <= 0) throw new ValueError(`num_epochs must be > 0 not ${numEpochs}.`);
    return inScope(options.name, "limit_epochs", (name) => {
      const epochs = new Variable(constant(0, { dtype: int64 }), {
        name: "epochs",
        trainable: false,
        collections: [GraphKeys.LOCAL_VARIABLES],
      });
      const counter = epochs.countUpTo(numEpochs);
      return getDefaultGraph().controlDependencies([counter], () => identity(tensor, { name }));
    });
  },
);

const inputProducerPlaces = [
  "elementShape",
  "numEpochs",
  "shuffle",
  "seed",
  "capacity",
  "sharedName",
  "summaryName",
  "name",
  "cancelOp",
] as const;

/** A queue of the rows of a tensor, with a runner that fills it. Throws ValueError when the shape of a row is not known. */
export const inputProducer = byKeyword(
  ["inputTensor"],
  function inputProducer(
    inputTensor: TensorLike,
    ...rest: Rest<InputProducerOptions, typeof inputProducerPlaces>
  ): FIFOQueue {
    const options = byName<InputProducerOptions>(rest, inputProducerPlaces);
    if (getDefaultGraph().isEager) throw new RuntimeError(noPipelines);
    const { numEpochs, shuffle = true, seed, capacity = 32, sharedName, summaryName, name, cancelOp } = options;
    return inScope(name, "input_producer", () => {
      let items = convertToTensor(inputTensor, { name: "input_tensor" });
      const elementShape = mergedShape(items.shape?.slice(1) ?? null, options.elementShape ?? null);
      if (!isFull(elementShape)) {
        throw new ValueError(
          "Either `input_tensor` must have a fully defined shape or `element_shape` must be specified",
        );
      }
      if (shuffle) items = randomShuffle(items, { seed });
      items = limitEpochs(items, numEpochs);
      const queue = new FIFOQueue(capacity, [items.dtype.baseDtype], {
        shapes: [elementShape],
        sharedName,
        name: name ?? "",
      });
      const enqueue = queue.enqueueMany([items]);
      addQueueRunner(new QueueRunner(queue, [enqueue], { cancelOp }));
      if (summaryName !== undefined && summaryName !== null) {
        scalar(summaryName, cast(queue.size(), float32).mul(1 / capacity));
      }
      return queue;
    });
  },
);

function mergedShape(a: Shape, b: Shape): Shape {
  if (a === null || b === null) return a ?? b;
  if (!compatible(a, b)) {
    throw new ValueError(`Shapes ${formatShapePython(a)} and ${formatShapePython(b)} are not compatible`);
  }
  return a.map((d, i) => d ?? b[i]!);
}

const noStrings = "string_input_producer requires a non-null input tensor";

type StringInputProducerArguments = ProducerOptions & CancelOption;

/** A queue of strings, often names of files. Throws ValueError for none; a run fails with INVALID_ARGUMENT when a tensor has none. */
export const stringInputProducer = byKeyword(
  ["stringTensor"],
  function stringInputProducer(
    stringTensor: TensorLike,
    ...rest: Rest<StringInputProducerArguments, typeof rangeInputProducerPlaces>
  ): FIFOQueue {
    const options: StringInputProducerArguments = byName(rest, rangeInputProducerPlaces);
    const { capacity = 32 } = options;
    if (!isSymbolic(stringTensor) && (!stringTensor || (Array.isArray(stringTensor) && stringTensor.length === 0))) {
      throw new ValueError(noStrings);
    }
    return inScope(options.name, "input_producer", (name) => {
      const strings = convertToTensor(stringTensor, { dtype: string });
      const isThere = assertThat(greater(size(strings), 0), [noStrings]);
      const checked = getDefaultGraph().controlDependencies([isThere], () => identity(strings));
      return inputProducer(checked, {
        ...options,
        elementShape: [],
        name,
        summaryName: `fraction_of_${capacity}_full`,
      });
    });
  },
);

const rangeInputProducerPlaces = ["numEpochs", "shuffle", "seed", "capacity", "sharedName", "name"] as const;

/** A queue of 0 .. limit - 1, int32. */
export function rangeInputProducer(
  limit: TensorLike,
  ...rest: Rest<ProducerOptions, typeof rangeInputProducerPlaces>
): FIFOQueue {
  const options = byName<ProducerOptions>(rest, rangeInputProducerPlaces);
  const { capacity = 32 } = options;
  return inScope(options.name, "input_producer", (name) => {
    const numbers = range(limit);
    return inputProducer(numbers, { ...options, elementShape: [], name, summaryName: `fraction_of_${capacity}_full` });
  });
}

/** One slice of each tensor along its first axis, of the same position, another in each run. Throws ValueError without tensors. */
export const sliceInputProducer = byKeyword(
  ["tensorList"],
  function sliceInputProducer(
    tensorList: readonly TensorLike[],
    ...rest: Rest<ProducerOptions, typeof rangeInputProducerPlaces>
  ): Tensor[] {
    const options: ProducerOptions = byName(rest, rangeInputProducerPlaces);
    const { name, ...others } = options;
    return inScope(name, "input_producer", () => {
      const tensors = tensorList.map((tensor) => convertToTensor(tensor));
      if (tensors.length === 0) throw new ValueError("Expected at least one tensor in slice_input_producer().");
      const rows = shape(tensors[0]!).at(0);
      const index = rangeInputProducer(rows, others).dequeue() as Tensor;
      return tensors.map((tensor) => gather(tensor, index));
    });
  },
);
