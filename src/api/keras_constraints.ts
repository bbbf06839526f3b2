/** tf.keras.constraints. Written by scripts/api.mjs. */
export {
  Constraint,
  deserializeConstraint as deserialize,
  getConstraint as get,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  RadialConstraint,
  radialConstraint,
  serializeConstraint as serialize,
  UnitNorm,
  unitNorm,
} from "../build/keras/constraints.ts";
