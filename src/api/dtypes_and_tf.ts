/** Names of tf.dtypes and tf. Written by scripts/api.mjs. */
export { asDtype } from "../build/tensors/convert.ts";
export {
  bfloat16,
  bool,
  complex64,
  complex128,
  DType,
  float16,
  float16 as half,
  float32,
  float64 as double,
  float64,
  int8,
  int16,
  int32,
  int64,
  QUANTIZED_DTYPES,
  qint8,
  qint16,
  qint32,
  quint8,
  quint16,
  resource,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
  variant,
} from "../core/dtype.ts";
export { cast, saturateCast } from "../ops/compute/math/cast.ts";
export { complex } from "../ops/compute/math/elementwise/complex.ts";
