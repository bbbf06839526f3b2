/**
 * `tf.config`: the devices of this machine, which is one CPU. Source: tensorflow/python/framework/config.py, context.py.
 */
import { KeyError, RuntimeError, ValueError } from "../../core/error.ts";
import { inspectKey } from "../../core/text/inspect.ts";

/** A device by name and kind. */
class Named {
  readonly name: string;
  readonly deviceType: string;

  constructor(name: string, deviceType: string) {
    this.name = name;
    this.deviceType = deviceType;
  }

  toString(): string {
    return `${this.constructor.name}(name='${this.name}', device_type='${this.deviceType}')`;
  }

  repr(): string {
    return this.toString();
  }

  [inspectKey](): string {
    return this.toString();
  }
}

/** A device of the machine. */
export class PhysicalDevice extends Named {}

/** A device that ops are placed on. */
export class LogicalDevice extends Named {}

export interface LogicalDeviceOptions {
  /** In megabytes. */
  readonly memoryLimit?: number | null | undefined;
  readonly experimentalPriority?: number | null | undefined;
  readonly experimentalDeviceOrdinal?: number | null | undefined;
}

/** How a device is divided. */
export class LogicalDeviceConfiguration {
  readonly memoryLimit: number | null;
  readonly experimentalPriority: number | null;
  readonly experimentalDeviceOrdinal: number | null;

  constructor(options: LogicalDeviceOptions = {}) {
    this.memoryLimit = options.memoryLimit ?? null;
    this.experimentalPriority = options.experimentalPriority ?? null;
    this.experimentalDeviceOrdinal = options.experimentalDeviceOrdinal ?? null;
  }

  toString(): string {
    const text = (value: number | null): string => String(value ?? "None");
    return `LogicalDeviceConfiguration(memory_limit=${text(this.memoryLimit)}, experimental_priority=${text(this.experimentalPriority)}, experimental_device_ordinal=${text(this.experimentalDeviceOrdinal)})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

export const VirtualDeviceConfiguration = LogicalDeviceConfiguration;

const cpu = new PhysicalDevice("/physical_device:CPU:0", "CPU");
const logical = new LogicalDevice("/device:CPU:0", "CPU");

const ofType = <D extends Named>(device: D, deviceType: string | null): D[] =>
  deviceType === null || deviceType === device.deviceType ? [device] : [];

/** The devices of the machine, or those of a kind: [] for "GPU". */
export const listPhysicalDevices = (deviceType: string | null = null): PhysicalDevice[] => ofType(cpu, deviceType);

/** The devices that ops are placed on, or those of a kind. */
export const listLogicalDevices = (deviceType: string | null = null): LogicalDevice[] => ofType(logical, deviceType);

/** The devices that the program may use. */
export const getVisibleDevices = (deviceType: string | null = null): PhysicalDevice[] => ofType(cpu, deviceType);

/** Chooses among the devices. Throws ValueError for others than the machine has, RuntimeError when no CPU would be left. */
export function setVisibleDevices(
  devices: PhysicalDevice | readonly PhysicalDevice[],
  deviceType: string | null = null,
): void {
  const list = Array.isArray(devices) ? (devices as readonly PhysicalDevice[]) : [devices as PhysicalDevice];
  for (const device of list) checkDevice(device);
  if (list.length === 0 && (deviceType === null || deviceType === "CPU"))
    throw new RuntimeError("Visible devices cannot be modified after being initialized");
}

const checkDevice = (device: PhysicalDevice): void => {
  if (device !== cpu) throw new ValueError(`Unrecognized device: ${String(device)}`);
};

let division: readonly LogicalDeviceConfiguration[] | null = null;

/** How a device is divided; null for one that is whole. */
export function getLogicalDeviceConfiguration(device: PhysicalDevice): readonly LogicalDeviceConfiguration[] | null {
  checkDevice(device);
  return division;
}

/** One part is all that the CPU has here. Throws ValueError for a limit on its memory, or more parts. */
export function setLogicalDeviceConfiguration(
  device: PhysicalDevice,
  logicalDevices: readonly LogicalDeviceConfiguration[],
): void {
  checkDevice(device);
  if (logicalDevices.some(({ memoryLimit }) => memoryLimit !== null))
    throw new ValueError("Setting memory limit on CPU virtual devices is currently not supported");
  if (logicalDevices.length > 1) throw new ValueError("One CPU device is all that a process has here");
  division = logicalDevices;
}

export const getVirtualDeviceConfiguration = getLogicalDeviceConfiguration;
export const setVirtualDeviceConfiguration = setLogicalDeviceConfiguration;

/** What is known of a device: nothing more of a CPU. */
export function getDeviceDetails(device: PhysicalDevice): Record<string, never> {
  checkDevice(device);
  return {};
}

/** Throws KeyError for a CPU: only a GPU's memory grows. */
export function getMemoryGrowth(device: PhysicalDevice): boolean {
  throw new KeyError(String(device));
}

/** Throws ValueError for a CPU. */
export function setMemoryGrowth(device: PhysicalDevice, _enable: boolean): void {
  checkDevice(device);
  throw new ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices");
}

/** Throws ValueError: a CPU's allocations are not counted. */
export function getMemoryInfo(device: string): { readonly current: number; readonly peak: number } {
  throw new ValueError(`Allocator stats not available for device '${device}'`);
}

/** Throws ValueError: a CPU's allocations are not counted. */
export const getMemoryUsage = (device: string): number => getMemoryInfo(device).current;
