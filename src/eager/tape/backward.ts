/** The gradients of what a tape has written down, from the last op to the first. Source: tape.h, ComputeGradient; imperative_grad.py. */

import { sumSlices } from "../../build/gradients/aggregate.ts";
import { gradientKind, gradientOf } from "../../build/gradients/gradients.ts";
import { isTrainable } from "../../build/gradients/pending.ts";
import { LookupError } from "../../core/error.ts";
import type { AttrValue } from "../../graph/attr.ts";
import type { AttrPlain } from "../../graph/definition.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Gradient } from "../../graph/op/gradients.ts";
import { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { addN, zerosLike } from "../../ops/index.ts";
import type { Recorded } from "./recording.ts";

const none = new Map<string, AttrValue>();

/** An op that ran, with what it took and gave: what gradient functions look at. */
class RanOperation extends Operation {
  readonly #inputs: readonly Tensor[];
  readonly #kernel: Operation;

  constructor({ op, inputs, outputs }: Recorded) {
    const { graph, name, definition } = op;
    super({ graph, name, definition, id: 0, inputs: [], controlInputs: [], attrs: none, device: "", trace: undefined });
    this.#inputs = inputs;
    this.#kernel = op;
    (this.outputs as Tensor[]).push(...outputs);
  }

  override get inputs(): readonly Tensor[] {
    return this.#inputs;
  }

  override get attrs(): ReadonlyMap<string, AttrValue> {
    return this.#kernel.attrs;
  }

  override get plainAttrs(): Readonly<Record<string, AttrPlain>> {
    return this.#kernel.plainAttrs;
  }

  override getAttr<T extends AttrPlain = AttrPlain>(name: string): T {
    return this.#kernel.getAttr(name);
  }
}

type Incoming = Map<Tensor, Gradient[]>;

/**
 * For each source the sum over targets of their gradients, begun with `seeds` (one for each target); null without a path.
 * Throws LookupError for an op on the way that has no gradient.
 */
export function backward(
  entries: readonly Recorded[],
  targets: readonly Tensor[],
  seeds: readonly Gradient[],
  sources: readonly Tensor[],
): (Gradient | null)[] {
  const reached = new Set<Tensor>(sources);
  const between: Recorded[] = [];
  for (const entry of entries) {
    if (!entry.inputs.some((input) => reached.has(input))) continue;
    between.push(entry);
    for (const output of entry.outputs) if (isTrainable(output.dtype)) reached.add(output);
  }
  const incoming: Incoming = new Map();
  for (const [i, target] of targets.entries()) add(incoming, target, seeds[i]!);
  const wanted = new Set(sources);
  for (let i = between.length - 1; i >= 0; i--) through(between[i]!, incoming, reached, wanted);
  return sources.map((source) => sumOf(incoming, source));
}

function through(entry: Recorded, incoming: Incoming, reached: ReadonlySet<Tensor>, wanted: ReadonlySet<Tensor>): void {
  const { inputs, outputs, op } = entry;
  if (!outputs.some((output) => incoming.has(output))) return;
  const dys: (Gradient | null)[] = outputs.map((output) => {
    const sum = sumOf(incoming, output);
    if (!wanted.has(output)) incoming.delete(output);
    return sum;
  });
  let found: readonly (Gradient | null)[];
  if (entry.backward) found = entry.backward(dys);
  else {
    const ran = new RanOperation(entry);
    const kind = gradientKind(ran);
    if (kind === "none") return;
    if (kind === "unregistered") throw new LookupError(`gradient registry has no entry for: ${op.type}`);
    for (const [i, dy] of dys.entries())
      if (dy === null && isTrainable(outputs[i]!.dtype)) dys[i] = zerosOf(outputs[i]!);
    found = gradientOf(ran, dys);
  }
  for (const [i, input] of inputs.entries()) {
    const gradient = found[i];
    if (gradient && reached.has(input)) add(incoming, input, gradient);
  }
}

function zerosOf(output: Tensor): Tensor | null {
  return output.dtype.base === "resource" || output.dtype.base === "variant" ? null : zerosLike(output);
}

function add(incoming: Incoming, tensor: Tensor, gradient: Gradient): void {
  const list = incoming.get(tensor);
  if (list) list.push(gradient);
  else incoming.set(tensor, [gradient]);
}

/** The sum of what arrived, kept as one gradient; null for nothing. */
function sumOf(incoming: Incoming, tensor: Tensor): Gradient | null {
  const list = incoming.get(tensor);
  if (!list) return null;
  if (list.length > 1) {
    const sum = list.some((each) => each instanceof IndexedSlices) ? sumSlices(list) : addN(list as Tensor[]);
    incoming.set(tensor, [sum]);
    return sum;
  }
  return list[0]!;
}
