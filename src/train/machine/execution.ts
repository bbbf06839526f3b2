/**
 * `tf.config`: how ops run. What has no meaning on one CPU is kept and given back. Source: tensorflow/python/framework/config.py.
 */
import { runFunctionsAtOnce } from "../../build/functions/behavior.ts";
import { ValueError } from "../../core/error.ts";
import { chooseThreads, chosenThreads } from "../../session/default_engine.ts";

const state = {
  interOpThreads: 0,
  intraOpThreads: 0,
  softPlacement: true,
  policy: "silent",
  tensorFloat32: true,
  jit: "",
};
let options: Readonly<Record<string, unknown>> = {};

/** How many nodes run side by side; 0: as many as there are. */
export const getInterOpParallelismThreads = (): number => state.interOpThreads;

export function setInterOpParallelismThreads(numThreads: number): void {
  state.interOpThreads = numThreads;
}

/** How many threads one op of a session made from here on computes on; 0: nobody has said. */
export const getIntraOpParallelismThreads = (): number => (state.intraOpThreads ? chosenThreads() : 0);

export function setIntraOpParallelismThreads(numThreads: number): void {
  state.intraOpThreads = numThreads;
  if (numThreads > 0) chooseThreads(numThreads);
}

/** May ops that ask for a device which is not here run on the CPU where ops run at once? */
export const getSoftDevicePlacement = (): boolean => state.softPlacement;

export function setSoftDevicePlacement(enabled: boolean): void {
  state.softPlacement = enabled;
}

const policies: readonly (string | null)[] = [null, "silent", "silent_for_int32", "explicit", "warn"];

/** What happens to tensors of another device. */
export const getDevicePolicy = (): string => state.policy;

/** Throws ValueError for an unknown policy. */
export function setDevicePolicy(devicePolicy: string | null): void {
  if (!policies.includes(devicePolicy)) {
    throw new ValueError(
      `Invalid argument \`device_policy\`: '${devicePolicy}'. Please refer to https://www.tensorflow.org/api_docs/python/tf/config/experimental/set_device_policy for valid \`device_policy\` arguments.`,
    );
  }
  state.policy = devicePolicy ?? "silent";
}

/** Ops that run at once are done when they return. */
export const getSynchronousExecution = (): boolean => true;

/** Taken; there is no other way here. */
export const setSynchronousExecution = (_enable: boolean): void => {};

export const tensorFloat32ExecutionEnabled = (): boolean => state.tensorFloat32;

/** Kept and given back: this CPU has no such format. */
export function enableTensorFloat32Execution(enabled: boolean): void {
  state.tensorFloat32 = enabled;
}

/** Do functions of `tf.function` run op by op, so that one can look into them? */
export const functionsRunEagerly = (): boolean => runFunctionsAtOnce.isOn;

export function runFunctionsEagerly(runEagerly: boolean): void {
  runFunctionsAtOnce.isOn = runEagerly;
}

export const experimentalFunctionsRunEagerly = functionsRunEagerly;
export const experimentalRunFunctionsEagerly = runFunctionsEagerly;

/** "autoclustering" or "". */
export const getJit = (): string => state.jit;

/** Kept and given back: everything is compiled here anyway. Throws ValueError for what is neither a boolean nor "autoclustering". */
export function setJit(enabled: boolean | "autoclustering"): void {
  if (typeof enabled !== "boolean" && enabled !== "autoclustering")
    throw new ValueError(`set_jit expects True, False, or "autoclustering". Got ${String(enabled)}`);
  state.jit = enabled ? "autoclustering" : "";
}

/** Options of graph optimizers by their names in Python. */
const optimizerOptions = [
  "layout_optimizer",
  "constant_folding",
  "shape_optimization",
  "remapping",
  "arithmetic_optimization",
  "dependency_optimization",
  "loop_optimization",
  "function_optimization",
  "debug_stripper",
  "scoped_allocator_optimization",
  "pin_to_host_optimization",
  "implementation_selector",
  "auto_mixed_precision",
  "disable_meta_optimizer",
  "disable_model_pruning",
  "min_graph_nodes",
];

export const getExperimentalOptions = (): Record<string, unknown> => ({
  ...options,
  disable_model_pruning: options.disable_model_pruning ?? false,
  disable_meta_optimizer: options.disable_meta_optimizer ?? false,
});

/** Kept and given back by the names that Python has; others are left out. Graphs run as they are written. */
export function setExperimentalOptions(given: Readonly<Record<string, unknown>>): void {
  options = {
    ...options,
    ...Object.fromEntries(Object.entries(given).filter(([key]) => optimizerOptions.includes(key))),
  };
}
