/** Averages of variables over training steps. Source: tensorflow/python/training/moving_averages.py. */
import { bfloat16, type DType, float16, float32, float64 } from "../core/dtype.ts";
import { TypeError } from "../core/error.ts";
import { isFull } from "../core/shape.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import { cast, group, minimum, pow } from "../ops/index.ts";
import { byName, type Rest } from "../ops/options.ts";
import { GraphKeys } from "./collections.ts";
import { cond } from "./control_flow/branch/cond.ts";
import { zerosInitializer } from "./initializers.ts";
import { add, mul, oneMinus, sub, truediv } from "./operators.ts";
import { createSlot, createZerosSlot } from "./optimizers/slots.ts";
import { globalVariables, movingAverageVariables, trainableVariables } from "./variables/initialize.ts";
import { getVariable, getVariableScope, variableScope } from "./variables/scope.ts";
import { assign, assignSub, isVariableInitialized } from "./variables/state.ts";
import type { Updated } from "./variables/updated.ts";
import { Variable } from "./variables/variable.ts";

export interface MovingAverageOptions {
  /** Divides by 1 - decay^n, so that the first averages are not drawn to zero; true by default. */
  readonly zeroDebias?: boolean;
  readonly name?: string | undefined;
}

/** variable -= (variable - value) · (1 - decay). */
export function assignMovingAverage(
  variable: Variable,
  value: TensorLike,
  decay: TensorLike,
  options: MovingAverageOptions = {},
): Updated {
  const { zeroDebias = true, name } = options;
  const graph = getDefaultGraph();
  return graph.nameScope(name || "AssignMovingAvg", (scope) => {
    const dtype = variable.dtype.baseDtype;
    const given =
      typeof decay === "number" ? convertToTensor(1 - decay, { dtype: float32, name: "decay" }) : oneMinus(decay);
    const rate = cast(given, dtype) as Tensor;
    if (zeroDebias) return zeroDebiased(variable, value, rate, scope);
    return assignSub(variable, mul(sub(variable, value), rate), { name: scope });
  });
}

/** Keeps the biased average and the number of updates beside the variable. */
function zeroDebiased(variable: Variable, value: TensorLike, rate: Tensor, scope: string): Updated {
  const graph = getDefaultGraph();
  const unique = (name: string): string => {
    const current = getVariableScope();
    if (current.reuse) return name;
    const used = new Set(current.globalVariables().map((each) => each.op.name));
    const full = `${current.name}/${name}`;
    if (!used.has(full)) return name;
    let i = 1;
    while (used.has(`${full}_${i}`)) i++;
    return `${name}_${i}`;
  };
  const { biased, localStep } = variableScope(variable.op.name, () =>
    graph.colocateWith(variable.op, () => {
      const own = (name: string, shape: readonly number[]): Variable =>
        getVariable(unique(name), {
          initializer: zerosInitializer(),
          shape,
          dtype: variable.dtype.baseDtype,
          trainable: false,
        });
      return { biased: own("biased", variable.shape as readonly number[]), localStep: own("local_step", []) };
    }),
  );
  const updated = assignSub(biased, mul(sub(biased, value), rate));
  const steps = localStep.assignAdd(1);
  const factor = oneMinus(pow(oneMinus(rate), steps as TensorLike));
  return assign(variable, truediv(updated as TensorLike, factor), { name: scope });
}

/** sum(value · weight) / sum(weight), both as moving averages. */
export function weightedMovingAverage(
  value: Tensor,
  decay: TensorLike,
  weight: Tensor,
  options: { readonly collections?: readonly string[]; readonly name?: string } = {},
): Tensor {
  const { collections = [GraphKeys.GLOBAL_VARIABLES], name } = options;
  return variableScope(name ?? null, { defaultName: "WeightedMovingAvg" }, (scope) => {
    const own = (name: string, like: Tensor): Variable =>
      getVariable(name, {
        shape: like.shape,
        dtype: like.dtype,
        initializer: zerosInitializer(),
        trainable: false,
        collections,
      });
    const weighted = own("value_x_weight", value);
    const total = own("weight", weight);
    const numerator = assignMovingAverage(weighted, mul(value, weight), decay, { zeroDebias: false });
    const denominator = assignMovingAverage(total, weight, decay, { zeroDebias: false });
    return getDefaultGraph().nameScope(scope.name, () => truediv(numerator as TensorLike, denominator as TensorLike));
  });
}

const averaged: readonly DType[] = [bfloat16, float16, float32, float64];

export interface ExponentialMovingAverageOptions {
  /** A smaller decay at first: (1 + n) / (10 + n). */
  readonly numUpdates?: TensorLike | Variable | undefined;
  /** For averages of tensors. */
  readonly zeroDebias?: boolean | undefined;
  readonly name?: string | undefined;
}

/** Keeps `average = decay · average + (1 - decay) · variable` beside each variable, updated by the operation of `apply`. */
export class ExponentialMovingAverage {
  readonly name: string;
  readonly #decay: TensorLike;
  readonly #options: ExponentialMovingAverageOptions;
  readonly #averages = new Map<Operation | Tensor, Variable>();

  constructor(decay: TensorLike, ...rest: Rest<ExponentialMovingAverageOptions, ["numUpdates", "zeroDebias", "name"]>) {
    const options: ExponentialMovingAverageOptions = byName(rest, ["numUpdates", "zeroDebias", "name"]);
    this.name = options.name ?? "ExponentialMovingAverage";
    this.#decay = decay;
    this.#options = options;
  }

  #key(variable: Variable | Tensor): Operation | Tensor {
    return variable instanceof Tensor ? variable : variable.op;
  }

  /** Makes the averages of these variables (all trainable ones by default), and the operation that updates them. */
  apply(variables: readonly (Variable | Tensor)[] = trainableVariables()): Operation {
    const graph = getDefaultGraph();
    const debiased = new Set<Variable>();
    for (const variable of variables) {
      if (!averaged.includes(variable.dtype.baseDtype)) {
        throw new TypeError(`The variables must be half, float, or double: ${variable.name}`);
      }
      if (this.#averages.has(this.#key(variable))) continue;
      const average = graph.initScope(() =>
        variable instanceof Variable ? this.#ofVariable(variable) : this.#ofTensor(variable),
      );
      if (!(variable instanceof Variable) && this.#options.zeroDebias) debiased.add(average);
      this.#averages.set(this.#key(variable), average);
    }
    return graph.nameScope(this.name, (scope) => {
      const { numUpdates } = this.#options;
      let decay = convertToTensor(this.#decay, { dtype: float32, name: "decay" });
      if (numUpdates !== undefined) {
        const n = cast(numUpdates as TensorLike, float32, { name: "num_updates" }) as Tensor;
        decay = minimum(decay, truediv(add(1, n), add(10, n)));
      }
      const updates = variables.map((variable) => {
        const average = this.#averages.get(this.#key(variable))!;
        return assignMovingAverage(average, variable as TensorLike, decay, { zeroDebias: debiased.has(average) });
      });
      return group(...updates, { name: scope });
    });
  }

  #ofVariable(variable: Variable): Variable {
    const graph = getDefaultGraph();
    const initial = graph.device(variable.device, () =>
      cond(
        isVariableInitialized(variable),
        () => variable.readValue(),
        () => variable.initialValue!,
      ),
    ) as Tensor;
    const average = createSlot(variable, this.name, { initializer: initial, validateShape: isFull(initial.shape) });
    graph.addToCollection(GraphKeys.MOVING_AVERAGE_VARIABLES, variable);
    return average;
  }

  #ofTensor(tensor: Tensor): Variable {
    return createZerosSlot(tensor, this.name, { colocate: tensor.op.definition.variable !== undefined });
  }

  /** The variable that holds the average, or null. */
  average(variable: Variable | Tensor): Variable | null {
    return this.#averages.get(this.#key(variable)) ?? null;
  }

  /** The average's name, also before `apply`. */
  averageName(variable: Variable | Tensor): string {
    const known = this.average(variable);
    return known?.op.name ?? getDefaultGraph().uniqueName(`${variable.op.name}/${this.name}`, { markAsUsed: false });
  }

  /** Names in a checkpoint to variables: averages in the place of those that have them. For Saver. */
  variablesToRestore(movingAverages?: readonly Variable[]): Record<string, Variable> {
    const withAverage = new Set(movingAverages ?? [...trainableVariables(), ...movingAverageVariables()]);
    const names: Record<string, Variable> = {};
    for (const variable of withAverage) names[this.averageName(variable)] = variable;
    const taken = new Set([...withAverage].map((variable) => variable.name));
    for (const variable of new Set(globalVariables())) {
      if (!taken.has(variable.name) && !(variable.op.name in names)) names[variable.op.name] = variable;
    }
    return names;
  }
}
