/** Names of tf.contrib.distributions and tf.distributions. Written by scripts/api.mjs. */
export { Beta } from "../build/distributions/continuous/beta.ts";
export { Dirichlet } from "../build/distributions/continuous/dirichlet.ts";
export { Exponential, Gamma } from "../build/distributions/continuous/gamma.ts";
export { Laplace } from "../build/distributions/continuous/laplace.ts";
export { Normal } from "../build/distributions/continuous/normal.ts";
export { StudentT } from "../build/distributions/continuous/student_t.ts";
export { Uniform } from "../build/distributions/continuous/uniform.ts";
export { Bernoulli } from "../build/distributions/discrete/bernoulli.ts";
export { Categorical } from "../build/distributions/discrete/categorical.ts";
export { DirichletMultinomial } from "../build/distributions/discrete/dirichlet_multinomial.ts";
export { Multinomial } from "../build/distributions/discrete/multinomial.ts";
export {
  Distribution,
  FULLY_REPARAMETERIZED,
  NOT_REPARAMETERIZED,
  ReparameterizationType,
} from "../build/distributions/distribution.ts";
export { klDivergence, RegisterKL } from "../build/distributions/kullback_leibler.ts";
