/** Steps of a recurrent layer, one after another: unrolled, or as a loop. Source: tf_keras/src/backend.py, rnn. */
import { bool } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import {
  cast,
  constant,
  expandDims,
  reverse,
  shape as shapeOf,
  stack,
  TensorArray,
  tile,
  transpose,
  unstack,
  where,
  zerosLike,
} from "../../../../ops/index.ts";
import { whileLoop } from "../../../control_flow/while_loop.ts";

export type Step = (input: Tensor, states: readonly Tensor[]) => readonly [output: Tensor, states: readonly Tensor[]];

export interface StepsOptions {
  readonly goBackwards?: boolean;
  /** bool [batch, time]. */
  readonly mask?: Tensor | null;
  readonly unroll?: boolean;
  readonly timeMajor?: boolean;
  /** Steps that the mask leaves out give zeros; else what the step before gave. */
  readonly zeroOutputForMask?: boolean;
}

interface Stepped {
  readonly lastOutput: Tensor;
  /** [batch, time, …], or [time, batch, …] when the inputs are so. */
  readonly outputs: Tensor;
  readonly states: readonly Tensor[];
}

const swapped = (x: Tensor): Tensor =>
  transpose(x, { perm: [1, 0, ...Array.from({ length: x.shape!.length - 2 }, (_, i) => i + 2)] });

/** mask [batch] where x is [batch, …]: as wide as x. */
const spread = (mask: Tensor, x: Tensor): Tensor => {
  let wide = mask;
  for (let i = mask.shape!.length; i < x.shape!.length; i++) wide = expandDims(wide, -1);
  const sizes = x.shape!.slice(1);
  return sizes.every((d) => d !== null)
    ? tile(wide, [1, ...sizes])
    : wide.logicalOr(zerosLike(cast(x, bool) as Tensor));
};

const choose = (mask: Tensor, x: Tensor, otherwise: Tensor): Tensor => where(spread(mask, x), x, otherwise) as Tensor;

/** Runs `step` over the time of inputs [batch, time, …] from the given states. Throws ValueError when unrolled over an unknown time. */
export function runSteps(step: Step, given: Tensor, initial: readonly Tensor[], options: StepsOptions = {}): Stepped {
  const { goBackwards = false, timeMajor = false, unroll = false, zeroOutputForMask = false } = options;
  const inputs = timeMajor ? given : swapped(given);
  const mask = options.mask ? (timeMajor ? options.mask : swapped(options.mask)) : null;
  const run = { step, inputs, mask, initial, goBackwards, zeroOutputForMask };
  const { lastOutput, outputs, states } = unroll ? unrolled(run) : looped(run);
  const [time, batch] = inputs.shape!;
  outputs.setShape([time!, batch!, ...lastOutput.shape!.slice(1)]);
  return { lastOutput, outputs: timeMajor ? outputs : swapped(outputs), states };
}

interface Run {
  readonly step: Step;
  readonly inputs: Tensor;
  readonly mask: Tensor | null;
  readonly initial: readonly Tensor[];
  readonly goBackwards: boolean;
  readonly zeroOutputForMask: boolean;
}

function unrolled({ step, inputs, mask, initial, goBackwards, zeroOutputForMask }: Run): Stepped {
  if (!inputs.shape![0]) throw new ValueError("Unrolling requires a fixed number of timesteps.");
  const inOrder = (x: Tensor): Tensor[] => (goBackwards ? unstack(x).reverse() : unstack(x));
  const steps = inOrder(inputs);
  const masks = mask && inOrder(mask);
  let states = initial;
  const outputs: Tensor[] = [];
  for (const [t, input] of steps.entries()) {
    const [output, next] = step(input, states);
    const kept = masks?.[t];
    if (kept) {
      const before = outputs.at(-1);
      outputs.push(choose(kept, output, zeroOutputForMask || !before ? zerosLike(output) : before));
      states = next.map((state, i) => choose(kept, state, states[i]!));
    } else {
      outputs.push(output);
      states = next;
    }
  }
  return { lastOutput: outputs.at(-1)!, outputs: stack(outputs), states };
}

function looped({ step, inputs, mask, initial, goBackwards, zeroOutputForMask }: Run): Stepped {
  const time = shapeOf(inputs).at(0);
  const inOrder = (x: Tensor): Tensor => (goBackwards ? reverse(x, [0]) : x);
  const arrayOf = (x: Tensor, name: string): TensorArray =>
    new TensorArray(x.dtype, { size: time, tensorArrayName: name }).unstack(inOrder(x));
  const input = arrayOf(inputs, "input_ta_0");
  const kept = mask && arrayOf(mask, "mask_ta");
  const [first] = step(inputs.at(0), initial);
  const output = new TensorArray(first.dtype, {
    size: time,
    elementShape: first.shape,
    tensorArrayName: "output_ta_0",
  });
  const zero = mask && zerosLike(first);
  const body = (t: Tensor, written: TensorArray, before: Tensor | null, states: readonly Tensor[]) => {
    const [y, next] = step(input.read(t), states);
    for (const [i, state] of next.entries()) state.setShape(states[i]!.shape);
    if (!kept) return { t: t.add(1), written: written.write(t, y), y, next };
    const isKept = kept.read(t);
    const shown = choose(isKept, y, zeroOutputForMask ? zero! : before!);
    const states2 = next.map((state, i) => choose(isKept, state, states[i]!));
    return { t: t.add(1), written: written.write(t, shown), y: shown, next: states2 };
  };
  const start = constant(0, { name: "time" });
  const settings = { parallelIterations: 32, swapMemory: true };
  const goesOn = (t: Tensor) => t.less(time);
  let results: readonly unknown[];
  if (zero) {
    const loop = (t: Tensor, written: TensorArray, before: Tensor, ...states: Tensor[]) => {
      const after = body(t, written, before, states);
      return [after.t, after.written, after.y, ...after.next];
    };
    const all = whileLoop(goesOn, loop, [start, output, zero, ...initial], settings) as unknown as unknown[];
    results = [all[0], all[1], ...all.slice(3)];
  } else {
    const loop = (t: Tensor, written: TensorArray, ...states: Tensor[]) => {
      const after = body(t, written, null, states);
      return [after.t, after.written, ...after.next];
    };
    results = whileLoop(goesOn, loop, [start, output, ...initial], settings) as unknown as unknown[];
  }
  const [, array, ...states] = results as [Tensor, TensorArray, ...Tensor[]];
  const outputs = array.stack();
  const lastOutput = outputs.at(-1);
  lastOutput.setShape(first.shape);
  return { lastOutput, outputs, states };
}
