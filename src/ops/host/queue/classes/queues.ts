/** Queues by kind: `tf.FIFOQueue`, `RandomShuffleQueue`, `PaddingFIFOQueue`, `PriorityQueue`. Source: data_flow_ops.py */
import { createHash } from "node:crypto";
import { type DType, int64 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { byName, type Rest } from "../../../options.ts";
import { fIFOQueueV2Op, paddingFIFOQueueV2Op, priorityQueueV2Op, randomShuffleQueueV2Op } from "../ops.ts";
import { dtypeList, nameList, QueueBase, type ShapesOption, shapeList } from "./base.ts";

export interface QueueOptions {
  /** Shapes of the components, one or a list; needed for dequeueMany. */
  readonly shapes?: ShapesOption | undefined;
  /** Names of the components: elements are records then. */
  readonly names?: string | readonly string[] | undefined;
  /** Queues of one shared name are one queue. */
  readonly sharedName?: string | undefined;
  readonly name?: string | undefined;
}

export interface ShuffleQueueOptions extends QueueOptions {
  readonly seed?: number | bigint | null | undefined;
}

type OneOrMany = DType | readonly DType[];

const fifoQueuePlaces = ["shapes", "names", "sharedName", "name"] as const;

/** Elements leave in the order in which they came; at most `capacity` of them are there. */
export class FIFOQueue extends QueueBase {
  constructor(capacity: number, dtypes: OneOrMany, ...rest: Rest<QueueOptions, typeof fifoQueuePlaces>) {
    const options: QueueOptions = byName(rest, fifoQueuePlaces);
    const types = dtypeList(dtypes);
    const shapes = shapeList(options.shapes);
    const names = nameList(options.names, types);
    const graph = getDefaultGraph();
    const make = () =>
      fIFOQueueV2Op(
        { component_types: types, shapes: shapes ?? [], capacity, shared_name: options.sharedName ?? "" },
        nodeName(options, "fifo_queue"),
      );
    super(
      types,
      shapes,
      names,
      graph.device("CPU", () => outside(make)),
    );
  }
}

/** Queues belong to no loop and depend on nothing. */
const outside = <R>(make: () => R): R => getDefaultGraph().controlDependencies(null, make);

/** `name: ""` leaves it to the op. */
const nodeName = (options: { readonly name?: string | undefined }, otherwise: string): string | undefined =>
  options.name === "" ? undefined : (options.name ?? otherwise);

const randomShuffleQueuePlaces = ["shapes", "names", "seed", "sharedName", "name"] as const;

/** Elements leave in random order; a dequeue leaves at least `minAfterDequeue` to mix with, until the queue is closed. */
export class RandomShuffleQueue extends QueueBase {
  constructor(
    capacity: number,
    minAfterDequeue: number,
    dtypes: OneOrMany,
    ...rest: Rest<ShuffleQueueOptions, typeof randomShuffleQueuePlaces>
  ) {
    const options: ShuffleQueueOptions = byName(rest, randomShuffleQueuePlaces);
    const types = dtypeList(dtypes);
    const shapes = shapeList(options.shapes);
    const names = nameList(options.names, types);
    const { sharedName, seed: opSeed } = options;
    const [seed, ownSeed] = getDefaultGraph().takeSeeds(opSeed);
    const isShared = seed !== null && (opSeed === undefined || opSeed === null) && sharedName !== undefined;
    const seed2 = isShared ? seedOfName(`${seed}${sharedName}`) : ownSeed;
    const handle = randomShuffleQueueV2Op(
      {
        component_types: types,
        shapes: shapes ?? [],
        capacity,
        min_after_dequeue: minAfterDequeue,
        seed: seed ?? 0,
        seed2: seed2 ?? 0,
        shared_name: sharedName ?? "",
      },
      nodeName(options, "random_shuffle_queue"),
    );
    super(types, shapes, names, handle);
  }
}

/** All graphs that share a queue must ask for it with the same seed. */
const seedOfName = (text: string): number =>
  Number.parseInt(createHash("md5").update(text).digest("hex").slice(0, 8), 16) & 0x7fffffff;

/** Components may differ in the dimensions that are null in `shapes`; batches are filled up with zeros. */
export class PaddingFIFOQueue extends QueueBase {
  constructor(
    capacity: number,
    dtypes: OneOrMany,
    shapes: readonly Shape[],
    options: Omit<QueueOptions, "shapes"> = {},
  ) {
    const types = dtypeList(dtypes);
    const list = shapeList(shapes, true) ?? [];
    const names = nameList(options.names, types);
    if (types.length !== list.length) {
      throw new ValueError(
        `Shapes must be provided for all components, but received ${types.length} dtypes and ${list.length} shapes.`,
      );
    }
    const handle = paddingFIFOQueueV2Op(
      { component_types: types, shapes: list, capacity, shared_name: options.sharedName ?? "" },
      nodeName(options, "padding_fifo_queue"),
    );
    super(types, list, names, handle);
  }
}

/** The element of the smallest priority leaves first: an int64 that comes before the components. */
export class PriorityQueue extends QueueBase {
  constructor(capacity: number, types: OneOrMany, ...rest: Rest<QueueOptions, typeof fifoQueuePlaces>) {
    const options: QueueOptions = byName(rest, fifoQueuePlaces);
    const own = dtypeList(types);
    const shapes = shapeList(options.shapes);
    const handle = priorityQueueV2Op(
      { component_types: own, shapes: shapes ?? [], capacity, shared_name: options.sharedName ?? "" },
      nodeName(options, "priority_queue"),
    );
    const names = typeof options.names === "string" ? [options.names] : (options.names ?? null);
    super([int64, ...own], shapes && [[], ...shapes], names, handle);
  }
}
