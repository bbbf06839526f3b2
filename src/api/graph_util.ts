/** tf.graphUtil. Written by scripts/api.mjs. */
export { importGraphDef } from "../graph/def/message.ts";
