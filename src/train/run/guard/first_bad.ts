/** Which node of a step first gave a value that is not finite, for a step that can be run again as it was. */
import type { NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Session } from "../../../session/session.ts";
import type { Feed } from "../../model.ts";

const isNumber = (tensor: Tensor): boolean => tensor.dtype.isFloating && !tensor.dtype.isRef;

/** The nodes that a tensor needs, in the order of the graph; null where running them again would wait or change something. */
function nodesBefore(loss: Tensor): Operation[] | null {
  const seen = new Set<Operation>();
  const left = [loss.op];
  for (let op = left.pop(); op; op = left.pop()) {
    if (seen.has(op)) continue;
    seen.add(op);
    const { definition } = op;
    if (definition.flow || definition.call || definition.run || definition.updates.length > 0) return null;
    left.push(...op.inputs.map((tensor) => tensor.op), ...op.controlInputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

function isFinite(array: NdArray): boolean {
  const data = array.data as Float32Array;
  for (let i = 0; i < data.length; i++) if (data[i]! * 0 !== 0) return false;
  return true;
}

/** What stands out in the inputs of a node: a zero, a negative number, or how large they are. */
function remarkOn(inputs: readonly NdArray[]): string {
  let [least, most, hasZero] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  for (const { data } of inputs)
    for (const value of data as Float32Array) {
      if (value === 0) hasZero = true;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  if (hasZero) return ", input had 0";
  return least > most ? "" : `, inputs from ${Number(least.toPrecision(4))} to ${Number(most.toPrecision(4))}`;
}

/**
 * `Log in cross_entropy, input had 0`: the type of the first node whose value is not finite while its inputs are, and its place. Null where
 * the step cannot be run again, or is fine now. The caller gives variables and random numbers their values of that step before.
 */
export async function firstBadOp(sess: Session, loss: Tensor, feed: Feed | undefined): Promise<string | null> {
  const nodes = nodesBefore(loss);
  if (!nodes) return null;
  const tensors = nodes.flatMap((op) => op.outputs.filter(isNumber));
  const arrays = (await sess.run(tensors, feed ? { feedDict: feed } : undefined)) as NdArray[];
  const valueOf = new Map(tensors.map((tensor, i) => [tensor, arrays[i]!]));
  for (const op of nodes) {
    const outputs = op.outputs.flatMap((tensor) => valueOf.get(tensor) ?? []);
    const inputs = op.inputs.flatMap((tensor) => valueOf.get(tensor) ?? []);
    if (outputs.every(isFinite) || !inputs.every(isFinite)) continue;
    const scope = op.name.includes("/") ? op.name.slice(0, op.name.lastIndexOf("/")) : op.name;
    return `${op.type} in ${scope}${remarkOn(inputs)}`;
  }
  return null;
}
