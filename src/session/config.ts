/** ConfigProto as far as a local session heeds it. Source: tensorflow/core/protobuf/config.proto. */
import { inspectKey } from "../core/text/inspect.ts";

/** `new tf.Session({ config: { allowSoftPlacement: true } })`; a `tf.ConfigProto` of the same fields does as well. */
export interface ConfigFields {
  /** Nodes that ask for a device that is not here run on the CPU; else that is an error. */
  readonly allowSoftPlacement?: boolean | undefined;
  /** Prints where each node runs. */
  readonly logDevicePlacement?: boolean | undefined;
  readonly intraOpParallelismThreads?: number | undefined;
  readonly interOpParallelismThreads?: number | undefined;
  /** Runs that wait longer end with DEADLINE_EXCEEDED; 0: never. */
  readonly operationTimeoutInMs?: number | undefined;
  /** Accepted for programs that ask for a GPU's memory; there is none. */
  readonly gpuOptions?: object | undefined;
  readonly graphOptions?: object | undefined;
  /** How many devices of each kind: there is one CPU, whatever is asked. */
  readonly deviceCount?: Readonly<Record<string, number>> | undefined;
}

/** A device of a session, as `listDevices` tells. */
export class DeviceAttributes {
  readonly name: string;
  readonly deviceType: string;
  readonly memoryLimitBytes: number;

  constructor(name: string, deviceType: string, memoryLimitBytes: number) {
    this.name = name;
    this.deviceType = deviceType;
    this.memoryLimitBytes = memoryLimitBytes;
  }

  toString(): string {
    return `_DeviceAttributes(${this.name}, ${this.deviceType}, ${this.memoryLimitBytes}, 0)`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}
