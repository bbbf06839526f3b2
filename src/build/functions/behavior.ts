/** Whether conditions and loops of graphs are nodes that call functions, as TensorFlow 2 writes them. Source: control_flow_v2_toggles.py. */
let callsFunctions = false;

/** From now on `tf.cond` and `tf.whileLoop` add If and While nodes, whose branches and bodies are functions of the graph's library. */
export const enableControlFlowV2 = (): void => {
  callsFunctions = true;
};

/** Conditions and loops are Switch, Merge and their kin again, as at start. */
export const disableControlFlowV2 = (): void => {
  callsFunctions = false;
};

export const controlFlowV2Enabled = (): boolean => callsFunctions;

/** Do functions of `tf.function` run op by op where ops run at once? */
export const runFunctionsAtOnce = { isOn: false };
