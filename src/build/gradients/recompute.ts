/** `tf.recomputeGrad`: what a function computed on the way is computed again for its gradient instead of being kept. Source: custom_gradient.py. */
import { bool, float32 } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Gradient } from "../../graph/op/gradients.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import { customGradientBeside } from "../../ops/custom_gradient.ts";
import { cast, constant, identity, reduceMax, reshape, whereV2 } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { add } from "../operators.ts";
import { getVariableScope, type VariableScope, variableScope } from "../variables/scope.ts";
import type { Variable } from "../variables/variable.ts";
import { gradients } from "./gradients.ts";
import { taped } from "./tape.ts";

type Result = Tensor | readonly Tensor[];
// biome-ignore lint/suspicious/noExplicitAny: the function names the tensors that it expects
type Recomputed = (...args: any[]) => Result;

const listOf = (result: Result): readonly Tensor[] => (Array.isArray(result) ? result : [result]) as readonly Tensor[];

/**
 * f, whose inner values live as long as the forward pass: the gradient calls f again. Resource variables that it reads get gradients too;
 * those that it makes with `tf.getVariable` must be reused in the second call.
 */
export function recomputeGrad<F extends Recomputed>(f: F): (...args: TensorLike[]) => ReturnType<F> {
  return (...given) => {
    const scope = getVariableScope();
    let variables: readonly Variable[] = [];
    const run = customGradientBeside(
      (...args: Tensor[]) => {
        const result = atFirst(f, args, (found) => {
          variables = found;
        });
        return [result, (...dys: Tensor[]) => again(f, { args, variables, dys, scope })];
      },
      () => (getDefaultGraph().isEager ? variables.map(({ handle }) => handle) : (variables as readonly TensorLike[])),
    );
    return run(...given) as ReturnType<F>;
  };
}

function atFirst(f: Recomputed, args: readonly Tensor[], note: (variables: readonly Variable[]) => void): Result {
  if (getDefaultGraph().isEager) {
    const [result, variables] = taped.watch!(() => f(...args));
    note(variables);
    return result;
  }
  const result = f(...args);
  note(variablesBetween(args, listOf(result)));
  return result;
}

/** The resource variables that the results depend on, other than through the arguments, in the order of creation. */
function variablesBetween(args: readonly Tensor[], results: readonly Tensor[]): Variable[] {
  const seen = new Set<Operation>(args.map(({ op }) => op));
  const stack = results.map(({ op }) => op);
  const handles = new Set<Operation>();
  while (stack.length) {
    const op = stack.pop()!;
    if (seen.has(op)) continue;
    seen.add(op);
    if (op.definition.variable === "resource") handles.add(op);
    for (const input of op.inputs) stack.push(input.op);
  }
  const { TRAINABLE_VARIABLES, GLOBAL_VARIABLES } = GraphKeys;
  const known = [TRAINABLE_VARIABLES, GLOBAL_VARIABLES].flatMap((key) =>
    getDefaultGraph().getCollection<Variable>(key),
  );
  return [...new Set(known)].filter((variable) => handles.has(variable.op));
}

interface Again {
  readonly args: readonly Tensor[];
  readonly variables: readonly Variable[];
  readonly dys: readonly Tensor[];
  readonly scope: VariableScope;
}

function again(f: Recomputed, { args, variables, dys, scope }: Again): readonly (Gradient | null)[] {
  const copies = args.map((arg) => identity(arg));
  if (getDefaultGraph().isEager) {
    const handles = variables.map((variable) => variable);
    return taped.pull!(() => listOf(f(...copies)), [...copies, ...handles], dys);
  }
  const after = zeroAfter(dys[0]!);
  const inputs = copies.map((copy) => add(copy, cast(after, copy.dtype) as Tensor));
  const results = variableScope(scope, () => listOf(f(...inputs)));
  const sources = [...inputs, ...variables.map(({ handle }) => handle)];
  return gradients(results, sources, { gradYs: dys, unconnectedGradients: "zero" });
}

/** A zero that is there no sooner than the gradient. */
function zeroAfter(dy: Tensor): Tensor {
  const isThere = cast(reduceMax(reshape(dy, [-1]).at(":1")), bool) as Tensor;
  return getDefaultGraph().controlDependencies([isThere], () =>
    whereV2(true, constant(0, { dtype: float32, name: "t" }), constant(Number.NaN, { dtype: float32, name: "e" })),
  );
}
