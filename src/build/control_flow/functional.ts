/** Functions over the rows of tensors, as loops: map, fold, scan. Source: map_fn.py, functional_ops.py. */
import type { DType } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { compatibleDims, type Dim, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { constant, shape as shapeOf, TensorArray } from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { add } from "../operators.ts";
import { checkSameStructure, flatten, type Nested, pack } from "./structure.ts";
import { type LoopValue, type WhileLoopOptions, whileLoop } from "./while_loop.ts";

export interface LoopOptions {
  /** Iterations that may run at once; 10 by default. */
  readonly parallelIterations?: number | undefined;
  readonly backProp?: boolean | undefined;
  readonly swapMemory?: boolean | undefined;
  readonly name?: string | undefined;
}

export interface MapOptions extends LoopOptions {
  /** dtypes of the results, in their structure; those of the elements by default. */
  readonly dtype?: Nested<DType> | undefined;
  /** Checks that all results have one shape; true by default. */
  readonly inferShape?: boolean | undefined;
}

export interface FoldOptions extends LoopOptions {
  /** Where the accumulator begins; the first (last) row by default. */
  readonly initializer?: Nested<TensorLike> | undefined;
}

export interface ScanOptions extends FoldOptions {
  /** From the last row to the first. */
  readonly reverse?: boolean | undefined;
  readonly inferShape?: boolean | undefined;
}

type Rows = Nested<TensorLike>;
type Value = Nested<Tensor>;
// biome-ignore lint/suspicious/noExplicitAny: functions of rows name the tensors they expect
type RowFunction = (...rows: any[]) => Nested<TensorLike>;

const loopOptions = (options: LoopOptions, n: TensorLike): WhileLoopOptions => ({
  parallelIterations: options.parallelIterations ?? 10,
  backProp: options.backProp ?? true,
  swapMemory: options.swapMemory ?? false,
  maximumIterations: n,
});

function checkFunction(fn: unknown): void {
  if (typeof fn !== "function")
    throw new TypeError(`${String(fn)} is not callable. Please provide a callable function.`);
}

/** How many rows the tensors have. Throws ValueError for scalars and for different numbers. */
function rowsOf(tensors: readonly Tensor[]): Dim {
  const [first] = tensors;
  if (first?.shape?.length === 0) {
    throw new ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars");
  }
  const count = first!.shape?.[0] ?? null;
  for (const tensor of tensors) {
    const other = tensor.shape?.[0] ?? null;
    if (!compatibleDims(count, other)) throw new ValueError(`Dimensions ${count} and ${other} are not compatible`);
  }
  return count;
}

const countOf = (tensor: Tensor, known: Dim): TensorLike => known || shapeOf(tensor).at(0);

const withRows = (tensor: Tensor, rows: Dim): Tensor => {
  if (tensor.shape) tensor.setShape([rows, ...tensor.shape.slice(1)]);
  return tensor;
};

const mapFnPlaces = ["dtype", "parallelIterations", "backProp", "swapMemory", "inferShape", "name"] as const;

/**
 * The rows of fn(row of elems) as one tensor (or one for each in the structure that fn returns). Throws ValueError for no or scalar elems,
 * TypeError when fn returns another structure than dtype (or elems) has.
 */
export const mapFn = byKeyword(
  ["fn", "elems"],
  function mapFn(fn: RowFunction, elems: Rows, ...rest: Rest<MapOptions, typeof mapFnPlaces>): Value {
    const options: MapOptions = byName(rest, mapFnPlaces);
    if (typeof fn !== "function")
      throw new TypeError(`The provided function ${String(fn)} is not callable.fn must be callable.`);
    const given = flatten<TensorLike>(elems);
    if (given.length === 0) {
      throw new ValueError(
        `elems must be a Tensor or (possibly nested) sequence of Tensors. Got ${String(elems)}, which does not contain any Tensors.`,
      );
    }
    return getDefaultGraph().nameScope(options.name ?? "map", () => {
      const tensors = given.map((elem) => convertToTensor(elem, { name: "elem" }));
      const rows = rowsOf(tensors);
      const n = countOf(tensors[0]!, rows);
      const empty = tensors.map((tensor) => new TensorArray(tensor.dtype, { size: n }));
      const inputs = tensors.map((tensor, i) => empty[i]!.unstack(tensor));
      const start = constant(0);
      const results = options.dtype === undefined ? tensors.map(({ dtype }) => dtype) : flatten<DType>(options.dtype);
      const { inferShape = true } = options;
      const outputs = results.map((dtype) => new TensorArray(dtype, { size: n, inferShape }));
      const like = (options.dtype ?? elems) as Rows;
      const [, filled] = whileLoop(
        (i: Tensor) => i.less(n as never),
        (i: Tensor, arrays: readonly TensorArray[]) => {
          const value = fn(
            pack(
              elems,
              inputs.map((array) => array.read(i)),
            ),
          );
          checkSameStructure(like, value);
          const written = flatten<TensorLike>(value).map((leaf, k) => arrays[k]!.write(i, leaf));
          return [add(i, 1), written];
        },
        [start, outputs],
        loopOptions(options, n),
      ) as readonly LoopValue[];
      const stacked = (filled as readonly TensorArray[]).map((array) => array.stack());
      return pack(
        like,
        stacked.map((tensor) => withRows(tensor, rows)),
      );
    });
  },
);

const foldlPlaces = ["initializer", "parallelIterations", "backProp", "swapMemory", "name"] as const;

/** fn(… fn(fn(initializer, row 0), row 1) …). */
export const foldl = byKeyword(
  ["fn", "elems"],
  function foldl(fn: RowFunction, elems: Rows, ...rest: Rest<FoldOptions, typeof foldlPlaces>): Value {
    const options: FoldOptions = byName(rest, foldlPlaces);
    return fold("foldl", fn, elems, options);
  },
);

/** As foldl, from the last row to the first. */
export const foldr = byKeyword(
  ["fn", "elems"],
  function foldr(fn: RowFunction, elems: Rows, ...rest: Rest<FoldOptions, typeof foldlPlaces>): Value {
    const options: FoldOptions = byName(rest, foldlPlaces);
    return fold("foldr", fn, elems, options);
  },
);

function fold(kind: "foldl" | "foldr", fn: RowFunction, elems: Rows, options: FoldOptions): Value {
  checkFunction(fn);
  return getDefaultGraph().nameScope(options.name ?? kind, () => {
    const tensors = flatten<TensorLike>(elems).map((elem) => convertToTensor(elem, { name: "elem" }));
    const n = countOf(tensors[0]!, rowsOf(tensors));
    const arrays = flatten<TensorLike>(elems).map((elem) => {
      const tensor = convertToTensor(elem);
      return new TensorArray(tensor.dtype, { size: n }).unstack(tensor);
    });
    const rowAt = (i: TensorLike): Value =>
      pack(
        elems,
        arrays.map((array) => array.read(i)),
      );
    const options2 = loopOptions(options, n);
    if (kind === "foldl") {
      const first = options.initializer ?? rowAt(0);
      const start = constant(options.initializer === undefined ? 1 : 0);
      const [, folded] = whileLoop(
        (i: Tensor) => i.less(n as never),
        (i: Tensor, a: Value) => {
          const next = fn(a, rowAt(i));
          return [add(i, 1), next];
        },
        [start, first],
        options2,
      ) as readonly LoopValue[];
      return folded as Value;
    }
    const start = options.initializer === undefined ? minusOne(n) : n;
    const last = options.initializer ?? rowAt(start);
    const [, folded] = whileLoop(
      (i: Tensor) => i.greater(0),
      (i: Tensor, a: Value) => {
        const before = i.sub(1);
        return [before, fn(a, rowAt(before))];
      },
      [start, last],
      options2,
    ) as readonly LoopValue[];
    return folded as Value;
  });
}

const minusOne = (n: TensorLike): TensorLike => (typeof n === "number" ? n - 1 : (n as Tensor).sub(1));

/** All of foldl's accumulators as rows: row i is the one after row i of elems. */
export const scan = byKeyword(
  ["fn", "elems"],
  function scan(fn: RowFunction, elems: Rows, ...rest: Rest<ScanOptions, typeof foldlPlaces>): Value {
    const options: ScanOptions = byName(rest, foldlPlaces);
    checkFunction(fn);
    const { initializer, reverse = false, inferShape = true } = options;
    const like = initializer ?? elems;
    return getDefaultGraph().nameScope(options.name ?? "scan", () => {
      const tensors = flatten<TensorLike>(elems).map((elem) => convertToTensor(elem, { name: "elem" }));
      const rows = tensors[0]!.shape?.[0] ?? null;
      const n = rows ?? shapeOf(tensors[0]!).at(0);
      const made = tensors.map(
        (tensor) => new TensorArray(tensor.dtype, { size: n, elementShape: elementShape(tensor.shape) }),
      );
      const inputs = made.map((array, i) => array.unstack(tensors[i]!));
      const firstIndex = reverse ? minusOne(n) : 0;
      const first =
        initializer === undefined
          ? inputs.map((array) => array.read(firstIndex))
          : flatten<TensorLike>(initializer).map((value) => convertToTensor(value));
      const used = initializer === undefined ? 1 : 0;
      let outputs = first.map(
        ({ dtype, shape }) => new TensorArray(dtype, { size: n, elementShape: inferShape ? shape : null, inferShape }),
      );
      if (initializer === undefined) outputs = outputs.map((array, i) => array.write(firstIndex, first[i]!));
      const [, , filled] = whileLoop(
        (i: Tensor) => (reverse ? i.greaterEqual(0) : i.less(n as never)),
        (i: Tensor, a: readonly Tensor[], arrays: readonly TensorArray[]) => {
          const elem = pack(
            elems,
            inputs.map((array) => array.read(i)),
          );
          const value = fn(pack(like, a), elem);
          checkSameStructure(like, value);
          const leaves = flatten<TensorLike>(value);
          const written = leaves.map((leaf, k) => arrays[k]!.write(i, leaf));
          return [reverse ? i.sub(1) : add(i, 1), leaves, written];
        },
        [reverse ? lessUsed(minusOne(n), used) : used, first, outputs],
        loopOptions(options, n),
      ) as readonly LoopValue[];
      const results = (filled as readonly TensorArray[]).map((array) => withRows(array.stack(), rowsOf(tensors)));
      return pack(like, results);
    });
  },
);

const lessUsed = (n: TensorLike, used: number): TensorLike =>
  typeof n === "number" ? n - used : (n as Tensor).sub(used);

const elementShape = (shape: Shape): Shape => (shape === null ? null : shape.slice(1));
