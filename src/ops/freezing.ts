/** What freezing a graph must know of ops: which hold variables, which read them, which only serve training. Source: convert_to_constants.py, graph_util_impl.py. */

/** Ops that are a variable. */
export const variableOps: ReadonlySet<string> = new Set([
  "Variable",
  "VariableV2",
  "AutoReloadVariable",
  "VarHandleOp",
  "ReadVariableOp",
  "_VarHandlesOp",
  "_ReadVariablesOp",
]);

/** Variables whose value is fetched as their first output. */
export const referenceOps: ReadonlySet<string> = new Set(["Variable", "VariableV2"]);
export const handleOp = "VarHandleOp";
export const readOp = "ReadVariableOp";
export const readAs = "Identity";
export const gatherOp = "ResourceGather";
export const gatherAs = "GatherV2";
export const constantOp = "Const";

/** Checks that a model in use does not need. */
export const checkingOps: ReadonlySet<string> = new Set(["CheckNumerics"]);
/** Ops that only pass their input on. */
export const passingOps: ReadonlySet<string> = new Set(["Identity", "StopGradient"]);

/** Ops of int32 that TensorFlow keeps on the CPU, and the attr that says so. */
export const cpuAttrs: Readonly<Record<string, { readonly attr: string; readonly dtypes: readonly string[] }>> = {
  Const: { attr: "dtype", dtypes: ["string", "int32"] },
  DynamicStitch: { attr: "T", dtypes: ["int32"] },
  ParallelDynamicStitch: { attr: "T", dtypes: ["int32"] },
  Cast: { attr: "SrcT", dtypes: ["int32"] },
};
