/** Checks of ranks and types. Source: tensorflow/python/ops/check_ops.py. */

import { type DType, float32, int32 } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { elementAt } from "../../core/nd_array.ts";
import { formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { constantValue } from "../../graph/infer.ts";
import { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import {
  equal,
  greaterEqual,
  logicalOr,
  noOp,
  rank as rankOf,
  shape as shapeOf,
  withDependencies,
} from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { assertThat } from "../control_flow/assert.ts";
import { type CheckOptions, prefixOf } from "./compare.ts";

interface RankCheck {
  readonly scope: string;
  /** `must have rank`. */
  readonly words: string;
  readonly holds: (actual: number, wanted: readonly number[]) => boolean;
  readonly node: (actual: Tensor, wanted: readonly Tensor[]) => Tensor;
  readonly listed: (wanted: readonly number[]) => string;
}

/** The rank as a number when it is known. Throws ValueError when it is no scalar. */
function knownRank(rank: Tensor): number | null {
  assertType(rank, int32);
  const known = constantValue(rank);
  if (!known) return null;
  if (known.shape.length !== 0) throw new ValueError("Rank must be a scalar.");
  return Number(elementAt(known, 0));
}

function checkRanks(kind: RankCheck, x: TensorLike, wanted: readonly TensorLike[], options: CheckOptions): Operation {
  return getDefaultGraph().nameScope(options.name ?? kind.scope, () => {
    const tensor = convertToTensor(x, { name: "x" });
    const ranks = wanted.map((rank) => convertToTensor(rank, { name: "rank" }));
    const prefix = prefixOf(options.message);
    const data = options.data ?? [
      prefix,
      `Tensor ${tensor.shownName} ${kind.words}`,
      ...ranks,
      "Received shape: ",
      shapeOf(tensor),
    ];
    const known = ranks.map(knownRank);
    if (known.every((rank) => rank !== null) && tensor.shape) {
      if (kind.holds(tensor.shape.length, known)) return noOp({ name: "static_checks_determined_all_ok" });
      throw new ValueError(
        `${prefix}Tensor ${tensor.shownName} ${kind.words} ${kind.listed(known)}.  Received rank ${tensor.shape.length}, shape ${formatShapePython(tensor.shape)}`,
      );
    }
    let condition = kind.node(rankOf(tensor), ranks);
    for (const [i, rank] of ranks.entries()) {
      if (known[i] !== null) continue;
      const check = assertRank(rank, 0, { data: ["Rank must be a scalar. Received rank: ", rank] });
      condition = withDependencies([check], condition);
    }
    return assertThat(condition, data, { summarize: options.summarize });
  });
}

const assertRankPlaces = ["data", "summarize", "message", "name"] as const;

/** A check of x against one rank. */
const rankCheck = (kind: RankCheck) =>
  byKeyword(
    ["x", "rank"],
    (x: TensorLike, rank: TensorLike, ...rest: Rest<CheckOptions, typeof assertRankPlaces>): Operation =>
      checkRanks(kind, x, [rank], byName<CheckOptions>(rest, assertRankPlaces)),
  );

/** Throws ValueError for another static rank; where the rank is not known, an operation that fails the run. */
export const assertRank = rankCheck({
  scope: "assert_rank",
  words: "must have rank",
  holds: (actual, [wanted]) => actual === wanted,
  node: (actual, [wanted]) => equal(actual, wanted!),
  listed: ([wanted]) => String(wanted),
});

/** Throws ValueError for a smaller static rank; where the rank is not known, an operation that fails the run. */
export const assertRankAtLeast = rankCheck({
  scope: "assert_rank_at_least",
  words: "must have rank at least",
  holds: (actual, [wanted]) => actual >= wanted!,
  node: (actual, [wanted]) => greaterEqual(actual, wanted!),
  listed: ([wanted]) => String(wanted),
});

export const assertRankIn = byKeyword(
  ["x", "ranks"],
  function assertRankIn(
    x: TensorLike,
    ranks: readonly TensorLike[],
    ...rest: Rest<CheckOptions, typeof assertRankPlaces>
  ): Operation {
    const options = byName<CheckOptions>(rest, assertRankPlaces);
    return checkRanks(
      {
        scope: "assert_rank_in",
        words: "must have rank in",
        holds: (actual, wanted) => wanted.includes(actual),
        node: (actual, wanted) => {
          const [first, ...others] = wanted.map((rank) => () => equal(rank, actual));
          if (!first) return convertToTensor(false);
          return others.reduce((either, next) => logicalOr(either, next()), first());
        },
        listed: (wanted) => `(${wanted.join(", ")}${wanted.length === 1 ? "," : ""})`,
      },
      x,
      ranks,
      options,
    );
  },
);

interface TypeCheckOptions {
  readonly message?: string | undefined;
  readonly name?: string | undefined;
}

const assertIntegerPlaces = ["message", "name"] as const;

/** Throws TypeError unless x holds integers. */
export function assertInteger(x: TensorLike, ...rest: Rest<TypeCheckOptions, typeof assertIntegerPlaces>): Operation {
  const options = byName<TypeCheckOptions>(rest, assertIntegerPlaces);
  return getDefaultGraph().nameScope(options.name ?? "assert_integer", () => {
    const tensor = convertToTensor(x, { name: "x" });
    if (tensor.dtype.isInteger) return noOp({ name: "statically_determined_was_integer" });
    throw new TypeError(
      `${prefixOf(options.message)}Expected "x" to be integer type.  Found: ${tensor.shownName} of dtype ${tensor.dtype}`,
    );
  });
}

/** Throws TypeError unless the tensor is of the dtype. */
export const assertType = byKeyword(
  ["tensor", "tfType"],
  function assertType(
    tensor: TensorLike,
    tfType: DType,
    ...rest: Rest<TypeCheckOptions, typeof assertIntegerPlaces>
  ): Operation {
    const options = byName<TypeCheckOptions>(rest, assertIntegerPlaces);
    return getDefaultGraph().nameScope(options.name ?? "assert_type", () => {
      const given = convertToTensor(tensor, { name: "tensor" });
      if (given.dtype === tfType) return noOp({ name: "statically_determined_correct_type" });
      throw new TypeError(
        `${prefixOf(options.message)}${given.shownName} must be of type tf.${tfType.name}; got tf.${given.dtype.name}`,
      );
    });
  },
);

const assertScalarPlaces = ["name", "message"] as const;

/** The tensor. Throws ValueError unless it is a scalar. */
export function assertScalar(tensor: TensorLike, ...rest: Rest<TypeCheckOptions, typeof assertScalarPlaces>): Tensor {
  const options = byName<TypeCheckOptions>(rest, assertScalarPlaces);
  return getDefaultGraph().nameScope(options.name ?? "assert_scalar", (scope) => {
    const given = convertToTensor(tensor, { name: scope });
    if (given.shape?.length === 0) return given;
    throw new ValueError(
      `${prefixOf(options.message)}Expected scalar shape for ${given.shownName}, saw shape: ${formatShapePython(given.shape)}.`,
    );
  });
}

/** The one floating dtype of all (float32 of none). Throws ValueError when they differ or are not floating. */
export function assertSameFloatDtype(tensors: readonly (Tensor | null)[] | null = null, dtype?: DType): DType {
  let common = dtype?.baseDtype;
  let first = "";
  for (const tensor of tensors ?? []) {
    if (!tensor) continue;
    const own = tensor.dtype.baseDtype;
    if (common === undefined) {
      common = own;
      first = ` as ${tensor.shownName}`;
    } else if (common !== own) {
      throw new ValueError(`${tensor.shownName}, type=${own}, must be of the same type (${common})${first}.`);
    }
  }
  if (common && !common.isFloating) throw new ValueError(`Expected floating point type, got ${common}.`);
  return common ?? float32;
}

/** Throws TypeError for a tensor, a text, an array of bytes, or what is no list. */
export function assertProperIterable(values: unknown): void {
  const name = values instanceof Tensor ? "Tensor" : typeof values;
  const isOne = values instanceof Tensor || values instanceof Operation || typeof values === "string";
  if (isOne || ArrayBuffer.isView(values)) {
    throw new TypeError(`Expected argument "values" to be a "proper" iterable.  Found: ${name}`);
  }
  if (typeof (values as Iterable<unknown>)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`Expected argument "values" to be iterable.  Found: ${name}`);
  }
}
