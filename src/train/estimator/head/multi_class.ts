/** The head of several classes: softmax cross entropy. Source: canned/head.py, _MultiClassHeadWithSoftmaxCrossEntropyLoss. */

import { indexTableFromTensor } from "../../../build/lookup/index_tables.ts";
import { sparseSoftmaxCrossEntropy } from "../../../build/losses/losses.ts";
import { Reduction } from "../../../build/losses/weighted.ts";
import { accuracy, mean } from "../../../build/metrics/means.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { string } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { SparseTensor } from "../../../graph/sparse_tensor.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { expandDims, softmax } from "../../../ops/index.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import { BinaryHead } from "./binary.ts";
import { checkedLabels, checkedLogits, customLoss, inRange } from "./checks.ts";
import { allClasses, allClassIds, checkedVocabulary, classIds, classWords, type Vocabulary } from "./classes.ts";
import { Head, type HeadOptions, type Measured, type Predicted, scoped } from "./head.ts";

export interface ClassHeadOptions extends HeadOptions {
  /** The words of the classes, where labels are words. */
  readonly labelVocabulary?: Vocabulary | undefined;
}

/** predictions: logits, probabilities [n, classes], class_ids, classes, all_class_ids, all_classes. Throws ValueError for fewer than 3 classes. */
export class MultiClassHead extends Head {
  readonly #classes: number;
  readonly #vocabulary: Vocabulary;

  constructor(classes: number, options: ClassHeadOptions = {}) {
    super(options);
    if (classes === null || classes === undefined) throw new ValueError("n_classes cannot be None");
    if (classes <= 2) throw new ValueError(`n_classes must be > 2: ${classes}.`);
    this.#classes = classes;
    this.#vocabulary = checkedVocabulary(options.labelVocabulary, false);
  }

  override get logitsDimension(): number {
    return this.#classes;
  }

  protected override predict(given: Tensor): Predicted {
    const logits = checkedLogits(given, this.#classes);
    return scoped(null, "predictions", () => {
      const allIds = allClassIds(logits, this.#classes);
      const all = allClasses(logits, this.#classes, this.#vocabulary);
      const ids = classIds(logits);
      const classes = classWords(ids, this.#vocabulary);
      const probabilities = softmax(logits, { name: "probabilities" });
      const predictions = {
        logits,
        probabilities,
        class_ids: ids,
        classes,
        all_class_ids: allIds,
        all_classes: all,
      };
      return { logits, predictions, parts: { ids, probabilities } };
    });
  }

  #idsOf(labels: Tensor): Tensor {
    if (!this.#vocabulary) {
      if (labels.dtype.isInteger) return labels;
      throw new ValueError(`Labels dtype should be integer. Instead got ${labels.dtype}.`);
    }
    if (labels.dtype !== string) {
      throw new ValueError(`Labels dtype should be string if there is a vocabulary. Instead got ${labels.dtype}`);
    }
    return indexTableFromTensor([...this.#vocabulary], { name: "class_id_lookup" }).lookup(labels) as Tensor;
  }

  protected override losses(given: Labels | SparseTensor, logits: Tensor, features: InputFeatures) {
    const labels = inRange(this.#idsOf(checkedLabels(given, logits, 1)), this.#classes);
    const unreducedLoss = this.lossFn
      ? customLoss(this.lossFn, { labels, logits, features }, 1)
      : expandDims(sparseSoftmaxCrossEntropy(labels, logits, { reduction: Reduction.NONE }), -1);
    return { unreducedLoss, processedLabels: labels };
  }

  protected override metrics({
    processedLabels: labels,
    predicted,
    weights,
    ...spec
  }: Measured): Record<string, Metric> {
    return scoped(null, "metrics", () => ({
      [this.key("average_loss")]: mean(spec.unreducedLoss, { weights, name: "average_loss" }),
      [this.key("accuracy")]: accuracy(labels, predicted.parts.ids!, { weights, name: "accuracy" }),
      ...this.regularizationMetric(spec.regularizationLoss),
    }));
  }

  protected override exported({ predictions, parts }: Predicted): Readonly<Record<string, unknown>> {
    const scores = parts.probabilities!;
    const classification = { scores, classes: allClasses(scores, this.#classes, this.#vocabulary) };
    return { serving_default: classification, classification, predict: predictions };
  }
}

/** The head for a number of classes. */
export const classificationHead = (classes: number, options: ClassHeadOptions): Head =>
  classes === 2 ? new BinaryHead(options) : new MultiClassHead(classes, options);
