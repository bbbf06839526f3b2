/** Elements grouped by a key, as windows or folded. Source: group_by_window_op.py; experimental/ops/grouping.py */
import { type DType, int64 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { experimentalGroupByReducerDatasetOp, groupByWindowDatasetOp } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { structureText } from "../../tensors/composite_specs.ts";
import type { Dataset } from "../dataset.ts";
import { trace } from "../function.ts";
import type { Count } from "../inputs.ts";
import { made, metadataOf, type Named } from "../nodes/base.ts";
import {
  type Any,
  attrsOf,
  commonSpecs,
  datasetSpec,
  elementsIn,
  type Nested,
  type Spec,
  specsOf,
  typeSpecs,
} from "../structure.ts";

export interface GroupOptions extends Named {
  /** The elements of a window. */
  readonly windowSize?: Count | undefined;
  /** The same, from the key. */
  readonly windowSizeFunc?: ((key: Tensor) => TensorLike) | undefined;
}
export const groupNames = ["windowSize", "windowSizeFunc", "name"] as const;
export type GroupRest = Rest<GroupOptions, typeof groupNames>;

export interface GroupFunctions {
  readonly keyFunc: (...args: Any[]) => TensorLike;
  readonly reduceFunc: (key: Tensor, window: Dataset) => Dataset;
}

const scalar: Spec = { dtype: int64, shape: [] };
const whole = (value: TensorLike): Tensor => convertToTensor(value, { dtype: int64 });
const named = (name: string, f: (...args: Any[]) => unknown) => Object.defineProperty(f, "name", { value: name });

export function groupedByWindow(
  dataset: Dataset,
  { keyFunc, reduceFunc }: GroupFunctions,
  rest: readonly unknown[],
): Dataset {
  const { windowSize, windowSizeFunc, name } = byName<GroupOptions>(rest, groupNames);
  if ((windowSize === undefined) === (windowSizeFunc === undefined))
    throw new ValueError("Either the `window_size` argument or the `window_size_func` argument must be specified.");
  const title = "Dataset_group_by_window";
  const size = windowSizeFunc ?? (() => windowSize!);
  const key = trace(
    named("key_func_wrapper", (...args: Any[]) => whole(keyFunc(...args))) as (...args: Any[]) => unknown,
    dataset.elementSpec,
    title,
  );
  const reduce = trace(reduceFunc, [scalar, datasetSpec(dataset.elementSpec)], title);
  const elements = elementsIn(reduce.output);
  if (!elements)
    throw new TypeError(
      `Invalid \`reduce_func\`. \`reduce_func\` must return a single \`tf.data.Dataset\` object but its return type is ${structureText(typeSpecs(reduce.output))}.`,
    );
  const sizeOf = trace(
    named("window_size_func_wrapper", (k: Tensor) => whole(size(k))) as (...args: Any[]) => unknown,
    scalar,
    title,
  );
  const variant = groupByWindowDatasetOp({
    input_dataset: dataset.variantTensor,
    key_func_other_arguments: key.captured,
    reduce_func_other_arguments: reduce.captured,
    window_size_func_other_arguments: sizeOf.captured,
    key_func: key.fn,
    reduce_func: reduce.fn,
    window_size_func: sizeOf.fn,
    ...attrsOf(elements),
    ...metadataOf(name),
  });
  return made(variant, elements, { isFirst: false });
}

/** What folds the elements of a key: a state from the key, a state from state and element, and the result from the last state. */
export class Reducer {
  readonly initFunc: (key: Tensor) => Any;
  readonly reduceFunc: (state: Any, element: Any) => Any;
  readonly finalizeFunc: (...state: Any[]) => Any;

  constructor(
    initFunc: (key: Tensor) => Any,
    reduceFunc: (state: Any, element: Any) => Any,
    finalizeFunc: (...state: Any[]) => Any,
  ) {
    this.initFunc = initFunc;
    this.reduceFunc = reduceFunc;
    this.finalizeFunc = finalizeFunc;
  }
}

/** The elements of each key folded into one. Throws ValueError for keys that are no int64, TypeError for states of other types. */
export const groupByReducer =
  (keyFunc: (...args: Any[]) => Tensor, reducer: Reducer) =>
  (dataset: Dataset): Dataset => {
    const title = "tf_data_experimental_group_by_reducer";
    const key = trace(keyFunc, dataset.elementSpec, title);
    checkKey(key.output);
    const init = trace(reducer.initFunc, scalar, title);
    const { reduce, state } = foldOf(dataset, reducer, init.output, title);
    const finalize = trace(reducer.finalizeFunc, state, title);
    const elements = finalize.output;
    const variant = experimentalGroupByReducerDatasetOp({
      input_dataset: dataset.variantTensor,
      key_func_other_arguments: key.captured,
      init_func_other_arguments: init.captured,
      reduce_func_other_arguments: reduce.captured,
      finalize_func_other_arguments: finalize.captured,
      key_func: key.fn,
      init_func: init.fn,
      reduce_func: reduce.fn,
      finalize_func: finalize.fn,
      ...attrsOf(elements),
    });
    return made(variant, elements, { isFirst: false });
  };

function checkKey(output: Nested<Spec>): void {
  const [spec, ...others] = specsOf(output);
  if (others.length === 0 && spec!.dtype === int64 && (spec!.shape === null || spec!.shape.length === 0)) return;
  const typesText = spec ? `<dtype: '${spec.dtype.name}'>` : "()";
  const shapesText = spec?.shape ? formatShapePython(spec.shape) : "<unknown>";
  throw new ValueError(
    `Invalid \`key_func\`. Expected \`key_func\` to return a scalar tf.int64 tensor, but instead \`key_func\` has output types=${typesText} and shapes=${shapesText}.`,
  );
}

/** The fold, for states whose shapes stay the same: it is traced again until they do. */
function foldOf(dataset: Dataset, reducer: Reducer, first: Nested<Spec>, title: string) {
  for (let state = first; ; ) {
    const reduce = trace(reducer.reduceFunc, [state, dataset.elementSpec], title, specsOf(state));
    const [before, after] = [specsOf(state), specsOf(reduce.output)];
    const dtypes = (specs: readonly Spec[]): string => specs.map(({ dtype }) => dtypeText(dtype)).join(", ");
    if (dtypes(before) !== dtypes(after)) {
      throw new TypeError(
        `Invalid \`reducer\`. The element types for the new state ${dtypes(after)} do not match the element types of the old state ${dtypes(before)}.`,
      );
    }
    const common = commonSpecs(state, reduce.output);
    const isSettled = specsOf(common).every(({ shape }, i) => String(shape) === String(before[i]!.shape));
    if (isSettled) return { reduce, state };
    state = common;
  }
}

const dtypeText = (dtype: DType): string => `<dtype: '${dtype.name}'>`;
