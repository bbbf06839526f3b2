/** tf: TensorFlow's top level. Written by scripts/api.mjs. */
export { isNonDecreasing, isNumericTensor, isStrictlyIncreasing } from "../build/checks/monotonic.ts";
export { assertSameFloatDtype, assertScalar } from "../build/checks/ranks.ts";
export { addToCollection, addToCollections, GraphKeys, getCollection, getCollectionRef } from "../build/collections.ts";
export { caseOf as case, cond } from "../build/control_flow/branch/cond.ts";
export { switchCase } from "../build/control_flow/branch/switch_case.ts";
export { foldl, foldr, mapFn, scan } from "../build/control_flow/functional.ts";
export { whileLoop } from "../build/control_flow/while_loop.ts";
export { controlFlowV2Enabled, disableControlFlowV2, enableControlFlowV2 } from "../build/functions/behavior.ts";
export { vectorizedMap } from "../build/functions/called/vectorized_map.ts";
export { wrapFunction } from "../build/functions/called/wrap.ts";
export { asFunction as function } from "../build/functions/function.ts";
export { AggregationMethod } from "../build/gradients/aggregate.ts";
export { gradients, UnconnectedGradients } from "../build/gradients/gradients.ts";
export { hessians } from "../build/gradients/hessians.ts";
export { recomputeGrad } from "../build/gradients/recompute.ts";
export { randomCrop } from "../build/image/crop.ts";
export {
  constantInitializer,
  glorotNormalInitializer,
  glorotUniformInitializer,
  onesInitializer,
  orthogonalInitializer,
  randomNormalInitializer,
  randomUniformInitializer,
  truncatedNormalInitializer,
  uniformUnitScalingInitializer,
  varianceScalingInitializer,
  zerosInitializer,
} from "../build/initializers.ts";
export { opScope, variableOpScope } from "../build/legacy/scopes.ts";
export { initializeAllTables, tablesInitializer } from "../build/lookup/table.ts";
export { confusionMatrix } from "../build/metrics/classes.ts";
export { RaggedTensor } from "../build/ragged/ragged_tensor.ts";
export {
  colocateWith,
  container,
  controlDependencies,
  device,
  getSeed,
  nameScope,
  setRandomSeed,
} from "../build/scopes.ts";
export { OptionalSpec, RaggedTensorSpec } from "../build/tensors/composite_specs.ts";
export { registerTensorConversionFunction } from "../build/tensors/conversion.ts";
export {
  broadcastStaticShape,
  convertToTensorOrIndexedSlices,
  convertToTensorOrSparseTensor,
  dimensionAtIndex,
  dimensionValue,
  guaranteeConst,
  initScope,
  isSymbolicTensor,
  makeNdarray,
  makeTensorProto,
  newaxis,
  noRegularizer,
} from "../build/tensors/convert.ts";
export { printV2 as print } from "../build/tensors/print.ts";
export { argsort, histogramFixedWidthBins, sort } from "../build/tensors/sort.ts";
export { sparseMask, sparseResetShape } from "../build/tensors/sparse.ts";
export {
  IndexedSlicesSpec,
  NoneTensorSpec,
  SparseTensorSpec,
  TensorArraySpec,
  TensorSpec,
  TypeSpec,
  typeSpecFromValue,
} from "../build/tensors/specs.ts";
export { Module } from "../build/trackable/module.ts";
export { variableCreatorScope } from "../build/variables/creation/creators.ts";
export { createPartitionedVariables } from "../build/variables/creation/partitions.ts";
export {
  allVariables,
  assertVariablesInitialized,
  globalVariables,
  globalVariablesInitializer,
  initializeAllVariables,
  initializeLocalVariables,
  initializeVariables,
  localVariables,
  localVariablesInitializer,
  modelVariables,
  movingAverageVariables,
  reportUninitializedVariables,
  trainableVariables,
  variablesInitializer,
} from "../build/variables/initialize.ts";
export {
  disableResourceVariables,
  enableResourceVariables,
  resourceVariablesEnabled,
} from "../build/variables/nodes.ts";
export {
  fixedSizePartitioner,
  minMaxVariablePartitioner,
  variableAxisSizePartitioner,
} from "../build/variables/partitioned.ts";
export {
  batchScatterUpdate,
  scatterAdd,
  scatterDiv,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterNdAdd,
  scatterNdSub,
  scatterNdUpdate,
  scatterSub,
  scatterUpdate,
} from "../build/variables/scatter.ts";
export {
  AUTO_REUSE,
  getLocalVariable,
  getVariable,
  getVariableScope,
  VariableScope,
  variableScope,
} from "../build/variables/scope.ts";
export { assign, assignAdd, assignSub, countUpTo, isVariableInitialized } from "../build/variables/state.ts";
export { VariableAggregation, VariableSynchronization } from "../build/variables/variable.ts";
export { OpError } from "../core/error.ts";
export { NdArray } from "../core/nd_array.ts";
export { getLogger } from "../core/text/logging.ts";
export { GIT_VERSION, VERSION, version } from "../core/version.ts";
export {
  disableEagerExecution,
  disableTensorEquality,
  disableV2Behavior,
  enableTensorEquality,
  enableV2Behavior,
  executingEagerlyOutsideFunctions,
} from "../eager/mode.ts";
export { pyFunction } from "../eager/tape/py_function.ts";
export {
  GRAPH_DEF_VERSION,
  GRAPH_DEF_VERSION_MIN_CONSUMER,
  GRAPH_DEF_VERSION_MIN_PRODUCER,
} from "../graph/def/graph_def.ts";
export { GraphDef, importGraphDef, NodeDef } from "../graph/def/message.ts";
export { Graph, getDefaultGraph, resetDefaultGraph } from "../graph/graph.ts";
export { IndexedSlices } from "../graph/indexed_slices.ts";
export { Operation } from "../graph/operation.ts";
export { DeviceSpec } from "../graph/parts/device_spec.ts";
export { getDefaultSession } from "../graph/scopes.ts";
export { SparseTensorValue } from "../graph/sparse_tensor.ts";
export { Tensor } from "../graph/tensor.ts";
export { Dimension, disableV2Tensorshape, enableV2Tensorshape, TensorShape } from "../graph/tensor_shape.ts";
export {
  AttrValue,
  ConfigProto,
  Event,
  GPUOptions,
  GraphOptions,
  HistogramProto,
  LogMessage,
  MetaGraphDef,
  NameAttrList,
  OptimizerOptions,
  SessionLog,
  Summary,
  SummaryMetadata,
  TensorInfo,
} from "../proto/classes.ts";
export {
  InteractiveSession,
  type RunArguments,
  Session,
  type SessionConfig,
  type SessionOptions,
  withSession,
} from "../session/session.ts";
export { RunMetadata, RunOptions } from "../session/trace.ts";
export * as app from "./app.ts";
export * as audio from "./audio.ts";
export * as autograph from "./autograph.ts";
export * as bitwise from "./bitwise.ts";
export * as compat from "./compat.ts";
export * as config from "./config.ts";
export * as contrib from "./contrib.ts";
export * from "./contrib_eager_and_tf.ts";
export * as data from "./data.ts";
export * as debugging from "./debugging.ts";
export * from "./debugging_and_tf.ts";
export * as distribute from "./distribute.ts";
export * as distributions from "./distributions.ts";
export * as dtypes from "./dtypes.ts";
export * from "./dtypes_and_tf.ts";
export * as errors from "./errors.ts";
export * as estimator from "./estimator.ts";
export * as featureColumn from "./feature_column.ts";
export * as flags from "./flags.ts";
export * as gfile from "./gfile.ts";
export * as graphUtil from "./graph_util.ts";
export * as image from "./image.ts";
export * as initializers from "./initializers.ts";
export * as io from "./io.ts";
export * from "./io_and_tf.ts";
export * as keras from "./keras.ts";
export * as layers from "./layers.ts";
export * as linalg from "./linalg.ts";
export * from "./linalg_and_tf.ts";
export * as logging from "./logging.ts";
export * as lookup from "./lookup.ts";
export * as losses from "./losses.ts";
export * as manip from "./manip.ts";
export * from "./manip_and_tf.ts";
export * as math from "./math.ts";
export * from "./math_and_tf.ts";
export * as metrics from "./metrics.ts";
export * as nest from "./nest.ts";
export * as nn from "./nn.ts";
export * as pythonIo from "./python_io.ts";
export * as quantization from "./quantization.ts";
export * from "./quantization_and_tf.ts";
export * as queue from "./queue.ts";
export * as ragged from "./ragged.ts";
export * as random from "./random.ts";
export * as resourceLoader from "./resource_loader.ts";
export * as savedModel from "./saved_model.ts";
export * as sets from "./sets.ts";
export * as signal from "./signal.ts";
export * from "./signal_and_spectral_and_tf.ts";
export * as sparse from "./sparse.ts";
export * as spectral from "./spectral.ts";
export * as strings from "./strings.ts";
export * as summary from "./summary.ts";
export * as test from "./test.ts";
export * from "./tf_ops.ts";
export * as train from "./train.ts";
export * as userOps from "./user_ops.ts";
