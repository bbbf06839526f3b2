/** tf.autograph. Written by scripts/api.mjs. */
export { doNotConvert, setVerbosity, toCode, toGraph, trace } from "../build/functions/called/autograph.ts";
export * as experimental from "./autograph_experimental.ts";
