/** tf.DeviceSpec: the parts of a device's name. Source: tensorflow/python/framework/device_spec.py. */
import { inspectKey } from "../../core/text/inspect.ts";
import { type DeviceFields, deviceText, parseDevice } from "./device.ts";

export interface DeviceParts {
  readonly job?: string | null | undefined;
  readonly replica?: number | null | undefined;
  readonly task?: number | null | undefined;
  readonly deviceType?: string | null | undefined;
  readonly deviceIndex?: number | null | undefined;
}

const fieldsOf = ({ job, replica, task, deviceType, deviceIndex }: DeviceParts): DeviceFields => ({
  ...(job != null && { job }),
  ...(replica != null && { replica: String(replica) }),
  ...(task != null && { task: String(task) }),
  ...(deviceType != null && { type: deviceType }),
  ...(deviceIndex != null && { index: String(deviceIndex) }),
});

const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

/** A device, or as much of one as is said. `tf.device` takes it as it takes its text. */
export class DeviceSpec {
  job: string | null;
  replica: number | null;
  task: number | null;
  deviceType: string | null;
  deviceIndex: number | null;

  constructor({ job, replica, task, deviceType, deviceIndex }: DeviceParts = {}) {
    this.job = job ?? null;
    this.replica = replica ?? null;
    this.task = task ?? null;
    this.deviceType = deviceType === "cpu" || deviceType === "gpu" ? deviceType.toUpperCase() : (deviceType ?? null);
    this.deviceIndex = deviceIndex ?? null;
  }

  /** Throws ValueError for a text that names no device. */
  static fromString(spec: string): DeviceSpec {
    const { job, replica, task, type, index } = parseDevice(spec);
    return new DeviceSpec({
      job,
      replica: number(replica),
      task: number(task),
      deviceType: type?.toUpperCase(),
      deviceIndex: number(index),
    });
  }

  parseFromString(spec: string): this {
    return Object.assign(this, DeviceSpec.fromString(spec));
  }

  /** Takes the parts that the other one says. */
  mergeFrom(other: DeviceSpec): void {
    Object.assign(this, this.makeMergedSpec(other));
  }

  makeMergedSpec(other: DeviceSpec): DeviceSpec {
    const said = Object.entries(other).filter(([, part]) => part !== null);
    return new DeviceSpec({ ...this, ...Object.fromEntries(said) });
  }

  replace(parts: DeviceParts): DeviceSpec {
    return new DeviceSpec({ ...this, ...parts });
  }

  /** `/job:worker/task:1/device:CPU:0`. */
  toString(): string {
    return deviceText(fieldsOf(this));
  }

  equals(other: unknown): boolean {
    return other instanceof DeviceSpec && other.toString() === this.toString();
  }

  /** Python's repr(). */
  repr(): string {
    const parts = [this.job, this.replica, this.task, this.deviceType, this.deviceIndex].map((part) => part ?? "None");
    const names = ["job", "replica", "task", "device_type", "device_index"];
    return `<DeviceSpec(${names.map((name, i) => `${name}=${parts[i]}`).join(", ")})>`;
  }

  [inspectKey](): string {
    return this.repr();
  }
}
