/** Optimizers by name, and those of `tf.train` in their place. Source: tf_keras/src/optimizers/__init__.py. */

import { int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { zeros } from "../../../ops/index.ts";
import { Optimizer as TrainOptimizer } from "../../optimizers/optimizer.ts";
import { trackableChildren } from "../../trackable/children.ts";
import { Variable } from "../../variables/variable.ts";
import { byName, isSerialized, optionsFrom, type Serialized, serializeObject } from "../config/registry.ts";
import { Adam, Adamax, Nadam } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import { Adadelta, Adagrad, Ftrl, RMSprop, SGD } from "./optimizers.ts";
import { deserializeSchedule } from "./schedules.ts";

/** What a model needs of an optimizer: the operation of one training step. */
export interface StepMaker {
  getUpdates(loss: Tensor, variables: readonly Variable[]): Operation;
}

/** An optimizer of tf.train for a Keras model. */
export class TFOptimizer implements StepMaker {
  readonly optimizer: TrainOptimizer;
  #iterations: Variable | null = null;

  constructor(optimizer: TrainOptimizer) {
    this.optimizer = optimizer;
  }

  get iterations(): Variable {
    this.#iterations ??= getDefaultGraph().nameScope("TFOptimizer/", () => this.#makeIterations());
    return this.#iterations;
  }

  #makeIterations(): Variable {
    return new Variable(() => zeros([], int64), {
      name: "iterations",
      trainable: false,
      useResource: true,
      dtype: int64,
    });
  }

  *[trackableChildren](): Generator<[string, object]> {
    yield ["optimizer", this.optimizer];
    if (this.#iterations) yield ["global_step", this.#iterations];
  }

  getUpdates(loss: Tensor, variables: readonly Variable[]): Operation {
    const found = this.optimizer.computeGradients(loss, { varList: variables });
    return this.optimizer.applyGradients(found, { globalStep: this.iterations });
  }
}

type OptimizerClass = new (...rest: never) => Optimizer;
const table: Readonly<Record<string, OptimizerClass>> = {
  sgd: SGD,
  rmsprop: RMSprop,
  adagrad: Adagrad,
  adadelta: Adadelta,
  adam: Adam,
  adamax: Adamax,
  nadam: Nadam,
  ftrl: Ftrl,
};

export type OptimizerLike = string | Optimizer | TrainOptimizer | TFOptimizer | Serialized;

/**
 * The optimizer of a name with its defaults, or that data describe; one of tf.train is wrapped. Throws ValueError for names that Keras has
 * not, and for what is no optimizer.
 */
export function getOptimizer(identifier: OptimizerLike): Optimizer | TFOptimizer {
  if (isSerialized(identifier)) return deserializeOptimizer(identifier);
  if (identifier instanceof TrainOptimizer) return new TFOptimizer(identifier);
  if (identifier instanceof Optimizer || identifier instanceof TFOptimizer) return identifier;
  if (typeof identifier !== "string") {
    throw new ValueError(`Could not interpret optimizer identifier: ${identifier}`);
  }
  return new (byName<OptimizerClass>("optimizer", table, identifier) as new () => Optimizer)();
}

/** The optimizer that `serialize`, or Keras in Python, has described. Throws ValueError for classes that Keras has not. */
export function deserializeOptimizer({ class_name: name, config }: Serialized): Optimizer {
  const { learning_rate: rate, lr, ...rest } = config;
  const made = isSerialized(rate) ? deserializeSchedule(rate) : (rate ?? lr);
  const kind = byName<OptimizerClass>("optimizer", table, name === "SGD" ? "sgd" : name) as new (
    ...rest: unknown[]
  ) => Optimizer;
  return new kind(made, optionsFrom(rest));
}
export const serializeOptimizer = (optimizer: Optimizer): unknown => serializeObject(optimizer);
