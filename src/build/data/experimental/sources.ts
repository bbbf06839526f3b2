/** Datasets out of nothing or of lists: counters, random numbers, elements one by one. Source: counter_op.py, random_op.py; experimental/ops/from_list.py */
import { type DType, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { dummySeedGeneratorOp, listDatasetOp, randomDatasetOp, randomDatasetV2Op } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { checkSameStructure } from "../../control_flow/structure.ts";
import { Dataset } from "../dataset.ts";
import { seeds } from "../inputs.ts";
import { made, metadataOf, type Named } from "../nodes/base.ts";
import {
  type Any,
  attrsOf,
  commonSpecs,
  elementFrom,
  mapSpecs,
  type Nested,
  type Spec,
  tensorsOf,
} from "../structure.ts";

export interface CounterOptions extends Named {
  readonly start?: TensorLike | undefined;
  readonly step?: TensorLike | undefined;
  readonly dtype?: DType | undefined;
}
const counterNames = ["start", "step", "dtype", "name"] as const;
export type CounterRest = Rest<CounterOptions, typeof counterNames>;

export function counter(...rest: CounterRest): Dataset {
  const { start = 0, step = 1, dtype = int64 }: CounterOptions = byName(rest, counterNames);
  return getDefaultGraph().nameScope("counter", () => {
    const first = convertToTensor(start, { dtype, name: "start" });
    const by = convertToTensor(step, { dtype, name: "step" });
    return Dataset.fromTensors(0)
      .repeat()
      .scan(first, (state: Tensor) => [state.add(by), state]);
  });
}

type Seed = number | bigint | null | undefined;
export interface RandomOptions extends Named {
  readonly seed?: Seed;
  /** Other numbers in each repetition. */
  readonly rerandomizeEachIteration?: boolean | undefined;
}
const randomNames = ["seed", "rerandomizeEachIteration", "name"] as const;
export type RandomRest = Rest<RandomOptions, typeof randomNames>;

const scalar: Spec = { dtype: int64, shape: [] };

export function randomNumbers(...rest: RandomRest): Tensor {
  const { seed, rerandomizeEachIteration, name }: RandomOptions = byName(rest, randomNames);
  const inputs = { ...seeds(seed), ...attrsOf(scalar), ...metadataOf(name) };
  if (!rerandomizeEachIteration) return randomDatasetOp(inputs);
  return randomDatasetV2Op({
    ...inputs,
    seed_generator: dummySeedGeneratorOp({}),
    rerandomize_each_iteration: true,
  });
}

/** Datasets of 32 random bits each. */
export const random = (...rest: RandomRest): Dataset => made(randomNumbers(...rest), scalar, { isFirst: false });

/** The elements of a list, all of one form. Throws ValueError for an empty list and for other forms. */
export function fromList(elements: readonly Any[], ...rest: Rest<Named, ["name"]>): Dataset {
  if (!Array.isArray(elements)) throw new ValueError("Invalid `elements`. `elements` must be a list.");
  if (elements.length === 0) {
    throw new ValueError(
      "Invalid `elements`. `elements` should not be empty. If you want an empty dataset, use `tf.data.Dataset.range(0)`.",
    );
  }
  const all = elements.map(elementFrom);
  const first = all[0]!.specs;
  const form = (specs: Nested<Spec>): Any => mapSpecs(specs, () => 0);
  for (const { specs } of all.slice(1)) checkSameStructure(form(first), form(specs));
  const specs = all.slice(1).reduce((common, each) => commonSpecs(common, each.specs), first);
  const variant = listDatasetOp({
    tensors: all.flatMap(({ values }) => tensorsOf(values)),
    ...attrsOf(specs),
    ...metadataOf(byName<Named>(rest, ["name"]).name),
  });
  return made(variant, specs, { isFirst: false });
}
