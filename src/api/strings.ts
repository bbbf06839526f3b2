/** tf.strings. Written by scripts/api.mjs. */
export {
  bytesSplit,
  ngrams,
  unicodeDecode,
  unicodeDecodeWithOffsets,
  unicodeEncode,
  unicodeScript,
  unicodeSplit,
  unicodeSplitWithOffsets,
} from "../build/ragged/act/strings.ts";
export {
  stringToHashBucket as toHashBucket,
  stringToHashBucketFast as toHashBucketFast,
  stringToHashBucketStrong as toHashBucketStrong,
} from "../ops/compute/string/hash.ts";
export { reduceJoin, unsortedSegmentJoin } from "../ops/compute/string/join.ts";
export { asString, stringFormat as format, stringToNumber as toNumber } from "../ops/compute/string/number.ts";
export { regexFullMatch, regexReplace } from "../ops/compute/string/regex.ts";
export { stringSplitV2 as split } from "../ops/compute/string/split.ts";
export {
  stringJoin as join,
  stringLength as length,
  stringLower as lower,
  stringStrip as strip,
  stringUpper as upper,
  substr,
} from "../ops/compute/string/text.ts";
export { unicodeTranscode } from "../ops/compute/string/unicode.ts";
