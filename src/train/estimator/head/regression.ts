/** The head of regressions: squared errors of real labels. Source: canned/head.py, _RegressionHeadWithMeanSquaredErrorLoss. */
import { meanSquaredError } from "../../../build/losses/losses.ts";
import { Reduction } from "../../../build/losses/weighted.ts";
import { mean } from "../../../build/metrics/means.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { cast } from "../../../ops/index.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import { checkedLabels, checkedLogits, customLoss } from "./checks.ts";
import { Head, type HeadOptions, type Measured, type Predicted } from "./head.ts";
import { predictionsMean } from "./means.ts";

export interface RegressionHeadOptions extends HeadOptions {
  /** Numbers for each label; 1 by default. */
  readonly labelDimension?: number | undefined;
  /** From logits to predictions. */
  readonly inverseLinkFn?: ((logits: Tensor) => Tensor) | null | undefined;
}

/** predictions: {"predictions": [n, labelDimension]}. Throws ValueError for a dimension below 1. */
export class RegressionHead extends Head {
  readonly #dimension: number;
  readonly inverseLinkFn: ((logits: Tensor) => Tensor) | null;

  constructor(options: RegressionHeadOptions = {}) {
    super(options);
    this.#dimension = options.labelDimension ?? 1;
    if (this.#dimension < 1) throw new ValueError(`Invalid label_dimension ${this.#dimension}.`);
    this.inverseLinkFn = options.inverseLinkFn ?? null;
  }

  override get logitsDimension(): number {
    return this.#dimension;
  }

  protected override get hasWeightsPerLogit(): boolean {
    return true;
  }

  protected override predict(given: Tensor): Predicted {
    const logits = checkedLogits(given, this.#dimension);
    if (!this.inverseLinkFn) return { logits, predictions: { predictions: logits }, parts: { predicted: logits } };
    const predicted = this.inverseLinkFn(logits);
    return { logits, predictions: { predictions: predicted, logits }, parts: { predicted } };
  }

  protected override losses(given: Labels | SparseTensor, logits: Tensor, features: InputFeatures) {
    const labels = cast(checkedLabels(given, logits, this.#dimension), float32);
    const unreducedLoss = this.lossFn
      ? customLoss(this.lossFn, { labels, logits, features }, this.#dimension)
      : meanSquaredError(labels, logits, { reduction: Reduction.NONE });
    return { unreducedLoss, processedLabels: labels };
  }

  protected override metrics({ labels, predicted, weights, ...spec }: Measured): Record<string, Metric> {
    return {
      [this.key("average_loss")]: mean(spec.unreducedLoss, { weights }),
      [this.key("prediction/mean")]: predictionsMean(predicted.parts.predicted!, weights),
      [this.key("label/mean")]: mean(labels, { weights }),
      ...this.regularizationMetric(spec.regularizationLoss),
    };
  }

  protected override exported({ predictions, parts }: Predicted): Readonly<Record<string, unknown>> {
    return {
      serving_default: { value: parts.predicted },
      regression: { value: parts.predicted },
      predict: predictions,
    };
  }
}
