/** tf.test. Written by scripts/api.mjs. */
export {
  computeGradient,
  computeGradientError,
  gpuDeviceName,
  isBuiltWithCuda,
  isBuiltWithGpuSupport,
  isBuiltWithRocm,
  isBuiltWithXla,
  isCpuTargetAvailable,
  isGpuAvailable,
} from "../train/testing/gradients.ts";
export { assertEqualGraphDef } from "../train/testing/graph_defs.ts";
export { createLocalCluster, getTempDir, main } from "../train/testing/main.ts";
export { TestCase } from "../train/testing/test_case.ts";
