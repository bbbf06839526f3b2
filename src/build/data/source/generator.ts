/**
 * `Dataset.fromGenerator`: elements that a function of this process yields.
 *
 *     TensorDataset(0) ─► FlatMapDataset ─► GeneratorDataset: init ─► next, next … ─► finalize, each one a PyFunc
 *
 * Each walk over the dataset calls the function anew. Source: from_generator_op.py.
 */
import type { DType } from "../../../core/dtype.ts";
import { int32, int64, string } from "../../../core/dtype.ts";
import { OutOfRangeError, TypeError } from "../../../core/error.ts";
import { after } from "../../../core/flow/maybe.ts";
import { NdArray, ndarray } from "../../../core/nd_array.ts";
import { printValue } from "../../../core/print.ts";
import { compatible, formatShapePython, type Shape } from "../../../core/shape.ts";
import { convertToTensor, type Literal, literalToArray, type TensorLike } from "../../../ops/convert.ts";
import { eagerPyFunc, generatorDatasetOp, numpyFunction } from "../../../ops/index.ts";
import type { Rest } from "../../../ops/options.ts";
import type { SparseTensorSpec, TensorSpec } from "../../tensors/specs.ts";
import { Dataset } from "../dataset.ts";
import { trace } from "../function.ts";
import { type Any, attrsOf, mapSpecs, type Nested, type Spec, specsOf, structureOf } from "../structure.ts";

/** Values in the form of the output types: one after another, or as they come. */
type Values = Iterable<unknown> | Iterator<unknown> | AsyncIterable<unknown>;
export type Generator = (...args: NdArray[]) => Values;

export interface GeneratorOptions {
  readonly outputTypes?: Nested<DType>;
  /** Unknown shapes by default. */
  readonly outputShapes?: unknown;
  /** Given to the generator as arrays. */
  readonly args?: readonly TensorLike[];
  /** Types and shapes at once, in place of the two others. */
  readonly outputSignature?: Nested<TensorSpec | SparseTensorSpec>;
}

export type GeneratorArguments = Rest<GeneratorOptions, ["outputTypes", "outputShapes", "args", "outputSignature"]>;

interface Named {
  readonly name: string;
}

/** A function under the name that Python's has, which the library's names show. */
const named = <F extends object>(name: string, fn: F): F & Named =>
  Object.defineProperty(fn, "name", { value: name }) as F & Named;

interface Running {
  readonly next: () => unknown;
  readonly close: () => unknown;
}

/** The generators that are at work, by number. */
class Walks {
  readonly #generator: Generator;
  readonly #args = new Map<bigint, readonly NdArray[]>();
  readonly #running = new Map<bigint, Running>();
  #count = 0n;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  nextId(args: readonly NdArray[]): bigint {
    const id = this.#count++;
    this.#args.set(id, args);
    return id;
  }

  of(id: bigint): Running {
    let running = this.#running.get(id);
    if (!running) {
      running = started(this.#generator(...this.#args.get(id)!));
      this.#running.set(id, running);
    }
    return running;
  }

  finish(id: bigint): unknown {
    const running = this.#running.get(id);
    this.#running.delete(id);
    this.#args.delete(id);
    return running?.close();
  }
}

function started(values: Values): Running {
  const source = values as Partial<Iterable<unknown> & AsyncIterable<unknown> & Iterator<unknown>> | null | undefined;
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.() ?? (source as Iterator<unknown>);
  if (typeof iterator?.next !== "function") throw new TypeError(`'${kindOf(values)}' object is not iterable`);
  return { next: () => iterator.next(), close: () => iterator.return?.() };
}

const kindOf = (value: unknown): string =>
  value === null || value === undefined ? "NoneType" : typeof value === "number" ? "int" : typeof value;

const text = (value: unknown): string => printValue([value]).slice(1, -1);

/** The types as Python prints them: `(tf.int32, tf.int64)`. */
function typesText(types: Nested<Spec>): string {
  if (Array.isArray(types))
    return types.length === 1 ? `(${typesText(types[0]!)},)` : `(${types.map(typesText).join(", ")})`;
  if ("dtype" in types && "shape" in types) return `tf.${(types as Spec).dtype.name}`;
  const entries = Object.entries(types as { readonly [key: string]: Nested<Spec> });
  return `{${entries.map(([key, inner]) => `'${key}': ${typesText(inner)}`).join(", ")}}`;
}

/** The components of what was yielded, by the form of the specs. Undefined when it has another form. */
function partsOf(specs: Nested<Spec>, value: unknown): unknown[] | undefined {
  if (Array.isArray(specs)) {
    const items = value instanceof NdArray ? undefined : (value as readonly unknown[]);
    if (!Array.isArray(items) || items.length !== specs.length) return undefined;
    return joined(specs.map((inner, i) => partsOf(inner, items[i])));
  }
  if ("dtype" in specs && "shape" in specs) return [value];
  const record = specs as { readonly [key: string]: Nested<Spec> };
  if (typeof value !== "object" || value === null) return undefined;
  const keys = Object.keys(record).sort();
  if (Object.keys(value).sort().join() !== keys.join()) return undefined;
  return joined(keys.map((key) => partsOf(record[key]!, (value as Record<string, unknown>)[key])));
}

const joined = (lists: readonly (unknown[] | undefined)[]): unknown[] | undefined =>
  lists.some((list) => list === undefined) ? undefined : lists.flatMap((list) => list!);

/** What was yielded as arrays of the dtypes wanted. Throws TypeError in TensorFlow's words where it does not fit. */
function arraysOf(specs: Nested<Spec>, value: unknown): NdArray[] {
  if (isUnknown(specs)) return [tensorOf(specs as Spec, value)];
  const parts = partsOf(specs, value);
  if (!parts) {
    throw new TypeError(
      `\`generator\` yielded an element that did not match the expected structure. The expected structure was ${typesText(specs)}, but the yielded element was ${text(value)}.`,
    );
  }
  return specsOf(specs).map((spec, i) => {
    const array = arrayOf(parts[i], spec.dtype);
    if (compatible(spec.shape, array.shape)) return array;
    throw new TypeError(
      `\`generator\` yielded an element of shape ${formatShapePython(array.shape)} where an element of shape ${formatShapePython(spec.shape)} was expected.`,
    );
  });
}

function tensorOf({ dtype }: Spec, value: unknown): NdArray {
  try {
    if (value instanceof NdArray && value.dtype !== dtype) throw new TypeError(`${value.dtype} is not ${dtype}`);
    return literalToArray(value as Literal, dtype);
  } catch (cause) {
    throw new TypeError(
      `\`generator\` yielded an element that did not match the expected structure. The expected structure was TensorSpec(shape=<unknown>, dtype=tf.${dtype.name}, name=None), but the yielded element was ${typeof value === "string" ? value : text(value)}.`,
      { cause },
    );
  }
}

/** As numpy converts: from any number to any other one; what is no text is printed. */
function arrayOf(value: unknown, dtype: DType): NdArray {
  try {
    const array = value instanceof NdArray ? value : literalToArray(value as Literal, freely(value, dtype));
    return array.dtype === dtype ? array : converted(array, dtype);
  } catch (cause) {
    throw new TypeError(
      `\`generator\` yielded an element that could not be converted to the expected type. The expected type was ${dtype.name}, but the yielded element was ${typeof value === "string" ? value : text(value)}.`,
      { cause },
    );
  }
}

/** The dtype to read a literal with: its own where that is a number's and the wanted one is not a text. */
const freely = (value: unknown, dtype: DType): DType | undefined =>
  dtype === string || typeof value === "bigint" ? dtype : undefined;

function converted(array: NdArray, dtype: DType): NdArray {
  if (array.dtype === string || dtype === string) throw new TypeError(`${array.dtype} is not ${dtype}`);
  const whole = /int/.test(dtype.name);
  const big = dtype.name.endsWith("int64");
  const items = Array.from(array.data as ArrayLike<number | bigint>, (item) => {
    const number = typeof item === "bigint" || !whole ? item : Math.trunc(Number(item));
    return big ? BigInt(number) : Number(number);
  });
  return ndarray(items, dtype.name, array.shape);
}

function specsFor({ outputTypes, outputShapes, outputSignature }: GeneratorOptions): Nested<Spec> {
  if (outputTypes !== undefined && outputSignature !== undefined)
    throw new TypeError("The `output_types` argument can not be used together with the `output_signature` argument.");
  if (outputSignature !== undefined) {
    if (outputShapes !== undefined)
      throw new TypeError(
        "The `output_shapes` argument can not be used together with the `output_signature` argument.",
      );
    return mapSpecs(outputSignature as Nested<Spec>, ({ dtype, shape }): Spec => ({ dtype, shape })) as Nested<Spec>;
  }
  if (outputTypes === undefined || outputTypes === null)
    throw new TypeError(
      "To specify the output signature you need to provide either the `output_signature` argument or the `output_types` argument.",
    );
  return structureOf(outputTypes, outputShapes);
}

/** One component of unknown rank: Python makes tensors of what is yielded then, not arrays. */
const isUnknown = (specs: Nested<Spec>): boolean => "shape" in specs && "dtype" in specs && specs.shape === null;

const optionNames = ["outputTypes", "outputShapes", "args", "outputSignature"] as const;

/** Types and shapes may be records, as options are: those are told by their names. */
function optionsOf(given: readonly unknown[]): GeneratorOptions {
  const last = given.at(-1);
  const isOptions =
    isRecord(last) && Object.keys(last).every((key) => (optionNames as readonly string[]).includes(key));
  const [outputTypes, outputShapes, args] = (isOptions ? given.slice(0, -1) : given) as [never, unknown, never];
  return { outputTypes, outputShapes, args, ...(isOptions ? last : {}) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The elements that the generator yields, each in the form of the output types. Its errors end the run as INVALID_ARGUMENT or UNKNOWN. */
export function fromGenerator(generator: Generator, ...rest: GeneratorArguments): Dataset {
  const options = optionsOf(rest);
  if (typeof generator !== "function") throw new TypeError("`generator` must be a Python callable.");
  const specs = specsFor(options);
  const flat = specsOf(specs);
  const args = (options.args ?? []).map((arg, i) => convertToTensor(arg, { name: `args_${i}` }));
  const walks = new Walks(generator);
  const idOf = (id: NdArray): bigint => BigInt(id.data[0] as bigint);
  const nextId = (...values: NdArray[]): bigint => walks.nextId(values);
  const next = (id: NdArray): unknown =>
    after(walks.of(idOf(id)).next(), (result) => {
      const { done, value } = result as IteratorResult<unknown>;
      if (done) throw new OutOfRangeError("End of sequence");
      const arrays = arraysOf(specs, value);
      return arrays.length === 1 ? arrays[0] : arrays;
    });
  const finish = (id: NdArray): unknown => after(walks.finish(idOf(id)), () => 0n);
  return Dataset.fromTensors(0).flatMap(
    named("flat_map_fn", (dummy: Any) => {
      const getId = named("get_iterator_id_fn", () => numpyFunction(nextId, args, int64));
      const getNext = named("generator_next_fn", (walk: Any) => {
        const types = flat.map(({ dtype }) => dtype);
        const outputs = (isUnknown(specs) ? eagerPyFunc : numpyFunction)(next, [walk], types) as Any[];
        for (const [i, { shape }] of flat.entries()) outputs[i].setShape(shape as Shape);
        return mapSpecs(specs, (_, i) => outputs[i]);
      });
      const end = named("finalize_fn", (walk: Any) => numpyFunction(finish, [walk], int64));
      const title = "Dataset_from_generator";
      const id: Spec = { dtype: int64, shape: [] };
      const init = trace(getId, { dtype: int32, shape: [] }, title);
      const step = trace(getNext, id, title);
      const finalize = trace(end, id, title);
      const variant = generatorDatasetOp({
        init_func_other_args: [dummy, ...init.captured],
        next_func_other_args: step.captured,
        finalize_func_other_args: finalize.captured,
        init_func: init.fn,
        next_func: step.fn,
        finalize_func: finalize.fn,
        ...attrsOf(specs),
      });
      return new Dataset(variant, specs);
    }),
  );
}
