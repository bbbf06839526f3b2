/**
 * The update rules of the optimizers, elementwise: from the variable, its slots, the gradient and the hyperparameters to what the
 * variable and the slots become. Written once over any arithmetic: the engine's values and arrays of rows (rows.ts).
 * Source: training_ops.cc.
 */
import type { DTypeName } from "../../../core/dtype.ts";

/** What a rule computes with. */
export interface Arithmetic<V> {
  add(x: V, y: V): V;
  sub(x: V, y: V): V;
  mul(x: V, y: V): V;
  div(x: V, y: V): V;
  max(x: V, y: V): V;
  min(x: V, y: V): V;
  pow(x: V, y: V): V;
  neg(x: V): V;
  abs(x: V): V;
  sign(x: V): V;
  sqrt(x: V): V;
  rsqrt(x: V): V;
  square(x: V): V;
  exp(x: V): V;
  cast(x: V, dtype: DTypeName): V;
  scalar(value: number, dtype: DTypeName): V;
  /** The number of a constant scalar, if it is known. */
  known(x: V): number | undefined;
}

/** The inputs of the op by name: variables as their values. */
export type Inputs<V> = Readonly<Record<string, V>>;

export interface RuleOptions {
  readonly dtype: DTypeName;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** New values by the names of the variables; a variable that is left out stays. */
export type Rule = <V>(p: Arithmetic<V>, inputs: Inputs<V>, options: RuleOptions) => Record<string, V>;

type Get<V> = (name: string) => V;
const reader =
  <V>(inputs: Inputs<V>): Get<V> =>
  (name) =>
    inputs[name]!;

/** old + (value - old) * (1 - keep): a moving average. */
const moved = <V>(p: Arithmetic<V>, old: V, value: V, keep: V, dtype: DTypeName): V =>
  p.add(old, p.mul(p.sub(value, old), p.sub(p.scalar(1, dtype), keep)));

/** var - grad * lr. */
export const gradientDescent: Rule = (p, inputs) => {
  const get = reader(inputs);
  return { var: p.sub(get("var"), p.mul(get("delta"), get("alpha"))) };
};

/** accum = accum * momentum + grad; var - lr * accum, or with Nesterov's look ahead. */
export const momentum: Rule = (p, inputs, { attrs }) => {
  const get = reader(inputs);
  const accum = p.add(p.mul(get("accum"), get("momentum")), get("grad"));
  const step = attrs.use_nesterov
    ? p.add(p.mul(get("grad"), get("lr")), p.mul(p.mul(accum, get("momentum")), get("lr")))
    : p.mul(accum, get("lr"));
  return { accum, var: p.sub(get("var"), step) };
};

/** accum = accum * momentum - lr * grad; var + accum. */
export const kerasMomentum: Rule = (p, inputs, { attrs }) => {
  const get = reader(inputs);
  const scaled = p.mul(get("grad"), get("lr"));
  const accum = p.sub(p.mul(get("accum"), get("momentum")), scaled);
  const step = attrs.use_nesterov ? p.sub(p.mul(accum, get("momentum")), scaled) : accum;
  return { accum, var: p.add(get("var"), step) };
};

export const adagrad: Rule = (p, inputs, { attrs }) => {
  const get = reader(inputs);
  const accum = attrs.update_slots ? p.add(get("accum"), p.square(get("grad"))) : get("accum");
  return { accum, var: p.sub(get("var"), p.mul(p.mul(get("grad"), get("lr")), p.rsqrt(accum))) };
};

export const adagradV2: Rule = (p, inputs, { attrs }) => {
  const get = reader(inputs);
  const accum = attrs.update_slots ? p.add(get("accum"), p.square(get("grad"))) : get("accum");
  const divisor = p.add(p.sqrt(accum), get("epsilon"));
  return { accum, var: p.sub(get("var"), p.div(p.mul(get("grad"), get("lr")), divisor)) };
};

/** Dual averaging: the variable comes from the sums of gradients alone. */
export const adagradDA: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const sum = p.add(get("gradient_accumulator"), get("grad"));
  const squares = p.add(get("gradient_squared_accumulator"), p.square(get("grad")));
  const steps = p.cast(get("global_step"), dtype);
  const zero = p.scalar(0, dtype);
  const shrunk = p.mul(p.sign(sum), p.max(p.sub(p.abs(sum), p.mul(get("l1"), steps)), zero));
  const divisor = p.add(p.mul(p.mul(get("l2"), steps), get("lr")), p.sqrt(squares));
  return {
    gradient_accumulator: sum,
    gradient_squared_accumulator: squares,
    var: p.div(p.mul(p.neg(get("lr")), shrunk), divisor),
  };
};

export const adadelta: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const rest = p.sub(p.scalar(1, dtype), get("rho"));
  const accum = p.add(p.mul(get("accum"), get("rho")), p.mul(p.square(get("grad")), rest));
  const old = get("accum_update");
  const update = p.mul(p.mul(p.sqrt(p.add(old, get("epsilon"))), p.rsqrt(p.add(accum, get("epsilon")))), get("grad"));
  return {
    accum,
    accum_update: p.add(p.mul(old, get("rho")), p.mul(p.square(update), rest)),
    var: p.sub(get("var"), p.mul(update, get("lr"))),
  };
};

export const rmsProp: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const ms = moved(p, get("ms"), p.square(get("grad")), get("rho"), dtype);
  const step = p.div(p.mul(get("grad"), get("lr")), p.sqrt(p.add(ms, get("epsilon"))));
  const mom = p.add(p.mul(get("mom"), get("momentum")), step);
  return { ms, mom, var: p.sub(get("var"), mom) };
};

export const centeredRMSProp: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const ms = moved(p, get("ms"), p.square(get("grad")), get("rho"), dtype);
  const mg = moved(p, get("mg"), get("grad"), get("rho"), dtype);
  const variance = p.add(p.sub(ms, p.square(mg)), get("epsilon"));
  const step = p.div(p.mul(get("grad"), get("lr")), p.sqrt(variance));
  const mom = p.add(p.mul(get("mom"), get("momentum")), step);
  return { mg, ms, mom, var: p.sub(get("var"), mom) };
};

/** lr * sqrt(1 - beta2^t) / (1 - beta1^t). */
const adamRate = <V>(p: Arithmetic<V>, get: Get<V>, dtype: DTypeName): V => {
  const one = p.scalar(1, dtype);
  return p.div(p.mul(get("lr"), p.sqrt(p.sub(one, get("beta2_power")))), p.sub(one, get("beta1_power")));
};

export const adam: Rule = (p, inputs, { attrs, dtype }) => {
  const get = reader(inputs);
  const rate = adamRate(p, get, dtype);
  const m = moved(p, get("m"), get("grad"), get("beta1"), dtype);
  const v = moved(p, get("v"), p.square(get("grad")), get("beta2"), dtype);
  const ahead = attrs.use_nesterov
    ? p.add(p.mul(get("grad"), p.sub(p.scalar(1, dtype), get("beta1"))), p.mul(get("beta1"), m))
    : m;
  return { m, v, var: p.sub(get("var"), p.div(p.mul(ahead, rate), p.add(p.sqrt(v), get("epsilon")))) };
};

export const adamWithAmsgrad: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const rate = adamRate(p, get, dtype);
  const m = moved(p, get("m"), get("grad"), get("beta1"), dtype);
  const v = moved(p, get("v"), p.square(get("grad")), get("beta2"), dtype);
  const vhat = p.max(get("vhat"), v);
  return { m, v, vhat, var: p.sub(get("var"), p.div(p.mul(m, rate), p.add(p.sqrt(vhat), get("epsilon")))) };
};

export const adaMax: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const m = moved(p, get("m"), get("grad"), get("beta1"), dtype);
  const v = p.max(p.mul(get("beta2"), get("v")), p.abs(get("grad")));
  const rate = p.div(get("lr"), p.sub(p.scalar(1, dtype), get("beta1_power")));
  return { m, v, var: p.sub(get("var"), p.mul(rate, p.div(m, p.add(v, get("epsilon"))))) };
};

/** Follow the regularized leader; `l2_shrinkage` is an input of V2 alone. */
export const ftrl: Rule = (p, inputs, { attrs, dtype }) => {
  const get = reader(inputs);
  const old = get("accum");
  const { grad, lr, l1, l2, l2_shrinkage: shrinkage } = inputs as Record<string, ReturnType<typeof get>>;
  const two = p.scalar(2, dtype);
  const accum = p.add(old, p.square(grad!));
  const shrunk = shrinkage === undefined ? grad! : p.add(grad!, p.mul(p.mul(two, shrinkage), get("var")));
  const isRoot = p.known(get("lr_power")) === -0.5;
  const root = (x: typeof old): typeof old => (isRoot ? p.sqrt(x) : p.pow(x, p.neg(get("lr_power"))));
  const growth = p.sub(root(accum), root(old));
  const isScaled = attrs.multiply_linear_by_lr === true;
  const linear = p.add(
    get("linear"),
    isScaled
      ? p.sub(p.mul(shrunk, lr!), p.mul(growth, get("var")))
      : p.sub(shrunk, p.mul(p.div(growth, lr!), get("var"))),
  );
  const bound = isScaled ? p.mul(l1!, lr!) : l1!;
  const adjusted = p.max(p.min(linear, bound), p.neg(bound));
  const divisor = isScaled
    ? p.add(root(accum), p.mul(p.mul(two, l2!), lr!))
    : p.add(p.div(root(accum), lr!), p.mul(two, l2!));
  return { accum, linear, var: p.div(p.sub(adjusted, linear), divisor) };
};

/** sign(x) * max(|x| - rate * l1, 0) / (1 + rate * l2). */
const proximal = <V>(p: Arithmetic<V>, x: V, rate: V, get: Get<V>, dtype: DTypeName): V => {
  const shrunk = p.mul(p.sign(x), p.max(p.sub(p.abs(x), p.mul(rate, get("l1"))), p.scalar(0, dtype)));
  return p.div(shrunk, p.add(p.scalar(1, dtype), p.mul(rate, get("l2"))));
};

export const proximalGradientDescent: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const gradient = inputs.delta ?? get("grad");
  return { var: proximal(p, p.sub(get("var"), p.mul(gradient, get("alpha"))), get("alpha"), get, dtype) };
};

export const proximalAdagrad: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const accum = p.add(get("accum"), p.square(get("grad")));
  const rate = p.mul(get("lr"), p.rsqrt(accum));
  return { accum, var: proximal(p, p.sub(get("var"), p.mul(get("grad"), rate)), rate, get, dtype) };
};

export const addSign: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const m = p.add(p.mul(get("m"), get("beta")), p.mul(get("grad"), p.sub(p.scalar(1, dtype), get("beta"))));
  const agreement = p.mul(p.sign(get("grad")), p.sign(m));
  const scale = p.add(get("alpha"), p.mul(get("sign_decay"), agreement));
  return { m, var: p.sub(get("var"), p.mul(p.mul(get("lr"), scale), get("grad"))) };
};

export const powerSign: Rule = (p, inputs, { dtype }) => {
  const get = reader(inputs);
  const m = p.add(p.mul(get("m"), get("beta")), p.mul(get("grad"), p.sub(p.scalar(1, dtype), get("beta"))));
  const agreement = p.mul(p.sign(get("grad")), p.sign(m));
  const scale = p.exp(p.mul(p.mul(get("logbase"), get("sign_decay")), agreement));
  return { m, var: p.sub(get("var"), p.mul(p.mul(get("grad"), get("lr")), scale)) };
};
