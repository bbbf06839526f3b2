/**
 * A condition as one node that calls one of two functions of the library, as TensorFlow 2 writes it.
 *
 *     pred ─► If (then_branch, else_branch) ─► Identity, one for each result
 *
 * What the branches take from outside becomes inputs of the node: those of the first branch, then what only the second one takes.
 * Source: cond_v2.py.
 */
import type { Shape } from "../../core/shape.ts";
import { boolAttr, type FunctionRef } from "../../graph/attr.ts";
import { functionCount } from "../../graph/def/library.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { identity, ifOp, statelessIfOp } from "../../ops/index.ts";
import { checkSameStructure, flatten, type Nested, pack } from "../control_flow/structure.ts";
import { FunctionBody } from "./body.ts";

/** The body of a branch: what its nodes wait for outside, the whole condition waits for. */
class BranchBody extends FunctionBody {
  readonly awaited = new Set<Operation>();

  override controlDependencies<R>(inputs: Parameters<Graph["controlDependencies"]>[0], fn: () => R): R {
    const own = inputs?.filter((input) => {
      const op = input instanceof Operation ? input : input.op;
      if (op.graph !== this) this.awaited.add(op);
      return op.graph === this;
    });
    return super.controlDependencies(own ?? null, fn);
  }
}

interface Branch {
  readonly body: BranchBody;
  readonly outputs: readonly Tensor[];
  readonly result: Nested<Tensor>;
}

/** The body of a branch. An operation as its result is the predicate after that operation. */
function write(outer: Graph, pred: Tensor, fn: () => unknown): Branch {
  const body = new BranchBody(outer);
  return body.asDefault(() => {
    const given = fn();
    const leaves = flatten(given as Nested<unknown>).map((leaf) =>
      leaf instanceof Operation
        ? body.controlDependencies([leaf], () => identity(pred))
        : convertToTensor(leaf as TensorLike),
    );
    const outputs = leaves.map((leaf) => body.capture(leaf));
    return { body, outputs, result: pack(given as Nested<unknown>, leaves) as Nested<Tensor> };
  });
}

const isStateful = ({ body }: Branch): boolean =>
  body.operations.some((op) => op.definition.stateful && !op.definition.placeholder);

/** Is the argument a variable that the body only reads? */
function isOnlyRead(argument: Tensor): boolean {
  if (argument.dtype.base !== "resource") return false;
  return argument.users.every(({ definition, attrs, inputs }) => {
    if (definition.call) {
      const known = attrs.get(readOnlyInputs);
      const indices = known?.kind === "list" ? (known.value as readonly number[]) : [];
      return inputs.every((input, i) => input !== argument || indices.map(Number).includes(i));
    }
    return definition.lower !== undefined && definition.updates.length === 0;
  });
}

const readOnlyInputs = "_read_only_resource_inputs";

/** What both shapes allow. */
function common(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((d, i) => (d === b[i] ? d : null));
}

/**
 * What trueFn or falseFn returns, by the boolean scalar pred, in the structure of trueFn's result; an operation among the results becomes
 * a boolean that has run it. Throws TypeError or ValueError where the branches' results differ in structure.
 */
export function condV2(
  pred: TensorLike,
  trueFn: () => unknown,
  falseFn: () => unknown,
  options: { readonly name?: string } = {},
): Nested<Tensor> {
  const outer = getDefaultGraph();
  return outer.nameScope(options.name ?? "cond", (scope) => {
    const predicate = convertToTensor(pred);
    const whenTrue = write(outer, predicate, trueFn);
    const whenFalse = write(outer, predicate, falseFn);
    checkSameStructure(whenTrue.result, whenFalse.result);
    const input = [...new Set([...whenTrue.body.captures.keys(), ...whenFalse.body.captures.keys()])];
    const added = ({ body, outputs }: Branch, name: string): FunctionRef => {
      const inputs = input.map((tensor) => body.capture(tensor));
      const args = new Set(inputs.map(({ op }) => op));
      const nodes = body.operations.filter((op) => !args.has(op));
      const unique = `${scope}${name}_${functionCount(outer)}`.replaceAll("/", "_");
      return addFunction(outer, unique, { inputs, outputs, nodes });
    };
    const make = isStateful(whenTrue) || isStateful(whenFalse) ? ifOp : statelessIfOp;
    const inputs = {
      cond: predicate,
      input,
      Tout: dtypesOf(whenTrue.outputs),
      then_branch: added(whenTrue, "true"),
      else_branch: added(whenFalse, "false"),
      output_shapes: whenTrue.outputs.map((output, i) => common(output.shape, whenFalse.outputs[i]!.shape)),
    };
    const awaited = [...whenTrue.body.awaited, ...whenFalse.body.awaited];
    const found = outer.controlDependencies(awaited, () => make(inputs, scope));
    const op = found[0]!.op;
    op.setAttr("_lower_using_switch_merge", boolAttr(true));
    op.setAttr(readOnlyInputs, {
      kind: "list",
      of: "int",
      value: input.flatMap((tensor, i) =>
        [whenTrue, whenFalse].every(({ body }) => isOnlyRead(body.captures.get(tensor)!)) ? [i + 1] : [],
      ),
    });
    return pack(
      whenTrue.result,
      found.map((output) => identity(output)),
    ) as Nested<Tensor>;
  });
}
