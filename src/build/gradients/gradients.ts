/**
 * `tf.gradients`: nodes for the derivatives of ys with respect to xs, walking back from ys. An operation's gradient is built once all
 * uses of its outputs have given theirs, under a name scope `<operation>_grad`. Source: tensorflow/python/ops/gradients_util.py.
 */
import { LookupError, RuntimeError, TypeError, ValueError } from "../../core/error.ts";
import { formatShapePython } from "../../core/shape.ts";
import { differentiator } from "../../graph/def/library.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { argLength, isListArg, recordOf } from "../../graph/infer.ts";
import { type GradientFunction, gradientNameOf, registeredGradient } from "../../graph/op/gradients.ts";
import { definitionOf, findDefinition } from "../../graph/op/registry.ts";
import type { Operation } from "../../graph/operation.ts";
import { isTensorConvertible, Tensor, type TensorConvertible } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as ops from "../../ops/index.ts";
import { identity, ones, shape, tuple, zeros, zerosLike } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { isLoopSwitch, makeLoopState } from "../control_flow/gradients/loops.ts";
import type { LoopState } from "../control_flow/gradients/state.ts";
import { zerosLikeOutput } from "../control_flow/gradients/zeros.ts";
import { gradientOfBranches } from "../functions/branches.ts";
import { gradientGraph, gradientOfCall } from "../functions/called/calls.ts";
import { gradientOfWhile } from "../functions/loops.ts";
import { type AggregationMethod, aggregate, type Gradient, GradientTable } from "./aggregate.ts";
import { countPending, inputsOf, isTrainable, stopsOf } from "./pending.ts";

/** What an x without a path to ys gets. */
export const UnconnectedGradients = { NONE: "none", ZERO: "zero" } as const;

export interface GradientsOptions {
  /** Gradients that come in at ys; ones where null. */
  readonly gradYs?: readonly (TensorLike | IndexedSlices | null)[] | TensorLike | IndexedSlices | null | undefined;
  readonly name?: string | undefined;
  /** Places each gradient with the operation it is of. */
  readonly colocateGradientsWithOps?: boolean | undefined;
  /** No gradient of an operation is used before all of them are there. */
  readonly gateGradients?: boolean | undefined;
  readonly aggregationMethod?: AggregationMethod | undefined;
  /** Taken as constants. */
  readonly stopGradients?: readonly TensorLike[] | TensorLike | undefined;
  readonly unconnectedGradients?: "none" | "zero" | undefined;
}

export type Differentiable = Tensor | TensorConvertible;

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/**
 * The sum of the derivatives of all ys, for each x: a Tensor of x's shape, IndexedSlices for what is only gathered from, null without a
 * path. Throws TypeError for complex ys without gradYs, LookupError for operations without a gradient.
 */
export const gradients = byKeyword(
  ["ys", "xs"],
  function gradients(
    ys: TensorLike | readonly TensorLike[],
    xs: Differentiable | readonly Differentiable[],
    ...rest: Rest<GradientsOptions, ["gradYs", "name"]>
  ): (Gradient | null)[] {
    const options: GradientsOptions = byName(rest, ["gradYs", "name"]);
    const graph = getDefaultGraph();
    if (graph.isEager) {
      throw new RuntimeError(
        "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead.",
      );
    }
    const { unconnectedGradients = "none", colocateGradientsWithOps = false } = options;
    if (unconnectedGradients !== "none" && unconnectedGradients !== "zero") {
      throw new ValueError(`Unknown value for unconnected_gradients: '${unconnectedGradients as string}'`);
    }
    const yList = listOf(ys).map((y) => (isResource(y) ? convertToTensor(y) : y));
    return graph.nameScope(options.name || "gradients", () => {
      graph.uniqueName("uid");
      const yTensors = yList.map((y) => convertToTensor(y, { name: "y" }));
      const xTensors = listOf(xs).map((x) => convertToTensor(x as TensorLike, { name: "x", asRef: true }));
      const beside = <R>(op: Operation, fn: () => R): R =>
        colocateGradientsWithOps ? graph.colocateWith(op, fn) : fn();
      const table = new GradientTable();
      const gradYs = incoming(yTensors, options.gradYs, beside);
      const stopGradients = listOf(options.stopGradients ?? []).map((each) => convertToTensor(each as TensorLike));
      const walk = new Walk(table, xTensors, options, beside);
      walk.from(yTensors, gradYs, stopGradients);
      return xTensors.map((x) => table.get(x) ?? (unconnectedGradients === "zero" ? zerosOf(x) : null));
    });
  },
);

const isResource = (y: unknown): boolean =>
  isTensorConvertible(y) && (y as { isResource?: boolean }).isResource === true;

const zerosOf = (x: Tensor): Tensor => {
  const contents = x.handleData?.[0];
  return contents ? zeros(ops.variableShapeOp({ input: x }), contents.dtype) : zerosLike(x);
};

type Beside = <R>(op: Operation, fn: () => R) => R;

/** The gradients given for ys, or ones. */
function incoming(ys: readonly Tensor[], given: GradientsOptions["gradYs"], beside: Beside): Gradient[] {
  const gradYs =
    given === undefined || given === null
      ? ys.map(() => null)
      : (listOf(given as never) as readonly (TensorLike | IndexedSlices | null)[]);
  if (gradYs.length !== ys.length)
    throw new ValueError(`Length mismatch. Passed ${gradYs.length} grad_ys for ${ys.length} ys`);
  const converted = gradYs.map((each) =>
    each === null || each instanceof IndexedSlices ? each : convertToTensor(each, { name: "grad_y" }),
  );
  return ys.map((y, i) =>
    beside(y.op, () => {
      const gradY = converted[i]!;
      if (gradY === null) {
        if (y.dtype.isComplex) {
          throw new TypeError(`Gradients of complex tensors (${y}) must set grad_ys (y.dtype = ${y.dtype.name})`);
        }
        return ones(shape(y), y.dtype, { name: `grad_ys_${i}` });
      }
      checkIncoming(y, gradY);
      if (gradY instanceof Tensor) return identity(gradY, { name: `grad_ys_${i}` });
      const indices = identity(gradY.indices, { name: `grad_ys_${i}_indices` });
      const values = identity(gradY.values, { name: `grad_ys_${i}_values` });
      return new IndexedSlices(
        values,
        indices,
        gradY.denseShape && identity(gradY.denseShape, { name: `grad_ys_${i}_shape` }),
      );
    }),
  );
}

function checkIncoming(y: Tensor, gradY: Gradient): void {
  const isReal = (dtype: { isFloating: boolean; isInteger: boolean }): boolean => dtype.isFloating || dtype.isInteger;
  const wrong = (kind: string, must: string): TypeError =>
    new TypeError(
      `Gradient type ${gradY.dtype.name} generated for ${kind} tensor ${y} with type ${y.dtype.name} must be ${must}`,
    );
  if (isReal(y.dtype)) {
    if (!isReal(gradY.dtype)) throw wrong("real or integer-valued", "real or integer");
  } else if (y.dtype.isComplex) {
    if (!gradY.dtype.isComplex) throw wrong("complex-valued", "real");
  } else if (y.dtype.base === "variant") {
    if (gradY.dtype.base !== "variant") throw wrong("variant", "variant");
  } else if (y.dtype.base !== "resource") {
    throw new TypeError(`Tensor ${y} with type ${y.dtype.name} must be numeric to obtain a default gradient`);
  }
}

/** One backward walk. */
class Walk {
  readonly #table: GradientTable;
  readonly #xs: readonly Tensor[];
  readonly #options: GradientsOptions;
  readonly #beside: Beside;
  #loops: LoopState | null = null;

  constructor(table: GradientTable, xs: readonly Tensor[], options: GradientsOptions, beside: Beside) {
    this.#table = table;
    this.#xs = xs;
    this.#options = options;
    this.#beside = beside;
  }

  from(ys: readonly Tensor[], gradYs: readonly Gradient[], stopGradients: readonly Tensor[]): void {
    const yOps = ys.map((y) => y.op);
    const xOps = this.#xs.map((x) => x.op);
    const { reachableYs, counts } = countPending(yOps, xOps, (between) => {
      this.#loops = makeLoopState(between, this.#beside);
    });
    for (const [i, y] of ys.entries()) this.#table.add(y, gradYs[i]!);
    const started = new Set(yOps.filter((op) => (counts.get(op) ?? 0) === 0 && reachableYs.has(op)));
    const queue: Operation[] = [...started];
    for (const exit of this.#loops?.unusedExits(counts, started) ?? []) {
      if (!isTrainable(exit.dtype)) continue;
      this.#table.add(exit, this.#loops!.zerosForExit(exit));
      queue.push(exit.op);
    }
    const stops = stopsOf(xOps, stopGradients, counts);
    for (let i = 0; i < queue.length; i++) {
      const op = queue[i]!;
      this.#beside(op, () => this.#through(op, stops));
      this.#release(op, counts, queue);
    }
    this.#loops?.finish();
  }

  /** Builds the gradients of an operation's inputs from those of its outputs. */
  #through(op: Operation, stops: ReadonlySet<Operation>): void {
    this.#loops?.enter(op, true);
    const slots = aggregate(this.#table, op, this.#options.aggregationMethod);
    this.#loops?.exit(op, true);
    const hasAny = slots.some((slot) => slot !== null);
    const isStopped = !hasAny || stops.has(op);
    const kind = isStopped ? "none" : gradientKind(op);
    if (kind === "unregistered") throw noGradient(op);
    this.#loops?.enter(op, false);
    this.#refuseInitialLoopValue(op);
    if (kind !== "none") {
      for (const [i, slot] of slots.entries()) {
        if (slot === null && isTrainable(op.outputs[i]!.dtype)) {
          slots[i] = this.#loops ? this.#loops.zerosLike(op, i) : zerosLikeOutput(op, i);
        }
      }
      const found = getDefaultGraph().nameScope(`${op.name}_grad`, () =>
        this.#gated(gradientOf(op, slots as (Gradient | null)[])),
      );
      for (const [i, input] of inputsOf(op).entries()) {
        const gradient = found[i] ?? null;
        if (gradient === null) continue;
        if (gradient instanceof Tensor && input.dtype.base !== "resource") takeShape(gradient, input, op, i);
        this.#table.add(input, gradient);
      }
    }
    this.#loops?.exit(op, false);
  }

  #gated(found: readonly (Gradient | null)[]): readonly (Gradient | null)[] {
    if (!this.#options.gateGradients || found.filter((each) => each !== null).length < 2) return found;
    const graph = getDefaultGraph();
    return graph.device(null, () =>
      graph.colocateWith(null, () => tuple(found) as (Gradient | null)[], { ignoreExisting: true }),
    );
  }

  /** Tells the inputs' operations that one more of their uses is done; those that wait for nothing more come next. */
  #release(op: Operation, counts: Map<Operation, number>, queue: Operation[]): void {
    for (const input of inputsOf(op)) {
      const from = input.op;
      const left = (counts.get(from) ?? 0) - 1;
      counts.set(from, left);
      const isReady = left === 0 || (this.#loops !== null && left > 0 && isLoopSwitch(from));
      if (!isReady) continue;
      if (this.#loops && from.definition.flow === "exit") this.#deferExit(input, queue);
      else queue.push(from);
    }
  }

  /** The exits of one loop go together: with zeros for the unused ones if any has a gradient. */
  #deferExit(exit: Tensor, queue: Operation[]): void {
    const loops = this.#loops!;
    const state = loops.exitsOf(exit.op);
    state.deferredExits.push(exit);
    state.pendingExits--;
    if (state.pendingExits > 0) return;
    let hasGradient = false;
    for (const each of state.deferredExits) {
      if (this.#table.hasAny(each.op)) {
        hasGradient = true;
        queue.push(each.op);
      } else state.unusedExits.push(each);
    }
    for (const each of state.unusedExits) {
      if (hasGradient && isTrainable(each.dtype)) this.#table.add(each, loops.zerosForExit(each));
      queue.push(each.op);
    }
  }

  #refuseInitialLoopValue(op: Operation): void {
    const context = op.controlFlowContext;
    if (
      op.definition.flow !== "switch" ||
      !context?.isWhileContext() ||
      context !== getDefaultGraph().controlFlowContext
    )
      return;
    const xs = new Set(this.#xs.map((x) => x.op));
    const seen = new Set<Operation>([op]);
    for (const each of seen) {
      if (xs.has(each)) {
        throw new ValueError(
          `Cannot compute gradient inside while loop with respect to op '${each.name}'. We do not support taking the gradient wrt or through the initial value of a loop variable. Gradients can be computed through loop invariants or wrt the input parameters to the loop body.`,
        );
      }
      for (const input of each.inputs) seen.add(input.op);
    }
  }
}

const own = { IndexedSlices, gradientOfBranches, gradientOfCall, gradientOfWhile };
/** Ops are looked up when a gradient asks for them: those that no gradient needs stay unread. */
const tools: typeof ops & typeof own = Object.assign(Object.create(ops), own);

differentiator.gradientGraph = gradientGraph;

/** What kind of gradient an op has: a function, none, or "unregistered" that stops the walk with an error. */
export function gradientKind(op: Operation): "function" | "none" | "unregistered" {
  const name = gradientNameOf(op);
  if (registeredGradient(name)) return "function";
  const found = (name === op.type ? op.definition : findDefinition(name))?.gradient ?? "unregistered";
  return typeof found === "function" ? "function" : found;
}

/** The gradients that a registered function gives. */
function registeredGradients(
  fn: GradientFunction,
  op: Operation,
  dys: readonly (Gradient | null)[],
): (Gradient | null)[] {
  const found = fn(op, ...(dys as Gradient[]));
  const list = Array.isArray(found) ? found : [found];
  if (list.length === op.inputs.length) return [...list];
  throw new ValueError(
    `Num gradients ${list.length} generated for op ${op} do not match num inputs ${op.inputs.length}`,
  );
}

/** Calls the op's gradient function; one gradient for each input, null where there is none. */
export function gradientOf(op: Operation, dys: readonly (Gradient | null)[]): (Gradient | null)[] {
  const name = gradientNameOf(op);
  const own = registeredGradient(name);
  if (own) return registeredGradients(own, op, dys);
  const definition = name === op.type ? op.definition : definitionOf(name);
  const { gradient, inputs } = definition;
  if (typeof gradient !== "function") throw new Error(`bug: ${op.type} has no gradient function`);
  const record = recordOf(op, op.inputs, op.outputs, definition);
  const found = gradient(tools, Object.assign(record, { op }), ...dys);
  return inputs.flatMap((arg) => {
    const n = argLength(arg, op.attrs);
    const given = found[arg.name] ?? null;
    if (!isListArg(arg)) return [given as Gradient | null];
    const list = (given ?? new Array(n).fill(null)) as (Gradient | null)[];
    if (list.length !== n) {
      throw new ValueError(`Num gradients ${list.length} generated for op ${op} do not match num inputs ${n}`);
    }
    return list.map((each) => each ?? null);
  });
}

function takeShape(gradient: Tensor, input: Tensor, op: Operation, index: number): void {
  try {
    gradient.setShape(input.shape);
  } catch (cause) {
    throw new ValueError(
      `Incompatible shapes between op input and calculated input gradient. Forward operation: ${op.name}. Input index: ${index}. Original input shape: ${formatShapePython(input.shape)}. Calculated input gradient shape: ${formatShapePython(gradient.shape)}`,
      { cause },
    );
  }
}

const noGradient = (op: Operation): LookupError =>
  new LookupError(
    `No gradient defined for operation'${op.name}' (op type: ${op.type}). In general every operation must have an associated \`@tf.RegisterGradient\` for correct autodiff, which this op is lacking. If you want to pretend this operation is a constant in your program, you may insert \`tf.stop_gradient\`. This can be useful to silence the error in cases where you know gradients are not needed, e.g. the forward pass of tf.custom_gradient. Please see more details in https://www.tensorflow.org/api_docs/python/tf/custom_gradient.`,
  );
