/** Optimizers by name, and those of `tf.train` in their place. Source: tf_keras/src/optimizers/__init__.py. */

import { int64 } from "../../../core/dtype.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { zeros } from "../../../ops/index.ts";
import { Optimizer as TrainOptimizer } from "../../optimizers/optimizer.ts";
import { trackableChildren } from "../../trackable/children.ts";
import { Variable } from "../../variables/variable.ts";
import { byName } from "../named.ts";
import { Adam, Adamax, Nadam } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { Adadelta, Adagrad, Ftrl, RMSprop, SGD } from "./optimizers.ts";

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
    this.#iterations ??= new Variable(() => zeros([], int64), {
      name: "iterations",
      trainable: false,
      useResource: true,
      dtype: int64,
    });
    return this.#iterations;
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

const table: Readonly<Record<string, () => Optimizer>> = {
  sgd: () => new SGD(),
  rmsprop: () => new RMSprop(),
  adagrad: () => new Adagrad(),
  adadelta: () => new Adadelta(),
  adam: () => new Adam(),
  adamax: () => new Adamax(),
  nadam: () => new Nadam(),
  ftrl: () => new Ftrl(),
};

export type OptimizerLike = string | Optimizer | TrainOptimizer | TFOptimizer;

/** The optimizer of a name with its defaults; one of tf.train is wrapped. Throws ValueError for names that Keras has not. */
export function getOptimizer(identifier: OptimizerLike): Optimizer | TFOptimizer {
  if (typeof identifier === "string") return byName("optimizer", table, identifier.toLowerCase())();
  return identifier instanceof TrainOptimizer ? new TFOptimizer(identifier) : identifier;
}
