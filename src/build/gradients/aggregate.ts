/** Sums of the gradients that reach one tensor from several uses. Source: gradients_util.py, backprop_util.py. */
import { int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { addN, cast, concat } from "../../ops/index.ts";

export type Gradient = Tensor | IndexedSlices;

/** How several gradients of one tensor are added: all at once, or one after the other. */
export const AggregationMethod = { ADD_N: 0, DEFAULT: 0, EXPERIMENTAL_TREE: 1, EXPERIMENTAL_ACCUMULATE_N: 2 } as const;
export type AggregationMethod = 0 | 1 | 2;

/** Gradients that arrived (a list), their sum, or null for none; one for each output of an operation. */
export type Slot = Gradient[] | Gradient | null;

/** The gradients that have arrived at the outputs of each operation. */
export class GradientTable {
  readonly #slots = new Map<Operation, Slot[]>();

  /** A loop's Switch has its sum already when the gradient of the back edge comes: that one replaces it. */
  add(tensor: Tensor, gradient: Gradient): void {
    let slots = this.#slots.get(tensor.op);
    if (!slots) {
      slots = tensor.op.outputs.map(() => []);
      this.#slots.set(tensor.op, slots);
    }
    const slot = slots[tensor.valueIndex]!;
    if (Array.isArray(slot)) slot.push(gradient);
    else slots[tensor.valueIndex] = gradient;
  }

  /** The slots of an operation: changes to them stay if any gradient has arrived. */
  slots(op: Operation): Slot[] {
    return this.#slots.get(op) ?? op.outputs.map(() => []);
  }

  get(tensor: Tensor): Gradient | null {
    const slot = this.#slots.get(tensor.op)?.[tensor.valueIndex] ?? null;
    if (Array.isArray(slot)) throw new Error(`bug: the gradients of ${tensor.name} have not been added up`);
    return slot;
  }

  hasAny(op: Operation): boolean {
    return this.slots(op).some((slot) => slot !== null && (!Array.isArray(slot) || slot.length > 0));
  }
}

/** Replaces the lists of an operation's outputs by their sums, in place. */
export function aggregate(table: GradientTable, op: Operation, method: AggregationMethod | undefined): Slot[] {
  const chosen = method ?? AggregationMethod.DEFAULT;
  if (![0, 1, 2].includes(chosen)) {
    throw new ValueError(`Invalid \`aggregation_method\` specified ${chosen}. Accepted values are [0, 1, 2].`);
  }
  const slots = table.slots(op);
  for (const [i, slot] of slots.entries()) {
    if (!Array.isArray(slot)) continue;
    slots[i] = slot.length === 0 ? null : slot.length === 1 ? slot[0]! : sum(slot, op, chosen);
  }
  return slots;
}

function sum(gradients: readonly Gradient[], op: Operation, method: AggregationMethod): Gradient {
  if (!gradients.every((gradient) => gradient instanceof Tensor)) return sumSlices(gradients);
  if (method === AggregationMethod.ADD_N) return addByDevice(gradients);
  return getDefaultGraph().nameScope(`${op.name}_gradient_sum`, () =>
    gradients.reduce((total, next) => addN([total, next])),
  );
}

/** One AddN on each device, beside its first term, and one for those sums. */
function addByDevice(gradients: readonly Tensor[]): Tensor {
  const byDevice = new Map<string, Tensor[]>();
  for (const gradient of gradients) {
    const terms = byDevice.get(gradient.device);
    if (terms) terms.push(gradient);
    else byDevice.set(gradient.device, [gradient]);
  }
  const sums = [...byDevice]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, terms]) => getDefaultGraph().colocateWith(terms[0]!.op, () => addN(terms), { ignoreExisting: true }));
  return addN(sums);
}

/** Rows of several gathers joined: their sum. A dense gradient among them makes all dense. */
export function sumSlices(gradients: readonly Gradient[]): Gradient {
  if (gradients.some((gradient) => gradient instanceof Tensor)) return addN([...gradients]);
  const slices = sameIndexType(gradients as readonly IndexedSlices[]);
  return new IndexedSlices(
    concat(
      slices.map((each) => each.values),
      0,
    ),
    concat(
      slices.map((each) => each.indices),
      0,
    ),
    slices[0]!.denseShape,
  );
}

function sameIndexType(slices: readonly IndexedSlices[]): readonly IndexedSlices[] {
  const small = slices.filter((each) => each.indices.dtype === int32);
  if (small.length === 0 || small.length === slices.length) return slices;
  return slices.map((each) =>
    each.indices.dtype === int32 ? new IndexedSlices(each.values, cast(each.indices, int64), each.denseShape) : each,
  );
}
