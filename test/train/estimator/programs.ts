/** The models of test/fixtures/estimator/estimators.py. */
import type { FeatureColumn } from "../../../src/build/feature_column/column.ts";
import * as tf from "../../../src/index.ts";

const fc = tf.featureColumn;
const E = tf.estimator;
type Config = InstanceType<typeof E.RunConfig>;

const words = (key = "word") => fc.categoricalColumnWithVocabularyList(key, ["cat", "dog", "ant"]);
const age = () => fc.numericColumn("age", { normalizerFn: (x) => x.sub(40).div(20) });
const buckets = () => fc.bucketizedColumn(fc.numericColumn("age"), [20, 30, 50]);
const size = () => fc.numericColumn("size", { shape: 2 });

interface CustomParams {
  readonly columns: readonly FeatureColumn[];
  readonly units: number;
}

const custom: ConstructorParameters<typeof E.Estimator>[0] = (features, labels, mode, params) => {
  const { columns, units } = params as CustomParams;
  let net = fc.inputLayer(features, columns);
  net = tf.layers.dense(net, units, { activation: tf.nn.relu });
  const logits = tf.layers.dense(net, 3);
  const classes = tf.argmax(logits, 1);
  const predictions = {
    class_ids: classes.at(":", null),
    probabilities: tf.nn.softmax(logits),
    logits,
  };
  if (mode === E.ModeKeys.PREDICT) return new E.EstimatorSpec(mode, { predictions });
  const flat = tf.squeeze(labels, { axis: [1] });
  const loss = tf.losses.sparseSoftmaxCrossEntropy(flat, logits);
  const accuracy = tf.metrics.accuracy(flat, classes, { name: "acc_op" });
  tf.summary.scalar("accuracy", accuracy[1]);
  if (mode === E.ModeKeys.EVAL) return new E.EstimatorSpec(mode, { loss, evalMetricOps: { accuracy } });
  const optimizer = new tf.train.AdagradOptimizer(0.1);
  const trainOp = optimizer.minimize(loss, { globalStep: tf.train.getGlobalStep() });
  return new E.EstimatorSpec({ mode, loss, trainOp });
};

export const models: Readonly<Record<string, (config: Config) => InstanceType<typeof E.Estimator>>> = {
  linear_classifier: (config) => new E.LinearClassifier([age(), words()], { config }),
  linear_classes: (config) =>
    new E.LinearClassifier({
      featureColumns: [age(), buckets(), fc.crossedColumn(["word", "other"], 10)],
      nClasses: 3,
      config,
    }),
  linear_words: (config) =>
    new E.LinearClassifier([words()], { labelVocabulary: ["no", "yes"], optimizer: "SGD", config }),
  linear_weighted: (config) =>
    new E.LinearClassifier([age()], {
      weightColumn: "weight",
      lossReduction: tf.losses.Reduction.SUM_OVER_BATCH_SIZE,
      config,
    }),
  linear_regressor: (config) => new E.LinearRegressor([age(), words(), size()], { config }),
  linear_regressor_many: (config) =>
    new E.LinearRegressor([age()], {
      labelDimension: 2,
      weightColumn: "weight",
      optimizer: () => new tf.train.AdamOptimizer(0.1),
      config,
    }),
  linear_embedding: (config) =>
    new E.LinearRegressor([fc.embeddingColumn(words(), 2), age()], { sparseCombiner: "mean", config }),
  dnn_classifier: (config) =>
    new E.DNNClassifier([4, 3], [age(), fc.embeddingColumn(words(), 2), fc.indicatorColumn(words("other"))], {
      config,
    }),
  dnn_classes: (config) =>
    new E.DNNClassifier({
      hiddenUnits: [5],
      featureColumns: [age()],
      nClasses: 3,
      labelVocabulary: ["a", "b", "c"],
      optimizer: "Adam",
      activationFn: tf.nn.tanh,
      config,
    }),
  dnn_dropout: (config) => new E.DNNRegressor([6, 4], [age(), size()], { dropout: 0.4, config }),
  dnn_batch_norm: (config) =>
    new E.DNNRegressor([6], { featureColumns: [age(), size()], batchNorm: true, labelDimension: 2, config }),
  dnn_shared: (config) => new E.DNNClassifier([4], fc.sharedEmbeddingColumns([words(), words("other")], 3), { config }),
  combined: (config) =>
    new E.DNNLinearCombinedClassifier({
      linearFeatureColumns: [buckets(), fc.crossedColumn(["word", buckets()], 20)],
      dnnFeatureColumns: [age(), fc.embeddingColumn(fc.categoricalColumnWithHashBucket("word", 5), 2)],
      dnnHiddenUnits: [4, 2],
      config,
    }),
  combined_regressor: (config) =>
    new E.DNNLinearCombinedRegressor({
      linearFeatureColumns: [words()],
      linearOptimizer: new tf.train.FtrlOptimizer(0.1, { l1RegularizationStrength: 0.01 }),
      dnnFeatureColumns: [age()],
      dnnHiddenUnits: [3],
      dnnOptimizer: "RMSProp",
      dnnDropout: 0.2,
      config,
    }),
  combined_wide: (config) =>
    new E.DNNLinearCombinedClassifier({ linearFeatureColumns: [words()], nClasses: 3, config }),
  combined_deep: (config) =>
    new E.DNNLinearCombinedClassifier({ dnnFeatureColumns: [age()], dnnHiddenUnits: [3], config }),
  baseline: (config) => new E.BaselineClassifier({ nClasses: 3, config }),
  baseline_regressor: (config) => new E.BaselineRegressor({ weightColumn: "weight", config }),
  custom: (config) => new E.Estimator(custom, { params: { columns: [age()], units: 4 }, config }),
};
