/** An LSTM over a whole sequence as one op, and its gradient. Source: rnn_ops.cc, lstm_ops.cc, rnn_grad.py. */
import { invalidArgument } from "../../../../core/error.ts";
import { withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";
import { checkLstm, type LstmOptions, type LstmStep, type LstmWeights, lstmStep, lstmStepGradient } from "./cells.ts";

const sequenceInputs = [
  "seq_len_max: int64",
  "x: T",
  "cs_prev: T",
  "h_prev: T",
  "w: T",
  "wci: T",
  "wcf: T",
  "wco: T",
  "b: T",
] as const;
const stepNames = ["i", "cs", "f", "o", "ci", "co", "h"] as const;
const stepOutputs = ["i: T", "cs: T", "f: T", "o: T", "ci: T", "co: T", "h: T"] as const;

/** Step t of [time, ...]. */
function at(p: Lowering, x: Value, t: number): Value {
  const [, ...rest] = x.shape;
  return p.reshape(p.slice(x, [t, ...rest.map(() => 0)], [1, ...rest]), rest);
}

/** Steps as one value [time, ...]; zeros for those that did not run. */
function joined(p: Lowering, steps: readonly Value[], time: number, like: Value): Value {
  const rows = steps.map((step) => p.reshape(step, [1, ...step.shape]));
  if (steps.length < time) rows.push(p.fill(0, like.dtype, [time - steps.length, ...like.shape]));
  return rows.length === 1 ? rows[0]! : p.concat(rows, 0);
}

function stepsToRun(p: Lowering, x: Value, limit: Value): number {
  const [steps] = p.numbers(limit);
  if (steps! < 0 || steps! > x.shape[0]!) {
    throw invalidArgument(`seq_len_max must be between 0 and the time steps of x: ${steps} vs. ${x.shape[0]}`);
  }
  return steps!;
}

interface Sequence extends LstmWeights {
  readonly seq_len_max: Value;
  readonly x: Value;
  readonly cs_prev: Value;
  readonly h_prev: Value;
}

function lowerSequence(p: Lowering, given: Sequence, options: LstmOptions): Value[] {
  const { x } = given;
  const [time, batch, depth] = x.shape as [number, number, number];
  checkLstm(batch, depth, { csPrev: given.cs_prev, hPrev: given.h_prev }, given);
  const count = stepsToRun(p, x, given.seq_len_max);
  const steps: LstmStep[] = [];
  for (let t = 0; t < count; t++) {
    const { cs = given.cs_prev, h = given.h_prev } = steps.at(-1) ?? {};
    steps.push(lstmStep(p, [at(p, x, t), cs, h], given, options));
  }
  return stepNames.map((name) =>
    joined(
      p,
      steps.map((step) => step[name]),
      time,
      given.cs_prev,
    ),
  );
}

function sequenceShapes({ x, b }: { x: Tensor["shape"]; b: Tensor["shape"] }) {
  const [time, batch] = withRank(x, 3);
  const [gates] = withRank(b, 1);
  const cell = gates === null || gates === undefined ? null : gates / 4;
  if (cell !== null && !Number.isInteger(cell))
    throw invalidArgument(`Dimension size must be evenly divisible by 4 but is ${gates}`);
  return Array.from({ length: 7 }, () => [time!, batch!, cell]);
}

interface Backward extends Sequence {
  readonly i: Value;
  readonly cs: Value;
  readonly f: Value;
  readonly o: Value;
  readonly ci: Value;
  readonly co: Value;
  readonly h: Value;
  readonly cs_grad: Value;
  readonly h_grad: Value;
}

function lowerBackward(p: Lowering, given: Backward, options: Pick<LstmOptions, "gates" | "usesPeephole">): Value[] {
  const { x, w, cs_prev, h_prev } = given;
  const [time, batch, depth] = x.shape as [number, number, number];
  const n = cs_prev.shape[1]!;
  const count = stepsToRun(p, x, given.seq_len_max);
  const zero = (like: Value): Value => p.fill(0, like.dtype, like.shape);
  let dCell = zero(cs_prev);
  let dHidden = zero(h_prev);
  let dW = zero(w);
  let dB = zero(given.b);
  let peepholes = [zero(given.wci), zero(given.wcf), zero(given.wco)];
  const dX: Value[] = [];
  for (let t = count - 1; t >= 0; t--) {
    const [i, cs, f, o, ci, co] = [given.i, given.cs, given.f, given.o, given.ci, given.co].map((all) => at(p, all, t));
    const csPrev = t === 0 ? cs_prev : at(p, given.cs, t - 1);
    const hPrev = t === 0 ? h_prev : at(p, given.h, t - 1);
    const incoming = [p.add(dCell, at(p, given.cs_grad, t)), p.add(dHidden, at(p, given.h_grad, t))] as const;
    const step = { i: i!, cs: cs!, f: f!, o: o!, ci: ci!, co: co!, csPrev };
    const gradient = lstmStepGradient(p, step, given, incoming, options);
    const { dGates } = gradient;
    const both = p.matmul(dGates, w, { transposeB: true });
    dX.unshift(p.slice(both, [0, 0], [batch, depth]));
    dHidden = p.slice(both, [0, depth], [batch, n]);
    dCell = gradient.csPrev;
    dW = p.add(dW, p.matmul(p.concat([at(p, x, t), hPrev], 1), dGates, { transposeA: true }));
    dB = p.add(dB, p.sum(dGates, [0]));
    peepholes = [gradient.wci, gradient.wcf, gradient.wco].map((each, k) => p.add(peepholes[k]!, each));
  }
  return [joined(p, dX, time, at(p, x, 0)), dCell, dHidden, dW, ...peepholes, dB];
}

const gradientOutputs = [
  "x_grad: T",
  "cs_prev_grad: T",
  "h_prev_grad: T",
  "w_grad: T",
  "wci_grad: T",
  "wcf_grad: T",
  "wco_grad: T",
  "b_grad: T",
] as const;

const backwardInputs = [...sequenceInputs, ...stepOutputs, "cs_grad: T", "h_grad: T"] as const;

// biome-ignore lint/suspicious/noExplicitAny: the shapes of both gradients
const backwardShapes = ({ x, h_prev, w, wci, wcf, wco, b }: any) => {
  const state = withRank(h_prev, 2);
  const [first, second, third, bias] = [wci, wcf, wco, b].map((shape) => withRank(shape, 1));
  return [withRank(x, 3), state, state, withRank(w, 2), first!, second!, third!, bias!];
};

/** All steps of x [time, batch, depth] up to seq_len_max; zeros beyond. */
export const blockLSTMOp = defineOp("BlockLSTM", {
  inputs: sequenceInputs,
  outputs: stepOutputs,
  attrs: ["forget_bias: float = 1", "cell_clip: float = 3", "use_peephole: bool = false", "T: {half, float}"],
  shape: sequenceShapes,
  lower: (p, op) =>
    lowerSequence(p, op, {
      gates: "icfo",
      forgetBias: op.forget_bias,
      cellClip: op.cell_clip,
      usesPeephole: op.use_peephole,
    }),
  // biome-ignore lint/suspicious/noExplicitAny: the gradient tools
  gradient: (tf: any, op, ...dys) => backward(tf.blockLSTMGradOp, op, dys),
});

/**
 * As BlockLSTM with the gates in another order, and no bias of the forget gate. TensorFlow gives it BlockLSTM's gradient, which takes the
 * gates in BlockLSTM's order; BlockLSTMGradV2 has the right one.
 */
export const blockLSTMV2Op = defineOp("BlockLSTMV2", {
  inputs: sequenceInputs,
  outputs: stepOutputs,
  attrs: ["cell_clip: float = 0", "use_peephole: bool = false", "T: {half, float}"],
  shape: sequenceShapes,
  lower: (p, op) =>
    lowerSequence(p, op, { gates: "ifco", forgetBias: 0, cellClip: op.cell_clip, usesPeephole: op.use_peephole }),
  // biome-ignore lint/suspicious/noExplicitAny: the gradient tools
  gradient: (tf: any, op, ...dys) => backward(tf.blockLSTMGradOp, op, dys),
});

// biome-ignore lint/suspicious/noExplicitAny: the records of both versions
function backward(gradientOp: any, op: any, dys: readonly unknown[]): Record<string, unknown> {
  const { seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, use_peephole } = op;
  const [, cs_grad, , , , , h_grad] = dys;
  const inputs = { seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad };
  const gradients = gradientOp({ ...inputs, use_peephole });
  return {
    x: gradients.x_grad,
    cs_prev: gradients.cs_prev_grad,
    h_prev: gradients.h_prev_grad,
    w: gradients.w_grad,
    wci: gradients.wci_grad,
    wcf: gradients.wcf_grad,
    wco: gradients.wco_grad,
    b: gradients.b_grad,
  };
}

export const blockLSTMGradOp = defineOp("BlockLSTMGrad", {
  inputs: backwardInputs,
  outputs: gradientOutputs,
  attrs: ["use_peephole: bool", "T: {half, float}"],
  shape: backwardShapes,
  lower: (p, op) => lowerBackward(p, op, { gates: "icfo", usesPeephole: op.use_peephole }),
  gradient: "unregistered",
});

export const blockLSTMGradV2Op = defineOp("BlockLSTMGradV2", {
  inputs: backwardInputs,
  outputs: gradientOutputs,
  attrs: ["use_peephole: bool", "T: {half, float}"],
  shape: backwardShapes,
  lower: (p, op) => lowerBackward(p, op, { gates: "ifco", usesPeephole: op.use_peephole }),
  gradient: "unregistered",
});
