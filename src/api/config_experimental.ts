/** tf.config.experimental. Written by scripts/api.mjs. */
export {
  getDeviceDetails,
  getMemoryGrowth,
  getMemoryInfo,
  getMemoryUsage,
  getVirtualDeviceConfiguration,
  getVisibleDevices,
  listLogicalDevices,
  listPhysicalDevices,
  setMemoryGrowth,
  setVirtualDeviceConfiguration,
  setVisibleDevices,
  VirtualDeviceConfiguration,
} from "../train/machine/devices.ts";
export {
  enableTensorFloat32Execution,
  getDevicePolicy,
  getSynchronousExecution,
  setDevicePolicy,
  setSynchronousExecution,
  tensorFloat32ExecutionEnabled,
} from "../train/machine/execution.ts";
