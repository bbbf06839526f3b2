/** How often each value occurs, as a sparse tensor. Source: sparse_ops.py, sparse_bincount; bincount_ops.py. */
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { SparseTensor } from "../../graph/sparse_tensor.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, denseCountSparseOutputOp, identity, reshape, sparseCountSparseOutputOp } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { assertEqual } from "../checks/compare.ts";

export interface SparseBincountOptions extends Named {
  /** What each value counts for; of the values' kind and shape. */
  readonly weights?: TensorLike | SparseTensor | null;
  /** 0 counts all values, -1 each row by itself. */
  readonly axis?: number | null;
  readonly minlength?: number | null;
  readonly maxlength?: number | null;
  /** Whether a value is there at all, as 1. */
  readonly binaryOutput?: boolean;
}
const places = ["weights", "axis", "minlength", "maxlength", "binaryOutput", "name"] as const;

/** The weights of sparse values, after checks that they stand at the same places. */
function weightsOf(values: SparseTensor, weights: Tensor | SparseTensor | null): Tensor {
  if (weights === null) return constant([], { dtype: values.values.dtype.baseDtype });
  if (!(weights instanceof SparseTensor))
    throw new ValueError(
      `Argument \`weights\` must be a SparseTensor if \`values\` is a SparseTensor. Received weights=${weights} of type: Tensor`,
    );
  const checks = [];
  if (weights.denseShape !== values.denseShape) {
    const message = "'weights' and 'values' must have the same dense shape.";
    checks.push(assertEqual(weights.denseShape, values.denseShape, { message }));
  }
  if (weights.indices !== values.indices) {
    const message = "'weights' and 'values' must have the same indices.";
    checks.push(assertEqual(weights.indices, values.indices, { message }));
  }
  if (checks.length === 0) return weights.values;
  return getDefaultGraph().controlDependencies(checks, () => identity(weights.values));
}

/** Counts of the values (whole numbers, [n] or [rows, n], dense or sparse) by value. Throws ValueError for another axis. */
export function sparseBincount(
  values: TensorLike | SparseTensor,
  ...rest: Rest<SparseBincountOptions, typeof places>
): SparseTensor {
  const options = byName<SparseBincountOptions>(rest, places);
  return inScope(options.name, "count", () => {
    let counted: Tensor | SparseTensor =
      values instanceof SparseTensor ? values : convertToTensor(values, { name: "values" });
    const given = options.weights ?? null;
    let weights = given === null || given instanceof SparseTensor ? given : convertToTensor(given, { name: "weights" });
    if (weights !== null && options.binaryOutput)
      throw new ValueError("Arguments `binary_output` and `weights` are mutually exclusive. Please specify only one.");
    const axis = options.axis ?? 0;
    if (axis !== 0 && axis !== -1)
      throw new ValueError(`Unsupported value for argument axis=${axis}. Only 0 and -1 are currently supported.`);
    if (axis === 0) {
      if (counted instanceof SparseTensor) {
        if (weights !== null) weights = weightsOf(counted, weights);
        counted = counted.values;
      } else {
        if (weights !== null) weights = reshape(weights as Tensor, [-1]);
        counted = reshape(counted, [-1]);
      }
    }
    const attrs = {
      minlength: options.minlength ?? -1,
      maxlength: options.maxlength ?? -1,
      binary_output: options.binaryOutput ?? false,
    };
    const found =
      counted instanceof SparseTensor
        ? sparseCountSparseOutputOp({
            indices: counted.indices,
            values: counted.values,
            dense_shape: counted.denseShape,
            weights: weightsOf(counted, weights),
            ...attrs,
          })
        : denseCountSparseOutputOp({
            values: counted,
            weights: (weights as Tensor | null) ?? constant([], { dtype: counted.dtype.baseDtype }),
            ...attrs,
          });
    return new SparseTensor({
      indices: found.output_indices,
      values: found.output_values,
      denseShape: found.output_dense_shape,
    });
  });
}
