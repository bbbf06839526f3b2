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
} from "../train/files/testing.ts";
