/** tf.train. Written by scripts/api.mjs. */
export {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  linearCosineDecay,
  naturalExpDecay,
  noisyLinearCosineDecay,
  piecewiseConstant,
  piecewiseConstant as piecewiseConstantDecay,
  polynomialDecay,
} from "../build/learning_rate_decay.ts";
export { ExponentialMovingAverage, weightedMovingAverage } from "../build/moving_averages.ts";
export { AdadeltaOptimizer } from "../build/optimizers/adadelta.ts";
export { AdagradDAOptimizer, AdagradOptimizer } from "../build/optimizers/adagrad.ts";
export { AdamOptimizer } from "../build/optimizers/adam.ts";
export { FtrlOptimizer } from "../build/optimizers/ftrl.ts";
export { GradientDescentOptimizer } from "../build/optimizers/gradient_descent.ts";
export { MomentumOptimizer } from "../build/optimizers/momentum.ts";
export { Optimizer } from "../build/optimizers/optimizer.ts";
export { ProximalAdagradOptimizer, ProximalGradientDescentOptimizer } from "../build/optimizers/proximal.ts";
export { RMSPropOptimizer } from "../build/optimizers/rmsprop.ts";
export { flag } from "../core/flags.ts";
export { latestCheckpoint } from "../io/checkpoint/state.ts";
export { packageFile } from "../io/package_file.ts";
export {
  BytesList,
  ClusterDef,
  Example,
  Feature,
  FeatureList,
  FeatureLists,
  Features,
  FloatList,
  Int64List,
  JobDef,
  SaverDef,
  SequenceExample,
  ServerDef,
} from "../proto/classes.ts";
export { arrayBatches, arrayEvaluation, type BatchOptions, type Columns, withFeed } from "../train/batches.ts";
export {
  checkpointExists,
  generateCheckpointStateProto,
  getCheckpointMtimes,
  getCheckpointState,
  removeCheckpoint,
  updateCheckpointState,
} from "../train/checkpoint_state.ts";
export { ClusterSpec } from "../train/cluster/cluster_spec.ts";
export { replicaDeviceSetter } from "../train/cluster/device_setter.ts";
export { warmStart } from "../train/estimator/run/warm_start.ts";
export { NewCheckpointReader } from "../train/files/checkpoint_reader.ts";
export { summaryIterator } from "../train/files/summary_iterator.ts";
export { importMetaGraph } from "../train/import_meta_graph.ts";
export { exportMetaGraph, writeGraph } from "../train/meta_graph.ts";
export {
  type BatchSource,
  type BuildContext,
  type BuiltModel,
  defineModel,
  type EvaluationData,
  type Feed,
  type ModelDefinition,
} from "../train/model.ts";
export { basicTrainLoop, checkpointsIterator } from "../train/monitored/basic_loops.ts";
export { MonitoredSession, SingularMonitoredSession } from "../train/monitored/monitored_session.ts";
export { MonitoredTrainingSession } from "../train/monitored/monitored_training_session.ts";
export { Scaffold } from "../train/monitored/scaffold.ts";
export { ChiefSessionCreator, SessionCreator, WorkerSessionCreator } from "../train/monitored/session_creator.ts";
export { SessionManager } from "../train/monitored/session_manager.ts";
export { Supervisor } from "../train/monitored/supervisor.ts";
export { SyncReplicasOptimizer } from "../train/monitored/sync_replicas_optimizer.ts";
export {
  batch,
  batchJoin,
  maybeBatch,
  maybeBatchJoin,
  maybeShuffleBatch,
  maybeShuffleBatchJoin,
  shuffleBatch,
  shuffleBatchJoin,
} from "../train/queue/batch.ts";
export { Coordinator } from "../train/queue/coordinator.ts";
export { LooperThread } from "../train/queue/looper_thread.ts";
export {
  inputProducer,
  limitEpochs,
  matchFilenamesOnce,
  rangeInputProducer,
  sliceInputProducer,
  stringInputProducer,
} from "../train/queue/producers.ts";
export { addQueueRunner, QueueRunner, startQueueRunners } from "../train/queue/queue_runner.ts";
export { globalStep, Saver } from "../train/saver.ts";
export { Checkpoint } from "../train/trackable/checkpoint.ts";
export { CheckpointManager } from "../train/trackable/manager.ts";
export { CheckpointOptions } from "../train/trackable/options.ts";
export * from "./contrib_framework_and_contrib_slim_and_train.ts";
export * from "./estimator_and_train.ts";
export * as queueRunner from "./train_queue_runner.ts";
