/** tf.strings. Written by scripts/api.mjs. */
export { split } from "../ops/compute/array/join/split.ts";
export { reduceJoin, unsortedSegmentJoin } from "../ops/compute/string/join.ts";
export { asString } from "../ops/compute/string/number.ts";
export { regexFullMatch, regexReplace } from "../ops/compute/string/regex.ts";
export { substr } from "../ops/compute/string/text.ts";
export { unicodeTranscode } from "../ops/compute/string/unicode.ts";
