/** Ops of ragged rows by their own names, as Python offers them. Source: gen_ragged_array_ops.py. */
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../convert.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import type { Named } from "../array/basic/names.ts";
import { raggedFillEmptyRowsGradOp, raggedFillEmptyRowsOp } from "./fill.ts";

interface Filled {
  readonly outputValueRowids: Tensor;
  readonly outputValues: Tensor;
  readonly emptyRowIndicator: Tensor;
  readonly reverseIndexMap: Tensor;
}

/** The rows with the default value in those without elements, which rows these are, and where each value went. */
export const raggedFillEmptyRows = byKeyword(
  ["valueRowids", "values", "nrows", "defaultValue"],
  function raggedFillEmptyRows(
    valueRowids: TensorLike,
    values: TensorLike,
    nrows: TensorLike,
    defaultValue: TensorLike,
    ...rest: Rest<Named, ["name"]>
  ): Filled {
    const found = raggedFillEmptyRowsOp(
      { value_rowids: valueRowids, values, nrows, default_value: defaultValue },
      byName<Named>(rest, ["name"]).name,
    );
    return {
      outputValueRowids: found.output_value_rowids,
      outputValues: found.output_values,
      emptyRowIndicator: found.empty_row_indicator,
      reverseIndexMap: found.reverse_index_map,
    };
  },
);

/** The gradients of the values and of the default value. */
export const raggedFillEmptyRowsGrad = byKeyword(
  ["reverseIndexMap", "gradValues"],
  function raggedFillEmptyRowsGrad(
    reverseIndexMap: TensorLike,
    gradValues: TensorLike,
    ...rest: Rest<Named, ["name"]>
  ): { readonly dValues: Tensor; readonly dDefaultValue: Tensor } {
    const inputs = { reverse_index_map: reverseIndexMap, grad_values: gradValues };
    const found = raggedFillEmptyRowsGradOp(inputs, byName<Named>(rest, ["name"]).name);
    return { dValues: found.d_values, dDefaultValue: found.d_default_value };
  },
);
