/**
 * The base of optimizers: from a loss to gradients, from gradients to one operation that updates the variables.
 *     <name>/<hyperparameter>        constants
 *     <name>/update_<variable>/…     one update for each variable, placed with it
 *     <name>/update, <name>          all updates, then the global step (or all updates alone, <name>)
 * Source: tensorflow/python/training/optimizer.py.
 */
import { bfloat16, type DType, float16, float32, float64 } from "../../core/dtype.ts";
import { RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import { isFull } from "../../core/shape.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import {
  assignAddVariableOp,
  cast,
  constant,
  group,
  shape,
  tuple,
  unique,
  unsortedSegmentSum,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { GraphKeys, getCollection } from "../collections.ts";
import type { AggregationMethod, Gradient } from "../gradients/aggregate.ts";
import { gradients } from "../gradients/gradients.ts";
import { taped } from "../gradients/tape.ts";
import { trackableChildren } from "../trackable/children.ts";
import { childAdded, slotAdded } from "../trackable/restore.ts";
import { trainableVariables } from "../variables/initialize.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Updated } from "../variables/updated.ts";
import { Variable } from "../variables/variable.ts";
import { createSlot, createSlotWithInitializer, createZerosSlot } from "./slots.ts";

export type GradientAndVariable = readonly [Gradient | TensorLike | null, Variable];
export type Gradients = [Gradient | null, Variable][];
/** A number, a tensor, or a function that gives one where the update is built. */
export type Hyperparameter = TensorLike | (() => TensorLike);

export interface ComputeOptions {
  /** TRAINABLE_VARIABLES by default. */
  readonly varList?: readonly Variable[] | undefined;
  readonly gateGradients?: 0 | 1 | 2 | undefined;
  readonly aggregationMethod?: AggregationMethod | undefined;
  readonly colocateGradientsWithOps?: boolean | undefined;
  /** The gradient that comes in at the loss. */
  readonly gradLoss?: TensorLike | undefined;
}

/** A loss of the graph, or a function that computes one. */
export type Loss = Tensor | (() => TensorLike);

export interface ApplyOptions {
  /** Grows by one with each update. */
  readonly globalStep?: Variable | null | undefined;
  readonly name?: string | undefined;
}

/** What an optimizer needs first. */
export interface Rated {
  readonly learningRate: Hyperparameter;
}

export interface OptimizerOptions {
  readonly useLocking?: boolean | undefined;
  readonly name?: string | undefined;
}

/** A builder of a training op, for references or for resources. */
// biome-ignore lint/suspicious/noExplicitAny: builders of many signatures stand in one table
export type Update = (record: any, name?: string | null) => Operation | Tensor;
type ComputeArguments = { readonly loss: Loss } & ComputeOptions;
type MinimizeArguments = ComputeArguments & ApplyOptions;
export type ApplyArguments = { readonly gradsAndVars: readonly GradientAndVariable[] } & ApplyOptions;

/** Python's order of the arguments. */
export const applyPlaces = ["gradsAndVars", "globalStep", "name"] as const;

/** The op for references and the one for resources. */
export type Updates = readonly [reference: Update, resource: Update];

const trainableDtypes: readonly DType[] = [float32, float64, float16, bfloat16];

/**
 * What optimizers have in common: gradients of a loss, their application, slots beside variables. A subclass says how one variable is
 * updated.
 */
export abstract class Optimizer {
  static readonly GATE_NONE = 0;
  static readonly GATE_OP = 1;
  static readonly GATE_GRAPH = 2;

  protected readonly useLocking: boolean;
  readonly #name: string;
  readonly #slots = new Map<string, Map<Operation, Variable>>();
  readonly #others = new Map<string, Map<Graph, Variable>>();

  constructor(options: OptimizerOptions, defaultName: string) {
    const name = options.name ?? defaultName;
    if (!name) throw new ValueError("Must specify the optimizer name");
    this.#name = name;
    this.useLocking = options.useLocking ?? false;
  }

  getName(): string {
    return this.#name;
  }

  /** Gradients and their application in one; in eager execution of a function. Throws ValueError when no variable has a gradient. */
  minimize(...given: Rest<MinimizeArguments, ["loss", "globalStep", "varList"]>): Operation {
    const { loss, ...options }: MinimizeArguments = byName(given, ["loss", "globalStep", "varList"]);
    const found = this.computeGradients(loss, options);
    if (found.every(([gradient]) => gradient === null)) {
      throw new ValueError(
        `No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ${listed(found)} and loss ${typeof loss === "function" ? "<function>" : loss}.`,
      );
    }
    return this.applyGradients(found, { globalStep: options.globalStep, name: options.name });
  }

  /** The loss's gradient for each variable; null where none. A loss that is no scalar counts as its sum; one that is a function is run on a tape. */
  computeGradients(...given: Rest<ComputeArguments, ["loss", "varList"]>): Gradients {
    const { loss, ...options }: ComputeArguments = byName(given, ["loss", "varList"]);
    const { gateGradients = Optimizer.GATE_OP, gradLoss } = options;
    if (typeof loss === "function") return this.#tapeGradients(loss, options);
    if (getDefaultGraph().isEager) {
      throw new RuntimeError(
        "`loss` passed to Optimizer.compute_gradients should be a function when eager execution is enabled.",
      );
    }
    if (![0, 1, 2].includes(gateGradients)) {
      throw new ValueError(
        `gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not ${gateGradients}`,
      );
    }
    this.#checkDtypes([loss]);
    if (gradLoss !== undefined && isSymbolic(gradLoss)) this.#checkDtypes([gradLoss as Tensor]);
    const variables = options.varList
      ? ([...options.varList].flat() as Variable[])
      : [...trainableVariables(), ...getCollection<Variable>(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)];
    if (variables.length === 0) throw new ValueError("No variables to optimize.");
    const found = gradients(loss, variables, {
      gradYs: gradLoss === undefined ? null : [gradLoss],
      gateGradients: gateGradients === Optimizer.GATE_OP,
      aggregationMethod: options.aggregationMethod,
      colocateGradientsWithOps: options.colocateGradientsWithOps,
    });
    const gated = gateGradients === Optimizer.GATE_GRAPH ? (tuple(found) as (Gradient | null)[]) : found;
    const pairs = variables.map((variable, i): [Gradient | null, Variable] => [gated[i] ?? null, variable]);
    this.#checkDtypes(pairs.filter(([gradient]) => gradient !== null).map(([, variable]) => variable));
    return pairs;
  }

  #tapeGradients(loss: () => TensorLike, { varList, gradLoss }: ComputeOptions): Gradients {
    if (!taped.differentiate) throw new Error("bug: eager execution is not loaded");
    const given = varList && ([...varList].flat() as Variable[]);
    const { variables, gradients } = taped.differentiate(loss, given, gradLoss);
    return variables.map((variable, i): [Gradient | null, Variable] => [gradients[i] ?? null, variable]);
  }

  /** The operation that applies gradients to their variables; in collection TRAIN_OP. */
  applyGradients(...given: Rest<ApplyArguments, typeof applyPlaces>): Operation {
    const { gradsAndVars: pairs, ...options }: ApplyArguments = byName(given, applyPlaces);
    if (pairs.length === 0) throw new ValueError("No variables provided.");
    const converted = pairs.map(([gradient, variable]) => [convertGradient(gradient), variable] as const);
    const variables = converted.filter(([gradient]) => gradient !== null).map(([, variable]) => variable);
    if (variables.length === 0) throw new ValueError(`No gradients provided for any variable: ${listed(converted)}.`);
    const graph = getDefaultGraph();
    graph.initScope(() => this.createSlots(variables));
    const applied = graph.nameScope(options.name || this.#name, (scope) => {
      this.prepare();
      const updates: (Operation | Updated)[] = [];
      for (const [gradient, variable] of converted) {
        if (gradient === null) continue;
        graph.nameScope(`update_${variable.op.name}`, () =>
          graph.colocateWith(variable.op, () => updates.push(this.#update(gradient, variable))),
        );
      }
      const { globalStep } = options;
      if (!globalStep) return this.finish(updates, scope);
      return graph.controlDependencies([this.finish(updates, "update")], () =>
        graph.colocateWith(globalStep.op, () => advance(globalStep, scope)),
      );
    });
    const trainOps = graph.getCollectionRef<Operation>(GraphKeys.TRAIN_OP);
    if (!trainOps.includes(applied)) trainOps.push(applied);
    return applied;
  }

  #update(gradient: Gradient, variable: Variable): Operation | Updated {
    const { constraint } = variable;
    const isSparse = gradient instanceof IndexedSlices;
    if (constraint && isSparse) throw new RuntimeError("Cannot use a constraint function on a sparse variable.");
    const updated = isSparse ? this.applySparseDuplicates(gradient, variable) : this.applyDense(gradient, variable);
    if (!constraint) return updated;
    return getDefaultGraph().controlDependencies([updated], () => variable.assign(constraint(variable.value())));
  }

  /** The slot of this name beside a variable, or null. */
  getSlot(variable: Variable, name: string): Variable | null {
    return this.#slots.get(name)?.get(variable.op) ?? null;
  }

  /** In alphabetical order. */
  getSlotNames(): string[] {
    return [...this.#slots.keys()].sort();
  }

  /** All variables of the optimizer in the default graph, by name. */
  variables(): Variable[] {
    const graph = getDefaultGraph();
    const all = [...this.#others.values(), ...this.#slots.values()].flatMap((named): Variable[] => [...named.values()]);
    return all
      .filter((variable) => variable.graph === graph)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  /** What a checkpoint saves of it beside slots: its own variables, by name. */
  *[trackableChildren](): Generator<[string, Variable]> {
    const graph = getDefaultGraph();
    for (const [name, byGraph] of [...this.#others].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const variable = byGraph.get(graph);
      if (variable) yield [name, variable];
    }
  }

  /** Makes the slots of these variables; called outside control dependencies. */
  protected createSlots(_variables: readonly Variable[]): void {}

  /** Makes the hyperparameters' tensors, under the optimizer's name scope. */
  protected prepare(): void {}

  protected abstract applyDense(gradient: Tensor, variable: Variable): Operation | Updated;

  /** values [n, …] for the rows `indices` [n], all different. */
  protected abstract applySparse(values: Tensor, indices: Tensor, variable: Variable): Operation | Updated;

  /** Adds up the rows that occur more than once. */
  protected applySparseDuplicates(gradient: IndexedSlices, variable: Variable): Operation | Updated {
    const { y, idx } = unique(gradient.indices);
    const rows = shape(y).at(0);
    return this.applySparse(unsortedSegmentSum(gradient.values, idx, rows), y, variable);
  }

  protected finish(updates: readonly (Operation | Updated)[], name: string): Operation {
    return group(...updates, { name });
  }

  /** The tensor of a hyperparameter; plain numbers are float32. */
  protected hyper(value: Hyperparameter, name: string): Tensor {
    const given = typeof value === "function" ? (value as () => TensorLike)() : value;
    return convertToTensor(given, { dtype: typeof given === "number" ? float32 : undefined, name });
  }

  /** A hyperparameter in the variable's dtype. */
  protected as(tensor: TensorLike, variable: Variable): Tensor {
    return cast(tensor, variable.dtype.baseDtype);
  }

  /** The op's node for the variable's kind; references and handles of the record are given by `handle`. */
  protected update(
    [reference, resource]: Updates,
    variable: Variable,
    record: Record<string, unknown>,
  ): Operation | Tensor {
    return (variable.isResource ? resource : reference)({ ...record, use_locking: this.useLocking });
  }

  /** The handle of a slot that must be there. */
  protected slot(variable: Variable, name: string): Tensor {
    return this.slotVariable(variable, name).handle;
  }

  protected slotVariable(variable: Variable, name: string): Variable {
    const slot = this.getSlot(variable, name);
    if (!slot) throw new Error(`bug: no slot ${name} for ${variable.name}`);
    return slot;
  }

  #slot(variable: Variable, slotName: string, make: () => Variable): Variable {
    const named = this.#slots.get(slotName) ?? new Map<Operation, Variable>();
    this.#slots.set(slotName, named);
    let slot = named.get(variable.op);
    if (!slot) {
      slot = make();
      named.set(variable.op, slot);
      slotAdded(this);
    }
    return slot;
  }

  protected zerosSlot(variable: Variable, slotName: string, opName = this.#name): Variable {
    return this.#slot(variable, slotName, () => createZerosSlot(variable, opName));
  }

  protected slotFrom(variable: Variable, value: Tensor, slotName: string, opName = this.#name): Variable {
    return this.#slot(variable, slotName, () =>
      createSlot(variable, opName, { initializer: value, validateShape: isFull(value.shape) }),
    );
  }

  protected slotInitialized(
    variable: Variable,
    initializer: InitializerLike,
    slotName: string,
    opName = this.#name,
  ): Variable {
    const options = { initializer, shape: variable.shape, dtype: variable.dtype.baseDtype };
    return this.#slot(variable, slotName, () => createSlotWithInitializer(variable, opName, options));
  }

  /** A variable of the optimizer itself, one for each graph, placed with a variable that it trains. */
  protected ownVariable(name: string, initialValue: Hyperparameter, beside: Variable): Variable {
    const byGraph = this.#others.get(name) ?? new Map<Graph, Variable>();
    this.#others.set(name, byGraph);
    let variable = byGraph.get(beside.graph);
    if (!variable) {
      const dtype = typeof initialValue === "number" ? float32 : undefined;
      variable = getDefaultGraph().colocateWith(
        beside.op,
        () =>
          new Variable(initialValue as TensorLike, { name, trainable: false, useResource: beside.isResource, dtype }),
      );
      byGraph.set(beside.graph, variable);
      childAdded(this, name, variable);
    }
    return variable;
  }

  protected own(name: string): Variable {
    return this.#others.get(name)!.get(getDefaultGraph())!;
  }

  #checkDtypes(items: readonly { readonly dtype: DType; readonly name: string }[]): void {
    for (const item of items) {
      const { dtype, name } = item;
      if (trainableDtypes.includes(dtype.baseDtype)) continue;
      const allowed = trainableDtypes.map((each) => `tf.${each.name}`).join(", ");
      const mend =
        item instanceof Variable
          ? " Make it tf.Variable(value, { dtype: tf.float32 }) to train it, or { trainable: false } to keep it as it is."
          : "";
      throw new ValueError(`Invalid type tf.${dtype.baseDtype.name} for ${name}, expected: [${allowed}].${mend}`);
    }
  }
}

function convertGradient(gradient: Gradient | TensorLike | null): Gradient | null {
  if (gradient === null || gradient instanceof IndexedSlices) return gradient;
  try {
    return convertToTensor(gradient);
  } catch (cause) {
    throw new TypeError(`Gradient must be convertible to a Tensor or IndexedSlices, or None: ${String(gradient)}`, {
      cause,
    });
  }
}

function advance(globalStep: Variable, scope: string): Operation {
  if (!globalStep.isResource) return globalStep.assignAdd(1, { name: scope }).op;
  return assignAddVariableOp({ resource: globalStep.handle, value: constant(1, { dtype: globalStep.dtype }) }, scope);
}

/** Python's list of the variables' texts. */
const listed = (pairs: readonly (readonly [unknown, Variable])[]): string =>
  `[${pairs.map(([, variable]) => `"${variable}"`).join(", ")}]`;
