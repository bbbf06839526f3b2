/** Device names: parsing, merging of nested scopes, canonical text. Source: tensorflow/python/framework/device_spec.py. */
import { ValueError } from "../../core/error.ts";

/** The parts that a name says, as texts. */
export interface DeviceFields {
  readonly job?: string;
  readonly replica?: string;
  readonly task?: string;
  readonly type?: string;
  readonly index?: string;
}

/** Throws ValueError `Unknown attribute 'foo' is encountered while parsing the device spec: '/foo:1'.`-like for a bad name. */
export function parseDevice(text: string): DeviceFields {
  const spec: { -readonly [K in keyof DeviceFields]: DeviceFields[K] } = {};
  for (const part of text.split("/")) {
    if (part === "") continue;
    const words = part.split(":");
    const [key, value] = words;
    if (key === "job" && value) spec.job = value;
    else if (key === "replica" && value) spec.replica = value;
    else if (key === "task" && value) spec.task = value;
    else if (words.length === 3 && key === "device") {
      spec.type = words[1]!;
      if (words[2] !== "*") spec.index = words[2]!;
    } else if (words.length === 2 && /^(cpu|gpu|tpu|xla_cpu|xla_gpu)$/i.test(key!)) {
      spec.type = key!.toUpperCase();
      if (value !== "*") spec.index = value!;
    } else if (words.length === 1 && /^(cpu|gpu|tpu)$/i.test(key!)) spec.type = key!.toUpperCase();
    else {
      throw new ValueError(
        `Unknown attribute '${key}' is encountered while parsing the device spec: '${text}'. Expect one of ['job', 'replica', 'task', 'device'], for example '/job:worker/task:1/device:CPU:0'.`,
      );
    }
  }
  return spec;
}

export function deviceText(spec: DeviceFields): string {
  let text = "";
  if (spec.job !== undefined) text += `/job:${spec.job}`;
  if (spec.replica !== undefined) text += `/replica:${spec.replica}`;
  if (spec.task !== undefined) text += `/task:${spec.task}`;
  if (spec.type !== undefined) text += `/device:${spec.type}:${spec.index ?? "*"}`;
  return text;
}

/** `/cpu:0` as `/device:CPU:0`. */
export const canonicalDevice = (text: string): string => deviceText(parseDevice(text));

/** The inner scope's fields win, field by field. */
export const mergeDevices = (outer: string, inner: string): string =>
  outer === "" ? canonicalDevice(inner) : deviceText({ ...parseDevice(outer), ...parseDevice(inner) });

/** What a device scope holds: a device, a choice for each op, or null, which forgets the scopes around it. */
export type DeviceScope =
  | string
  | { toString(): string }
  | ((op: { name: string; type: string }) => string | null)
  | null;

/** The device of an op inside these scopes, outermost first. */
export function deviceIn(scopes: readonly DeviceScope[], op: { name: string; type: string }): string {
  let device = "";
  for (const scope of scopes) {
    const text = typeof scope === "function" ? scope(op) : scope === null ? null : String(scope);
    if (text) device = mergeDevices(device, text);
    else if (scope === null) device = "";
  }
  return device;
}
