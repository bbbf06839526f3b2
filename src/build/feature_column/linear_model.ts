/** Weighted sums of columns: `tf.featureColumn.linearModel`, and the layer of linear estimators. Source: feature_column.py, linear.py. */
import { float32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { elementCount } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  addN,
  biasAdd,
  type Combiner,
  matmul,
  reshape,
  safeEmbeddingLookupSparse,
  shape as shapeOf,
  sparseReshape,
} from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { zerosInitializer } from "../initializers.ts";
import { PartitionedVariable } from "../variables/partitioned.ts";
import { getVariable, variableScope } from "../variables/scope.ts";
import type { Variable } from "../variables/variable.ts";
import {
  areV2Columns,
  type FeatureColumn,
  type Features,
  isCategorical,
  isDense,
  normalizeColumns,
  sanitizeName,
  TransformationCache,
  verifyBatchSizes,
} from "./column.ts";
import { type Columns, createState, scopedCache, withOwnCollections } from "./input_layer.ts";

export interface LinearModelOptions {
  /** Outputs for each example; 1 by default. */
  readonly units?: number | undefined;
  /** How the weights of several ids of a categorical column become one: "sum" by default. */
  readonly sparseCombiner?: Combiner | undefined;
  readonly weightCollections?: readonly string[] | null | undefined;
  readonly trainable?: boolean | undefined;
  /** Filled with the variables of each column, and those of the bias under "bias". */
  readonly colsToVars?: Map<FeatureColumn | "bias", Variable[]> | null | undefined;
}

/** [n, units]: what a column contributes. */
function weightedSum(column: FeatureColumn, cache: TransformationCache, weights: Variable, combiner: Combiner): Tensor {
  if (isCategorical(column)) {
    const pair = column.getSparseTensors(cache);
    const ids = sparseReshape(pair.ids, [shapeOf(pair.ids).at(0), -1]);
    const idWeights = pair.weights && sparseReshape(pair.weights, [shapeOf(pair.weights).at(0), -1]);
    return safeEmbeddingLookupSparse(weights as unknown as TensorLike, ids, idWeights, {
      combiner,
      name: "weighted_sum",
    });
  }
  if (!isDense(column)) throw new Error(`bug: ${column} is no column of a linear model`);
  const tensor = column.getDenseTensor(cache);
  const flat = reshape(tensor, [shapeOf(tensor).at(0), elementCount(column.variableShape)]);
  return matmul(flat, weights as unknown as TensorLike, { name: "weighted_sum" });
}

const rowsOf = (column: FeatureColumn): number =>
  isCategorical(column) ? column.numBuckets : isDense(column) ? elementCount(column.variableShape) : 0;

function checkKinds(columns: readonly FeatureColumn[], dense: string, categorical: string): void {
  for (const column of columns) {
    if (isDense(column) || isCategorical(column)) continue;
    throw new ValueError(`Items of feature_columns must be either a ${dense} or ${categorical}. Given: ${column}`);
  }
}

/** One variable, or the parts of one. */
export const partsOf = (variable: Variable): Variable[] =>
  (variable as unknown) instanceof PartitionedVariable ? [...(variable as unknown as PartitionedVariable)] : [variable];

/** Adds what `getVariable` does not: the collections beside GLOBAL_VARIABLES. */
function collect(variable: Variable, weightCollections: readonly string[]): void {
  const graph = getDefaultGraph();
  for (const key of weightCollections) {
    if (key === GraphKeys.GLOBAL_VARIABLES) continue;
    for (const part of partsOf(variable)) graph.addToCollection(key, part);
  }
}

/** The last part of a scope's name. */
const lastPart = (name: string): string => name.split("/").at(-1)!;

function weightsOf(column: FeatureColumn, units: number, trainable: boolean): Variable {
  return getVariable("weights", {
    shape: [rowsOf(column), units],
    dtype: float32,
    initializer: zerosInitializer(),
    trainable,
  });
}

/**
 * The sum of all columns' weighted features and a bias: [n, units]. Weights lie in `linear_model/<column>/weights`, zero at first; the bias in
 * `linear_model/bias_weights`. Throws ValueError for columns that are neither dense nor categorical.
 */
export function linearModel(
  options: { readonly features: Features; readonly featureColumns: Columns } & LinearModelOptions,
): Tensor;
export function linearModel(features: Features, featureColumns: Columns, options?: LinearModelOptions): Tensor;
export function linearModel(...given: readonly unknown[]): Tensor {
  type All = { readonly features: Features; readonly featureColumns: Columns } & LinearModelOptions;
  const [features, featureColumns, options] =
    given.length === 1
      ? [(given[0] as All).features, (given[0] as All).featureColumns, given[0] as All]
      : [given[0] as Features, given[1] as Columns, (given[2] ?? {}) as LinearModelOptions];
  const { units = 1, sparseCombiner = "sum", trainable = true, colsToVars } = options;
  const model = variableScope(null, { defaultName: "linear_model" }, ({ name }) => lastPart(name));
  const columns = normalizeColumns(featureColumns, "_FeatureColumn");
  const collections = withOwnCollections(options.weightCollections);
  const layers = columns.map((column) => ({
    column,
    name: variableScope(null, { defaultName: column.varScopeName }, ({ name }) => lastPart(name)),
  }));
  const graph = getDefaultGraph();
  // The layers that the weights belong to in Python leave this collection behind, empty.
  graph.getCollectionRef(GraphKeys.UPDATE_OPS);
  return graph.nameScope(model, () =>
    variableScope(model, () => {
      checkKinds(columns, "_DenseColumn", "_CategoricalColumn");
      const cache = scopedCache(features, collections, trainable);
      const sums = [...layers]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ column, name }) =>
          variableScope(name, (own) => {
            const weights = weightsOf(column, units, trainable);
            collect(weights, collections);
            const sum = weightedSum(column, cache, weights, sparseCombiner);
            colsToVars?.set(column, graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES, own.name));
            return sum;
          }),
        );
      verifyBatchSizes(sums, columns);
      const withoutBias = addN(sums, { name: "weighted_sum_no_bias" });
      const bias = getVariable("bias_weights", {
        shape: [units],
        dtype: float32,
        initializer: zerosInitializer(),
        trainable,
      });
      collect(bias, collections);
      colsToVars?.set("bias", partsOf(bias));
      return biasAdd(withoutBias, bias, { name: "weighted_sum" });
    }),
  );
}

/** A linear model with its variables. */
export interface LinearLayer {
  readonly logits: Tensor;
  readonly bias: readonly Variable[];
  /** The weights of the columns, part by part. */
  readonly weights: readonly Variable[];
}

/**
 * The linear model of an estimator, called `name` below the current variable scope: logits [n, units], variables as resources. Columns that
 * cannot have variables of a layer (shared embeddings) make it a `linearModel`. Throws ValueError for columns of other kinds.
 */
export function linearLayer(
  features: Features,
  featureColumns: readonly FeatureColumn[],
  options: { readonly name: string; readonly units: number; readonly sparseCombiner: Combiner },
): LinearLayer {
  const { name, units, sparseCombiner } = options;
  if (!areV2Columns(featureColumns)) {
    const colsToVars = new Map<FeatureColumn | "bias", Variable[]>();
    const logits = linearModel(features, featureColumns, { units, sparseCombiner, colsToVars });
    const bias = colsToVars.get("bias")!;
    colsToVars.delete("bias");
    return { logits, bias, weights: [...colsToVars.values()].flat() };
  }
  const columns = normalizeColumns(featureColumns, "FeatureColumn");
  checkKinds(columns, "DenseColumn", "CategoricalColumn");
  const graph = getDefaultGraph();
  return graph.nameScope(name, () =>
    graph.nameScope(name, () => {
      const variables = variableScope(name, pure, () => layerVariables(columns, units));
      const logits = graph.nameScope(name, () => {
        const cache = new TransformationCache(features, (column) => variables.tables.get(column.identity)!);
        const sums = columns.map((column) =>
          graph.nameScope(sanitizeName(column.name), () =>
            weightedSum(column, cache, variables.weights.get(column)!, sparseCombiner),
          ),
        );
        verifyBatchSizes(sums, columns);
        return biasAdd(addN(sums, { name: "weighted_sum_no_bias" }), variables.bias, { name: "weighted_sum" });
      });
      return { logits, bias: partsOf(variables.bias), weights: variables.all.flatMap(partsOf) };
    }),
  );
}

/** A variable scope that opens no name scope. */
const pure = { auxiliaryNameScope: false } as const;

interface LayerVariables {
  readonly tables: ReadonlyMap<string, Variable>;
  readonly weights: ReadonlyMap<FeatureColumn, Variable>;
  readonly bias: Variable;
  /** All but the bias, in the order of their making. */
  readonly all: readonly Variable[];
}

function layerVariables(columns: readonly FeatureColumn[], units: number): LayerVariables {
  const tables = new Map<string, Variable>();
  const weights = new Map<FeatureColumn, Variable>();
  const all: Variable[] = [];
  for (const column of columns) {
    variableScope(sanitizeName(column.name), { ...pure, useResource: true }, () => {
      for (const [identity, table] of createState(column)) {
        tables.set(identity, table);
        all.push(table);
      }
      const own = weightsOf(column, units, true);
      weights.set(column, own);
      all.push(own);
    });
  }
  const initializer = zerosInitializer();
  const bias = getVariable("bias_weights", { shape: [units], dtype: float32, initializer, useResource: true });
  return { tables, weights, bias, all };
}
