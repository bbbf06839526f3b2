/** Elements of several datasets in an order that numbers or chance decide. Source: choose_from_datasets_op.py, sample_from_datasets_op.py */
import { float32, float64, int64 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { ndarray } from "../../../core/nd_array.ts";
import { compatible, formatShapePython } from "../../../core/shape.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  directedInterleaveDatasetOp,
  expandDims,
  log,
  mapDatasetOp,
  squeeze,
  statelessMultinomialOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { structureText } from "../../tensors/composite_specs.ts";
import { Dataset } from "../dataset.ts";
import { trace } from "../function.ts";
import { replicated } from "../inputs.ts";
import { made } from "../nodes/base.ts";
import { type Any, attrsOf, commonSpecs, type Nested, type Spec, specsOf } from "../structure.ts";

export interface ChooseOptions {
  /** Ends with the first dataset that ends; else goes on with the others. */
  readonly stopOnEmptyDataset?: boolean | undefined;
}
export type ChooseRest = Rest<ChooseOptions, ["stopOnEmptyDataset"]>;

const noDatasets = (): ValueError => new ValueError("Invalid `datasets`. `datasets` should not be empty.");

function directed(selector: Tensor, list: readonly Dataset[], stopOnEmptyDataset: boolean): Dataset {
  const elements = list
    .slice(1)
    .reduce<Nested<Spec>>((specs, dataset) => commonSpecs(specs, dataset.elementSpec), list[0]!.elementSpec);
  const variant = directedInterleaveDatasetOp({
    selector_input_dataset: selector,
    data_input_datasets: list.map((dataset) => dataset.variantTensor),
    stop_on_empty_dataset: stopOnEmptyDataset,
    ...attrsOf(elements),
  });
  return made(variant, elements, { isFirst: false });
}

export function chosen(list: readonly Dataset[], choices: Dataset, stopOnEmptyDataset: boolean): Dataset {
  if (list.length === 0) throw noDatasets();
  if (!(choices instanceof Dataset))
    throw new TypeError(
      `Invalid \`choice_dataset\`. \`choice_dataset\` should be a \`tf.data.Dataset\` but is <class '${typeof choices}'>.`,
    );
  const [spec, ...others] = specsOf(choices.elementSpec);
  if (others.length > 0 || spec!.dtype !== int64 || !compatible(spec!.shape, []))
    throw new TypeError(
      `Invalid \`choice_dataset\`. Elements of \`choice_dataset\` must be scalar \`tf.int64\` tensors but are ${structureText(choices.elementSpec)}.`,
    );
  return directed(replicated(choices), list, stopOnEmptyDataset);
}

export interface SampleOptions extends ChooseOptions {
  readonly weights?: readonly number[] | Tensor | Dataset | undefined;
  readonly seed?: number | bigint | undefined;
  readonly rerandomizeEachIteration?: boolean | undefined;
}
const sampleNames = ["weights", "seed", "stopOnEmptyDataset", "rerandomizeEachIteration"] as const;
export type SampleRest = Rest<SampleOptions, typeof sampleNames>;

export function sampled(datasets: readonly Dataset[], rest: readonly unknown[]): Dataset {
  const options = byName<SampleOptions>(rest, sampleNames);
  const { weights, seed, stopOnEmptyDataset = false, rerandomizeEachIteration } = options;
  if (datasets.length === 0) throw noDatasets();
  const { list, logits } = weightedBy(datasets, weights);
  if (list.length === 1 && logits) return list[0]!;
  const varying = weights instanceof Dataset ? weights.map((...p: Any[]) => log(p, { name: "logits" })) : null;
  const draws = Dataset.random({ seed, rerandomizeEachIteration }).batch(2);
  const drawn = (chances: TensorLike, pair: Tensor): Tensor =>
    squeeze(statelessMultinomialOp({ logits: chances as Tensor, num_samples: 1, seed: pair }), [0, 1]);
  const [from, select] = varying
    ? [Dataset.zip([varying, draws]), drawn]
    : [draws, (pair: Tensor) => drawn(logits!, pair)];
  const name = varying ? "select_dataset_varying_logits" : "select_dataset_constant_logits";
  const { fn, captured, output } = trace(
    Object.defineProperty(select as (...args: Any[]) => Tensor, "name", { value: name }),
    from.elementSpec,
    "Dataset_map",
  );
  const selector = mapDatasetOp({
    input_dataset: from.variantTensor,
    other_arguments: captured,
    f: fn,
    use_inter_op_parallelism: false,
    preserve_cardinality: true,
    ...attrsOf(output),
  });
  return directed(selector, list, stopOnEmptyDataset);
}

/** The datasets that have a weight, and the logarithms of these. */
function weightedBy(
  datasets: readonly Dataset[],
  weights: readonly number[] | Tensor | Dataset | null | undefined,
): { list: readonly Dataset[]; logits: TensorLike | null } {
  if (weights instanceof Dataset) return { list: datasets, logits: null };
  if (weights === undefined || weights === null)
    return { list: datasets, logits: ndarray([datasets.map(() => 1)], "float32") };
  let list = datasets;
  let chances: TensorLike = weights as TensorLike;
  if (weights instanceof Tensor) {
    if (!compatible(weights.shape, [datasets.length])) {
      throw new ValueError(
        `Invalid \`weights\`. The shape of \`weights\` should be compatible with \`[len(datasets)]\` but is ${formatShapePython(weights.shape)}.`,
      );
    }
  } else {
    const numbers = weights as readonly number[];
    if (numbers.length !== datasets.length) {
      throw new ValueError(
        `Invalid \`weights\`. \`weights\` should have the same length as \`datasets\` but got \`len(weights)=${numbers.length}\` vs. \`len(datasets)=${datasets.length}\`.`,
      );
    }
    list = datasets.filter((_, i) => numbers[i]! > 0);
    chances = numbers.filter((weight) => weight > 0);
    if (list.length === 0) [list, chances] = [[datasets[0]!.take(0)], [1]];
  }
  const tensor = convertToTensor(chances, {
    name: "weights",
    ...(weights instanceof Tensor ? {} : { dtype: float32 }),
  });
  if (tensor.dtype !== float32 && tensor.dtype !== float64) {
    throw new TypeError(
      `Invalid \`weights\`. \`weights\` type must be either \`tf.float32\` or \`tf.float64\` but is <dtype: '${tensor.dtype.name}'>.`,
    );
  }
  return { list, logits: expandDims(log(tensor, { name: "logits" }), 0) };
}
