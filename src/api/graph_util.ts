/** tf.graphUtil. Written by scripts/api.mjs. */
export { importGraphDef } from "../graph/def/message.ts";
export {
  convertVariablesToConstants,
  extractSubGraph,
  mustRunOnCpu,
  removeTrainingNodes,
  tensorShapeFromNodeDefName,
} from "../train/files/graph_util.ts";
