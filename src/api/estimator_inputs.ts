/** tf.estimator.inputs. Written by scripts/api.mjs. */
export { numpyInputFn } from "../train/estimator/inputs/numpy_input_fn.ts";
