/** tf.ragged. Written by scripts/api.mjs. */
export { raggedStack as stack } from "../build/ragged/act/concat.ts";
export { mapFlatValues } from "../build/ragged/act/functional.ts";
export { raggedRange as range } from "../build/ragged/act/range.ts";
export { raggedBooleanMask as booleanMask, stackDynamicPartitions } from "../build/ragged/act/shape.ts";
export {
  raggedConstant as constant,
  raggedConstantValue as constantValue,
  raggedPlaceholder as placeholder,
} from "../build/ragged/constant.ts";
export { rowSplitsToSegmentIds, segmentIdsToRowSplits } from "../build/ragged/partition/segment_ids.ts";
export { RaggedTensorValue } from "../build/ragged/value.ts";
