/** tf.keras.regularizers. Written by scripts/api.mjs. */
export {
  deserializeRegularizer as deserialize,
  getRegularizer as get,
  L1,
  L1L2,
  L2,
  l1,
  l1L2,
  l2,
  RegularizerClass as Regularizer,
  serializeRegularizer as serialize,
} from "../build/keras/regularizers.ts";
