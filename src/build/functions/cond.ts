/**
 * A condition as one node that calls one of several functions of the library, as TensorFlow 2 writes it.
 *
 *     pred ─► If (then_branch, else_branch) ─► Identity, one for each result
 *     branch_index ─► Case (branches) ─► Identity, one for each result
 *
 * What the branches take from outside becomes inputs of the node: those of the first branch, then what only the second one takes.
 * Source: cond_v2.py.
 */
import { TypeError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { boolAttr, type FunctionRef } from "../../graph/attr.ts";
import { functionCount } from "../../graph/def/library.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../../graph/graph.ts";
import { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { caseOp, identity, ifOp, statelessCaseOp, statelessIfOp } from "../../ops/index.ts";
import { checkSameStructure, flatten, type Nested, pack, pythonText } from "../control_flow/structure.ts";
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

/** The branches' functions and their node, `make`: what they take, and the rest of its arguments. Gives copies of the node's outputs. */
function callOf(
  outer: Graph,
  scope: string,
  branches: readonly Branch[],
  names: readonly string[],
  make: (
    isStateful: boolean,
    input: readonly Tensor[],
    functions: readonly FunctionRef[],
    shapes: readonly Shape[],
  ) => readonly Tensor[],
): Tensor[] {
  const input = [...new Set(branches.flatMap(({ body }) => [...body.captures.keys()]))];
  const functions = branches.map(({ body, outputs }, i) => {
    const inputs = input.map((tensor) => body.capture(tensor));
    const args = new Set(inputs.map(({ op }) => op));
    const nodes = body.operations.filter((op) => !args.has(op));
    const unique = `${scope}${names[i]}_${functionCount(outer)}`.replaceAll("/", "_");
    return addFunction(outer, unique, { inputs, outputs, nodes });
  });
  const shapes = branches[0]!.outputs.map((_, i) =>
    branches.map(({ outputs }) => outputs[i]!.shape).reduce((a, b) => common(a, b)),
  );
  const awaited = branches.flatMap(({ body }) => [...body.awaited]);
  const found = outer.controlDependencies(awaited, () => make(branches.some(isStateful), input, functions, shapes));
  const op = found[0]?.op ?? outer.operations.at(-1)!;
  op.setAttr("_lower_using_switch_merge", boolAttr(true));
  op.setAttr(readOnlyInputs, {
    kind: "list",
    of: "int",
    value: input.flatMap((tensor, i) =>
      branches.every(({ body }) => isOnlyRead(body.captures.get(tensor)!)) ? [i + 1] : [],
    ),
  });
  return found.map((output) => identity(output));
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
    const branches = [whenTrue, whenFalse];
    const found = callOf(outer, scope, branches, ["true", "false"], (isStateful, input, functions, output_shapes) =>
      (isStateful ? ifOp : statelessIfOp)(
        {
          cond: predicate,
          input,
          Tout: dtypesOf(whenTrue.outputs),
          then_branch: functions[0]!,
          else_branch: functions[1]!,
          output_shapes,
        },
        scope,
      ),
    );
    return pack(whenTrue.result, found) as Nested<Tensor>;
  });
}

/**
 * What the function at branchIndex (an integer scalar) returns, the last one's result for an index that has none. Throws TypeError where
 * the functions' results differ in structure or dtype.
 */
export function indexedCase(branchIndex: Tensor, fns: readonly (() => unknown)[]): Nested<Tensor> {
  const outer = getDefaultGraph();
  return outer.nameScope("indexed_case", (scope) => {
    const branches = fns.map((fn) => write(outer, branchIndex, fn));
    checkSameOutputs(branches);
    const names = fns.map((_, i) => `branch${i}`);
    const Tout = dtypesOf(branches[0]!.outputs);
    const found = callOf(outer, scope, branches, names, (isStateful, input, functions, output_shapes) =>
      (isStateful ? caseOp : statelessCaseOp)(
        { branch_index: branchIndex, input, Tout, branches: functions, output_shapes },
        scope,
      ),
    );
    if (found.length) outer.preventFetching(found[0]!.op.inputs[0]!.op);
    return pack(branches[0]!.result, found) as Nested<Tensor>;
  });
}

function checkSameOutputs([first, ...others]: readonly Branch[]): void {
  const shown = ({ result }: Branch): string => (result instanceof Tensor ? String(result) : pythonText(result));
  for (const [i, branch] of others.entries()) {
    const fail = (detail: string): TypeError =>
      new TypeError(
        `branches[0] and branches[${i + 1}] arguments to tf.switch_case must have the same number, type, and overall structure of return values.\n\nbranches[0] output: ${shown(first!)}\nbranches[${i + 1}] output: ${shown(branch)}\n\nError details:\n${detail}`,
      );
    try {
      checkSameStructure(first!.result, branch.result);
    } catch (error) {
      throw fail((error as Error).message);
    }
    for (const [k, output] of first!.outputs.entries()) {
      const other = branch.outputs[k]!;
      if (output.dtype !== other.dtype) throw fail(`${output} and ${other} have different types`);
    }
  }
}
