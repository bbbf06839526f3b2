/** `tf.train.replicaDeviceSetter`: variables on parameter servers in turn, all else on the worker. Source: tensorflow/python/training/device_setter.py. */
import { TypeError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import type { PlacedOp } from "../../graph/parts/device.ts";
import { DeviceSpec } from "../../graph/parts/device_spec.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { parameterOps } from "../../ops/state/parameter_ops.ts";
import { type Cluster, ClusterSpec } from "./cluster_spec.ts";

interface SetterOptions {
  /** How many parameter servers there are; a cluster knows it itself. */
  readonly psTasks?: number | undefined;
  /** `/job:ps` by default. */
  readonly psDevice?: string | undefined;
  /** `/job:worker` by default. */
  readonly workerDevice?: string | undefined;
  /** Adds to what scopes inside have said; false leaves an op alone that has a device. True by default. */
  readonly mergeDevices?: boolean | undefined;
  readonly cluster?: Cluster | null | undefined;
  /** Types of ops that go to parameter servers: those that hold state, by default. */
  readonly psOps?: readonly string[] | null | undefined;
  /** The server of such an op; each in turn by default. */
  readonly psStrategy?: ((op: PlacedOp) => number) | null | undefined;
}

function inTurn(tasks: number): () => number {
  let next = 0;
  return () => next++ % tasks;
}

const order = ["psTasks", "psDevice", "workerDevice", "mergeDevices", "cluster", "psOps", "psStrategy"] as const;

/** A function for `tf.device`; null where there are no parameter servers. Throws TypeError for a cluster or a strategy that is none. */
export function replicaDeviceSetter(...rest: Rest<SetterOptions, typeof order>): ((op: PlacedOp) => string) | null {
  const options: SetterOptions = byName(rest, order);
  const { psDevice = "/job:ps", workerDevice = "/job:worker", mergeDevices = true, cluster = null } = options;
  const { psOps = null, psStrategy = null } = options;
  const server = DeviceSpec.fromString(psDevice);
  let { psTasks = 0 } = options;
  if (cluster !== null) {
    const spec = new ClusterSpec(cluster);
    if (server.job === null || !spec.jobs.includes(server.job)) return null;
    psTasks = spec.numTasks(server.job);
  }
  if (psTasks === 0) return null;
  if (!mergeDevices) logging.warn("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter");
  if (psStrategy !== null && typeof psStrategy !== "function") throw new TypeError("ps_strategy must be callable");
  const strategy = psStrategy ?? inTurn(psTasks);
  const types = new Set(psOps ?? parameterOps);
  const worker = DeviceSpec.fromString(workerDevice);
  return (op) => {
    if (!mergeDevices && op.device) return op.device;
    const current = DeviceSpec.fromString(op.device);
    if (!psDevice || !types.has(op.type)) return worker.makeMergedSpec(current).toString();
    const isThere = server.job !== null && (current.job === null || current.job === server.job);
    return (isThere ? server.replace({ task: strategy(op) }) : server).makeMergedSpec(current).toString();
  };
}
