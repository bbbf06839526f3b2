/** The head of two classes: one logit, sigmoid cross entropy. Source: canned/head.py, _BinaryLogisticHeadWithSigmoidCrossEntropyLoss. */
import { indexTableFromTensor } from "../../../build/lookup/index_tables.ts";
import { precision, recall } from "../../../build/metrics/counts.ts";
import { accuracy, mean } from "../../../build/metrics/means.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { cast, concat, sigmoid, sigmoidCrossEntropyWithLogits, softmax, zerosLike } from "../../../ops/index.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import { checkedLabels, checkedLogits, customLoss, inRange } from "./checks.ts";
import { allClasses, allClassIds, checkedVocabulary, classIds, classWords, type Vocabulary } from "./classes.ts";
import { Head, type HeadOptions, type Measured, type Predicted, scoped } from "./head.ts";
import { accuracyBaseline, areaUnder, atThreshold, labelsMean, predictionsMean } from "./means.ts";

export interface BinaryHeadOptions extends HeadOptions {
  /** Accuracy, precision and recall are also measured there, between 0 and 1. */
  readonly thresholds?: readonly number[] | null | undefined;
  /** The words of class 0 and class 1, where labels are words. */
  readonly labelVocabulary?: Vocabulary | undefined;
}

/** predictions: logits, logistic, probabilities [n, 2], class_ids, classes, all_class_ids, all_classes. Throws ValueError for thresholds beyond 0 and 1. */
export class BinaryHead extends Head {
  readonly #thresholds: readonly number[];
  readonly #vocabulary: Vocabulary;

  constructor(options: BinaryHeadOptions = {}) {
    super(options);
    this.#thresholds = options.thresholds ?? [];
    this.#vocabulary = checkedVocabulary(options.labelVocabulary, true);
    if (this.#thresholds.some((threshold) => threshold <= 0 || threshold >= 1)) {
      const list = this.#thresholds.join(", ") + (this.#thresholds.length === 1 ? "," : "");
      throw new ValueError(`thresholds not in (0, 1): ((${list}),).`);
    }
  }

  override get logitsDimension(): number {
    return 1;
  }

  protected override predict(given: Tensor): Predicted {
    return scoped(null, "predictions", () => {
      const logits = checkedLogits(given, 1);
      const logistic = sigmoid(logits, { name: "logistic" });
      const both = concat([zerosLike(logits), logits], -1, { name: "two_class_logits" });
      const probabilities = softmax(both, { name: "probabilities" });
      const ids = classIds(both);
      const allIds = allClassIds(logits, 2);
      const all = allClasses(logits, 2, this.#vocabulary);
      const classes = classWords(ids, this.#vocabulary);
      const predictions = {
        logits,
        logistic,
        probabilities,
        class_ids: ids,
        classes,
        all_class_ids: allIds,
        all_classes: all,
      };
      return { logits, predictions, parts: { logistic, ids, probabilities } };
    });
  }

  protected override losses(given: Labels | SparseTensor, logits: Tensor, features: InputFeatures) {
    let labels = checkedLabels(given, logits, 1);
    if (this.#vocabulary) {
      labels = indexTableFromTensor([...this.#vocabulary], { name: "class_id_lookup" }).lookup(labels) as Tensor;
    }
    labels = inRange(cast(labels, float32), 2);
    const unreducedLoss = this.lossFn
      ? customLoss(this.lossFn, { labels, logits, features }, 1)
      : sigmoidCrossEntropyWithLogits({ labels, logits });
    return { unreducedLoss, processedLabels: labels };
  }

  protected override metrics({
    processedLabels: labels,
    predicted,
    weights,
    ...spec
  }: Measured): Record<string, Metric> {
    const { logistic, ids } = predicted.parts as { readonly logistic: Tensor; readonly ids: Tensor };
    return scoped(null, "metrics", () => {
      const labelMean = labelsMean(labels, weights);
      return {
        [this.key("average_loss")]: mean(spec.unreducedLoss, { weights, name: "average_loss" }),
        [this.key("accuracy")]: accuracy(labels, ids, { weights, name: "accuracy" }),
        [this.key("precision")]: precision(labels, ids, { weights, name: "precision" }),
        [this.key("recall")]: recall(labels, ids, { weights, name: "recall" }),
        [this.key("prediction/mean")]: predictionsMean(logistic, weights),
        [this.key("label/mean")]: labelMean,
        [this.key("accuracy_baseline")]: accuracyBaseline(labelMean),
        [this.key("auc")]: areaUnder(labels, logistic, weights, { name: "auc", curve: "ROC" }),
        [this.key("auc_precision_recall")]: areaUnder(labels, logistic, weights, {
          name: "auc_precision_recall",
          curve: "PR",
        }),
        ...this.regularizationMetric(spec.regularizationLoss),
        ...Object.fromEntries(
          this.#thresholds.flatMap((threshold) =>
            atThreshold(labels, logistic, weights, threshold).map(([name, metric]) => [this.key(name), metric]),
          ),
        ),
      };
    });
  }

  protected override exported({ predictions, parts }: Predicted): Readonly<Record<string, unknown>> {
    const scores = parts.probabilities!;
    const classification = { scores, classes: allClasses(scores, 2, this.#vocabulary) };
    return {
      serving_default: classification,
      classification,
      regression: { value: parts.logistic },
      predict: predictions,
    };
  }
}
