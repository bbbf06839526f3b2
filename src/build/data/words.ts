/** How datasets print, and what is said of functions and elements that do not fit. Source: dataset_ops.py, structured_function.py, tensor_spec.py */
import { TypeError, ValueError } from "../../core/error.ts";
import { formatShapePython } from "../../core/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type Nested, type Spec, specsOf } from "./structure.ts";

/** `TensorSpec(shape=(?,), dtype=tf.int64, name=None)`; lists are tuples, records dicts. */
export function specText(spec: Nested<Spec>): string {
  if (Array.isArray(spec)) {
    const parts = (spec as readonly Nested<Spec>[]).map(specText);
    return `(${parts.join(", ")}${parts.length === 1 ? "," : ""})`;
  }
  if (!isSpec(spec)) {
    const entries = Object.entries(spec as { readonly [key: string]: Nested<Spec> });
    return `{${entries.map(([key, part]) => `'${key}': ${specText(part)}`).join(", ")}}`;
  }
  if (spec.elements) return `DatasetSpec(${specText(spec.elements)}, TensorShape([]))`;
  const shape = spec.shape === null ? "<unknown>" : formatShapePython(spec.shape);
  return `TensorSpec(shape=${shape}, dtype=${spec.dtype.repr()}, name=None)`;
}

const isSpec = (value: Nested<Spec>): value is Spec =>
  "shape" in (value as object) && typeof (value as Spec).dtype?.repr === "function";

/** `<_MapDataset element_spec=…>`: the class that Python has for the node, or `shownAs`. */
export function datasetText(variantTensor: Tensor, spec: Nested<Spec>, shownAs?: string): string {
  const kind = variantTensor.op.type.replace(/V\d+$/, "");
  return `<${shownAs ?? `_${kind}`} element_spec=${specText(spec)}>`;
}

/** Python's name for the type of a value that is no dataset. */
const typeText = (value: unknown): string =>
  value === null || value === undefined
    ? "NoneType"
    : typeof value === "number"
      ? Number.isInteger(value)
        ? "int"
        : "float"
      : typeof value === "string"
        ? "str"
        : typeof value === "boolean"
          ? "bool"
          : Array.isArray(value)
            ? "list"
            : typeof value;

/** Parameter names of a function that lists them plainly; null for defaults, rest and destructured parameters. */
function parameters(callback: (...args: never[]) => unknown): readonly string[] | null {
  const text = Function.prototype.toString.call(callback);
  const head = /^(?:async\s*)?(?:function\s*[\w$]*\s*)?(?:\(([^()]*)\)|([\w$]+)\s*=>)/.exec(text);
  if (!head) return null;
  const names = (head[1] ?? head[2] ?? "").split(",").map((name) => name.trim());
  const plain = names.filter((name, i) => name !== "" || i < names.length - 1);
  if (!plain.every((name) => /^[\w$]+$/.test(name)) || /\barguments\b/.test(text)) return null;
  return plain;
}

/** Throws TypeError, as Python does, for a function that takes some but not all parts of an element, or more than it has. */
export function checkArity(callback: (...args: never[]) => unknown, given: number): void {
  const names = parameters(callback);
  if (!names || names.length === given || names.length === 0) return;
  const name = `${callback.name || "<lambda>"}()`;
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  if (names.length < given) {
    throw new TypeError(
      `${name} takes ${count(names.length, "positional argument")} but ${given} ${given === 1 ? "was" : "were"} given`,
    );
  }
  const missing = names.slice(given).map((parameter) => `'${parameter}'`);
  const list = missing.length < 3 ? missing.join(" and ") : `${missing.slice(0, -1).join(", ")}, and ${missing.at(-1)}`;
  throw new TypeError(`${name} missing ${count(missing.length, "required positional argument")}: ${list}`);
}

/** Throws ValueError unless a predicate gives one truth value. */
export function checkPredicate(output: Nested<Spec>): void {
  if (isSpec(output) && output.dtype.isBool && (output.shape === null || output.shape.length === 0)) return;
  throw new ValueError(
    `Invalid \`predicate\`. \`predicate\` must return a \`tf.bool\` scalar tensor, but its return type is ${specText(output)}.`,
  );
}

/** Throws TypeError unless elements of one dataset can follow those of another. */
export function checkConcatenated(a: Nested<Spec>, b: Nested<Spec>): void {
  const [own, others] = [specsOf(a), specsOf(b)];
  const fit = own.length === others.length && own.every(({ dtype }, i) => dtype === others[i]!.dtype);
  if (!fit) throw new TypeError(`Incompatible dataset elements:\n  ${specText(a)} vs.   ${specText(b)}`);
}

export const notADataset = (value: unknown): TypeError =>
  new TypeError(
    `Invalid input to \`zip\`. Inputs are expected to be (nested) structures of \`tf.data.Dataset\` objects but encountered object of type <class '${typeText(value)}'>.`,
  );

export const rangeArguments = (n: number): ValueError =>
  new ValueError(`Invalid \`args\`. The length of \`args\` should be between 1 and 3 but was ${n}.`);
