/** tf.keras.backend. Written by scripts/api.mjs. */
export { epsilon, getUid, learningPhase, resetUids, setLearningPhase } from "../build/keras/state.ts";
export {
  batchGetValue,
  batchSetValue,
  clearSession,
  getSession,
  getValue,
  setSession,
  setValue,
} from "../train/keras/backend.ts";
