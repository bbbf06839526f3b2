/**
 * `tf.distribute` on one machine with one device: every strategy has one replica, which is this process. Source:
 * tensorflow/python/distribute/distribute_lib.py, one_device_strategy.py.
 */
import type { Dataset } from "../../build/data/dataset.ts";
import { truediv } from "../../build/operators.ts";
import { variableCreatorScope } from "../../build/variables/creation/creators.ts";
import type { Variable } from "../../build/variables/variable.ts";
import { int64 } from "../../core/dtype.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { around } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { cast, constant, group, identity, reduceSum, shape as shapeOf } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";

/** How values of replicas become one. */
export const ReduceOp = { SUM: "SUM", MEAN: "MEAN" } as const;
export type ReduceOp = (typeof ReduceOp)[keyof typeof ReduceOp];

export const InputReplicationMode = { PER_WORKER: "PER_WORKER", PER_REPLICA: "PER_REPLICA" } as const;

/** Where in the input a worker is: here always the whole. */
export class InputContext {
  readonly numInputPipelines: number;
  readonly inputPipelineId: number;
  readonly numReplicasInSync: number;

  constructor(numInputPipelines = 1, inputPipelineId = 0, numReplicasInSync = 1) {
    this.numInputPipelines = numInputPipelines;
    this.inputPipelineId = inputPipelineId;
    this.numReplicasInSync = numReplicasInSync;
  }

  /** The share of one replica. Throws ValueError for a batch that does not divide. */
  getPerReplicaBatchSize(globalBatchSize: number): number {
    if (globalBatchSize % this.numReplicasInSync !== 0) {
      throw new ValueError(
        `The \`global_batch_size\` ${globalBatchSize} is not divisible by \`num_replicas_in_sync\` ${this.numReplicasInSync}`,
      );
    }
    return Math.floor(globalBatchSize / this.numReplicasInSync);
  }
}

/** What a replica knows of itself. */
export class ReplicaContext {
  readonly strategy: Strategy;
  readonly replicaIdInSyncGroup = 0;

  constructor(strategy: Strategy) {
    this.strategy = strategy;
  }

  get numReplicasInSync(): number {
    return this.strategy.numReplicasInSync;
  }

  get devices(): readonly string[] {
    return this.strategy.extended.workerDevices;
  }

  /** fn(strategy, …args), outside of the replica. */
  mergeCall<A extends readonly unknown[], R>(
    fn: (strategy: Strategy, ...args: A) => R,
    args: A = [] as unknown as A,
  ): R {
    const { strategy } = this;
    return inCross(strategy, () => fn(strategy, ...args));
  }

  /** The value, summed or averaged over replicas: itself. */
  allReduce(reduceOp: string, value: TensorLike): Tensor {
    reduceOpOf(reduceOp);
    return convertToTensor(value);
  }
}

/** Throws ValueError for another word than SUM and MEAN. */
function reduceOpOf(word: string): ReduceOp {
  const known = ReduceOp[word.toUpperCase() as ReduceOp];
  if (!known) throw new ValueError(`'${word}' is not a valid ReduceOp`);
  return known;
}

interface RunArgs {
  readonly args?: readonly unknown[] | undefined;
}

/** One replica on one device; the strategy that is there when none was chosen. */
export class Strategy {
  readonly numReplicasInSync = 1;
  readonly clusterResolver = null;
  readonly extended: { readonly workerDevices: readonly string[]; readonly parameterDevices: readonly string[] };

  constructor(device = "/job:localhost/replica:0/task:0/device:CPU:0") {
    this.extended = { workerDevices: [device], parameterDevices: [device] };
  }

  /** Variables that fn makes are the strategy's. */
  scope<R>(fn: () => R): R {
    return inCross(this, fn);
  }

  /** What fn gives for these arguments in the replica. */
  run<R>(fn: (...args: never[]) => R, ...rest: Rest<RunArgs, ["args"]>): R {
    const { args = [] }: RunArgs = byName(rest, ["args"]);
    return inReplica(this, () => fn(...(args as never[])));
  }

  experimentalRunV2<R>(fn: (...args: never[]) => R, ...rest: Rest<RunArgs, ["args"]>): R {
    return this.run(fn, ...rest);
  }

  /** The value over all replicas; with an axis also over that axis of it. Throws ValueError for another word than SUM and MEAN. */
  reduce(reduceOp: string, value: TensorLike, axis: number | null | { readonly axis?: number | null } = null): Tensor {
    const op = reduceOpOf(reduceOp);
    const along = typeof axis === "object" && axis !== null ? (axis.axis ?? null) : axis;
    const tensor = convertToTensor(value);
    if (along === null) return tensor;
    const sum = reduceSum(tensor, along);
    if (op === "SUM") return sum;
    const known = tensor.shape?.at(along) ?? null;
    const count = known === null ? shapeOf(tensor, { outType: int64 }).at(along) : constant(known, { dtype: int64 });
    return truediv(sum, cast(identity(count), sum.dtype) as Tensor);
  }

  /** The values of the replicas of this process. */
  experimentalLocalResults<T>(value: T): readonly [T] {
    return [value];
  }

  unwrap<T>(value: T): readonly [T] {
    return [value];
  }

  /** The dataset: one replica takes all of it. */
  experimentalDistributeDataset<D extends Dataset>(dataset: D): D {
    return dataset;
  }

  makeDatasetIterator(dataset: Dataset): ReturnType<Dataset["makeInitializableIterator"]> {
    return dataset.makeInitializableIterator();
  }

  makeInputFnIterator(inputFn: (context: InputContext) => Dataset): ReturnType<Dataset["makeInitializableIterator"]> {
    return this.makeDatasetIterator(inputFn(new InputContext()));
  }

  distributeDatasetsFromFunction<D extends Dataset>(datasetFn: (context: InputContext) => D): D {
    return datasetFn(new InputContext());
  }

  /** One operation after all of these. */
  group(values: readonly (Operation | Tensor)[], options: { readonly name?: string } = {}): Operation {
    return group(...(values as Operation[]), options) as Operation;
  }

  /** The configuration as it is. */
  updateConfigProto<C>(config: C): C {
    return config;
  }
}

/** All ops and variables on one device, whose variables are resources. */
export class OneDeviceStrategy extends Strategy {
  readonly #device: string;

  constructor(device: string) {
    const index = /:(\d+)$/.exec(device)?.[1] ?? "0";
    const kind = /(cpu|gpu|tpu)/i.exec(device)?.[1]?.toUpperCase() ?? "CPU";
    super(`/job:localhost/replica:0/task:0/device:${kind}:${index}`);
    this.#device = `/replica:0/task:0/device:${kind}:${index}`;
  }

  override scope<R>(fn: () => R): R {
    return super.scope(() =>
      variableCreatorScope((next, args) => this.#onDevice((): Variable => next({ ...args, useResource: true })), fn),
    );
  }

  override run<R>(fn: (...args: never[]) => R, ...rest: Rest<RunArgs, ["args"]>): R {
    return this.#onDevice(() => super.run(fn, ...rest));
  }

  #onDevice<R>(fn: () => R): R {
    return getDefaultGraph().device(this.#device, fn);
  }
}

/** Copies of a model on several devices of one machine; on this machine there is one. Throws ValueError for several. */
export class MirroredStrategy extends OneDeviceStrategy {
  constructor(devices: readonly string[] | null = null) {
    if (devices && devices.length > 1) {
      throw new ValueError(`A machine has one device here, but ${devices.length} were given: ${devices.join(", ")}`);
    }
    super(devices?.[0] ?? "/cpu:0");
  }
}

interface Place {
  readonly strategy: Strategy;
  readonly isReplica: boolean;
}

const placesKey = Symbol("strategies");
const standard = new Strategy();
let chosen: Strategy | null = null;

const placeHere = (): Place | undefined => getDefaultGraph().extras.get(placesKey) as Place | undefined;

function within<R>(place: Place, fn: () => R): R {
  const { extras } = getDefaultGraph();
  const outer = extras.get(placesKey);
  extras.set(placesKey, place);
  return around(fn, () => {
    extras.set(placesKey, outer);
  });
}

const inCross = <R>(strategy: Strategy, fn: () => R): R =>
  strategy === standard ? fn() : within({ strategy, isReplica: false }, fn);
const inReplica = <R>(strategy: Strategy, fn: () => R): R => within({ strategy, isReplica: true }, fn);

/** The strategy whose scope this is; the one with one replica outside of all. */
export const getStrategy = (): Strategy => placeHere()?.strategy ?? chosen ?? standard;

/** Is there a strategy other than the one that is always there? */
export const hasStrategy = (): boolean => getStrategy() !== standard;

/** The replica that this is; null in a strategy's scope outside of `run`. */
export function getReplicaContext(): ReplicaContext | null {
  const strategy = getStrategy();
  return inCrossReplicaContext() ? null : new ReplicaContext(strategy);
}

/** Is this a strategy's scope outside of `run`? */
export function inCrossReplicaContext(): boolean {
  const place = placeHere();
  return place ? !place.isReplica && place.strategy !== standard : chosen !== null;
}

/** The strategy of all that follows; null: the one that is always there. Throws RuntimeError inside of a strategy's scope. */
export function experimentalSetStrategy(strategy: Strategy | null): void {
  if (placeHere()) throw new RuntimeError("Must not be called inside a `tf.distribute.Strategy` scope.");
  chosen = strategy;
}

/** How losses of replicas become one. */
export const getLossReduction = (): ReduceOp => ReduceOp.SUM;
