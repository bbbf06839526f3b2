/** `tf.createPartitionedVariables`: a large variable in parts, as a list. Source: partitioned_variables.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { byKeyword, byName, type Rest } from "../../../ops/options.ts";
import type { PartitionedVariable } from "../partitioned.ts";
import { getVariable, variableScope } from "../scope.ts";
import type { InitializerLike } from "../store.ts";
import type { Variable } from "../variable.ts";

export interface PartitionedVariablesOptions {
  /** float32 by default. */
  readonly dtype?: DType | undefined;
  readonly trainable?: boolean | undefined;
  readonly collections?: readonly string[] | undefined;
  readonly name?: string | null | undefined;
  readonly reuse?: boolean | null | undefined;
}

const order = ["dtype", "trainable", "collections", "name", "reuse"] as const;

/**
 * The parts of a variable of this shape: slicing says into how many parts each dimension is cut (only one dimension into more than one).
 * Throws ValueError for a slicing of another length, or of several dimensions.
 */
export const createPartitionedVariables = byKeyword(
  ["shape", "slicing", "initializer"],
  function createPartitionedVariables(
    shape: readonly number[],
    slicing: readonly number[],
    initializer: InitializerLike,
    ...rest: Rest<PartitionedVariablesOptions, typeof order>
  ): Variable[] {
    const options: PartitionedVariablesOptions = byName(rest, order);
    if (shape.length !== slicing.length) {
      throw new ValueError(
        `The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: ${listed(shape)}, slicing: ${listed(slicing)}`,
      );
    }
    if (shape.length < 1)
      throw new ValueError(`A partitioned Variable must have rank at least 1: shape: ${listed(shape)}`);
    const { dtype, trainable, collections, reuse } = options;
    return variableScope(options.name ?? null, { defaultName: "PartitionedVariable", reuse: reuse ?? null }, () => {
      const whole = getVariable(null, shape, {
        initializer,
        dtype,
        trainable,
        collections,
        partitioner: () => slicing,
      }) as unknown as PartitionedVariable;
      return [...whole];
    });
  },
);

const listed = (values: readonly number[]): string => `[${values.join(", ")}]`;
