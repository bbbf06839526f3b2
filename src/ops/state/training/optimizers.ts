/**
 * The ops that apply gradients: ApplyX and SparseApplyX on references, ResourceApplyX and ResourceSparseApplyX on handles.
 * `var` and its slots change in place; hyperparameters are scalars of the variable's dtype. Source: training_ops.cc.
 */
import { denseRule, resourceDenseRule, resourceSparseRule, sparseRule } from "./define.ts";
import { functorRowWords } from "./kernels.ts";
import * as rules from "./rules.ts";

const nesterov = ["use_nesterov: bool = false"] as const;
const updateSlots = ["update_slots: bool = true"] as const;
const scaledLinear = ["multiply_linear_by_lr: bool = false"] as const;
const regularization = { l1: "l1 regularization strength", l2: "l2 regularization strength" } as const;

export const { apply: applyGradientDescentOp, resourceApply: resourceApplyGradientDescentOp } = denseRule(
  "GradientDescent",
  {
    variables: ["var"],
    inputs: ["alpha: T", "delta: T"],
    rule: rules.gradientDescent,
  },
);

const momentum = {
  variables: ["var", "accum"],
  inputs: ["lr: T", "grad: T", "momentum: T"],
  attrs: nesterov,
  rule: rules.momentum,
} as const;
export const { apply: applyMomentumOp, resourceApply: resourceApplyMomentumOp } = denseRule("Momentum", momentum);
export const { sparseApply: sparseApplyMomentumOp, resourceSparseApply: resourceSparseApplyMomentumOp } = sparseRule(
  "Momentum",
  momentum,
);

const adagrad = {
  variables: ["var", "accum"],
  inputs: ["lr: T", "grad: T"],
  attrs: updateSlots,
  rule: rules.adagrad,
} as const;
export const { apply: applyAdagradOp, resourceApply: resourceApplyAdagradOp } = denseRule("Adagrad", adagrad);
export const { sparseApply: sparseApplyAdagradOp, resourceSparseApply: resourceSparseApplyAdagradOp } = sparseRule(
  "Adagrad",
  adagrad,
);

const adagradV2 = {
  variables: ["var", "accum"],
  inputs: ["lr: T", "epsilon: T", "grad: T"],
  attrs: updateSlots,
  rule: rules.adagradV2,
} as const;
export const { apply: applyAdagradV2Op, resourceApply: resourceApplyAdagradV2Op } = denseRule("AdagradV2", adagradV2);
export const { sparseApply: sparseApplyAdagradV2Op, resourceSparseApply: resourceSparseApplyAdagradV2Op } = sparseRule(
  "AdagradV2",
  adagradV2,
);

const adagradDA = {
  variables: ["var", "gradient_accumulator", "gradient_squared_accumulator"],
  inputs: ["grad: T", "lr: T", "l1: T", "l2: T", "global_step: int64"],
  rule: rules.adagradDA,
  words: regularization,
} as const;
export const { apply: applyAdagradDAOp, resourceApply: resourceApplyAdagradDAOp } = denseRule("AdagradDA", adagradDA);
export const { sparseApply: sparseApplyAdagradDAOp, resourceSparseApply: resourceSparseApplyAdagradDAOp } = sparseRule(
  "AdagradDA",
  adagradDA,
);

const adadelta = {
  variables: ["var", "accum", "accum_update"],
  inputs: ["lr: T", "rho: T", "epsilon: T", "grad: T"],
  rule: rules.adadelta,
} as const;
export const { apply: applyAdadeltaOp, resourceApply: resourceApplyAdadeltaOp } = denseRule("Adadelta", adadelta);
export const { sparseApply: sparseApplyAdadeltaOp, resourceSparseApply: resourceSparseApplyAdadeltaOp } = sparseRule(
  "Adadelta",
  adadelta,
);

const rmsProp = {
  variables: ["var", "ms", "mom"],
  inputs: ["lr: T", "rho: T", "momentum: T", "epsilon: T", "grad: T"],
  rule: rules.rmsProp,
} as const;
export const { apply: applyRMSPropOp, resourceApply: resourceApplyRMSPropOp } = denseRule("RMSProp", rmsProp);
export const { sparseApply: sparseApplyRMSPropOp, resourceSparseApply: resourceSparseApplyRMSPropOp } = sparseRule(
  "RMSProp",
  rmsProp,
);

const centeredRMSProp = {
  variables: ["var", "mg", "ms", "mom"],
  inputs: ["lr: T", "rho: T", "momentum: T", "epsilon: T", "grad: T"],
  rule: rules.centeredRMSProp,
} as const;
export const { apply: applyCenteredRMSPropOp, resourceApply: resourceApplyCenteredRMSPropOp } = denseRule(
  "CenteredRMSProp",
  centeredRMSProp,
);
export const { sparseApply: sparseApplyCenteredRMSPropOp, resourceSparseApply: resourceSparseApplyCenteredRMSPropOp } =
  sparseRule("CenteredRMSProp", centeredRMSProp);

const adamInputs = [
  "beta1_power: T",
  "beta2_power: T",
  "lr: T",
  "beta1: T",
  "beta2: T",
  "epsilon: T",
  "grad: T",
] as const;
export const { apply: applyAdamOp, resourceApply: resourceApplyAdamOp } = denseRule("Adam", {
  variables: ["var", "m", "v"],
  inputs: adamInputs,
  attrs: nesterov,
  rule: rules.adam,
});

export const resourceApplyAdamWithAmsgradOp = resourceDenseRule("AdamWithAmsgrad", {
  variables: ["var", "m", "v", "vhat"],
  inputs: adamInputs,
  rule: rules.adamWithAmsgrad,
});

export const { apply: applyAdaMaxOp, resourceApply: resourceApplyAdaMaxOp } = denseRule("AdaMax", {
  variables: ["var", "m", "v"],
  inputs: ["beta1_power: T", "lr: T", "beta1: T", "beta2: T", "epsilon: T", "grad: T"],
  rule: rules.adaMax,
});

const kerasMomentum = { ...momentum, rule: rules.kerasMomentum, rowWords: functorRowWords } as const;
export const resourceApplyKerasMomentumOp = resourceDenseRule("KerasMomentum", kerasMomentum);
export const resourceSparseApplyKerasMomentumOp = resourceSparseRule("KerasMomentum", kerasMomentum);

const isNotNegative = (value: number): boolean => value >= 0;
const ftrlLimits = [
  {
    input: "lr",
    isMet: (value: number, attrs: Readonly<Record<string, unknown>>) =>
      value > 0 || (attrs.multiply_linear_by_lr === true && value >= 0),
    words: "lr is not a positive scalar (or zero if multiply_linear_by_lr is set)",
  },
  { input: "l1", isMet: isNotNegative, words: "l1 regularization strength is not a non-negative scalar" },
  { input: "l2", isMet: isNotNegative, words: "l2 regularization strength is not a non-negative scalar" },
  { input: "lr_power", isMet: (value: number) => value <= 0, words: "lr_power is not a non-positive scalar" },
] as const;
const ftrl = {
  variables: ["var", "accum", "linear"],
  inputs: ["grad: T", "lr: T", "l1: T", "l2: T", "lr_power: T"],
  attrs: scaledLinear,
  rule: rules.ftrl,
  words: regularization,
  limits: ftrlLimits,
} as const;
export const { apply: applyFtrlOp, resourceApply: resourceApplyFtrlOp } = denseRule("Ftrl", ftrl);
export const { sparseApply: sparseApplyFtrlOp, resourceSparseApply: resourceSparseApplyFtrlOp } = sparseRule(
  "Ftrl",
  ftrl,
);

const ftrlV2 = {
  ...ftrl,
  inputs: ["grad: T", "lr: T", "l1: T", "l2: T", "l2_shrinkage: T", "lr_power: T"],
  words: { ...regularization, l2_shrinkage: "l2 shrinkage regularization strength" },
} as const;
export const { apply: applyFtrlV2Op, resourceApply: resourceApplyFtrlV2Op } = denseRule("FtrlV2", ftrlV2);
export const { sparseApply: sparseApplyFtrlV2Op, resourceSparseApply: resourceSparseApplyFtrlV2Op } = sparseRule(
  "FtrlV2",
  ftrlV2,
);

const proximalGradientDescent = {
  variables: ["var"],
  inputs: ["alpha: T", "l1: T", "l2: T", "delta: T"],
  rule: rules.proximalGradientDescent,
  words: regularization,
} as const;
export const { apply: applyProximalGradientDescentOp, resourceApply: resourceApplyProximalGradientDescentOp } =
  denseRule("ProximalGradientDescent", proximalGradientDescent);
export const {
  sparseApply: sparseApplyProximalGradientDescentOp,
  resourceSparseApply: resourceSparseApplyProximalGradientDescentOp,
} = sparseRule("ProximalGradientDescent", proximalGradientDescent);

const proximalAdagrad = {
  variables: ["var", "accum"],
  inputs: ["lr: T", "l1: T", "l2: T", "grad: T"],
  rule: rules.proximalAdagrad,
  words: regularization,
} as const;
export const { apply: applyProximalAdagradOp, resourceApply: resourceApplyProximalAdagradOp } = denseRule(
  "ProximalAdagrad",
  proximalAdagrad,
);
export const { sparseApply: sparseApplyProximalAdagradOp, resourceSparseApply: resourceSparseApplyProximalAdagradOp } =
  sparseRule("ProximalAdagrad", proximalAdagrad);

export const { apply: applyAddSignOp, resourceApply: resourceApplyAddSignOp } = denseRule("AddSign", {
  variables: ["var", "m"],
  inputs: ["lr: T", "alpha: T", "sign_decay: T", "beta: T", "grad: T"],
  rule: rules.addSign,
});
export const { apply: applyPowerSignOp, resourceApply: resourceApplyPowerSignOp } = denseRule("PowerSign", {
  variables: ["var", "m"],
  inputs: ["lr: T", "logbase: T", "sign_decay: T", "beta: T", "grad: T"],
  rule: rules.powerSign,
});
