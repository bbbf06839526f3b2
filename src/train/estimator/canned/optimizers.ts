/** Optimizers by name. Source: tensorflow_estimator/python/estimator/canned/optimizers.py. */
import { AdagradOptimizer } from "../../../build/optimizers/adagrad.ts";
import { AdamOptimizer } from "../../../build/optimizers/adam.ts";
import { FtrlOptimizer } from "../../../build/optimizers/ftrl.ts";
import { GradientDescentOptimizer } from "../../../build/optimizers/gradient_descent.ts";
import { Optimizer } from "../../../build/optimizers/optimizer.ts";
import { RMSPropOptimizer } from "../../../build/optimizers/rmsprop.ts";
import { ValueError } from "../../../core/error.ts";

const byName: Readonly<Record<string, (learningRate: number) => Optimizer>> = {
  Adagrad: (learningRate) => new AdagradOptimizer(learningRate),
  Adam: (learningRate) => new AdamOptimizer(learningRate),
  Ftrl: (learningRate) => new FtrlOptimizer(learningRate),
  RMSProp: (learningRate) => new RMSPropOptimizer(learningRate),
  SGD: (learningRate) => new GradientDescentOptimizer(learningRate),
};

/** "Adagrad", "Adam", "Ftrl", "RMSProp" or "SGD"; an optimizer; or a function that makes one in the model's graph. */
export type OptimizerLike = string | Optimizer | (() => Optimizer);

/** The optimizer; a name gets the learning rate. Throws ValueError for another name, and for what is none. */
export function optimizerOf(given: OptimizerLike, learningRate: number): Optimizer {
  if (typeof given === "string") {
    const make = Object.hasOwn(byName, given) ? byName[given] : undefined;
    if (make) return make(learningRate);
    const names = Object.keys(byName)
      .sort()
      .map((name) => `'${name}'`);
    throw new ValueError(`Unsupported optimizer name: ${given}. Supported names are: (${names.join(", ")})`);
  }
  const optimizer = typeof given === "function" ? given() : given;
  if (optimizer instanceof Optimizer) return optimizer;
  throw new ValueError(`The given object is not an Optimizer instance. Given: ${String(optimizer)}`);
}
