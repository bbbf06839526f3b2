/** tf.distribute. Written by scripts/api.mjs. */
export {
  experimentalSetStrategy,
  getLossReduction,
  getReplicaContext,
  getStrategy,
  hasStrategy,
  InputContext,
  InputReplicationMode,
  inCrossReplicaContext,
  MirroredStrategy,
  OneDeviceStrategy,
  ReduceOp,
  ReplicaContext,
  Strategy,
} from "../train/machine/distribute.ts";
