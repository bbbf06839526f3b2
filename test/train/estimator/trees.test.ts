/** Boosted trees, node for node and number for number: test/fixtures/estimator/boosted_trees.py. */
import { afterAll, describe, expect, test } from "vitest";
import * as tf from "../../../src/index.ts";
import { RegressionHead } from "../../../src/train/estimator/head/regression.ts";
import { compareTrees, treesCases } from "./trees_compare.ts";

const fc = tf.featureColumn;
const E = tf.estimator;
type Make = Parameters<typeof compareTrees>[1];

const word = () => fc.indicatorColumn(fc.categoricalColumnWithVocabularyList("word", ["cat", "dog", "emu", "ant"]));
const age = () => fc.numericColumn("age");
const size = () => fc.numericColumn("size", { shape: 2 });
const buckets = () => fc.bucketizedColumn(fc.numericColumn("age"), [2, 5, 9, 14]);
const number = () => fc.categoricalColumnWithIdentity("number", 5);

const models: Readonly<Record<string, Make>> = {
  classifier: (config) =>
    new E.BoostedTreesClassifier([age(), size()], 3, { nTrees: 2, maxDepth: 2, quantileSketchEpsilon: 0.1, config }),
  classifier_flat: (config) =>
    new E.BoostedTreesClassifier([buckets(), size()], 1, {
      nTrees: 2,
      maxDepth: 2,
      learningRate: 0.5,
      quantileSketchEpsilon: 0.1,
      config,
    }),
  classifier_centered: (config) =>
    new E.BoostedTreesClassifier({
      featureColumns: [age()],
      nBatchesPerLayer: 2,
      centerBias: true,
      nTrees: 2,
      maxDepth: 2,
      l2Regularization: 0.01,
      quantileSketchEpsilon: 0.2,
      config,
    }),
  classifier_weighted: (config) =>
    new E.BoostedTreesClassifier([buckets(), age()], 2, {
      weightColumn: "weight",
      nTrees: 2,
      maxDepth: 2,
      minNodeWeight: 0.01,
      quantileSketchEpsilon: 0.1,
      config,
    }),
  classifier_words: (config) =>
    new E.BoostedTreesClassifier([buckets()], 1, { labelVocabulary: ["no", "yes"], nTrees: 2, maxDepth: 2, config }),
  classes: (config) =>
    new E.BoostedTreesClassifier([buckets(), word()], 1, {
      nClasses: 3,
      nTrees: 2,
      maxDepth: 2,
      l2Regularization: 0.1,
      config,
    }),
  regressor: (config) =>
    new E.BoostedTreesRegressor([age(), size(), word()], 1, {
      nTrees: 4,
      maxDepth: 3,
      learningRate: 0.3,
      l1Regularization: 0.01,
      l2Regularization: 0.02,
      quantileSketchEpsilon: 0.05,
      config,
    }),
  regressor_categories: (config) =>
    new E.BoostedTreesRegressor([buckets(), number()], 3, { nTrees: 2, maxDepth: 2, config }),
  regressor_pruned: (config) =>
    new E.BoostedTreesRegressor([buckets(), word()], 1, {
      nTrees: 3,
      maxDepth: 3,
      learningRate: 0.5,
      treeComplexity: 0.05,
      pruningMode: "post",
      config,
    }),
  regressor_prepruned: (config) =>
    new E.BoostedTreesRegressor([buckets()], 1, {
      nTrees: 3,
      maxDepth: 3,
      learningRate: 0.5,
      treeComplexity: 0.02,
      pruningMode: "pre",
      config,
    }),
  regressor_centered: (config) =>
    new E.BoostedTreesRegressor([buckets(), size()], 1, {
      centerBias: true,
      nTrees: 2,
      maxDepth: 3,
      learningRate: 0.2,
      quantileSketchEpsilon: 0.1,
      config,
    }),
  regressor_pair: (config) =>
    new E.BoostedTreesRegressor([buckets(), word()], 1, {
      labelDimension: 2,
      nTrees: 2,
      maxDepth: 2,
      l2Regularization: 0.1,
      config,
    }),
  regressor_steps: (config) =>
    new E.BoostedTreesRegressor([age()], 2, {
      weightColumn: "weight",
      nTrees: 10,
      maxDepth: 2,
      quantileSketchEpsilon: 0.25,
      config,
    }),
  memory_classifier: (config) =>
    new E.BoostedTreesClassifier([age(), buckets(), word()], 1, {
      nTrees: 3,
      maxDepth: 2,
      quantileSketchEpsilon: 0.1,
      trainInMemory: true,
      config,
    }),
  memory_regressor: (config) =>
    new E.BoostedTreesRegressor([buckets(), number()], 1, {
      centerBias: true,
      nTrees: 2,
      maxDepth: 2,
      trainInMemory: true,
      config,
    }),
  head: (config) =>
    new E.BoostedTreesEstimator({
      featureColumns: [buckets()],
      nBatchesPerLayer: 1,
      head: new RegressionHead({ lossReduction: tf.losses.Reduction.SUM_OVER_BATCH_SIZE }),
      nTrees: 2,
      maxDepth: 2,
      config,
    }),
};

const cases = treesCases();
afterAll(tf.disableResourceVariables); // estimators of trees turn them on for the process, as TensorFlow's do

describe("boosted trees", () => {
  test("every model is compared", () => {
    expect(Object.keys(models).sort()).toEqual(cases.map(({ name }) => name).sort());
  });

  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) =>
    compareTrees(golden, models[name]!),
  );
});
