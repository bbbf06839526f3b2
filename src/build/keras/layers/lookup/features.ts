/** `tf.keras.layers.DenseFeatures`: feature columns as a layer. Source: tf_keras/src/feature_column/dense_features.py. */
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { TensorLike } from "../../../../ops/convert.ts";
import { concat, reshape, shape as shapeOf } from "../../../../ops/index.ts";
import {
  type DenseColumn,
  type EmbeddingState,
  type Features,
  TransformationCache,
} from "../../../feature_column/column.ts";
import { type Columns, denseColumns } from "../../../feature_column/input_layer.ts";
import type { Variable } from "../../../variables/variable.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors } from "../layer.ts";

/** Features by name to one row for each example: the columns side by side, in the order of their names, [n, sum of their sizes]. */
export class DenseFeatures extends Layer {
  readonly #columns: readonly DenseColumn[];
  readonly #tables = new Map<string, Variable>();
  readonly #parts: [string, Variable][] = [];
  #names: readonly string[] = [];

  /** Throws ValueError for a column that is not dense. */
  constructor(featureColumns: Columns, options: LayerOptions = {}) {
    super(options, "dense_features");
    this.#columns = denseColumns(featureColumns, {
      column: "FeatureColumn",
      dense: "<class 'tensorflow.python.feature_column.feature_column_v2.DenseColumn'>",
    });
  }

  protected override build(_: Shape | readonly Shape[]): void {
    for (const column of this.#columns) {
      if (!("embeddingShape" in column)) continue;
      const { embeddingShape, initializer, trainable, identity } = column as unknown as EmbeddingState;
      const table = getDefaultGraph().nameScope(column.name, () =>
        this.addWeight("embedding_weights", {
          shape: [...embeddingShape],
          initializer: initializer as never,
          trainable,
        }),
      );
      this.#tables.set(identity, table);
      this.#parts.push([`${column.name}/embedding_weights`, table]);
    }
  }

  override trackables() {
    return this.#parts;
  }

  /** Of tensors by the names of features. */
  override apply(features: Tensor | TensorLike | Features, options?: CallOptions): Tensor;
  override apply(features: readonly Tensor[] | Tensors | TensorLike | Features, options?: CallOptions): Tensors;
  override apply(features: readonly Tensor[] | Tensors | TensorLike | Features, options?: CallOptions): Tensors {
    if (Array.isArray(features)) return super.apply(features as readonly Tensor[], options);
    const named = Object.entries(features as Readonly<Record<string, Tensor>>);
    this.#names = named.map(([name]) => name);
    return super.apply(
      named.map(([, tensor]) => tensor),
      options,
    );
  }

  protected override call(inputs: Tensors): Tensors {
    const features = Object.fromEntries(this.#names.map((name, i) => [name, (inputs as readonly Tensor[])[i]!]));
    const cache = new TransformationCache(features as Features, (column) => this.#tables.get(column.identity)!);
    const outputs = this.#columns.map((column) =>
      getDefaultGraph().nameScope(column.name, () => {
        const tensor = column.getDenseTensor(cache);
        const size = column.variableShape.reduce((a, b) => a * b, 1);
        return reshape(tensor, [shapeOf(tensor).at(0), size]);
      }),
    );
    return concat(outputs, -1);
  }
}
