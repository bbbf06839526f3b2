/** How datasets print, and what is said of functions and elements that do not fit. Source: dataset_ops.py, structured_function.py, tensor_spec.py */

import { AttributeError, TypeError, ValueError } from "../../core/error.ts";
import { printValue } from "../../core/print.ts";
import { compatible } from "../../core/shape.ts";
import { pythonType } from "../../core/text/python_type.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import { checkSameStructure } from "../control_flow/structure.ts";
import { DatasetSpec, structureText } from "../tensors/composite_specs.ts";
import { SparseTensorSpec, TensorSpec, type TypeSpec } from "../tensors/specs.ts";
import { kindOf, legacy } from "./element/component.ts";
import { mapSpecs, type Nested, type Spec, specsOf, typeSpecs } from "./structure.ts";

/** `<_MapDataset element_spec=…>`: the class that Python has for the node, or `shownAs`. */
export function datasetText(variantTensor: Tensor, spec: Nested<Spec>, shownAs?: string): string {
  const kind = variantTensor.op.type.replace(/V\d+$/, "");
  return `<${shownAs ?? `_${kind}`} element_spec=${structureText(typeSpecs(spec))}>`;
}

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
export function checkPredicate(output: Nested<Spec>, method: "filter" | "take_while" = "filter"): void {
  const isTensor = isTensorSpec(output) && output.dtype.isBool && (output.shape === null || output.shape.length === 0);
  if (isTensor) return;
  // Python's text for take_while lacks a comma and a space.
  const [comma, space] = method === "filter" ? [",", " "] : ["", ""];
  throw new ValueError(
    `Invalid \`predicate\`. \`predicate\` must return a \`tf.bool\` scalar tensor${comma} but its return type is${space}${structureText(typeSpecs(output))}.`,
  );
}

/** Throws TypeError unless a function gave a pair, the first of which is a state like the one before. */
export function checkScan(output: Nested<Spec>, state: Nested<Spec>): void {
  if (!Array.isArray(output) || output.length !== 2) {
    throw new TypeError(
      `Invalid \`scan_func\`. \`scan_func\` should return a pair consisting of new state and the output value but its return type is ${structureText(typeSpecs(output))}.`,
    );
  }
  const [before, after] = [specsOf(state), specsOf(output[0] as Nested<Spec>)];
  for (const [i, { dtype }] of before.entries()) {
    if (after[i]?.dtype === dtype) continue;
    throw new TypeError(
      `Invalid \`scan_func\`. The element types for the new state must match the initial state. Expected ${typesText(state)}, got ${typesText(output[0] as Nested<Spec>)}.`,
    );
  }
}

/** Throws TypeError where a fold's state becomes one of other types. */
export function checkReduced(output: Nested<Spec>, state: Nested<Spec>): void {
  const [before, after] = [specsOf(state), specsOf(output)];
  if (before.every(({ dtype }, i) => after[i]?.dtype === dtype)) return;
  throw new TypeError(
    `The element types for the new state must match the initial state. Expected ${typesText(state)} but got ${typesText(output)}.`,
  );
}

const typesText = (specs: Nested<Spec>): string =>
  isTensorSpec(specs) ? `<dtype: '${specs.dtype.name}'>` : printValue(mapSpecs(specs, ({ dtype }) => dtype.repr()));

const isTensorSpec = (output: Nested<Spec>): output is Spec => typeSpecs(output) instanceof TensorSpec;

/** Throws TypeError unless elements of one dataset can follow those of another. */
export function checkConcatenated(a: Nested<Spec>, b: Nested<Spec>): void {
  const [own, others] = [specsOf(a), specsOf(b)];
  const fit =
    own.length === others.length &&
    own.every((spec, i) => spec.dtype === others[i]!.dtype && kindOf(spec) === kindOf(others[i]!));
  if (!fit)
    throw new TypeError(
      `Incompatible dataset elements:\n  ${structureText(typeSpecs(a))} vs.   ${structureText(typeSpecs(b))}`,
    );
}

/** Throws TypeError for components that cannot be padded. */
export function checkPadded(specs: readonly Spec[]): void {
  for (const spec of specs) {
    if (spec instanceof DatasetSpec) throw new TypeError("`padded_batch` is not supported for datasets of datasets");
    if (spec instanceof TensorSpec) continue;
    throw new TypeError(
      `\`padded_batch\` is only supported for datasets that produce tensor elements but type spec of elements in the input dataset is not a subclass of TensorSpec: \`${spec}\`.`,
    );
  }
}

/** Throws ValueError for scalars and for numbers of rows that differ. */
export function checkUnbatched(specs: readonly Spec[]): void {
  const shapes = specs.filter((spec) => spec instanceof TensorSpec).map(({ shape }) => shape);
  if (shapes.some((shape) => shape?.length === 0))
    throw new ValueError("Cannot unbatch an input with scalar components.");
  let rows: number | null = null;
  for (const n of shapes.map((shape) => shape?.[0] ?? null)) {
    if (n !== null && rows !== null && n !== rows) {
      throw new ValueError(
        `\`unbatch()\` is only supported for datasets of elements whose components have a matching leading dimension. Encountered both ${rows} and ${n}.`,
      );
    }
    rows ??= n;
  }
}

/** Throws TypeError where an iterator of one form cannot walk over elements of another. */
export function checkIterated(wanted: Nested<Spec & TypeSpec>, given: Nested<Spec>): void {
  const [a, b] = [specsOf(wanted), specsOf(given)];
  checkSameStructure(mapSpecs(wanted, legacy.types), mapSpecs(given, legacy.types));
  const shown = (specs: Nested<Spec>, of: (spec: Spec) => unknown): string => valueText(mapSpecs(specs, of));
  const fail = (what: string, of: (spec: Spec) => unknown): TypeError =>
    new TypeError(
      `Expected output ${what} ${shown(wanted, of)} but got dataset with output ${what.split(" ")[0]} ${shown(given, of)}.`,
    );
  for (const [i, spec] of a.entries()) {
    const other = b[i]!;
    if (kindOf(spec) !== kindOf(other)) throw fail("classes", (each) => classText(each));
    if (spec.dtype !== other.dtype) throw fail("types", (each) => each.dtype.repr());
    if (!compatible(spec.shape, other.shape))
      throw fail("shapes compatible with", (each) => new TensorShape(each.shape).repr());
  }
}

const classText = (spec: Spec): string =>
  spec instanceof SparseTensorSpec
    ? "<class 'tensorflow.python.framework.sparse_tensor.SparseTensor'>"
    : isTensorSpec(spec)
      ? "<class 'tensorflow.python.framework.tensor.Tensor'>"
      : String(spec);

/** Texts in lists and records, as Python prints these. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `(${value.map(valueText).join(", ")}${value.length === 1 ? "," : ""})`;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return `{${entries.map(([key, part]) => `'${key}': ${valueText(part)}`).join(", ")}}`;
}

/** What is said of a function that gives no dataset. For a tensor Python fails on an attribute that it has not. */
export const noDataset = (output: Nested<Spec>): Error =>
  isTensorSpec(output)
    ? new AttributeError("'Tensor' object has no attribute '_name'")
    : new TypeError(
        `The \`map_func\` argument must return a \`Dataset\` object. Got <class '${Array.isArray(output) ? "tuple" : "dict"}'>.`,
      );

export const notADataset = (value: unknown): TypeError =>
  new TypeError(
    `Invalid input to \`zip\`. Inputs are expected to be (nested) structures of \`tf.data.Dataset\` objects but encountered object of type <class '${pythonType(value)}'>.`,
  );

export const rangeArguments = (n: number): ValueError =>
  new ValueError(`Invalid \`args\`. The length of \`args\` should be between 1 and 3 but was ${n}.`);

/** Throws TypeError for what a transformation gave in place of a dataset. */
export const noTransformed = (value: unknown): TypeError =>
  new TypeError(
    `\`transformation_func\` must return a \`tf.data.Dataset\` object. Got <class '${pythonType(value)}'>.`,
  );
