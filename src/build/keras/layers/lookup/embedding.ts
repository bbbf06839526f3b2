/** `tf.keras.layers.Embedding`. Source: tf_keras/src/layers/core/embedding.py. */
import { float32, int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { cast, embeddingLookup, notEqual } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Variable } from "../../../variables/variable.ts";
import type { ConstraintName } from "../../constraints.ts";
import type { InitializerName } from "../../initializers.ts";
import type { RegularizerName } from "../../regularizers.ts";
import { Layer, type LayerOptions, type Tensors } from "../layer.ts";

export interface EmbeddingOptions extends LayerOptions {
  /** Uniform in [-0.05, 0.05). */
  readonly embeddingsInitializer?: InitializerName | undefined;
  readonly embeddingsRegularizer?: RegularizerName | undefined;
  readonly embeddingsConstraint?: ConstraintName | undefined;
  /** Steps with the number 0 are left out by the layers that follow. */
  readonly maskZero?: boolean | undefined;
  readonly inputLength?: number | null | undefined;
}

const places = [
  "embeddingsInitializer",
  "embeddingsRegularizer",
  "activityRegularizer",
  "embeddingsConstraint",
  "maskZero",
  "inputLength",
] as const;

/** Whole numbers in [0, inputDim) of any shape to vectors [..., outputDim]. */
export class Embedding extends Layer {
  embeddings: Variable | null = null;
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly #options: EmbeddingOptions;

  constructor(inputDim: number, outputDim: number, ...rest: Rest<EmbeddingOptions, typeof places>) {
    const options = byName<EmbeddingOptions>(rest, places);
    const { inputLength } = options;
    const isFirst = options.inputShape !== undefined || options.batchInputShape !== undefined;
    super(
      { ...options, dtype: options.dtype ?? float32, ...(isFirst ? {} : { inputShape: [inputLength ?? null] }) },
      "embedding",
    );
    if (!(inputDim > 0) || !(outputDim > 0)) {
      throw new ValueError(
        `Both \`input_dim\` and \`output_dim\` should be positive, Received input_dim = ${inputDim} and output_dim = ${outputDim}`,
      );
    }
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.maskZero = options.maskZero ?? false;
    this.supportsMasking = this.maskZero;
    this.#options = options;
  }

  protected override build(): void {
    this.embeddings = this.addWeight("embeddings", {
      shape: [this.inputDim, this.outputDim],
      initializer: this.#options.embeddingsInitializer ?? "uniform",
      regularizer: this.#options.embeddingsRegularizer,
      constraint: this.#options.embeddingsConstraint,
    });
  }

  protected override computeMask(inputs: Tensors): Tensor | null {
    return this.maskZero ? notEqual(inputs as Tensor, 0) : null;
  }

  protected override call(inputs: Tensors): Tensors {
    const x = inputs as Tensor;
    const ids = x.dtype.baseDtype.isInteger ? x : (cast(x, int32) as Tensor);
    return embeddingLookup(this.embeddings!, ids);
  }
}
