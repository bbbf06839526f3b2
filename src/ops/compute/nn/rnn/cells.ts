/** One step of an LSTM or a GRU as one op, and its gradient, as tf.contrib.rnn registers it. Source: rnn_ops.cc, lstm_ops.h, gru_ops.h, contrib/rnn lstm_ops.py. */
import { invalidArgument, ValueError } from "../../../../core/error.ts";
import { withRank } from "../../../../core/shape.ts";
import type { Lowering } from "../../../../engine/lowering.ts";
import type { Value } from "../../../../engine/primitive.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { defineOp } from "../../../define.ts";

/** Where the gates lie side by side: input, cell, forget, output; or input, forget, cell, output. */
export type Gates = "icfo" | "ifco";

export interface LstmWeights {
  readonly w: Value;
  readonly wci: Value;
  readonly wcf: Value;
  readonly wco: Value;
  readonly b: Value;
}

export interface LstmOptions {
  readonly gates: Gates;
  readonly forgetBias: number;
  /** 0 or less: no clipping. */
  readonly cellClip: number;
  readonly usesPeephole: boolean;
}

export interface LstmStep {
  readonly i: Value;
  readonly cs: Value;
  readonly f: Value;
  readonly o: Value;
  readonly ci: Value;
  readonly co: Value;
  readonly h: Value;
}

const columns = (p: Lowering, x: Value, from: number, n: number): Value => p.slice(x, [0, from], [x.shape[0]!, n]);
const oneLess = (p: Lowering, x: Value): Value => p.sub(p.scalar(1, x.dtype), x);

export function same(what: string, actual: number, wanted: number, name: string): void {
  if (actual !== wanted) throw invalidArgument(`${what} != ${name}: ${actual} vs. ${wanted}`);
}

/** Throws INVALID_ARGUMENT where the sizes of states and weights do not belong together. */
export function checkLstm(batch: number, depth: number, states: { csPrev: Value; hPrev: Value }, weights: LstmWeights) {
  const cell = states.csPrev.shape[1]!;
  same("cs_prev.dims(0)", states.csPrev.shape[0]!, batch, "batch_size");
  same("h_prev.dims(0)", states.hPrev.shape[0]!, batch, "batch_size");
  same("h_prev.dims(1)", states.hPrev.shape[1]!, cell, "cell_size");
  same("w.dim_size(0)", weights.w.shape[0]!, depth + cell, "input_size + cell_size");
  same("w.dim_size(1)", weights.w.shape[1]!, cell * 4, "cell_size * 4");
  same("b.dim_size(0)", weights.b.shape[0]!, cell * 4, "cell_size * 4");
}

/** i, ci, f, o = [x, h] w + b, with peepholes if wanted; cs = i ci + f cs_prev, clipped; co = tanh(cs); h = o co. */
export function lstmStep(
  p: Lowering,
  [x, csPrev, hPrev]: readonly [Value, Value, Value],
  weights: LstmWeights,
  { gates, forgetBias, cellClip, usesPeephole }: LstmOptions,
): LstmStep {
  const n = csPrev.shape[1]!;
  const { dtype } = x;
  const all = p.add(p.matmul(p.concat([x, hPrev], 1), weights.w), weights.b);
  const gate = (name: string): Value => columns(p, all, gates.indexOf(name) * n, n);
  const peep = (value: Value, weight: Value, seen: Value): Value =>
    usesPeephole ? p.add(value, p.mul(seen, weight)) : value;
  const i = p.sigmoid(peep(gate("i"), weights.wci, csPrev));
  const f = p.sigmoid(peep(p.add(gate("f"), p.scalar(forgetBias, dtype)), weights.wcf, csPrev));
  const ci = p.tanh(gate("c"));
  const free = p.add(p.mul(i, ci), p.mul(f, csPrev));
  const clip = p.scalar(cellClip, dtype);
  const cs = cellClip > 0 ? p.min(p.max(free, p.neg(clip)), clip) : free;
  const co = p.tanh(cs);
  const o = p.sigmoid(peep(gate("o"), weights.wco, cs));
  return { i, cs, f, o, ci, co, h: p.mul(o, co) };
}

export interface LstmGradient {
  readonly dGates: Value;
  readonly csPrev: Value;
  readonly wci: Value;
  readonly wcf: Value;
  readonly wco: Value;
}

/** Back through one step: gradients of the gates' inputs, of the cell before, and of the peepholes. Clipping is passed as if it were not. */
export function lstmStepGradient(
  p: Lowering,
  step: Omit<LstmStep, "h"> & { readonly csPrev: Value },
  weights: Pick<LstmWeights, "wci" | "wcf" | "wco">,
  [csGrad, hGrad]: readonly [Value, Value],
  { gates, usesPeephole }: Pick<LstmOptions, "gates" | "usesPeephole">,
): LstmGradient {
  const { i, cs, f, o, ci, co, csPrev } = step;
  const sigmoidSlope = (y: Value): Value => p.mul(y, oneLess(p, y));
  const tanhSlope = (y: Value): Value => oneLess(p, p.square(y));
  const dO = p.mul(p.mul(sigmoidSlope(o), hGrad), co);
  const through = p.add(p.mul(p.mul(tanhSlope(co), hGrad), o), csGrad);
  const dcs = usesPeephole ? p.add(through, p.mul(dO, weights.wco)) : through;
  const dci = p.mul(p.mul(tanhSlope(ci), dcs), i);
  const df = p.mul(p.mul(sigmoidSlope(f), dcs), csPrev);
  const di = p.mul(p.mul(sigmoidSlope(i), dcs), ci);
  const before = p.mul(dcs, f);
  const peeped = (d: Value, seen: Value): Value =>
    usesPeephole ? p.sum(p.mul(d, seen), [0]) : p.fill(0, d.dtype, [d.shape[1]!]);
  const parts: Record<string, Value> = { i: di, c: dci, f: df, o: dO };
  return {
    dGates: p.concat(
      [...gates].map((name) => parts[name]!),
      1,
    ),
    csPrev: usesPeephole ? p.add(before, p.add(p.mul(di, weights.wci), p.mul(df, weights.wcf))) : before,
    wci: peeped(di, csPrev),
    wcf: peeped(df, csPrev),
    wco: peeped(dO, cs),
  };
}

const lstmInputs = ["x: T", "cs_prev: T", "h_prev: T", "w: T", "wci: T", "wcf: T", "wco: T", "b: T"] as const;

/** One step: x [batch, depth], cs_prev and h_prev [batch, cell], w [depth + cell, 4 cell]. All outputs are [batch, cell]. */
export const lstmBlockCellOp = defineOp("LSTMBlockCell", {
  inputs: lstmInputs,
  outputs: ["i: T", "cs: T", "f: T", "o: T", "ci: T", "co: T", "h: T"],
  attrs: ["forget_bias: float = 1", "cell_clip: float = 3", "use_peephole: bool = false", "T: {half, float}"],
  shape({ x, cs_prev }) {
    const [batch] = withRank(x, 2);
    const [, cell] = withRank(cs_prev, 2);
    return Array.from({ length: 7 }, () => [batch!, cell!]);
  },
  lower(p, { x, cs_prev, h_prev, w, wci, wcf, wco, b, forget_bias, cell_clip, use_peephole }) {
    const weights = { w, wci, wcf, wco, b };
    checkLstm(x.shape[0]!, x.shape[1]!, { csPrev: cs_prev, hPrev: h_prev }, weights);
    const { i, cs, f, o, ci, co, h } = lstmStep(p, [x, cs_prev, h_prev], weights, {
      gates: "icfo",
      forgetBias: forget_bias,
      cellClip: cell_clip,
      usesPeephole: use_peephole,
    });
    return [i, cs, f, o, ci, co, h];
  },
  gradient(tf, op, _i, csGrad, _f, _o, _ci, _co, hGrad): LstmCellGradients {
    const { x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, use_peephole } = op;
    const given = { x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad: csGrad!, h_grad: hGrad! };
    const [batch, depth] = knownSizes(x, "input_size", "x");
    const [, cell] = knownSizes(cs_prev, "cell_size", "cs_prev");
    const back = tf.lstmBlockCellGradOp({ ...given, use_peephole });
    const both = tf.matmul(back.dicfo, w, { transposeB: true });
    const dx = tf.slice(both, [0, 0], [batch, depth]);
    const dh = tf.slice(both, [0, depth], [batch, cell]);
    const dw = tf.matmul(tf.concat([x, h_prev], 1), back.dicfo, { transposeA: true });
    return {
      x: dx,
      cs_prev: back.cs_prev_grad,
      h_prev: dh,
      w: dw,
      wci: back.wci_grad,
      wcf: back.wcf_grad,
      wco: back.wco_grad,
      b: tf.biasAddGradOp({ out_backprop: back.dicfo }),
    };
  },
});

type LstmCellGradients = Record<"x" | "cs_prev" | "h_prev" | "w" | "wci" | "wcf" | "wco" | "b", Tensor>;

/** [rows or -1, columns] of a matrix. Throws ValueError where the columns are not known. */
function knownSizes({ shape }: Tensor, name: string, of: string): [number, number] {
  const [rows, columns] = withRank(shape, 2);
  if (columns === null || columns === undefined) throw new ValueError(`${name} from \`${of}\` should not be None.`);
  return [rows ?? -1, columns];
}

export const lstmBlockCellGradOp = defineOp("LSTMBlockCellGrad", {
  inputs: [...lstmInputs, "i: T", "cs: T", "f: T", "o: T", "ci: T", "co: T", "cs_grad: T", "h_grad: T"],
  outputs: ["cs_prev_grad: T", "dicfo: T", "wci_grad: T", "wcf_grad: T", "wco_grad: T"],
  attrs: ["use_peephole: bool", "T: {half, float}"],
  shape({ x, cs_prev, w, wci, wcf, wco }) {
    const [batch] = withRank(x, 2);
    const [, cell] = withRank(cs_prev, 2);
    const [, gates] = withRank(w, 2);
    return [[batch!, cell!], [batch!, gates!], withRank(wci, 1), withRank(wcf, 1), withRank(wco, 1)];
  },
  lower(p, { cs_prev, wci, wcf, wco, i, cs, f, o, ci, co, cs_grad, h_grad, use_peephole }) {
    const step = { i, cs, f, o, ci, co, csPrev: cs_prev };
    const gradient = lstmStepGradient(p, step, { wci, wcf, wco }, [cs_grad, h_grad], {
      gates: "icfo",
      usesPeephole: use_peephole,
    });
    return [gradient.csPrev, gradient.dGates, gradient.wci, gradient.wcf, gradient.wco];
  },
  gradient: "unregistered",
});

/** r, u = sigmoid([x, h_prev] w_ru + b_ru); c = tanh([x, h_prev r] w_c + b_c); h = u h_prev + (1 - u) c. */
export const gruBlockCellOp = defineOp("GRUBlockCell", {
  inputs: ["x: T", "h_prev: T", "w_ru: T", "w_c: T", "b_ru: T", "b_c: T"],
  outputs: ["r: T", "u: T", "c: T", "h: T"],
  attrs: ["T: {float}"],
  shape({ x, h_prev }) {
    const [batch] = withRank(x, 2);
    const [, cell] = withRank(h_prev, 2);
    return Array.from({ length: 4 }, () => [batch!, cell!]);
  },
  lower(p, { x, h_prev, w_ru, w_c, b_ru, b_c }) {
    const [batch, depth] = x.shape as [number, number];
    const n = h_prev.shape[1]!;
    same("h_prev.dims(0)", h_prev.shape[0]!, batch, "batch_size");
    same("w_ru.dim_size(0)", w_ru.shape[0]!, depth + n, "input_size + cell_size");
    same("w_ru.dim_size(1)", w_ru.shape[1]!, n * 2, "cell_size * 2");
    same("w_c.dim_size(0)", w_c.shape[0]!, depth + n, "input_size + cell_size");
    same("w_c.dim_size(1)", w_c.shape[1]!, n, "cell_size");
    same("b_ru.dim_size(0)", b_ru.shape[0]!, n * 2, "cell_size * 2");
    same("b_c.dim_size(0)", b_c.shape[0]!, n, "cell_size");
    const gates = p.sigmoid(p.add(p.matmul(p.concat([x, h_prev], 1), w_ru), b_ru));
    const r = columns(p, gates, 0, n);
    const u = columns(p, gates, n, n);
    const c = p.tanh(p.add(p.matmul(p.concat([x, p.mul(h_prev, r)], 1), w_c), b_c));
    return [r, u, c, p.add(p.mul(u, h_prev), p.mul(oneLess(p, u), c))];
  },
  gradient(tf, { x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c }, _r, _u, _c, dy): GruCellGradients {
    const back = tf.gruBlockCellGradOp({ x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h: dy! });
    const both = tf.concat([x, h_prev], 1);
    const gates = tf.matmul(both, back.d_r_bar_u_bar, { transposeA: true });
    const gatesBias = tf.biasAddGradOp({ out_backprop: back.d_r_bar_u_bar });
    const reset = tf.concat([x, h_prev.mul(r)], 1);
    const candidate = tf.matmul(reset, back.d_c_bar, { transposeA: true });
    const candidateBias = tf.biasAddGradOp({ out_backprop: back.d_c_bar });
    return { x: back.d_x, h_prev: back.d_h_prev, w_ru: gates, w_c: candidate, b_ru: gatesBias, b_c: candidateBias };
  },
});

type GruCellGradients = Record<"x" | "h_prev" | "w_ru" | "w_c" | "b_ru" | "b_c", Tensor>;

export const gruBlockCellGradOp = defineOp("GRUBlockCellGrad", {
  inputs: ["x: T", "h_prev: T", "w_ru: T", "w_c: T", "b_ru: T", "b_c: T", "r: T", "u: T", "c: T", "d_h: T"],
  outputs: ["d_x: T", "d_h_prev: T", "d_c_bar: T", "d_r_bar_u_bar: T"],
  attrs: ["T: {float}"],
  shape({ x, h_prev, w_ru }) {
    const shape = withRank(x, 2);
    const state = withRank(h_prev, 2);
    const [, gates] = withRank(w_ru, 2);
    return [shape, state, [shape[0]!, state[1]!], [shape[0]!, gates!]];
  },
  lower(p, { x, h_prev, w_ru, w_c, r, u, c, d_h }) {
    const depth = x.shape[1]!;
    const n = h_prev.shape[1]!;
    const dC = p.mul(p.mul(d_h, oneLess(p, u)), oneLess(p, p.square(c)));
    const dU = p.mul(p.mul(p.mul(d_h, p.sub(h_prev, c)), u), oneLess(p, u));
    const byC = p.matmul(dC, w_c, { transposeB: true });
    const dReset = columns(p, byC, depth, n);
    const dR = p.mul(p.mul(p.mul(dReset, h_prev), r), oneLess(p, r));
    const dGates = p.concat([dR, dU], 1);
    const byGates = p.matmul(dGates, w_ru, { transposeB: true });
    const dX = p.add(columns(p, byGates, 0, depth), columns(p, byC, 0, depth));
    const dH = p.add(p.add(p.mul(dReset, r), p.mul(d_h, u)), columns(p, byGates, depth, n));
    return [dX, dH, dC, dGates];
  },
  gradient: "unregistered",
});
