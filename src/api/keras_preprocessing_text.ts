/** tf.keras.preprocessing.text. Written by scripts/api.mjs. */
export {
  hashingTrick,
  oneHot,
  Tokenizer,
  textToWordSequence,
  tokenizerFromJson,
} from "../train/keras/preprocessing/text.ts";
