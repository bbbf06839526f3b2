/** Methods of datasets that put elements together and take them apart. Source: batch_op.py, padded_batch_op.py, rebatch_op.py, window_op.py, … */
import { type DType, int64 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { isFull, type Shape } from "../../../core/shape.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { plainShape } from "../../../graph/tensor_shape.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  batchDatasetV2Op,
  denseToSparseBatchDatasetOp,
  paddedBatchDatasetV2Op,
  parallelBatchDatasetOp,
  rebatchDatasetV2Op,
  unbatchDatasetOp,
  windowDatasetOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { RaggedTensor } from "../../ragged/ragged_tensor.ts";
import { RaggedTensorSpec } from "../../tensors/composite_specs.ts";
import { SparseTensorSpec, TensorSpec } from "../../tensors/specs.ts";
import type { Dataset } from "../dataset.ts";
import { batchedSpec, boxed, type Spec } from "../element/component.ts";
import { type BatchOptions, type Count, count, defaultPadding, rowsOf, sliced, truth } from "../inputs.ts";
import { type PaddedBatchOptions, paddedShape, paddedShapesOf, rebatchedRows, staticDims } from "../shapes.ts";
import { type Any, attrsOf, datasetSpec, flatten, mapSpecs, packAs, rowTensorsOf, specsOf } from "../structure.ts";
import { checkPadded, checkUnbatched, valueText } from "../words.ts";
import { metadataOf, type Named } from "./base.ts";
import { determinism } from "./each.ts";
import { OrderedElements } from "./order.ts";

export interface WindowOptions extends Named {
  readonly shift?: Count | null | undefined;
  readonly stride?: Count | undefined;
  readonly dropRemainder?: boolean | undefined;
}

export interface RaggedBatchOptions extends Named {
  readonly dropRemainder?: boolean | undefined;
  readonly rowSplitsDtype?: DType | undefined;
}

const batchNames = ["dropRemainder", "numParallelCalls", "deterministic", "name"] as const;
const paddedNames = ["paddedShapes", "paddingValues", "dropRemainder", "name"] as const;
const windowNames = ["shift", "stride", "dropRemainder", "name"] as const;
const raggedNames = ["dropRemainder", "rowSplitsDtype", "name"] as const;

const named = (name: string, f: (...args: Any[]) => unknown) => Object.defineProperty(f, "name", { value: name });
/** An element of what a function was given: its one argument, or all of them. */
const elementFromArguments = (args: readonly Any[]): Any => (args.length === 1 ? args[0] : args);

export abstract class BatchedElements extends OrderedElements {
  /** n elements as rows; the last batch may be smaller, or is dropped. */
  batch(batchSize: Count, ...rest: Rest<BatchOptions, typeof batchNames>): Dataset {
    const options: BatchOptions = byName(rest, batchNames);
    const { dropRemainder = false, numParallelCalls } = options;
    const size = count(batchSize, "batch_size");
    const drop = truth(dropRemainder, "drop_remainder");
    const isParallel = numParallelCalls !== undefined && numParallelCalls !== null;
    const calls = isParallel ? count(numParallelCalls, "num_parallel_calls") : null;
    const rows = rowsOf(size, drop);
    const elements = mapSpecs(this.elementSpec, (spec) => batchedSpec(spec, rows));
    const inputs = {
      input_dataset: this.variantTensor,
      batch_size: size,
      drop_remainder: drop,
      ...attrsOf(elements),
      ...metadataOf(options.name),
    };
    return this.derived(
      calls
        ? parallelBatchDatasetOp({
            ...inputs,
            num_parallel_calls: calls,
            deterministic: determinism(options.deterministic),
          })
        : batchDatasetV2Op(inputs),
      elements,
    );
  }

  /** As `batch`, rows padded to one size. Throws TypeError for components that are no tensors. */
  paddedBatch(batchSize: Count, ...rest: Rest<PaddedBatchOptions, typeof paddedNames>): Dataset {
    const options: PaddedBatchOptions = byName(rest, paddedNames);
    const specs = specsOf(this.elementSpec);
    checkPadded(specs);
    const wanted = paddedShapesOf(options.paddedShapes, specs.length);
    const size = count(batchSize, "batch_size");
    const shapes = specs.map((spec, i) => paddedShape(spec, wanted?.[i], i));
    const padded = shapes.map((shape) =>
      shape instanceof Tensor ? shape : count(shape.map((n) => n ?? -1) as never, "Const"),
    );
    const given = options.paddingValues === undefined ? [] : flatten(options.paddingValues);
    const values = specs.map(({ dtype }, i) => paddingValue(given.length === 1 ? given[0] : given[i], dtype));
    const drop = truth(options.dropRemainder ?? false, "drop_remainder");
    const rows = rowsOf(size, drop);
    const elements = mapSpecs(
      this.elementSpec,
      (spec, i): Spec => ({ dtype: spec.dtype, shape: [rows, ...staticDims(shapes[i]!)] }),
    );
    return this.derived(
      paddedBatchDatasetV2Op({
        input_dataset: this.variantTensor,
        batch_size: size,
        padded_shapes: padded,
        padding_values: values,
        drop_remainder: drop,
        output_shapes: attrsOf(elements).output_shapes,
        ...metadataOf(options.name),
      }),
      elements,
    );
  }

  /** The rows of the elements. Throws ValueError for scalars, and for rows of different known numbers. */
  unbatch(...rest: Rest<Named, ["name"]>): Dataset {
    checkUnbatched(specsOf(this.elementSpec));
    const rows = mapSpecs(this.elementSpec, sliced);
    const input_dataset = this.#dense();
    const { name } = byName<Named>(rest, ["name"]);
    return this.derived(unbatchDatasetOp({ input_dataset, ...attrsOf(rows), ...metadataOf(name) }), rows);
  }

  /** Each component as a tensor whose rows can be cut apart. */
  #dense(): Tensor {
    const normalize = named("normalize", (...args: Any[]) => {
      const element = elementFromArguments(args);
      return packAs(element, rowTensorsOf(flatten(element), this.elementSpec));
    });
    return this.map(normalize as (...args: Any[]) => unknown).variantTensor;
  }

  /** The rows of the elements in batches of another size, or of these sizes in turn. */
  rebatch(batchSize: TensorLike, ...rest: Rest<BatchOptions, ["dropRemainder", "name"]>): Dataset {
    const { dropRemainder = false }: BatchOptions = byName(rest, ["dropRemainder", "name"]);
    const sizes = count(batchSize, "batch_sizes");
    const drop = truth(dropRemainder, "drop_remainder");
    const rows = rebatchedRows(sizes, drop, specsOf(this.elementSpec));
    const elements = mapSpecs(this.elementSpec, (spec) => batchedSpec(sliced(spec), rows));
    const variant = rebatchDatasetV2Op({
      input_dataset: this.#dense(),
      batch_sizes: batchSize,
      drop_remainder: dropRemainder,
      ...attrsOf(elements),
    });
    return this.renewed(variant, elements);
  }

  /** As `batch`; components with axes of unknown size become ragged tensors. */
  raggedBatch(batchSize: Count, ...rest: Rest<RaggedBatchOptions, typeof raggedNames>): Dataset {
    const { dropRemainder = false, rowSplitsDtype = int64 } = byName<RaggedBatchOptions>(rest, raggedNames);
    const spec = mapSpecs(this.elementSpec, (each) => raggedSpec(each, rowSplitsDtype));
    const toRagged = named("lambda", (...args: Any[]) => {
      const element = elementFromArguments(args);
      return packAs(
        element,
        flatten(element).map((value) => raggedBox(value, rowSplitsDtype)),
      );
    });
    const { variantTensor } = this.map(toRagged as (...args: Any[]) => unknown);
    return this.renewed(variantTensor, spec).batch(batchSize, { dropRemainder });
  }

  /** n elements, tensors of any sizes up to the row shape, as one sparse tensor. Throws TypeError for several components. */
  sparseBatch(batchSize: Count, rowShape: Shape | Tensor): Dataset {
    const [spec] = specsOf(this.elementSpec);
    if (specsOf(this.elementSpec).length !== 1 || flatten(this.elementSpec)[0] !== this.elementSpec) {
      throw new TypeError(
        `\`dense_to_sparse_batch\` requires an input dataset whose elements have a single component, but the given dataset has the following component types: ${valueText(mapSpecs(this.elementSpec, ({ dtype }) => `tf.${dtype.name}`))}.`,
      );
    }
    const dims = rowShape instanceof Tensor ? null : plainShape(rowShape);
    const elements = new SparseTensorSpec(dims && [null, ...dims], spec!.dtype);
    const variant = denseToSparseBatchDatasetOp({
      input_dataset: this.variantTensor,
      batch_size: batchSize as TensorLike,
      row_shape:
        rowShape instanceof Tensor
          ? rowShape
          : convertToTensor(
              dims!.map((n) => n ?? -1),
              { dtype: int64 },
            ),
      ...attrsOf(elements),
    });
    return this.renewed(variant, elements);
  }

  /** Datasets of `size` elements, each window `shift` (by default `size`) after the last. */
  window(size: Count, ...rest: Rest<WindowOptions, typeof windowNames>): Dataset {
    const { shift, stride = 1, dropRemainder = false, name } = byName<WindowOptions>(rest, windowNames);
    const inputs = {
      size: count(size, "size"),
      shift: count(shift ?? size, "shift"),
      stride: count(stride, "stride"),
      drop_remainder: truth(dropRemainder, "drop_remainder"),
      ...metadataOf(name),
    };
    const elements = mapSpecs(this.elementSpec, datasetSpec);
    return this.derived(
      windowDatasetOp({ input_dataset: this.variantTensor, ...inputs, ...attrsOf(elements) }),
      elements,
    );
  }
}

const paddingValue = (value: unknown, dtype: DType): Tensor =>
  convertToTensor((value ?? defaultPadding(dtype)) as TensorLike, { dtype, name: "padding_value" });

/** What a tensor with axes of unknown size is as a ragged one. */
function raggedSpec(spec: Spec, rowSplits: DType): Spec {
  const { shape } = spec;
  if (!(spec instanceof TensorSpec) || shape === null || isFull(shape)) return spec;
  return new RaggedTensorSpec(shape, spec.dtype, shape.lastIndexOf(null), rowSplits);
}

function raggedBox(value: unknown, rowSplits: DType): unknown {
  if (!(value instanceof Tensor) || value.shape === null || isFull(value.shape)) return value;
  const spec = raggedSpec(new TensorSpec(value.shape, value.dtype.baseDtype), rowSplits) as RaggedTensorSpec;
  const ragged = spec.raggedRank > 0 ? RaggedTensor.fromTensor(value, { raggedRank: spec.raggedRank }) : value;
  return boxed(ragged, spec);
}
