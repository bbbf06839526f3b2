/** The words of eager execution for what goes wrong. Source: pywrap_tfe_src.cc, execute.cc, ops.py. */

import type { DType } from "../core/dtype.ts";
import { invalidArgument, OpError, opError, TypeError } from "../core/error.ts";
import { cppName } from "../graph/def/node_text.ts";
import type { OpDefinition } from "../graph/definition.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { isSymbolic } from "../ops/convert.ts";
import { EagerTensor } from "./tensor.ts";

const place = "/job:localhost/replica:0/task:0/device:CPU:0";

/** Names that TensorFlow's functions hand on although nobody gave them. */
const handedOn: ReadonlySet<string> = new Set(["concat", "stack", "split", "unstack"]);
const ownScopes: ReadonlySet<string> = new Set(["floordiv"]);

/** The name as TensorFlow tells it: scopes that its functions open are none where ops run at once, but for that of slices. */
function nameText(name: string | null | undefined): string {
  if (!name) return "";
  const own = name.replace(/\/$/, "").split("/").at(-1)!;
  if (own === "strided_slice") return name;
  if (handedOn.has(own)) return own;
  return name.endsWith("/") || ownScopes.has(name) ? "" : name;
}

/** Is it a list or a text where a tensor is wanted? TensorFlow then takes another way, which does not tell the name. */
function isPlain(value: unknown): boolean {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  return Array.isArray(value) && !value.every((item) => isSymbolic(item));
}

/** The error without the node's name behind it. */
function withoutNode(error: OpError): OpError {
  const { cause } = error;
  return cause instanceof OpError && error.message.startsWith(cause.message) ? withoutNode(cause) : error;
}

/** A kernel's error with the op. */
export function raised(
  given: OpError,
  op: Operation,
  record: Record<string, unknown>,
  name: string | null | undefined,
): OpError {
  const error = withoutNode(given);
  const { type, definition } = op;
  const counts = new Map<string, unknown>();
  for (const { numberAttr, typeListAttr } of [...definition.inputs, ...definition.outputs]) {
    if (numberAttr) counts.set(numberAttr, op.plainAttrs[numberAttr]);
    if (typeListAttr) counts.set(typeListAttr, (op.plainAttrs[typeListAttr] as readonly unknown[]).length);
  }
  const kind = [type, ...[...counts].map(([attr, count]) => `${attr}_${String(count)}`)].join("_");
  const suffix = definition.inputs.some((input) => isPlain(record[input.name])) ? "" : ` name: ${nameText(name)}`;
  const text = `{{function_node __wrapped__${kind}_device_${place}}} ${error.message} [Op:${type}]${suffix}`;
  return opError(error.code, text, { cause: error });
}

/** Throws INVALID_ARGUMENT for tensors of two dtypes where one is wanted. */
export function mixedDtypes(definition: OpDefinition, record: Record<string, unknown>): void {
  const first = new Map<string, DType>();
  for (const [i, input] of definition.inputs.entries()) {
    const value = record[input.name];
    if (!input.typeAttr || !isSymbolic(value) || !("dtype" in value)) continue;
    const { dtype } = value as Tensor;
    const wanted = first.get(input.typeAttr) ?? dtype;
    first.set(input.typeAttr, wanted);
    if (wanted.baseDtype === dtype.baseDtype) continue;
    throw invalidArgument(
      `cannot compute ${definition.type} as input #${i}(zero-based) was expected to be a ${cppName(wanted)} tensor but is a ${cppName(dtype)} tensor [Op:${definition.type}] name: `,
    );
  }
}

/** Throws TypeError for a tensor of a graph. */
export function strangers(inputs: readonly Tensor[]): void {
  for (const input of inputs) {
    if (input instanceof EagerTensor) continue;
    throw new TypeError(
      `${input.repr()} is out of scope and cannot be used here. Use return values, explicit Python locals or TensorFlow collections to access it.\nPlease see https://www.tensorflow.org/guide/function#all_outputs_of_a_tffunction_must_be_return_values for more information.`,
    );
  }
}
