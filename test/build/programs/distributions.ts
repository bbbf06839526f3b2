/** Programs of test/fixtures/build/distributions.py. */
import { float32, float64, int64 } from "../../../src/core/dtype.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const D = tf.distributions;
type Distribution = InstanceType<typeof D.Distribution>;
// biome-ignore lint/suspicious/noExplicitAny: a program names the placeholders it takes
type P = any;

const probs = [
  [0.2, 0.5, 0.3],
  [0.1, 0.1, 0.8],
];
const loc = [-1, 0, 2];

const gradients = (ys: Tensor[], xs: Tensor[]) =>
  tf.gradients(
    ys.map((y) => tf.reduceSum(y)),
    xs,
  ) as Tensor[];

const ofValues = (d: Distribution, x: Tensor): Tensor[] => [
  d.logProb(x),
  d.prob(x),
  d.logCdf(x),
  d.cdf(x),
  d.logSurvivalFunction(x),
  d.survivalFunction(x),
];
const moments = (d: Distribution): Tensor[] => [d.mean(), d.variance(), d.stddev(), d.mode(), d.entropy()];
const shapes = (d: Distribution): Tensor[] => [
  d.batchShapeTensor(),
  d.eventShapeTensor(),
  d.isScalarEvent(),
  d.isScalarBatch(),
];
const samples = (d: Distribution): Tensor[] => [d.sample({ seed: 7 }), d.sample(3, 7), d.sample([2, 2], { seed: 7 })];
const divergences = (a: Distribution, b: Distribution): Tensor[] => [
  D.klDivergence(a, b),
  a.klDivergence(b),
  a.crossEntropy(b),
  D.klDivergence(a, b, { allowNanStats: false }),
];

const normal: Record<string, Program> = {
  normal({ a, s, x }: P) {
    const d = new D.Normal(a, s);
    return [...ofValues(d, x), ...moments(d), ...shapes(d), d.quantile(tf.sigmoid(x))];
  },
  normal_double({ x }: P) {
    const zero = tf.constant(0, float64);
    const d = new D.Normal(zero, tf.constant([2], float64), { validateArgs: true, name: "n" });
    return [...ofValues(d, x), ...moments(d), d.quantile(tf.sigmoid(x))];
  },
  normal_unknown({ a, s, x }: P) {
    const d = new D.Normal({ loc: a, scale: s, validateArgs: true });
    return [...ofValues(d, x).slice(0, 2), ...moments(d), ...shapes(d)];
  },
  normal_gradients({ a, s, x }: P) {
    const d = new D.Normal(a, s);
    const ys = [d.logProb(x), d.cdf(x), d.logCdf(x), d.quantile(tf.sigmoid(x))];
    return [...gradients(ys, [a, s, x]), ...gradients([d.sample(2, 1)], [a, s])];
  },
  normal_samples: () => samples(new D.Normal([0, 5], 1.5)),
  normal_copy({ a }: P) {
    const d = new D.Normal(a, 1);
    return [d.copy({ scale: 3 }).stddev(), d.copy({ name: "other" }).mean()];
  },
  normal_divergences: ({ a, s }: P) => divergences(new D.Normal(a, s), new D.Normal(0, 1)),
  sample_counts({ n, m }: P) {
    const d = new D.Normal([0, 1], 1);
    return [tf.shape(d.sample(n, 1)), tf.shape(d.sample(m, 1))];
  },
  sample_count_unknown: ({ n }: P) => tf.shape(new D.Normal([0, 1], 1).sample(n, 1)),
  param_shapes() {
    const { loc: l, scale: s } = D.Normal.paramShapes([2, 3]);
    return [l!, s!, D.Bernoulli.paramShapes([4]).logits!];
  },
};

type Uniform = InstanceType<typeof D.Uniform>;
const momentsOfUniform = (d: Uniform): Tensor[] => [d.mean(), d.variance(), d.stddev(), d.entropy(), d.range()];

const uniform: Record<string, Program> = {
  uniform({ a, b, x }: P) {
    const d = new D.Uniform(a, b);
    return [...ofValues(d, x), ...momentsOfUniform(d), ...shapes(d)];
  },
  uniform_default({ x }: P) {
    const d = new D.Uniform({ validateArgs: true });
    return [...ofValues(d, x).slice(0, 4), ...momentsOfUniform(d)];
  },
  uniform_gradients({ a, b, x }: P) {
    const d = new D.Uniform(a, { high: b });
    return gradients([d.cdf(x), d.logProb(x), d.sample(2, 1)], [a, b]);
  },
  uniform_samples: () => samples(new D.Uniform([1, 2], 3)),
};

const ofBernoulli = (d: Distribution, k: Tensor): Tensor[] => [d.logProb(k), d.prob(k), ...moments(d), ...shapes(d)];

const bernoulli: Record<string, Program> = {
  bernoulli: ({ p, k }: P) => ofBernoulli(new D.Bernoulli({ probs: p }), k),
  bernoulli_logits: ({ p, k }: P) => ofBernoulli(new D.Bernoulli(p, { dtype: float32, validateArgs: true }), k),
  bernoulli_checked: ({ p, k }: P) => ofBernoulli(new D.Bernoulli(null, p, { validateArgs: true }), k),
  bernoulli_gradients({ p, k }: P) {
    const first = new D.Bernoulli(p).logProb(k);
    return gradients([first, new D.Bernoulli(p).entropy()], [p]);
  },
  bernoulli_samples: () => samples(new D.Bernoulli({ probs: [0.2, 0.8] })),
  bernoulli_divergences: ({ p }: P) => divergences(new D.Bernoulli(p), new D.Bernoulli({ probs: 0.3 })),
};

type Categorical = InstanceType<typeof D.Categorical>;
const ofCategorical = (d: Categorical, k: Tensor): Tensor[] => {
  const values = [d.logProb(k), d.prob(k), d.cdf(k), d.logCdf(k), d.survivalFunction(k)];
  return [...values, d.mode(), d.entropy(), d.eventSize, ...shapes(d)];
};

const categorical: Record<string, Program> = {
  categorical: ({ p, k }: P) => ofCategorical(new D.Categorical({ probs: p }), k),
  categorical_logits: ({ p, k }: P) => ofCategorical(new D.Categorical(p, { validateArgs: true }), k),
  categorical_checked: ({ p, k }: P) => ofCategorical(new D.Categorical({ probs: p, validateArgs: true }), k),
  categorical_unknown: ({ p, k }: P) => ofCategorical(new D.Categorical(p), k),
  categorical_unknown_checked: ({ p, k }: P) => ofCategorical(new D.Categorical({ probs: p, validateArgs: true }), k),
  categorical_gradients({ p, k }: P) {
    const first = new D.Categorical(p).logProb(k);
    return gradients([first, new D.Categorical(p).entropy()], [p]);
  },
  categorical_samples: () => samples(new D.Categorical({ probs })),
  categorical_samples_long: () => samples(new D.Categorical(loc, { dtype: int64 })),
  categorical_divergences: ({ p }: P) => divergences(new D.Categorical(p), new D.Categorical([0.1, 0.2, 0.3])),
};

const checks = { validateArgs: true, allowNanStats: false };
const all = (d: Distribution, x: Tensor): Tensor[] => [...ofValues(d, x), ...moments(d), ...shapes(d)];
const some = (d: Distribution, x: Tensor): Tensor[] => [...ofValues(d, x).slice(0, 2), ...moments(d)];

const continuous: Record<string, Program> = {
  laplace: ({ a, s, x }: P) => all(new D.Laplace(a, s, { validateArgs: true }), x),
  laplace_gradients({ a, s, x }: P) {
    const d = new D.Laplace(a, s);
    return gradients([d.logProb(x), d.cdf(x), d.logCdf(x), d.sample(2, 1)], [a, s]);
  },
  laplace_samples: () => samples(new D.Laplace([0, 5], 1.5)),
  gamma: ({ a, b, x }: P) => all(new D.Gamma(a, b), x),
  gamma_checked({ a, b, x }: P) {
    const d = new D.Gamma(a, b, checks);
    return [...ofValues(d, x), ...moments(d)];
  },
  gamma_gradients({ a, b, x }: P) {
    const d = new D.Gamma(a, b);
    return gradients([d.logProb(x), d.entropy()], [a, b]);
  },
  gamma_samples: () => samples(new D.Gamma([0.5, 5], 1.5)),
  gamma_divergences: ({ a, b }: P) => divergences(new D.Gamma(a, b), new D.Gamma(2, 3)),
  exponential: ({ b, x }: P) => all(new D.Exponential(b, { validateArgs: true }), x),
  exponential_samples: () => samples(new D.Exponential([0.5, 5])),
  beta: ({ a, b, x }: P) => all(new D.Beta(a, b), x),
  beta_checked: ({ a, b, x }: P) => some(new D.Beta(a, b, checks), x),
  beta_samples: () => samples(new D.Beta([0.5, 5], 1.5)),
  beta_divergences: ({ a, b }: P) => divergences(new D.Beta(a, b), new D.Beta(2, 3)),
  student_t: ({ n, a, s, x }: P) => all(new D.StudentT(n, a, s), x),
  student_t_checked: ({ n, a, s, x }: P) => some(new D.StudentT(n, a, s, checks), x),
  student_t_samples: () => samples(new D.StudentT([3, 5], 1, 2)),
};

const concentrations = [
  [2, 3, 4],
  [1.5, 2, 5],
];
const ofVectors = (d: Distribution, x: Tensor): Tensor[] => [
  d.logProb(x),
  d.prob(x),
  d.mean(),
  d.variance(),
  d.stddev(),
  d.covariance(),
  ...shapes(d),
];

const vectors: Record<string, Program> = {
  dirichlet({ a, x }: P) {
    const d = new D.Dirichlet(a, checks);
    return [...ofVectors(d, x), d.mode(), d.entropy()];
  },
  dirichlet_samples: () => samples(new D.Dirichlet(concentrations)),
  dirichlet_divergences: ({ a }: P) => divergences(new D.Dirichlet(a), new D.Dirichlet([1, 2, 3])),
  multinomial: ({ n, p, x }: P) => ofVectors(new D.Multinomial(n, { probs: p, validateArgs: true }), x),
  dirichlet_multinomial: ({ n, a, x }: P) => ofVectors(new D.DirichletMultinomial(n, a, { validateArgs: true }), x),
  dirichlet_multinomial_samples: () => samples(new D.DirichletMultinomial(4, concentrations[0]!)),
  multinomial_samples: () => samples(new D.Multinomial(4, { probs: probs[0]! })),
};

export const distributions: Readonly<Record<string, Program>> = {
  ...normal,
  ...uniform,
  ...bernoulli,
  ...categorical,
  ...continuous,
  ...vectors,
};
