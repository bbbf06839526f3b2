/** `tf.data.Dataset`: sequences of elements in a graph. Each method makes the node that Python's makes. Source: dataset_ops.py */
import { int64 } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { SparseTensor as SparseParts } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { TensorLike } from "../../ops/convert.ts";
import {
  datasetCardinalityOp,
  datasetToSingleElementOp,
  rangeDatasetOp,
  sparseTensorSliceDatasetOp,
  tensorDatasetOp,
  tensorSliceDatasetOp,
  zipDatasetOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { classes } from "./element/component.ts";
import { type BucketOptions, bucketed, bucketNames } from "./experimental/buckets.ts";
import { type ChooseOptions, type ChooseRest, chosen, type SampleRest, sampled } from "./experimental/choose.ts";
import { type GroupRest, groupedByWindow } from "./experimental/groups.ts";
import { type ResampleRest, resampled } from "./experimental/resample.ts";
import { type CounterRest, counter, type RandomRest, random } from "./experimental/sources.ts";
import { type Count, type RangeArguments, rangeOf, replicated, sliced } from "./inputs.ts";
import { type Iterator, makeInitializable, makeOneShot } from "./iterator.ts";
import { made, metadataOf, type Named } from "./nodes/base.ts";
import { BatchedElements } from "./nodes/batches.ts";
import { checkRows } from "./shapes.ts";
import { fromGenerator, type Generator, type GeneratorArguments } from "./source/generator.ts";
import { listFiles } from "./source/list_files.ts";
import {
  type Any,
  attrsOf,
  elementFrom,
  elementOf,
  flatten,
  mapSpecs,
  type Nested,
  packAs,
  rowTensorsOf,
  type Spec,
  tensorsOf,
} from "./structure.ts";
import { noTransformed, notADataset } from "./words.ts";

type NameRest = Rest<Named, ["name"]>;
const nameOf = (rest: readonly unknown[]): { metadata: string } => metadataOf(byName<Named>(rest, ["name"]).name);

/** A sequence of elements of one form. Nothing is computed before an iterator over it is run. */
export class Dataset extends BatchedElements {
  /** One element. */
  static fromTensors(element: Any, ...rest: NameRest): Dataset {
    const { values, specs } = elementFrom(element);
    const { output_shapes } = attrsOf(specs);
    return new Dataset(tensorDatasetOp({ components: tensorsOf(values), output_shapes, ...nameOf(rest) }), specs);
  }

  /** The slices of the components along their first dimension. Throws ValueError when these differ. */
  static fromTensorSlices(element: Any, ...rest: NameRest): Dataset {
    const { values, specs } = elementFrom(element);
    const components = rowTensorsOf(values, specs);
    const rows = mapSpecs(specs, sliced);
    checkRows(components);
    const { output_shapes } = attrsOf(rows);
    return new Dataset(tensorSliceDatasetOp({ components, output_shapes, ...nameOf(rest) }), rows);
  }

  /** [indices, values, shape] of each slice of a sparse tensor along its first dimension. Throws TypeError for anything else. */
  static fromSparseTensorSlices(sparse: SparseParts): Dataset {
    if (!(sparse instanceof SparseParts))
      throw new TypeError(
        `Invalid \`sparse_tensor\`. \`sparse_tensor\` must be a \`tf.sparse.SparseTensor\`. Got ${notADataset(sparse).message.split("of type ")[1]}`,
      );
    const { indices, values, denseShape } = sparse;
    const whole = indices.shape?.[1] ?? denseShape.shape?.[0] ?? null;
    const rank = whole === null ? null : whole - 1;
    const specs: Nested<Spec> = [
      { dtype: int64, shape: [null, rank] },
      { dtype: sparse.dtype, shape: [null] },
      { dtype: int64, shape: [rank] },
    ];
    return new Dataset(sparseTensorSliceDatasetOp({ indices, values, dense_shape: denseShape }), specs);
  }

  /** `range(stop)`, `range(start, stop)`, `range(start, stop, step)`: int64, or another dtype. */
  static range(...args: RangeArguments): Dataset {
    const { inputs, spec, name } = rangeOf(args);
    return new Dataset(rangeDatasetOp({ ...inputs, ...attrsOf(spec), ...metadataOf(name) }), spec);
  }

  /** Elements of datasets side by side, as long as all have one: `zip([a, b])`, or `zip(a, b)`. */
  static zip(...args: Any[]): Dataset {
    const last = args.at(-1);
    const options = args.length > 1 && !(last instanceof Dataset) && "name" in last ? (args.pop() as Named) : {};
    const parts = args.length === 1 ? args[0] : args;
    const inputs = flatten(parts) as Dataset[];
    for (const input of inputs) {
      if (!(input instanceof Dataset)) throw notADataset(input);
    }
    const specs = packAs(
      parts,
      inputs.map((input) => input.elementSpec),
    ) as Nested<Spec>;
    const input_datasets = inputs.map((input) => input.variantTensor);
    return new Dataset(zipDatasetOp({ input_datasets, ...attrsOf(specs), ...metadataOf(options.name) }), specs);
  }

  /** The elements that a function of this process yields. */
  static fromGenerator(generator: Generator, ...rest: GeneratorArguments): Dataset {
    return fromGenerator(generator, ...rest);
  }

  /** Names of files that match. Shuffled unless `shuffle` is false. */
  static listFiles(...args: Parameters<typeof listFiles>): Dataset {
    return listFiles(...args);
  }

  /** start, start + step, … without end. */
  static counter(...rest: CounterRest): Dataset {
    return counter(...rest);
  }

  /** 32 random bits each. */
  static random(...rest: RandomRest): Dataset {
    return random(...rest);
  }

  /** Elements of the datasets in the order that the numbers of another one say. */
  static chooseFromDatasets(datasets: readonly Dataset[], choiceDataset: Dataset, ...rest: ChooseRest): Dataset {
    const { stopOnEmptyDataset = true }: ChooseOptions = byName(rest, ["stopOnEmptyDataset"]);
    return chosen(datasets, choiceDataset, stopOnEmptyDataset);
  }

  /** Elements of the datasets, each time of one drawn by its weight. Throws ValueError and TypeError for wrong weights. */
  static sampleFromDatasets(datasets: readonly Dataset[], ...rest: SampleRest): Dataset {
    return sampled(datasets, rest);
  }

  /** Pairs of number and element. */
  enumerate(start: Count = 0, ...rest: NameRest): Dataset {
    const numbers = Dataset.range(start, 2n ** 63n - 1n, ...(rest as []));
    const parts = [new Dataset(replicated(numbers), numbers.elementSpec), this];
    return rest.length > 0 ? Dataset.zip(parts, byName<Named>(rest, ["name"])) : Dataset.zip(parts);
  }

  /** Batches of elements of about the same length. Throws ValueError unless there is one batch size more than boundaries. */
  bucketBySequenceLength(
    elementLengthFunc: (...args: Any[]) => Tensor,
    bucketBoundaries: readonly number[],
    bucketBatchSizes: readonly number[],
    ...rest: Rest<BucketOptions, typeof bucketNames>
  ): Dataset {
    const options: BucketOptions = byName(rest, bucketNames);
    return bucketed(this, { elementLengthFunc, bucketBoundaries, bucketBatchSizes }, options);
  }

  /** Groups elements by a key; as soon as a group has its size, `reduceFunc` makes a dataset of it. */
  groupByWindow(
    keyFunc: (...args: Any[]) => TensorLike,
    reduceFunc: (key: Tensor, window: Dataset) => Dataset,
    ...rest: GroupRest
  ): Dataset {
    return groupedByWindow(this, { keyFunc, reduceFunc }, rest);
  }

  /** Pairs of class and element, classes as often as the target distribution says, by leaving out and repeating elements. */
  rejectionResample(classFunc: (...args: Any[]) => Tensor, targetDist: TensorLike, ...rest: ResampleRest): Dataset {
    return resampled(this, { classFunc, targetDist }, rest);
  }

  /** The one element. */
  getSingleElement(...rest: NameRest): Any {
    const { input_dataset: dataset, ...attrs } = this.input;
    return elementOf(this.elementSpec, datasetToSingleElementOp({ dataset, ...attrs, ...nameOf(rest) }));
  }

  /** The number of elements, where it is known: -1 without end, -2 unknown. */
  cardinality(): Tensor {
    return datasetCardinalityOp({ input_dataset: this.variantTensor });
  }

  /** What a function of datasets makes of this one. Throws TypeError where that is no dataset. */
  apply(transformation: (dataset: Dataset) => Dataset): Dataset {
    const transformed = transformation(this);
    if (!(transformed instanceof Dataset)) throw noTransformed(transformed);
    return this.isFirst && !transformed.isFirst
      ? made(transformed.variantTensor, transformed.elementSpec, { ...transformed.traits, isFirst: true })
      : transformed;
  }

  /** This dataset as one of Python's newer class. */
  asNewer(): Dataset {
    return made(this.variantTensor, this.elementSpec, { ...this.traits, isFirst: false });
  }

  /** The same node with elements of another form. */
  withElements(specs: Nested<Spec>): Dataset {
    return this.renewed(this.variantTensor, specs);
  }

  /** An iterator that begins by itself. Throws ValueError when the dataset uses variables, tables or placeholders. */
  makeOneShotIterator(): Iterator {
    return makeOneShot(this);
  }

  /** An iterator whose `initializer` is run first, as often as wanted. */
  makeInitializableIterator(...rest: Rest<{ readonly sharedName?: string }, ["sharedName"]>): Iterator {
    return makeInitializable(this, byName<{ readonly sharedName?: string }>(rest, ["sharedName"]).sharedName);
  }
}

classes.dataset.is = (value): value is Dataset => value instanceof Dataset;
classes.dataset.from = (tensor, elements, traits) => new Dataset(tensor, elements as Nested<Spec>, traits);
