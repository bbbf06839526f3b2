/** One of several functions, chosen by a value. Source: functional_ops.cc, If and Case. */
import { invalidArgument } from "../../core/error.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import type { CallContext, Passed } from "../../graph/definition.ts";
import { defineOp } from "../define.ts";
import { callChecked, givenShapes, truth } from "./call.ts";

const ifSignature = {
  inputs: ["cond: Tcond", "input: Tin"],
  outputs: ["output: Tout"],
  attrs: [
    "Tcond: type",
    "Tin: list(type) >= 0",
    "Tout: list(type) >= 0",
    "then_branch: func",
    "else_branch: func",
    "output_shapes: list(shape) = []",
  ],
} as const;

interface IfRecord {
  readonly cond: Passed;
  readonly input: readonly Passed[];
  readonly then_branch: FunctionRef;
  readonly else_branch: FunctionRef;
}

const choose = ({ cond, input, then_branch, else_branch }: IfRecord, context: CallContext) =>
  callChecked(context, truth(context.array(cond)) ? then_branch : else_branch, input);

// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
type Tools = any;

/** output = then_branch(input) or else_branch(input). */
export const ifOp = defineOp("If", {
  ...ifSignature,
  stateful: true,
  shape: givenShapes,
  call: choose,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfBranches(op, dys) }),
});

/** As If, with branches that change nothing. */
export const statelessIfOp = defineOp("StatelessIf", {
  ...ifSignature,
  shape: givenShapes,
  call: choose,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfBranches(op, dys) }),
});

const caseSignature = {
  inputs: ["branch_index: int32", "input: Tin"],
  outputs: ["output: Tout"],
  attrs: [
    "Tin: list(type) >= 0",
    "Tout: list(type) >= 0",
    "branches: list(func) >= 1",
    "output_shapes: list(shape) = []",
  ],
} as const;

interface CaseRecord {
  readonly branch_index: Passed;
  readonly input: readonly Passed[];
  readonly branches: readonly FunctionRef[];
}

/** The last branch stands for all indices that have none. */
function chooseCase({ branch_index, input, branches }: CaseRecord, context: CallContext) {
  const index = context.array(branch_index);
  if (index.shape.length > 0) throw invalidArgument("branch_index must be scalar");
  const i = Number(index.data[0]);
  const branch = i < 0 || i >= branches.length ? branches.at(-1)! : branches[i]!;
  return callChecked(context, branch, input);
}

/** output = branches[branch_index](input). */
export const caseOp = defineOp("Case", {
  ...caseSignature,
  stateful: true,
  shape: givenShapes,
  call: chooseCase,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfBranches(op, dys) }),
});

/** As Case, with branches that change nothing. */
export const statelessCaseOp = defineOp("StatelessCase", {
  ...caseSignature,
  shape: givenShapes,
  call: chooseCase,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfBranches(op, dys) }),
});
