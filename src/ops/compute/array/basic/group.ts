/** Nodes that stand for "all of these are done": NoOp, group, tuple. */
import { TypeError, ValueError } from "../../../../core/error.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { IndexedSlices } from "../../../../graph/indexed_slices.ts";
import { Operation } from "../../../../graph/operation.ts";
import { SparseTensor } from "../../../../graph/sparse_tensor.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../../convert.ts";
import { defineOp } from "../../../define.ts";
import { identityOp } from "./identity.ts";
import { inScope, type Name, type Named, nameOf } from "./names.ts";

/** Does nothing; others wait for it and it waits for others. */
export const noOpOp = defineOp("NoOp", {
  shape: () => [],
  lower: () => [],
  gradient: "unregistered",
});

/** An operation that does nothing: something to wait for. */
export const noOp = (name?: Name): Operation => noOpOp({}, nameOf(name));

/** What `group` takes; lists nest. Null entries and the like are errors. */
export type Groupable =
  | Operation
  | Tensor
  | IndexedSlices
  | SparseTensor
  | { readonly op: Operation }
  | readonly Groupable[];

const isDevicePlaced = (item: unknown): item is Operation | Tensor =>
  item instanceof Operation ||
  item instanceof Tensor ||
  (typeof item === "object" && item !== null && "device" in item);

function components(item: Groupable): readonly unknown[] {
  if (Array.isArray(item)) return item.flatMap(components);
  if (item instanceof IndexedSlices)
    return item.denseShape ? [item.values, item.indices, item.denseShape] : [item.values, item.indices];
  if (item instanceof SparseTensor) return [item.indices, item.values, item.denseShape];
  return [item];
}

/**
 * An operation that is done when all inputs are. Inputs on several devices are grouped device by device first, in the order of the
 * devices' names. The last argument may be `{ name }`. Source: control_flow_ops.py.
 */
export function group(...args: readonly (Groupable | Named | undefined)[]): Operation {
  const last = args.at(-1);
  const isOptions =
    typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype && !("op" in last);
  const inputs = (isOptions || last === undefined ? args.slice(0, -1) : args) as readonly Groupable[];
  const name = isOptions ? (last as Named).name : undefined;
  return inScope(name, "group_deps", (scope) => {
    const items = inputs.flatMap(components);
    if (items.length === 0) return noOpOp({}, scope);
    const byDevice = new Map<string, (Operation | Tensor)[]>();
    for (const item of items) {
      if (!isDevicePlaced(item)) {
        throw new TypeError(
          `'inputs' should be zero or more (nested) Tensors. Received '${String(item)}' with type '${item === null ? "NoneType" : typeof item}'.`,
        );
      }
      const { device } = item;
      byDevice.set(device, [...(byDevice.get(device) ?? []), item]);
    }
    const devices = [...byDevice.keys()].sort();
    if (devices.length === 1) return gate(devices[0]!, byDevice.get(devices[0]!)!, scope);
    const gates = devices.map((device) => gate(device, byDevice.get(device)!, undefined));
    return getDefaultGraph().controlDependencies(gates, () => noOpOp({}, scope));
  });
}

const gate = (device: string, inputs: readonly (Operation | Tensor)[], name: string | undefined): Operation =>
  getDefaultGraph().controlDependencies(inputs, () => getDefaultGraph().device(device, () => noOpOp({}, name)));

/** The tensor, once the dependencies are done: an Identity beside the tensor's op. */
export function withDependencies<T extends Tensor | IndexedSlices>(
  dependencies: readonly (Operation | Tensor)[],
  output: T,
  options: Named = {},
): T {
  return inScope(options.name, "control_dependency", (scope) => {
    const graph = getDefaultGraph();
    return graph.colocateWith(output.op, () =>
      graph.controlDependencies(dependencies, () => {
        if (output instanceof IndexedSlices) {
          return new IndexedSlices(identityOp({ input: output.values }, scope), output.indices, output.denseShape) as T;
        }
        return identityOp({ input: output as Tensor }, scope) as T;
      }),
    );
  });
}

type Gated<T> = T extends Operation
  ? Operation
  : T extends null
    ? null
    : T extends IndexedSlices
      ? IndexedSlices
      : Tensor;

/** The tensors, each available only when all are computed (and `controlInputs` are done). Source: control_flow_ops.py. */
export function tuple<const T extends readonly (TensorLike | IndexedSlices | Operation | null)[]>(
  tensors: T,
  options: { readonly controlInputs?: readonly (Operation | Tensor)[] } & Named = {},
): { -readonly [K in keyof T]: Gated<T[K]> } {
  return inScope(options.name, "tuple", () => {
    const items = tensors.map((item) =>
      item === null || item instanceof Operation || item instanceof IndexedSlices
        ? item
        : isSymbolic(item)
          ? convertToTensor(item)
          : convertToTensor(item as TensorLike),
    );
    const gating = new Set<Operation>();
    for (const item of items) if (item !== null) gating.add(item instanceof Operation ? item : item.op);
    for (const input of options.controlInputs ?? []) gating.add(input instanceof Tensor ? input.op : input);
    if (gating.size === 0)
      throw new ValueError(`'tensors' must have at least one Tensor. Received: [${items.map(String).join(", ")}].`);
    const all = group(...[...gating].sort((a, b) => a.id - b.id));
    return items.map((item) => {
      if (item === null) return null;
      if (item instanceof Operation) return getDefaultGraph().controlDependencies([all], () => group(item));
      return withDependencies([all], item);
    }) as never;
  });
}
