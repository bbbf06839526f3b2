/** tf.bitwise. Written by scripts/api.mjs. */
export {
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
  invert,
  leftShift,
  rightShift,
} from "../ops/compute/math/binary/bitwise.ts";
