/** Collections of the default graph under TensorFlow's names. Source: tensorflow/python/framework/ops.py. */
import { getDefaultGraph } from "../graph/graph.ts";
import { byKeyword } from "../ops/options.ts";

/** Names of the collections that the library itself uses. */
export const GraphKeys = {
  GLOBAL_VARIABLES: "variables",
  LOCAL_VARIABLES: "local_variables",
  METRIC_VARIABLES: "metric_variables",
  MODEL_VARIABLES: "model_variables",
  TRAINABLE_VARIABLES: "trainable_variables",
  TRAINABLE_RESOURCE_VARIABLES: "trainable_resource_variables",
  MOVING_AVERAGE_VARIABLES: "moving_average_variables",
  SUMMARIES: "summaries",
  SUMMARY_OP: "summary_op",
  QUEUE_RUNNERS: "queue_runners",
  TABLE_INITIALIZERS: "table_initializer",
  ASSET_FILEPATHS: "asset_filepaths",
  REGULARIZATION_LOSSES: "regularization_losses",
  CONCATENATED_VARIABLES: "concatenated_variables",
  SAVERS: "savers",
  WEIGHTS: "weights",
  BIASES: "biases",
  ACTIVATIONS: "activations",
  UPDATE_OPS: "update_ops",
  LOSSES: "losses",
  SAVEABLE_OBJECTS: "saveable_objects",
  RESOURCES: "resources",
  LOCAL_RESOURCES: "local_resources",
  INIT_OP: "init_op",
  LOCAL_INIT_OP: "local_init_op",
  READY_OP: "ready_op",
  READY_FOR_LOCAL_INIT_OP: "ready_for_local_init_op",
  GLOBAL_STEP: "global_step",
  EVAL_STEP: "eval_step",
  TRAIN_OP: "train_op",
  COND_CONTEXT: "cond_context",
  WHILE_CONTEXT: "while_context",
} as const;

/** Adds a value to a collection of the default graph. */
export const addToCollection = byKeyword(
  ["name", "value"],
  function addToCollection(name: string, value: unknown): void {
    getDefaultGraph().addToCollection(name, value);
  },
);

/** Adds to each of the collections once; a single name is a list of one. */
export const addToCollections = byKeyword(
  ["names", "value"],
  function addToCollections(names: string | readonly string[], value: unknown): void {
    getDefaultGraph().addToCollections(typeof names === "string" ? [names] : names, value);
  },
);

/** A copy; with a scope (a regular expression matched at the beginning), only items whose `name` begins with it. */
export const getCollection = <T = unknown>(name: string, scope?: string): T[] =>
  getDefaultGraph().getCollection<T>(name, scope);

/** A collection of the default graph itself: what is added to it is in the graph. */
export const getCollectionRef = <T = unknown>(name: string): T[] => getDefaultGraph().getCollectionRef<T>(name);
