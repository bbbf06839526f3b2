/** ConfigProto as far as a local session heeds it. Source: tensorflow/core/protobuf/config.proto. */

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
}

/** `new tf.Session({ config: new tf.ConfigProto({ allowSoftPlacement: true }) })`; a plain object of the same fields does as well. */
export class ConfigProto implements ConfigFields {
  readonly allowSoftPlacement: boolean;
  readonly logDevicePlacement: boolean;
  readonly intraOpParallelismThreads: number;
  readonly interOpParallelismThreads: number;
  readonly operationTimeoutInMs: number;

  constructor(fields: ConfigFields = {}) {
    this.allowSoftPlacement = fields.allowSoftPlacement ?? false;
    this.logDevicePlacement = fields.logDevicePlacement ?? false;
    this.intraOpParallelismThreads = fields.intraOpParallelismThreads ?? 0;
    this.interOpParallelismThreads = fields.interOpParallelismThreads ?? 0;
    this.operationTimeoutInMs = fields.operationTimeoutInMs ?? 0;
  }
}
