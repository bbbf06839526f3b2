/** Reference variables: nodes that hold a tensor of the session, changed by ops that take the reference. Source: state_ops.cc. */
import { defineOp } from "../define.ts";

/** ref = a variable of the session that keeps its value between runs; uninitialized until assigned. */
export const variableV2Op = defineOp("VariableV2", {
  outputs: ["ref: Ref(dtype)"],
  attrs: ["shape: shape", "dtype: type", "container: string = ''", "shared_name: string = ''"],
  stateful: true,
  variable: "ref",
  shape: ({ shape }) => [shape],
  gradient: "unregistered",
});

/** The first form of VariableV2: a scalar shape stands for an unknown one. */
export const variableOp = defineOp("Variable", {
  outputs: ["ref: Ref(dtype)"],
  attrs: ["shape: shape", "dtype: type", "container: string = ''", "shared_name: string = ''"],
  stateful: true,
  variable: "ref",
  shape: ({ shape }) => [shape?.length === 0 ? null : shape],
  gradient: "unregistered",
});

/** ref = a variable for the length of one run. */
export const temporaryVariableOp = defineOp("TemporaryVariable", {
  outputs: ["ref: Ref(dtype)"],
  attrs: ["shape: shape", "dtype: type", "var_name: string = ''"],
  stateful: true,
  variable: "ref",
  shape: ({ shape }) => [shape],
  gradient: "unregistered",
});

/** value = the last value of a temporary variable, which ends here. */
export const destroyTemporaryVariableOp = defineOp("DestroyTemporaryVariable", {
  inputs: ["ref: Ref(T)"],
  outputs: ["value: T"],
  attrs: ["T: type", "var_name: string"],
  updates: ["ref"],
  shape: ({ ref }) => [ref],
  lower: (p, { ref }) => p.read(ref),
  gradient: "unregistered",
});

/** is_initialized = whether the variable has a value. */
export const isVariableInitializedOp = defineOp("IsVariableInitialized", {
  inputs: ["ref: Ref(dtype)"],
  outputs: ["is_initialized: bool"],
  attrs: ["dtype: type"],
  shape: () => [[]],
  lower: (p, { ref }) => p.scalar(p.shapeOf(ref) !== null, "bool"),
  gradient: "unregistered",
});
