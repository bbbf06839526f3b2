/** Feeds: keys to tensors, values to arrays of the tensor's dtype and shape. Source: session.py, BaseSession._run. */
import type { DType } from "../core/dtype.ts";
import { InvalidArgumentError, KeyError, TypeError, ValueError } from "../core/error.ts";
import { NdArray } from "../core/nd_array.ts";
import { compatible, formatShapePython } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import { TensorHandle } from "../graph/parts/tensor_handle.ts";
import type { FeedDict } from "../graph/scopes.ts";
import { asTensor, composite, isComposite, isTensorConvertible, Tensor } from "../graph/tensor.ts";

/** Feeds of what is made of several tensors as feeds of these. */
export function parted(feedDict: FeedDict): FeedDict {
  return [...feedDict].flatMap(([key, value]) => {
    if (!isComposite(key)) return [[key, value] as const];
    const { tensors, feeds } = key[composite]();
    const values = feeds(value);
    return tensors.map((tensor, i) => [tensor, values[i]] as const);
  });
}

/** The tensor that a feed's key stands for. Throws TypeError or ValueError in Python's words. */
export function feedTensor(graph: Graph, key: unknown): Tensor {
  const item = isTensorConvertible(key) ? (key.asGraphElement?.() ?? key[asTensor]({ asRef: true })) : key;
  let tensor: Tensor;
  try {
    tensor = graph.asGraphElement(item, { allowOperation: false }) as Tensor;
  } catch (error) {
    if (error instanceof KeyError || error instanceof ValueError || error instanceof TypeError) {
      throw new TypeError(
        `Cannot interpret feed_dict key as Tensor: ${error instanceof KeyError ? error.text : error.message}`,
      );
    }
    throw error;
  }
  if (!graph.isFeedable(tensor)) throw new ValueError(`Tensor ${tensor.name} may not be fed.`);
  return tensor;
}

/** Literals to arrays; set with the op library, which knows the rules. */
export const literals: { toArray: (value: never, dtype: DType) => NdArray } = {
  toArray: () => {
    throw new Error("bug: the op library is not loaded");
  },
};

/** The same keys, in the same order? */
export function sameKeys(keys: readonly unknown[], feedDict: FeedDict | undefined): boolean {
  if (!feedDict) return keys.length === 0;
  if (Array.isArray(feedDict)) {
    if (feedDict.length !== keys.length) return false;
    for (let i = 0; i < keys.length; i++) if (feedDict[i][0] !== keys[i]) return false;
    return true;
  }
  let i = 0;
  for (const [key] of feedDict) if (key !== keys[i++]) return false;
  return i === keys.length;
}

/** What is fed for n keys, in their order, as it was given. */
export function fedValues(n: number, feedDict: FeedDict | undefined): unknown[] {
  const values = new Array<unknown>(n);
  if (Array.isArray(feedDict)) for (let i = 0; i < n; i++) values[i] = feedDict[i][1];
  else if (feedDict) {
    let i = 0;
    for (const [, value] of feedDict) values[i++] = value;
  }
  return values;
}

/** The values as arrays for the tensors. */
export function feedArrays(tensors: readonly Tensor[], values: readonly unknown[]): NdArray[] {
  const arrays = new Array<NdArray>(tensors.length);
  for (let i = 0; i < arrays.length; i++) arrays[i] = feedValue(tensors[i]!, values[i]);
  return arrays;
}

/** The value as an array for the tensor: converted to its dtype, its shape checked. */
function feedValue(tensor: Tensor, value: unknown): NdArray {
  if (value instanceof Tensor || isTensorConvertible(value)) {
    throw new TypeError(
      `The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was ${value} which was passed to the argument \`feed_dict\` with key ${tensor}.`,
    );
  }
  const dtype = tensor.dtype.baseDtype;
  if (value instanceof TensorHandle) return feedValue(tensor, keptTensor(value, dtype));
  const array = value instanceof NdArray && value.dtype === dtype ? value : converted(value, dtype);
  const { shape } = tensor;
  if (shape !== null && !compatible(shape, array.shape)) {
    const error = new ValueError(
      `Cannot feed value of shape ${formatShapePython(array.shape)} for Tensor ${tensor.name}, which has shape ${formatShapePython(shape)}`,
    );
    throw Object.assign(error, { madeAt: tensor.op.madeAt });
  }
  return array;
}

/** The tensor of a handle. Throws INVALID_ARGUMENT for another dtype. */
function keptTensor(handle: TensorHandle, dtype: DType): NdArray {
  if (handle.dtype === dtype) return handle.toArray();
  throw new InvalidArgumentError(`Expects arg[0] to be ${dtype.name} but ${handle.dtype.name} is provided`);
}

function converted(value: unknown, dtype: DType): NdArray {
  checkRange(value, dtype);
  if (dtype.isFloating || dtype.isInteger) checkWords(value, dtype);
  return literals.toArray(roundedTo(value, dtype) as never, dtype);
}

/** numpy refuses a plain integer that the dtype cannot hold. */
function checkRange(value: unknown, dtype: DType): void {
  if (typeof value !== "number" && typeof value !== "bigint") return;
  if (dtype.base === "string" && Number.isInteger(Number(value))) throw doesNotFit(value, "<class 'object'>");
  if (!dtype.isInteger || (typeof value === "number" && !Number.isInteger(value))) return;
  const bits = BigInt(dtype.sizeBytes * 8);
  const big = BigInt(value);
  const fits = dtype.isUnsigned
    ? big >= 0n && big < 1n << bits
    : big >= -(1n << (bits - 1n)) && big < 1n << (bits - 1n);
  if (fits) return;
  throw doesNotFit(value, `<class 'numpy.${dtype.name}'>`);
}

const doesNotFit = (value: number | bigint, type: string): TypeError =>
  new TypeError(
    `Type of feed value ${value} with type <class 'int'> is not compatible with Tensor type ${type}. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).`,
  );

function checkWords(value: unknown, dtype: DType): void {
  if (typeof value === "string" && !dtype.isFloating)
    throw new ValueError(`invalid literal for int() with base 10: '${value}'`);
  const word = firstWord(value);
  if (word === undefined) return;
  throw new ValueError(
    dtype.isFloating
      ? `could not convert string to float: np.str_('${word}')`
      : `invalid literal for int() with base 10: np.str_('${word}')`,
  );
}

function firstWord(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (Array.isArray(value))
    for (const item of value) {
      const word = firstWord(item);
      if (word !== undefined) return word;
    }
  return undefined;
}

/** numpy truncates floats that are fed to integers, and takes truth values as numbers. */
function roundedTo(value: unknown, dtype: DType): unknown {
  if (Array.isArray(value)) return value.map((item) => roundedTo(item, dtype));
  if (value === null && dtype.isFloating) return Number.NaN;
  if (value === null && dtype.isInteger)
    throw new TypeError("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'");
  if (typeof value === "boolean" && !dtype.isBool && dtype.base !== "string") return value ? 1 : 0;
  if (typeof value === "number" && dtype.isInteger) return Math.trunc(value);
  if (typeof value === "number" && dtype.isBool) return value !== 0;
  return value;
}
