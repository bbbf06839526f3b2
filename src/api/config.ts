/** tf.config. Written by scripts/api.mjs. */
export {
  getLogicalDeviceConfiguration,
  getVisibleDevices,
  LogicalDevice,
  LogicalDeviceConfiguration,
  listLogicalDevices,
  listPhysicalDevices,
  PhysicalDevice,
  setLogicalDeviceConfiguration,
  setVisibleDevices,
} from "../train/machine/devices.ts";
export {
  experimentalFunctionsRunEagerly,
  experimentalRunFunctionsEagerly,
  functionsRunEagerly,
  getSoftDevicePlacement,
  runFunctionsEagerly,
  setSoftDevicePlacement,
} from "../train/machine/execution.ts";
export * as experimental from "./config_experimental.ts";
export * as optimizer from "./config_optimizer.ts";
export * as threading from "./config_threading.ts";
