/** Estimators with more metrics, and how their Examples are parsed. Source: tensorflow_estimator/python/estimator/{extenders,canned/parsing_utils}.py. */
import { named } from "../../../build/feature_column/arguments.ts";
import { type FeatureColumn, pythonType } from "../../../build/feature_column/column.ts";
import { makeParseExampleSpec } from "../../../build/feature_column/input_layer.ts";
import { NumericColumn, numericColumn } from "../../../build/feature_column/numeric.ts";
import type { Metric } from "../../../build/metrics/metric.ts";
import { type FeatureSpec, FixedLenFeature } from "../../../build/parsing/features.ts";
import { type DType, float32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { Estimator } from "../estimator.ts";
import type { InputFeatures, Labels } from "../run/input.ts";
import type { RunConfig } from "../run/run_config.ts";
import { type Mode, ModeKeys, type Predictions } from "../run/spec.ts";

export interface Measurable {
  readonly features: InputFeatures;
  readonly labels: Labels;
  readonly predictions: Predictions;
  readonly config: RunConfig;
}

/** The estimator with more metrics in its evaluations; of equal names the new ones hold. */
export function addMetrics(
  estimator: Estimator,
  metricFn: (given: Measurable) => Readonly<Record<string, Metric>>,
): Estimator {
  const modelFn = async (features: InputFeatures, labels: Labels, mode: Mode, _: unknown, config: RunConfig) => {
    const spec = await estimator.modelFn(features, labels, mode, config);
    if (mode !== ModeKeys.EVAL) return spec;
    const own = metricFn({ features, labels, predictions: spec.predictions, config });
    return spec.replace({ evalMetricOps: { ...spec.evalMetricOps, ...own } });
  };
  return new Estimator(modelFn, {
    modelDir: estimator.modelDir,
    config: estimator.config,
    warmStartFrom: estimator.warmStartFrom,
  });
}

interface ParseOptions {
  readonly featureColumns: Iterable<FeatureColumn>;
  readonly labelKey: string;
  readonly labelDtype?: DType | undefined;
  readonly labelDefault?: number | string | readonly number[] | readonly string[] | null | undefined;
  readonly weightColumn?: string | FeatureColumn | null | undefined;
}

const shownKeys = (spec: FeatureSpec): string =>
  `dict_keys([${Object.keys(spec)
    .map((key) => `'${key}'`)
    .join(", ")}])`;

function withLabel(given: ParseOptions, label: FixedLenFeature): FeatureSpec {
  const { labelKey, weightColumn } = given;
  const spec = { ...makeParseExampleSpec(given.featureColumns as FeatureColumn[]) };
  if (labelKey in spec) {
    throw new ValueError(`label should not be used as feature. label_key: ${labelKey}, features: ${shownKeys(spec)}`);
  }
  spec[labelKey] = label;
  if (weightColumn === null || weightColumn === undefined) return spec;
  const column = typeof weightColumn === "string" ? numericColumn(weightColumn) : weightColumn;
  if (!(column instanceof NumericColumn)) {
    throw new ValueError(
      `weight_column should be an instance of tf.feature_column.numeric_column. Given type: ${pythonType(column)} value: ${column}`,
    );
  }
  if (column.key in spec) {
    throw new ValueError(
      `weight_column should not be used as feature. weight_column: ${column.key}, features: ${shownKeys(spec)}`,
    );
  }
  return { ...spec, ...column.parseExampleSpec };
}

type Given<O> = readonly [O] | readonly [Iterable<FeatureColumn>, string, Omit<O, "featureColumns" | "labelKey">?];
const positions = ["featureColumns", "labelKey", "labelDtype", "labelDefault", "weightColumn"] as const;

/** How Examples of a classifier are parsed: its columns, the label [1] and the weight. Throws ValueError where one is another one's feature. */
export function classifierParseExampleSpec(...given: Given<ParseOptions>): FeatureSpec {
  const own = named<ParseOptions>(
    given.filter((item) => item !== undefined),
    [...positions],
  );
  return withLabel(own, new FixedLenFeature([1], own.labelDtype ?? int64, own.labelDefault ?? null));
}

type RegressorOptions = ParseOptions & {
  /** 1 by default. */
  readonly labelDimension?: number | undefined;
};

/** How Examples of a regressor are parsed: labels are [labelDimension]. */
export function regressorParseExampleSpec(...given: Given<RegressorOptions>): FeatureSpec {
  const own = named<RegressorOptions>(
    given.filter((item) => item !== undefined),
    [...positions],
  );
  const { labelDimension = 1, labelDtype = float32, labelDefault = null } = own;
  return withLabel(own, new FixedLenFeature([labelDimension], labelDtype, labelDefault));
}
