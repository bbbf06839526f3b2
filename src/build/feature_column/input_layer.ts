/** Columns joined to one dense tensor: `tf.featureColumn.inputLayer`, and the layer of neural networks. Source: feature_column.py, dense_features.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { elementCount } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { concat, reshape, shape as shapeOf } from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import type { FeatureSpec } from "../parsing/features.ts";
import { makeTemplate } from "../template.ts";
import { getVariable, getVariableScope, variableScope } from "../variables/scope.ts";
import type { InitializerLike } from "../variables/store.ts";
import type { Variable } from "../variables/variable.ts";
import { named } from "./arguments.ts";
import {
  areV2Columns,
  type DenseColumn,
  type EmbeddingState,
  FeatureColumn,
  type Features,
  isDense,
  normalizeColumns,
  representation,
  sanitizeName,
  TransformationCache,
  verifyBatchSizes,
} from "./column.ts";

export type Columns = FeatureColumn | Iterable<FeatureColumn>;

export interface InputLayerOptions {
  /** Collections that the variables go to, beside GLOBAL_VARIABLES and MODEL_VARIABLES. */
  readonly weightCollections?: readonly string[] | null | undefined;
  readonly trainable?: boolean | undefined;
  /** Filled with the variables of each column. */
  readonly colsToVars?: Map<FeatureColumn, Variable[]> | null | undefined;
  /** Filled with the tensor of each column. */
  readonly colsToOutputTensors?: Map<FeatureColumn, Tensor> | null | undefined;
}

/** The collections of weights, with the two that they are always in. */
export function withOwnCollections(given: readonly string[] | null | undefined): string[] {
  const keys = [...(given ?? [])];
  for (const key of [GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]) if (!keys.includes(key)) keys.push(key);
  return keys;
}

/** Tables of embeddings in the current variable scope. */
export const scopedCache = (features: Features, weightCollections: readonly string[], trainable: boolean) =>
  new TransformationCache(
    features,
    ({ embeddingShape, initializer, trainable: isTrained }) =>
      getVariable("embedding_weights", {
        shape: [...embeddingShape],
        dtype: float32,
        initializer: initializer as InitializerLike,
        trainable: isTrained && trainable,
        collections: weightCollections,
      }),
    { weightCollections, trainable },
  );

export function denseColumns(
  featureColumns: Columns,
  words: { column: "_FeatureColumn" | "FeatureColumn"; dense: string },
) {
  const columns = normalizeColumns(featureColumns, words.column);
  for (const column of columns) {
    if (isDense(column)) continue;
    throw new ValueError(
      `Items of feature_columns must be a ${words.dense}. You can wrap a categorical column with an embedding_column or indicator_column. Given: ${column}`,
    );
  }
  return columns as DenseColumn[];
}

function joined(features: Features, columns: readonly DenseColumn[], options: InputLayerOptions): Tensor {
  const cache = scopedCache(features, withOwnCollections(options.weightCollections), options.trainable ?? true);
  const outputs = columns.map((column) =>
    variableScope(null, { defaultName: column.varScopeName }, () => {
      const tensor = column.getDenseTensor(cache);
      const batchSize = shapeOf(tensor).at(0);
      const output = reshape(tensor, [batchSize, elementCount(column.variableShape)]);
      const graph = getDefaultGraph();
      options.colsToVars?.set(
        column,
        graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES, getVariableScope().name),
      );
      options.colsToOutputTensors?.set(column, output);
      return output;
    }),
  );
  verifyBatchSizes(outputs, columns);
  return concat(outputs, 1);
}

/**
 * Dense columns side by side, in the order of their names: [n, sum of their sizes], float32. Embeddings lie in variables
 * `input_layer/<column>/embedding_weights`. Throws ValueError for a column that is not dense.
 */
export function inputLayer(
  options: { readonly features: Features; readonly featureColumns: Columns } & InputLayerOptions,
): Tensor;
export function inputLayer(features: Features, featureColumns: Columns, options?: InputLayerOptions): Tensor;
export function inputLayer(...given: readonly unknown[]): Tensor {
  type All = { readonly features: Features; readonly featureColumns: Columns } & InputLayerOptions;
  const isByName = given.length === 1;
  const [features, featureColumns, options] = isByName
    ? [(given[0] as All).features, (given[0] as All).featureColumns, given[0] as All]
    : [given[0] as Features, given[1] as Columns, (given[2] ?? {}) as InputLayerOptions];
  const columns = denseColumns(featureColumns, { column: "_FeatureColumn", dense: "_DenseColumn" });
  return variableScope(null, { defaultName: "input_layer" }, () => joined(features, columns, options));
}

/**
 * The first layer of a canned network, called `name` below the current variable scope: [n, sum of the columns' sizes]. Columns that cannot
 * have variables of a layer (shared embeddings) are joined as `inputLayer` joins them. Throws ValueError for a column that is not dense.
 */
export function denseFeatures(features: Features, featureColumns: readonly FeatureColumn[], name: string): Tensor {
  if (!areV2Columns(featureColumns)) {
    const columns = denseColumns(featureColumns, { column: "_FeatureColumn", dense: "_DenseColumn" });
    return makeTemplate(name, () => joined(features, columns, {}))();
  }
  const columns = denseColumns(featureColumns, {
    column: "FeatureColumn",
    dense: "<class 'tensorflow.python.feature_column.feature_column_v2.DenseColumn'>",
  });
  const graph = getDefaultGraph();
  return graph.nameScope(name, () => {
    const tables = new Map(columns.flatMap((column) => embeddingsOf(column, name)));
    const cache = new TransformationCache(features, (column) => tables.get(column.identity)!);
    const outputs = columns.map((column) =>
      graph.nameScope(column.name, () => {
        const tensor = column.getDenseTensor(cache);
        return reshape(tensor, [shapeOf(tensor).at(0), elementCount(column.variableShape)]);
      }),
    );
    verifyBatchSizes(outputs, columns);
    return concat(outputs, -1);
  });
}

/** A column's table of embeddings as a resource, in variable scopes of the layer and the column. */
function embeddingsOf(column: FeatureColumn, layer: string): [string, Variable][] {
  return variableScope(layer, () => variableScope(sanitizeName(column.name), () => createState(column)));
}

/** The variables that a column keeps in the current variable scope, by the column's identity. */
export function createState(column: FeatureColumn): [string, Variable][] {
  if (!("embeddingShape" in column)) return [];
  const { embeddingShape, initializer, trainable, identity } = column as EmbeddingState;
  const variable = getVariable("embedding_weights", {
    shape: [...embeddingShape],
    dtype: float32,
    initializer: initializer as InitializerLike,
    trainable,
    useResource: true,
  });
  return [[identity, variable]];
}

/** The features of Examples that columns read, for `tf.parseExample`. Throws ValueError where two columns want a feature differently. */
export function makeParseExampleSpec(
  given: Iterable<FeatureColumn> | { readonly featureColumns: Iterable<FeatureColumn> },
): FeatureSpec {
  const { featureColumns } = named<{ readonly featureColumns: Iterable<FeatureColumn> }>([given], ["featureColumns"]);
  const spec: Record<string, FeatureSpec[string]> = {};
  for (const column of featureColumns) {
    if (!((column as unknown) instanceof FeatureColumn)) {
      throw new ValueError(
        `All feature_columns must be _FeatureColumn instances. Given: ${representation(column).replace(/^'(.*)'$/s, "$1")}`,
      );
    }
    for (const [key, feature] of Object.entries(column.parseExampleSpec)) {
      const known = spec[key];
      if (known && shown(known) !== shown(feature)) {
        throw new ValueError(
          `feature_columns contain different parse_spec for key ${key}. Given ${shown(feature)} and ${shown(known)}`,
        );
      }
      spec[key] = feature;
    }
  }
  return spec;
}

/** A feature as Python prints it. */
function shown(feature: FeatureSpec[string]): string {
  const words: Readonly<Record<string, string>> = { shape: "shape", dtype: "dtype", defaultValue: "default_value" };
  const fields = Object.entries(words).flatMap(([key, word]) =>
    key in feature ? [`${word}=${representation((feature as unknown as Record<string, unknown>)[key])}`] : [],
  );
  return `${feature.constructor.name}(${fields.join(", ")})`;
}
