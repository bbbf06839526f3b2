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

/** A number as Python's int() reads it. */
function whole(text: string): string {
  if (!/^\s*[-+]?\d+(_\d+)*\s*$/.test(text)) throw new ValueError(`invalid literal for int() with base 10: '${text}'`);
  return String(Number(text.replaceAll("_", "")));
}

/** Throws ValueError for an unknown attribute, a second device type, or what is no number. */
export function parseDevice(text: string): DeviceFields {
  const spec: { -readonly [K in keyof DeviceFields]: DeviceFields[K] } = {};
  let hasType = false;
  const take = (type: string, index: string | undefined): void => {
    if (hasType) throw new ValueError(`Multiple device types are not allowed while parsing the device spec: ${text}.`);
    hasType = true;
    spec.type = type;
    if (index !== undefined && index !== "*") spec.index = whole(index);
  };
  for (const part of text.split("/")) {
    if (part === "") continue;
    const words = part.split(":");
    const [key, value] = words;
    if (words.length === 2 && key === "job") spec.job = value!;
    else if (words.length === 2 && key === "replica") spec.replica = whole(value!);
    else if (words.length === 2 && key === "task") spec.task = whole(value!);
    else if (words.length === 3 && key === "device") take(value!, words[2]);
    else if (words.length <= 2 && /^(cpu|gpu|tpu)$/i.test(key!)) take(key!.toUpperCase(), value);
    else {
      throw new ValueError(`Unknown attribute '${key}' is encountered while parsing the device spec: '${text}'.`);
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
export type DeviceScope = string | { toString(): string } | ((op: PlacedOp) => string | null) | null;

/** What a function that chooses devices sees of an op: the device is what the scopes inside of it have said. */
export interface PlacedOp {
  readonly name: string;
  readonly type: string;
  readonly device: string;
}

/**
 * The device of an op inside these scopes, given outermost first and asked from the inside out. What a function gives stands as it is, the
 * scopes around it add what it leaves open.
 */
export function deviceIn(scopes: readonly DeviceScope[], op: { name: string; type: string }): string {
  let device = "";
  for (let i = scopes.length - 1; i >= 0; i--) {
    const scope = scopes[i]!;
    if (scope === null) break;
    if (typeof scope === "function") device = scope({ ...op, device }) ?? device;
    else if (String(scope) !== "") device = mergeDevices(String(scope), device);
  }
  return device;
}
