/** `tf.layers`: batch normalization, with its moving averages. Source: tf_keras batch_normalization.py, legacy_tf_layers/normalization.py. */
import { bfloat16, type DType, float16, float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  cast,
  concat,
  constant,
  fusedBatchNorm,
  moments,
  batchNormalization as normalize,
  reduceMean,
  relu,
  reshape,
  shape as shapeOf,
  sqrt,
  stopGradient,
  zerosLike,
} from "../../ops/index.ts";
import { byKeyword } from "../../ops/options.ts";
import { onesInitializer, zerosInitializer } from "../initializers.ts";
import { mul, sub } from "../operators.ts";
import { PartitionedVariable } from "../variables/partitioned.ts";
import { assignSub } from "../variables/state.ts";
import type { InitializerLike, Regularizer } from "../variables/store.ts";
import { type Constraint, type Variable, VariableAggregation, VariableSynchronization } from "../variables/variable.ts";
import type { TrainingOptions } from "./core.ts";
import { constantPredicate, Layer, type LayerOptions, smartCond } from "./layer.ts";
import {
  assignNew,
  checkClipping,
  composed,
  correction,
  onesOf,
  type Renorm,
  type RenormClipping,
  renormVariables,
} from "./renorm.ts";

export interface BatchNormalizationLayerOptions extends LayerOptions {
  /** The axis (or axes) with a mean of its own for each index: the channels; -1 by default. */
  readonly axis?: number | readonly number[] | undefined;
  /** How slowly the moving averages follow: 0.99. */
  readonly momentum?: number | undefined;
  /** 0.001. */
  readonly epsilon?: number | undefined;
  /** False leaves beta out. */
  readonly center?: boolean | undefined;
  /** False leaves gamma out. */
  readonly scale?: boolean | undefined;
  readonly betaInitializer?: InitializerLike | undefined;
  readonly gammaInitializer?: InitializerLike | undefined;
  readonly movingMeanInitializer?: InitializerLike | undefined;
  readonly movingVarianceInitializer?: InitializerLike | undefined;
  readonly betaRegularizer?: Regularizer | null | undefined;
  readonly gammaRegularizer?: Regularizer | null | undefined;
  readonly betaConstraint?: Constraint | null | undefined;
  readonly gammaConstraint?: Constraint | null | undefined;
  /** Images and volumes take the fused op where it can; false never. */
  readonly fused?: boolean | null | undefined;
  /** Batch renormalization: the batch's mean and deviation are corrected by moving ones. */
  readonly renorm?: boolean | undefined;
  /** Bounds of the corrections r and d. */
  readonly renormClipping?: RenormClipping | null | undefined;
  /** How slowly the mean and the deviation that correct follow: 0.99. */
  readonly renormMomentum?: number | undefined;
  /** Rows that are normalized together, a part of the batch. */
  readonly virtualBatchSize?: number | null | undefined;
  /** From the shape of the inputs to a scale and a bias of the normalized values while training. */
  readonly adjustment?: ((shape: Tensor) => readonly [scale: TensorLike, bias: TensorLike]) | null | undefined;
}

type FusedFormat = "NHWC" | "NCHW" | "NDHWC" | "NCDHW";

/** Parts are joined where they are used first. */
const whole = <T extends Tensor | Variable | null>(v: T): T | Tensor =>
  (v as unknown) instanceof PartitionedVariable ? convertToTensor(v as unknown as TensorLike) : v;

const isHalf = (dtype: DType): boolean => dtype === float16 || dtype === bfloat16;

/**
 * (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the batch's mean and variance while training and the moving ones
 * else. The updates of the moving averages are in UPDATE_OPS: run them with the training step.
 */
export class BatchNormalization extends Layer {
  readonly #options: BatchNormalizationLayerOptions;
  #axes: number[] = [];
  #format: FusedFormat | null = null;
  gamma: Variable | null = null;
  beta: Variable | null = null;
  #movingMean: Variable | null = null;
  #movingVariance: Variable | null = null;

  #renorm: Renorm | null = null;

  constructor(options: BatchNormalizationLayerOptions = {}) {
    super(options, "batch_normalization");
    this.#options = options;
    if (options.renorm) checkClipping(options.renormClipping ?? {});
    if (!options.fused) return;
    if (options.renorm) throw new ValueError("Passing both `fused=True` and `renorm=True` is not supported");
    for (const [name, value] of [
      ["virtual_batch_size", options.virtualBatchSize],
      ["adjustment", options.adjustment],
    ] as const) {
      if (value !== undefined && value !== null)
        throw new ValueError(`Passing \`fused=True\` is not supported when \`${name}\` is specified.`);
    }
  }

  /** What only the way without the fused op can do. */
  get #isPlain(): boolean {
    const { renorm, virtualBatchSize, adjustment } = this.#options;
    return Boolean(renorm) || (virtualBatchSize ?? null) !== null || Boolean(adjustment);
  }

  /** The variables of batch renormalization: null without it. */
  get renorm(): Renorm | null {
    return this.#renorm;
  }

  get movingMean(): Variable {
    return this.#movingMean!;
  }

  get movingVariance(): Variable {
    return this.#movingVariance!;
  }

  get #momentum(): number {
    return this.#options.momentum ?? 0.99;
  }

  get #epsilon(): number {
    return this.#options.epsilon ?? 0.001;
  }

  get #parameterType(): DType {
    return isHalf(this.dtype) ? float32 : this.dtype;
  }

  protected override build(inputShape: Shape): void {
    if (!inputShape) throw new ValueError("Input has undefined rank.");
    const rank = inputShape.length;
    const { axis = -1 } = this.#options;
    this.#axes = (typeof axis === "number" ? [axis] : axis).map((each) => {
      const index = each < 0 ? each + rank : each;
      if (index < 0 || index >= rank) {
        throw new ValueError(
          `Invalid value for \`axis\` argument. Expected 0 <= axis < inputs.rank (with inputs.rank=${rank}). Received: axis=(${each},)`,
        );
      }
      return index;
    });
    this.#format = this.#fusedFormat(rank);
    for (const each of this.#axes) {
      if (inputShape[each] !== null) continue;
      throw new ValueError(
        `Input has undefined \`axis\` dimension. Received input with shape ${formatShapePython(inputShape)} and axis=(${this.#axes.join(", ")},)`,
      );
    }
    const axes = Object.fromEntries(this.#axes.map((each) => [each, inputShape[each] as number]));
    this.inputSpec = { ndim: rank, axes };
    const isVirtual = (this.#options.virtualBatchSize ?? null) !== null;
    const spread = inputShape.map((size, i) => (this.#axes.includes(i) ? (size as number) : 1));
    this.#makeVariables(
      isVirtual
        ? [spread[0]!, 1, ...spread.slice(1)]
        : this.#axes.length === 1
          ? [inputShape[this.#axes[0]!] as number]
          : spread,
    );
  }

  /** Null where the fused op does not serve: other ranks, several axes, float64. */
  #fusedFormat(rank: number): FusedFormat | null {
    const isFused = this.#options.fused ?? !this.#isPlain;
    if (!isFused || this.#axes.length > 1 || (rank !== 4 && rank !== 5)) return null;
    if (this.dtype !== float32 && !isHalf(this.dtype)) return null;
    const [axis] = this.#axes;
    if (axis === 1) return rank === 4 ? "NCHW" : "NCDHW";
    if (axis === rank - 1) return rank === 4 ? "NHWC" : "NDHWC";
    return null;
  }

  #makeVariables(shape: readonly number[]): void {
    const { options, dtype } = { options: this.#options, dtype: this.#parameterType };
    if (options.scale !== false) {
      this.gamma = this.addWeight("gamma", shape, {
        dtype,
        initializer: options.gammaInitializer ?? onesInitializer(),
        regularizer: options.gammaRegularizer,
        constraint: options.gammaConstraint,
      });
    }
    if (options.center !== false) {
      this.beta = this.addWeight("beta", shape, {
        dtype,
        initializer: options.betaInitializer ?? zerosInitializer(),
        regularizer: options.betaRegularizer,
        constraint: options.betaConstraint,
      });
    }
    const moving = { dtype, trainable: false, synchronization: VariableSynchronization.ON_READ } as const;
    this.inOnePart(() => {
      this.#movingMean = this.addWeight("moving_mean", shape, {
        ...moving,
        aggregation: VariableAggregation.MEAN,
        initializer: options.movingMeanInitializer ?? zerosInitializer(),
      });
      this.#movingVariance = this.addWeight("moving_variance", shape, {
        ...moving,
        aggregation: VariableAggregation.MEAN,
        initializer: options.movingVarianceInitializer ?? onesInitializer(),
      });
      if (!options.renorm) return;
      this.#renorm = renormVariables(
        (name, initializer) =>
          this.addWeight(name, shape, { ...moving, aggregation: VariableAggregation.MEAN, initializer }),
        {
          movingMean: this.#movingMean,
          movingVariance: this.#movingVariance,
          meanInitializer: options.movingMeanInitializer ?? zerosInitializer(),
          varianceInitializer: options.movingVarianceInitializer ?? onesInitializer(),
        },
      );
    });
  }

  protected override call(inputs: Tensor, { training = false }: TrainingOptions): Tensor {
    return this.#format ? this.#callFused(inputs, training, this.#format) : this.#callPlain(inputs, training);
  }

  /** variable -= (variable - value) * (1 - momentum). */
  #follow(variable: Variable, value: Tensor, momentum: number | Tensor): Tensor {
    const graph = getDefaultGraph();
    return graph.nameScope("AssignMovingAvg", (scope) =>
      graph.colocateWith(variable.op, () => {
        const dtype = variable.dtype.baseDtype;
        const decay =
          typeof momentum === "number"
            ? convertToTensor(1 - momentum, { name: "decay", dtype: float32 })
            : sub(1, momentum);
        const delta = mul(sub(variable, cast(value, dtype)), cast(decay, dtype));
        return assignSub(variable, delta, { name: scope }) as Tensor;
      }),
    );
  }

  #callFused(inputs: Tensor, training: boolean | Tensor, dataFormat: FusedFormat): Tensor {
    const size = this.movingMean.shape as readonly number[];
    const plain = (value: number): Tensor => constant(value, { dtype: this.#parameterType, shape: size });
    const offset = this.beta ?? plain(0);
    const scale = this.gamma ?? plain(1);
    const normalized = (isTraining: boolean) => () =>
      fusedBatchNorm(inputs, {
        scale,
        offset,
        mean: this.movingMean,
        variance: this.movingVariance,
        epsilon: this.#epsilon,
        isTraining,
        dataFormat,
      });
    const [output, mean, variance] = smartCond<readonly Tensor[]>(training, normalized(true), normalized(false));
    const known = constantPredicate(training);
    if (known !== false) {
      const momentum =
        known === null
          ? smartCond<TensorLike>(
              training,
              () => constant(this.#momentum, { dtype: float32 }),
              () => constant(1, { dtype: float32 }),
            )
          : constant(this.#momentum, { dtype: float32 });
      this.addUpdate(this.#follow(this.movingMean, mean!, momentum as Tensor));
      this.addUpdate(this.#follow(this.movingVariance, variance!, momentum as Tensor));
    }
    return output!;
  }

  #callPlain(given: Tensor, training: boolean | Tensor): Tensor {
    const size = this.#options.virtualBatchSize ?? null;
    if (size === null) return this.#normalized(given, training);
    const shape = shapeOf(given);
    const original = concat([constant([-1]), shape.at("1:")], 0);
    const expanded = concat([constant([size, -1]), original.at("1:")], 0);
    return reshape(this.#normalized(reshape(given, expanded), training), original);
  }

  #normalized(given: Tensor, training: boolean | Tensor): Tensor {
    const isVirtual = (this.#options.virtualBatchSize ?? null) !== null;
    const inputs = isHalf(given.dtype.baseDtype) ? (cast(given, float32) as Tensor) : given;
    const rank = inputs.shape!.length;
    const axes = isVirtual ? this.#axes.map((axis) => axis + 1) : this.#axes;
    const all = inputs.shape!.map((_, i) => i).filter((i) => !axes.includes(i));
    const reduced = isVirtual ? all.filter((_, i) => i !== 1) : all;
    const isLast = reduced.length === rank - 1 && reduced.every((axis, i) => axis === i);
    const broadcastShape = inputs.shape!.map((size, i) => (i === axes[0] ? (size as number) : 1));
    const spread = <T extends Tensor | Variable>(v: T): T | Tensor =>
      v.shape!.length !== rank && !isLast ? reshape(v, broadcastShape) : v;
    let scale: Tensor | Variable | null = this.gamma && spread(this.gamma);
    let offset: Tensor | Variable | null = this.beta && spread(this.beta);
    let mean: Tensor | Variable = this.movingMean;
    let variance: Tensor | Variable = this.movingVariance;
    if (constantPredicate(training) !== false) {
      const whileTraining = (value: () => Tensor, otherwise: () => Tensor): Tensor =>
        smartCond<Tensor>(training, value, otherwise);
      if (this.#options.adjustment) {
        const [factor, bias] = this.#options.adjustment(shapeOf(inputs)).map((each) => convertToTensor(each)) as [
          Tensor,
          Tensor,
        ];
        const factors = whileTraining(
          () => factor,
          () => onesOf(factor),
        );
        const biases = whileTraining(
          () => bias,
          () => zerosLike(bias),
        );
        [scale, offset] = composed(factors, biases, scale, offset);
      }
      const [ownMean, ownVariance] = moments(cast(inputs, this.#parameterType) as Tensor, reduced, {
        keepdims: isVirtual || axes.length > 1,
      });
      mean = whileTraining(
        () => ownMean,
        () => convertToTensor(this.movingMean),
      );
      variance = whileTraining(
        () => ownVariance,
        () => convertToTensor(this.movingVariance),
      );
      let [newMean, newVariance] = [mean, variance];
      if (isVirtual) {
        newMean = reduceMean(mean, { axis: 1, keepdims: true });
        newVariance = reduceMean(variance, { axis: 1, keepdims: true });
      }
      const renorm = this.#renorm;
      if (renorm) {
        const corrected = correction(renorm, newMean, newVariance, {
          training,
          epsilon: this.#epsilon,
          clipping: this.#options.renormClipping ?? {},
          follow: (variable, value) => this.#follow(variable, value, this.#options.renormMomentum ?? 0.99),
        });
        const r = spread(stopGradient(corrected.r, { name: "renorm_r" }));
        const d = spread(stopGradient(corrected.d, { name: "renorm_d" }));
        [scale, offset] = composed(r, d, scale, offset);
        [newMean, newVariance] = [corrected.mean, corrected.variance];
      }
      const update = (variable: Variable, value: () => Tensor): void =>
        this.addUpdate(whileTraining(value, () => convertToTensor(variable)));
      update(this.movingMean, () => this.#follow(this.movingMean, newMean, this.#momentum));
      update(this.movingVariance, () => {
        if (!renorm) return this.#follow(this.movingVariance, newVariance, this.#momentum);
        const stddev = this.#follow(renorm.movingStddev, sqrt(newVariance.add(this.#epsilon)), this.#momentum);
        return assignNew(this.movingVariance, relu(mul(stddev, stddev).sub(this.#epsilon)));
      });
    }
    const outputs = normalize(inputs, {
      mean: spread(mean),
      variance: spread(variance),
      offset: whole(offset),
      scale: whole(scale),
      varianceEpsilon: this.#epsilon,
    });
    return inputs === given ? outputs : (cast(outputs, given.dtype.baseDtype) as Tensor);
  }
}

/** Normalizes over the batch while `training`, by the moving averages else; run the operations of UPDATE_OPS with the training step. */
export const batchNormalization = byKeyword(
  ["inputs"],
  function batchNormalization(
    inputs: TensorLike,
    options: BatchNormalizationLayerOptions & TrainingOptions = {},
  ): Tensor {
    return new BatchNormalization(options).openScope().apply(inputs, { training: options.training ?? false });
  },
);
