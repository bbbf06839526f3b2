/** Every definition against TensorFlow's own list of ops: arguments, attrs, defaults, dtypes, state, gradient. Also what that list has and we lack. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DType } from "../../src/core/dtype.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import type { ArgDefinition, AttrDefinition, OpDefinition } from "../../src/graph/definition.ts";
import { allDefinitions } from "../../src/graph/op/registry.ts";
import "../../src/index.ts";
import { goldenPath, hasGoldens } from "../golden.ts";

interface ListedArg {
  readonly name: string;
  readonly type: string;
  readonly number?: string;
  readonly list?: boolean;
  readonly ref?: boolean;
}

interface ListedAttr {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly allowed?: readonly string[];
  readonly minimum?: number;
}

interface ListedOp {
  readonly op: string;
  readonly inputs: readonly ListedArg[];
  readonly outputs: readonly ListedArg[];
  readonly attrs: readonly ListedAttr[];
  readonly is_stateful?: boolean;
  readonly cpu: readonly Record<string, readonly string[]>[];
  readonly gradient: "yes" | "none" | "unregistered";
}

/**
 * Calls have a gradient here by their function's body; Python's gradients find it by the object that called. Of steps of cells
 * tf.contrib.rnn registers the gradients.
 */
const otherGradient: ReadonlySet<string> = new Set([
  "PartitionedCall",
  "StatefulPartitionedCall",
  "LSTMBlockCell",
  "GRUBlockCell",
]);

/** Ops of TensorFlow 1's tf.contrib, which TensorFlow 2 has no more. */
const contribOps: ReadonlySet<string> = new Set(["GatherTree"]);

const path = goldenPath("op_list.json");
/** Python writes infinities as bare words. */
const parsed = (text: string): readonly ListedOp[] => JSON.parse(text.replace(/:(-?Infinity)/g, ':"$1"'));
const listed: readonly ListedOp[] = hasGoldens && existsSync(path) ? parsed(readFileSync(path, "utf8")) : [];
const byName = new Map(listed.map((op) => [op.op, op]));
const own = [...allDefinitions()].filter(({ type }) => byName.has(type));

const argText = (arg: ArgDefinition): string =>
  `${arg.name}: ${arg.isRef ? "Ref " : ""}${arg.numberAttr ? `${arg.numberAttr} * ` : ""}${arg.typeListAttr ? "list " : ""}${arg.typeListAttr ?? arg.typeAttr ?? arg.dtype!.name}`;

const listedArgText = (arg: ListedArg): string =>
  `${arg.name}: ${arg.ref ? "Ref " : ""}${arg.number ? `${arg.number} * ` : ""}${arg.list ? "list " : ""}${arg.type}`;

/** A default as one text, whatever form it has. */
function defaultText(attr: AttrDefinition): string | undefined {
  const { defaultValue: value, kind, isList } = attr;
  if (value === undefined) return undefined;
  const one = (item: unknown): string => {
    if (kind === "type") return (item as DType).name;
    if (kind === "float") return String(Math.fround(item as number));
    if (kind === "string") return JSON.stringify(item instanceof Uint8Array ? new TextDecoder().decode(item) : item);
    if (kind === "shape") return item === null ? "unknown" : `[${(item as readonly number[]).join()}]`;
    if (kind === "tensor")
      return `${(item as NdArray).dtype.name}[${Array.from((item as NdArray).data as Uint8Array)}]`;
    return String(item);
  };
  return isList ? `[${(value as readonly unknown[]).map(one).join()}]` : one(value);
}

function listedDefaultText({ type, default: value }: ListedAttr): string | undefined {
  if (value === undefined) return undefined;
  const message = value as { list?: Record<string, unknown[]>; shape?: ListedShape; tensor?: ListedTensor };
  if (type.startsWith("list(")) {
    const [key = "", items = []] = Object.entries(message.list ?? {})[0] ?? [];
    const one = (item: unknown): string => {
      if (key === "type") return dtypeName(String(item));
      if (key === "f") return String(Math.fround(Number(item)));
      if (key === "s") return JSON.stringify(Buffer.from(String(item), "base64").toString());
      return key === "shape" ? shapeText(item as ListedShape) : String(item);
    };
    return `[${items.map(one).join()}]`;
  }
  if (type === "shape") return shapeText(message.shape!);
  if (type === "tensor") return `${dtypeName(message.tensor!.dtype)}[${message.tensor!.intVal}]`;
  return type === "string"
    ? JSON.stringify(value)
    : type === "float"
      ? String(Math.fround(Number(value)))
      : String(value);
}

interface ListedShape {
  readonly dim?: readonly { readonly size?: string }[];
  readonly unknownRank?: boolean;
}

interface ListedTensor {
  readonly dtype: string;
  readonly intVal: readonly number[];
}

const shapeText = (shape: ListedShape): string =>
  shape.unknownRank ? "unknown" : `[${(shape.dim ?? []).map(({ size }) => size ?? "0").join()}]`;

const dtypeName = (text: string): string => {
  const name = text.replace("DT_", "").toLowerCase();
  return { float: "float32", double: "float64", half: "float16" }[name] ?? name;
};

function attrText(attr: AttrDefinition): string {
  const type = attr.isList ? `list(${attr.kind})` : attr.kind;
  const allowed = attr.allowedTypes?.map(({ name }) => name) ?? attr.allowedStrings;
  return fields(attr.name, type, defaultText(attr), allowed, attr.minimum);
}

const fields = (
  name: string,
  type: string,
  value: string | undefined,
  allowed: readonly string[] | undefined,
  minimum: number | undefined,
): string =>
  `${name}: ${type}${minimum === undefined ? "" : ` >= ${minimum}`}${allowed ? ` in {${[...new Set(allowed)].sort().join()}}` : ""}${value === undefined ? "" : ` = ${value}`}`;

const listedAttrText = (attr: ListedAttr): string =>
  fields(attr.name, attr.type, listedDefaultText(attr), attr.allowed, attr.minimum);

const sorted = (texts: readonly string[]): string[] => [...texts].sort();

/** What differs between a definition and TensorFlow's. */
function faults(definition: OpDefinition): string[] {
  const want = byName.get(definition.type)!;
  const found: string[] = [];
  const compare = (what: string, got: unknown, wanted: unknown): void => {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (a !== b) found.push(`${definition.type}: ${what} ${a}, wanted ${b}`);
  };
  compare("inputs", definition.inputs.map(argText), want.inputs.map(listedArgText));
  compare("outputs", definition.outputs.map(argText), want.outputs.map(listedArgText));
  const [attrs, wantedAttrs] = [definition.attrs.map(attrText), want.attrs.map(listedAttrText)];
  if (JSON.stringify(sorted(attrs)) !== JSON.stringify(sorted(wantedAttrs))) compare("attrs", attrs, wantedAttrs);
  compare("stateful", definition.stateful, want.is_stateful ?? false);
  if (!otherGradient.has(definition.type) && !lacksGradient(definition))
    compare("gradient", typeof definition.gradient === "function" ? "yes" : definition.gradient, want.gradient);
  return found;
}

/** A gradient that TensorFlow registers and we have not: told, no fault. */
const lacksGradient = ({ type, gradient }: OpDefinition): boolean =>
  gradient === "unregistered" && byName.get(type)!.gradient === "yes";

describe.skipIf(listed.length === 0)("definitions of ops", () => {
  test("have TensorFlow's arguments, attrs, defaults, state and gradients", () => {
    const wrong = own.flatMap(faults);
    const lacking = listed.filter(({ op, cpu }) => cpu.length > 0 && !own.some(({ type }) => type === op));
    process.stdout.write(
      `ops: ${own.length} of TensorFlow's ${listed.length} are defined; of those with a CPU kernel ${lacking.length} are not: ${lacking.map(({ op }) => op).join(" ")}\nwithout TensorFlow's gradient: ${own
        .filter(lacksGradient)
        .map(({ type }) => type)
        .join(" ")}\n`,
    );
    expect(wrong).toEqual([]);
  });

  test("are all ops of TensorFlow", () => {
    const strangers = [...allDefinitions()]
      .map(({ type }) => type)
      .filter((type) => !byName.has(type) && !contribOps.has(type));
    expect(strangers).toEqual([]);
  });
});
