/** Gradients of If and Case: a branch for the gradient of each branch. Source: cond_v2.py. */
import type { FunctionRef } from "../../graph/attr.ts";
import { argument } from "../../graph/def/function.ts";
import { addFunction, dtypesOf } from "../../graph/def/to_function.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { caseOp, fakeParamOp, identity, ifOp, statelessCaseOp, statelessIfOp } from "../../ops/index.ts";
import { extend, moreOutputs, noteOriginals, originalCount, outsideOf, typesAttr } from "./called/calls.ts";
import { bodyOf, type Derivative, differentiate, zerosFor } from "./derivative.ts";

/** The functions that the attrs of a branching op name, and how they are set anew. */
interface Branches {
  readonly functions: readonly FunctionRef[];
  replace(functions: readonly FunctionRef[]): void;
  /** A node like this one with other branches. */
  make(input: readonly Tensor[], branches: readonly FunctionRef[], outputs: readonly Tensor[]): readonly Tensor[];
}

const noInts = { kind: "list", of: "int", value: [] } as const;
const func = (value: FunctionRef) => ({ kind: "func", value }) as const;

/** Copies of what a node gives that is lowered as this one is; the outputs themselves where nothing is said of that. */
function copied(op: Operation, outputs: readonly Tensor[]): readonly Tensor[] {
  const lowering = op.attrs.get("_lower_using_switch_merge");
  if (!lowering || outputs.length === 0) return outputs;
  outputs[0]!.op.setAttr("_lower_using_switch_merge", lowering);
  outputs[0]!.op.setAttr("_read_only_resource_inputs", noInts);
  return outputs.map((output) => identity(output));
}

function branchesOf(op: Operation): Branches {
  const isStateful = op.definition.stateful;
  const chosen = op.inputs[0]!;
  if (op.attrs.has("branches")) {
    return {
      functions: op.getAttr<readonly FunctionRef[]>("branches"),
      replace: (value) => op.setAttr("branches", { kind: "list", of: "func", value }),
      make: (input, branches, outputs) => {
        const record = { branch_index: chosen, input, branches, ...resultAttrs(outputs) };
        return copied(op, (isStateful ? caseOp : statelessCaseOp)(record, "gradient"));
      },
    };
  }
  return {
    functions: [op.getAttr<FunctionRef>("then_branch"), op.getAttr<FunctionRef>("else_branch")],
    replace([then, otherwise]) {
      op.setAttr("then_branch", func(then!));
      op.setAttr("else_branch", func(otherwise!));
    },
    make: (input, [then_branch, else_branch], outputs) =>
      copied(
        op,
        (isStateful ? ifOp : statelessIfOp)({
          cond: chosen,
          input,
          then_branch: then_branch!,
          else_branch: else_branch!,
          ...resultAttrs(outputs),
        }),
      ),
  };
}

const resultAttrs = (outputs: readonly Tensor[]) => ({
  Tout: dtypesOf(outputs),
  output_shapes: outputs.map((output) => output.shape),
});

/** The gradients of the inputs (without the one that chooses): those of the branch that was taken. */
export function gradientOfBranches(op: Operation, dys: readonly (Tensor | null)[]): (Tensor | null)[] {
  const { graph } = op;
  const args = op.inputs.slice(1);
  const branches = branchesOf(op);
  const n = originalCount(op);
  const derivatives = branches.functions.map((fn) =>
    differentiate(bodyOf(graph, fn, args), (_, i) => (i < n ? (dys[i] ?? null) : null)),
  );
  const byCapture = keepCaptures(op, branches, derivatives, args);
  const reached = args.flatMap((_, i) => (derivatives.some((each) => each.gradients[i]) ? [i] : []));
  if (reached.length === 0) return args.map(() => null);
  const incoming = dys.flatMap((dy, i) => (i < n && dy && derivatives.some((each) => each.dys[i]) ? [i] : []));
  const taken = [...new Set(derivatives.flatMap((each) => each.captures.map((capture) => byCapture.get(capture)!)))];
  // Zeros of a known shape are constants and need no argument.
  const isOpen = ({ shape }: Tensor): boolean => shape === null || shape.includes(null);
  const missing = reached
    .filter((i) => isOpen(args[i]!) && derivatives.some((each) => !each.gradients[i]))
    .map((i) => args[i]!);
  const outer = [...new Set([...taken, ...missing])];
  const functions = derivatives.map((derivative, k) =>
    backwardBranch(derivative, { outer, byCapture, args, reached, incoming, dys, name: branches.functions[k]!.name }),
  );
  const like = reached.map((i) => derivatives.find((each) => each.gradients[i])!.gradients[i]!);
  const found = branches.make(
    [...incoming.map((i) => dys[i]!), ...outer],
    functions.map((add) => add(op)),
    like,
  );
  return args.map((_, i) => (reached.includes(i) ? found[reached.indexOf(i)]! : null));
}

/** What the branches' gradients need beyond arguments and outputs becomes more outputs; the other branches give values that nobody reads. */
function keepCaptures(
  op: Operation,
  branches: Branches,
  derivatives: readonly Derivative[],
  args: readonly Tensor[],
): Map<Tensor, Tensor> {
  const known = new Map<Tensor, Tensor>();
  const more = derivatives.map(({ body, captures }) => {
    const outside = outsideOf(op, body, args);
    for (const capture of captures) {
      const at = body.outputs.indexOf(capture);
      const found = at >= 0 ? op.outputs[at] : outside(capture);
      if (found) known.set(capture, found);
    }
    return captures.filter((capture) => !known.has(capture));
  });
  const all = more.flat();
  if (all.length === 0) return known;
  noteOriginals(op);
  const functions = derivatives.map(({ body }, k) => {
    const outputs = more.flatMap((captures, other) =>
      other === k
        ? captures
        : captures.map((capture) =>
            body.graph.asDefault(() => fakeParamOp({ dtype: capture.dtype.baseDtype, shape: capture.shape })),
          ),
    );
    return addFunction(op.graph, `${branches.functions[k]!.name}_forward`, {
      inputs: body.inputs,
      outputs: [...body.outputs, ...outputs],
      targets: body.targets,
    });
  });
  const added = moreOutputs(op, all);
  const shapes = op.getAttr<readonly Tensor["shape"][]>("output_shapes");
  extend(op, [], added);
  branches.replace(functions);
  op.setAttr("Tout", typesAttr(op.outputs));
  if (shapes.length) {
    op.setAttr("output_shapes", {
      kind: "list",
      of: "shape",
      value: [...shapes, ...all.map((capture) => capture.shape)],
    });
  }
  for (const [i, capture] of all.entries()) known.set(capture, added[i]!);
  return known;
}

/** The gradient of one branch, over the arguments that all have: gradients of the call's outputs, then values of it. */
function backwardBranch(
  derivative: Derivative,
  call: {
    readonly outer: readonly Tensor[];
    readonly byCapture: ReadonlyMap<Tensor, Tensor>;
    readonly args: readonly Tensor[];
    readonly reached: readonly number[];
    readonly incoming: readonly number[];
    readonly dys: readonly (Tensor | null)[];
    readonly name: string;
  },
): (op: Operation) => FunctionRef {
  const { body, captures } = derivative;
  const inner = new Map(captures.map((capture) => [call.byCapture.get(capture)!, capture]));
  const inputs = [
    ...call.incoming.map((i) => derivative.dys[i] ?? standIn(body.graph, call.dys[i]!)),
    ...call.outer.map(
      (tensor) =>
        inner.get(tensor) ??
        (call.args.includes(tensor) ? body.inputs[call.args.indexOf(tensor)]! : standIn(body.graph, tensor)),
    ),
  ];
  const outputs = body.graph.asDefault(() =>
    call.reached.map((i) => derivative.gradients[i] ?? zerosFor(body.inputs[i]!)),
  );
  return (op) => addFunction(op.graph, `${call.name}_grad`, { inputs, outputs });
}

/** An argument that the body does not read. */
const standIn = (graph: Graph, tensor: Tensor): Tensor =>
  argument(graph, "unused", tensor.dtype.baseDtype, tensor.shape);
