/** `tf.data.Dataset`: sequences of elements in a graph. Each method makes the node that Python's makes. Source: dataset_ops.py */
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import type { Shape } from "../../core/shape.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  batchDatasetV2Op,
  cacheDatasetOp,
  concatenateDatasetOp,
  filterDatasetOp,
  flatMapDatasetOp,
  interleaveDatasetOp,
  mapDatasetOp,
  paddedBatchDatasetV2Op,
  parallelInterleaveDatasetV4Op,
  parallelMapDatasetV2Op,
  prefetchDatasetOp,
  rangeDatasetOp,
  reduceDatasetOp,
  repeatDatasetOp,
  scanDatasetOp,
  shardDatasetOp,
  shuffleDatasetOp,
  skipDatasetOp,
  takeDatasetOp,
  takeWhileDatasetOp,
  tensorDatasetOp,
  tensorSliceDatasetOp,
  unbatchDatasetOp,
  uniqueDatasetOp,
  windowDatasetOp,
  zipDatasetOp,
} from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { datasets, elementOf, trace } from "./function.ts";
import { fromGenerator, type Generator, type GeneratorArguments } from "./generator.ts";
import {
  type BatchOptions,
  type Count,
  components,
  count,
  defaultPadding,
  type InterleaveOptions,
  known,
  type MapOptions,
  type RangeArguments,
  rangeOf,
  replicated,
  rowsOf,
  type ShuffleOptions,
  seeds,
  sliced,
  text,
  truth,
} from "./inputs.ts";
import { type Iterator, makeInitializable, makeOneShot } from "./iterator.ts";
import { listFiles } from "./list_files.ts";
import {
  batchedSpecs,
  checkRows,
  elementsOf,
  initial,
  type PaddedBatchOptions,
  paddedShape,
  paddedShapesOf,
  staticDims,
} from "./shapes.ts";
import {
  type Any,
  attrsOf,
  commonSpecs,
  datasetSpec,
  flatten,
  mapSpecs,
  type Nested,
  packAs,
  type Spec,
  specsOf,
} from "./structure.ts";

import { checkConcatenated, checkPredicate, datasetText, notADataset } from "./words.ts";

type Callback<R = unknown> = (...args: Any[]) => R;

const autotune = -1;
const determinism = (deterministic?: boolean): string => String(deterministic ?? "default");

/** A sequence of elements of one form. Nothing is computed before an iterator over it is run. */
export class Dataset {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec>;

  readonly #shownAs: string | undefined;

  constructor(variantTensor: Tensor, elementSpec: Nested<Spec>, shownAs?: string) {
    this.variantTensor = variantTensor;
    this.elementSpec = elementSpec;
    this.#shownAs = shownAs;
  }

  toString(): string {
    return datasetText(this.variantTensor, this.elementSpec, this.#shownAs);
  }
  [inspectKey](): string {
    return this.toString();
  }

  get outputTypes(): Nested<DType> {
    return mapSpecs(this.elementSpec, (spec) => spec.dtype);
  }
  get outputShapes(): Nested<Shape> {
    return mapSpecs(this.elementSpec, (spec) => spec.shape as never);
  }
  get #input(): { input_dataset: Tensor; output_types: DType[]; output_shapes: Shape[] } {
    return { input_dataset: this.variantTensor, ...attrsOf(this.elementSpec) };
  }

  #like(variantTensor: Tensor): Dataset {
    return new Dataset(variantTensor, this.elementSpec);
  }

  /** One element. */
  static fromTensors(element: Any): Dataset {
    const { tensors, specs } = components(element);
    const shapes = attrsOf(specs).output_shapes;
    return new Dataset(tensorDatasetOp({ components: tensors, output_shapes: shapes }), specs);
  }

  /** The slices of the components along their first dimension. Throws ValueError when these differ. */
  static fromTensorSlices(element: Any): Dataset {
    const { tensors, specs } = components(element);
    const rows = mapSpecs(specs, sliced);
    checkRows(tensors);
    return new Dataset(tensorSliceDatasetOp({ components: tensors, output_shapes: attrsOf(rows).output_shapes }), rows);
  }

  /** `range(stop)`, `range(start, stop)`, `range(start, stop, step)`: int64, or another dtype. */
  static range(...args: RangeArguments): Dataset {
    const { inputs, spec } = rangeOf(args);
    return new Dataset(rangeDatasetOp({ ...inputs, ...attrsOf(spec) }), spec);
  }

  /** Elements of datasets side by side, as long as all have one. */
  static zip(parts: Any): Dataset {
    const inputs = flatten(parts) as Dataset[];
    for (const input of inputs) {
      if (!(input instanceof Dataset)) throw notADataset(input);
    }
    const own = inputs.map((input) => input.elementSpec);
    const specs = packAs(parts, own) as Nested<Spec>;
    return new Dataset(
      zipDatasetOp({ input_datasets: inputs.map((input) => input.variantTensor), ...attrsOf(specs) }),
      specs,
    );
  }

  /** The elements that a function of this process yields. */
  static fromGenerator(generator: Generator, ...rest: GeneratorArguments): Dataset {
    return fromGenerator(generator, ...rest);
  }

  /** Names of files that match. Shuffled unless `shuffle` is false. */
  static listFiles(...args: Parameters<typeof listFiles>): Dataset {
    return listFiles(...args);
  }

  /** f of each element; a list is spread over its arguments. */
  map(f: Callback, ...rest: Rest<MapOptions, ["numParallelCalls", "deterministic"]>): Dataset {
    const { numParallelCalls, deterministic }: MapOptions = byName(rest, ["numParallelCalls", "deterministic"]);
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_map");
    const inputs = { input_dataset: this.variantTensor, other_arguments: captured, f: fn, ...attrsOf(output) };
    const made =
      numParallelCalls === undefined
        ? mapDatasetOp(inputs)
        : parallelMapDatasetV2Op({
            ...inputs,
            num_parallel_calls: count(numParallelCalls, "num_parallel_calls"),
            deterministic: determinism(deterministic),
          });
    return new Dataset(made, output);
  }

  /** The elements of the datasets that f gives. */
  flatMap(f: Callback<Dataset>): Dataset {
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_flat_map");
    const elements = elementsOf(output, "flat_map");
    return new Dataset(
      flatMapDatasetOp({ input_dataset: this.variantTensor, other_arguments: captured, f: fn, ...attrsOf(elements) }),
      elements,
    );
  }

  /** As `flatMap`, with `cycleLength` datasets at a time that give `blockLength` elements in turn. */
  interleave(
    f: Callback<Dataset>,
    ...rest: Rest<InterleaveOptions, ["cycleLength", "blockLength", "numParallelCalls"]>
  ): Dataset {
    const options: InterleaveOptions = byName(rest, ["cycleLength", "blockLength", "numParallelCalls"]);
    const { cycleLength = autotune, blockLength = 1, numParallelCalls, deterministic } = options;
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_interleave");
    const elements = elementsOf(output, "interleave");
    const inputs = {
      input_dataset: this.variantTensor,
      other_arguments: captured,
      cycle_length: count(cycleLength, "cycle_length"),
      block_length: count(blockLength, "block_length"),
      f: fn,
      ...attrsOf(elements),
    };
    if (numParallelCalls === undefined) return new Dataset(interleaveDatasetOp(inputs), elements);
    const parallel = {
      ...inputs,
      buffer_output_elements: count(autotune, "buffer_output_elements"),
      prefetch_input_elements: count(autotune, "prefetch_input_elements"),
      num_parallel_calls: count(numParallelCalls, "num_parallel_calls"),
      deterministic: determinism(deterministic),
    };
    return new Dataset(parallelInterleaveDatasetV4Op(parallel), elements);
  }

  /** The elements for which the predicate, a scalar bool, is true. */
  filter(predicate: Callback): Dataset {
    const { fn, captured, output } = trace(predicate, this.elementSpec, "Dataset_filter");
    checkPredicate(output);
    return this.#like(filterDatasetOp({ ...this.#input, other_arguments: captured, predicate: fn }));
  }

  takeWhile(predicate: Callback): Dataset {
    const { fn, captured } = trace(predicate, this.elementSpec, "Dataset_take_while");
    return this.#like(takeWhileDatasetOp({ ...this.#input, other_arguments: captured, predicate: fn }));
  }

  /** [state, output] = f(state, element) for each element: the outputs. */
  scan(initialState: Any, f: (state: Any, element: Any) => readonly [Any, Any]): Dataset {
    const { tensors, specs } = initial(initialState);
    const { fn, captured, output } = trace(f, [specs, this.elementSpec], "Dataset_scan", specsOf(specs));
    const elements = (output as readonly Nested<Spec>[])[1]!;
    const inputs = { input_dataset: this.variantTensor, initial_state: tensors, other_arguments: captured, f: fn };
    return new Dataset(scanDatasetOp({ ...inputs, ...attrsOf(elements), preserve_cardinality: true }), elements);
  }

  /** The last state of state = f(state, element). */
  reduce(initialState: Any, f: (state: Any, element: Any) => Any): Any {
    const { tensors, specs } = initial(initialState);
    const { fn, captured, output } = trace(f, [specs, this.elementSpec], "reduce", specsOf(specs));
    const state = commonSpecs(specs, output);
    const inputs = { input_dataset: this.variantTensor, initial_state: tensors, other_arguments: captured, f: fn };
    return elementOf(state, reduceDatasetOp({ ...inputs, ...attrsOf(state) }));
  }

  concatenate(other: Dataset): Dataset {
    checkConcatenated(this.elementSpec, other.elementSpec);
    const elements = commonSpecs(this.elementSpec, other.elementSpec);
    const inputs = { input_dataset: this.variantTensor, another_dataset: other.variantTensor };
    return new Dataset(concatenateDatasetOp({ ...inputs, ...attrsOf(elements) }), elements);
  }

  /** The sequence again and again; without end when `times` is -1 or left out. */
  repeat(times: Count = -1): Dataset {
    return this.#like(repeatDatasetOp({ ...this.#input, count: count(times, "count") }));
  }

  take(n: Count): Dataset {
    return this.#like(takeDatasetOp({ ...this.#input, count: count(n, "count") }));
  }

  skip(n: Count): Dataset {
    return this.#like(skipDatasetOp({ ...this.#input, count: count(n, "count") }));
  }

  /** Every `numShards`-th element from `index` on. Throws ValueError for impossible numbers. */
  shard(numShards: Count, index: Count): Dataset {
    const [shards, own] = [count(numShards, "num_shards"), count(index, "index")];
    const [n, i] = [known(shards), known(own)];
    if (n !== null && n < 1) throw new ValueError(`\`num_shards\` must be >= 1 but was ${n}`);
    if (i !== null && i < 0) throw new ValueError(`\`index\` must be >= 0 but was ${i}`);
    if (n !== null && i !== null && i >= n) throw new ValueError(`\`index\` must be < \`num_shards\` but ${i} >= ${n}`);
    return this.#like(shardDatasetOp({ ...this.#input, num_shards: shards, index: own }));
  }

  /** In an order that a buffer of this many elements gives; another one in each repetition. */
  shuffle(bufferSize: Count, ...rest: Rest<ShuffleOptions, ["seed", "reshuffleEachIteration"]>): Dataset {
    const options: ShuffleOptions = byName(rest, ["seed", "reshuffleEachIteration"]);
    const buffer = count(bufferSize, "buffer_size");
    const attrs = { ...seeds(options.seed), reshuffle_each_iteration: options.reshuffleEachIteration ?? true };
    return this.#like(shuffleDatasetOp({ ...this.#input, buffer_size: buffer, ...attrs }));
  }

  /** Keeps the elements of the first walk: in memory, or in files of this name. */
  cache(filename: TensorLike = ""): Dataset {
    return this.#like(cacheDatasetOp({ ...this.#input, filename: text(filename, "filename") }));
  }

  prefetch(bufferSize: Count = autotune): Dataset {
    const buffer = count(bufferSize, "buffer_size");
    return getDefaultGraph().colocateWith(this.variantTensor, () =>
      this.#like(prefetchDatasetOp({ ...this.#input, buffer_size: buffer, legacy_autotune: false })),
    );
  }

  /** Each value once. */
  unique(): Dataset {
    return this.#like(uniqueDatasetOp(this.#input));
  }

  /** Pairs of number and element. */
  enumerate(start: Count = 0): Dataset {
    const numbers = Dataset.range(start, 2n ** 63n - 1n);
    return Dataset.zip([new Dataset(replicated(numbers), numbers.elementSpec), this]);
  }

  /** n elements as rows; the last batch may be smaller, or is dropped. */
  batch(batchSize: Count, ...rest: Rest<BatchOptions, ["dropRemainder"]>): Dataset {
    const { dropRemainder = false }: BatchOptions = byName(rest, ["dropRemainder"]);
    const size = count(batchSize, "batch_size");
    const drop = truth(dropRemainder, "drop_remainder");
    const elements = batchedSpecs(this.elementSpec, rowsOf(size, drop));
    const inputs = { input_dataset: this.variantTensor, batch_size: size, drop_remainder: drop };
    return new Dataset(batchDatasetV2Op({ ...inputs, ...attrsOf(elements) }), elements);
  }

  /** As `batch`, rows padded to one size. */
  paddedBatch(batchSize: Count, ...rest: Rest<PaddedBatchOptions, ["paddedShapes", "paddingValues"]>): Dataset {
    const options: PaddedBatchOptions = byName(rest, ["paddedShapes", "paddingValues"]);
    const specs = specsOf(this.elementSpec);
    const size = count(batchSize, "batch_size");
    const shapes = specs.map((spec, i) => paddedShape(spec, paddedShapesOf(options.paddedShapes, specs.length)?.[i]));
    const padded = shapes.map((shape) => count(shape.map((n) => n ?? -1) as never, "Const"));
    const given = options.paddingValues === undefined ? [] : flatten(options.paddingValues);
    const values = specs.map(({ dtype }, i) =>
      convertToTensor((given[i] ?? defaultPadding(dtype)) as TensorLike, { dtype, name: "padding_value" }),
    );
    const drop = truth(options.dropRemainder ?? false, "drop_remainder");
    const rows = rowsOf(size, drop);
    const elements = mapSpecs(
      this.elementSpec,
      (spec, i): Spec => ({ dtype: spec.dtype, shape: [rows, ...staticDims(shapes[i]!)] }),
    );
    return new Dataset(
      paddedBatchDatasetV2Op({
        input_dataset: this.variantTensor,
        batch_size: size,
        padded_shapes: padded,
        padding_values: values,
        drop_remainder: drop,
        output_shapes: attrsOf(elements).output_shapes,
      }),
      elements,
    );
  }

  /** The rows of the elements. */
  unbatch(): Dataset {
    const normalized = this.map(
      Object.defineProperty((...args: Any[]) => (args.length === 1 ? args[0] : args), "name", { value: "normalize" }),
    );
    const rows = mapSpecs(normalized.elementSpec, sliced);
    return new Dataset(unbatchDatasetOp({ input_dataset: normalized.variantTensor, ...attrsOf(rows) }), rows);
  }

  /** Datasets of `size` elements, each window `shift` (by default `size`) after the last. */
  window(
    size: Count,
    options: { readonly shift?: Count; readonly stride?: Count; readonly dropRemainder?: boolean } = {},
  ): Dataset {
    const { shift = size, stride = 1, dropRemainder = false } = options;
    const inputs = {
      size: count(size, "size"),
      shift: count(shift, "shift"),
      stride: count(stride, "stride"),
      drop_remainder: truth(dropRemainder, "drop_remainder"),
    };
    const elements = mapSpecs(this.elementSpec, datasetSpec);
    return new Dataset(
      windowDatasetOp({ input_dataset: this.variantTensor, ...inputs, ...attrsOf(elements) }),
      elements,
    );
  }

  /** What a function of datasets makes of this one. */
  apply<R>(transformation: (dataset: Dataset) => R): R {
    return transformation(this);
  }

  /** An iterator that begins by itself. Throws ValueError when the dataset uses variables, tables or placeholders. */
  makeOneShotIterator(): Iterator {
    return makeOneShot(this);
  }

  /** An iterator whose `initializer` is run first, as often as wanted. */
  makeInitializableIterator(options: { readonly sharedName?: string } = {}): Iterator {
    return makeInitializable(this, options.sharedName);
  }
}

datasets.isDataset = (value): value is Dataset => value instanceof Dataset;
datasets.fromVariant = (tensor, elements) => new Dataset(tensor, elements);
