/** Classes of the program that stand where a tensor is wanted. Source: tensor_conversion_registry.py. */
import type { DType } from "../../core/dtype.ts";
import { RuntimeError, TypeError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { asTensor, Tensor } from "../../graph/tensor.ts";

export interface ConversionOptions {
  /** The dtype that is wanted; undefined where the value decides. */
  readonly dtype?: DType | undefined;
  readonly name?: string | undefined;
  readonly asRef?: boolean | undefined;
}

/** Gives null where it does not take the value: then the next function is asked. */
export type ConversionFunction<T> = (value: T, options: ConversionOptions) => Tensor | null;

// biome-ignore lint/suspicious/noExplicitAny: classes with any constructor
type Class<T> = abstract new (...args: any[]) => T;

interface Registered {
  readonly fn: ConversionFunction<never>;
  readonly priority: number;
}

/** By the prototype whose values they convert, in the order in which they are asked. */
const registered = new WeakMap<object, Registered[]>();

const plainTypes: readonly unknown[] = [Number, BigInt, Boolean, String, NdArray];

/**
 * Values of this class (or these classes) become tensors by conversionFunc wherever a tensor is wanted; functions of a smaller priority (100 by
 * default) are asked first, then those registered first. Throws TypeError for what is no class, for numbers and arrays, and for what is
 * no function.
 */
export function registerTensorConversionFunction<T>(
  baseType: Class<T> | readonly Class<T>[],
  conversionFunc: ConversionFunction<T>,
  priority: number | { readonly priority?: number | undefined } = 100,
): void {
  const types = (Array.isArray(baseType) ? baseType : [baseType]) as readonly unknown[];
  if (!types.every((type) => typeof type === "function" && type.prototype)) {
    throw new TypeError(`Argument \`base_type\` must be a type or a tuple of types. Obtained: ${String(baseType)}`);
  }
  if (types.some((type) => plainTypes.includes(type) || ArrayBuffer.isView((type as Class<T>).prototype)))
    throw new TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.");
  if (typeof conversionFunc !== "function") {
    throw new TypeError(`Argument \`conversion_func\` must be callable. Received ${String(conversionFunc)}.`);
  }
  const rank = typeof priority === "number" ? priority : (priority.priority ?? 100);
  for (const type of types) add((type as Class<T>).prototype as object, { fn: conversionFunc, priority: rank });
}

function add(prototype: object, entry: Registered): void {
  const list = registered.get(prototype);
  if (list) {
    list.push(entry);
    list.sort((a, b) => a.priority - b.priority);
    return;
  }
  // What converts by itself does so with priority 100, and was there first.
  if (asTensor in prototype && entry.priority >= 100) return;
  registered.set(prototype, [entry]);
  Object.defineProperty(prototype, asTensor, {
    configurable: true,
    value(this: unknown, options: ConversionOptions = {}): Tensor {
      return converted(this, registered.get(prototype)!, options);
    },
  });
}

function converted(value: unknown, functions: readonly Registered[], options: ConversionOptions): Tensor {
  const prefix = options.name ? `${options.name}: ` : "";
  const type = (value as object).constructor.name;
  for (const { fn } of functions) {
    const tensor = fn(value as never, { dtype: options.dtype, name: options.name, asRef: options.asRef ?? false });
    if (tensor === null || tensor === undefined) continue;
    const about = `${prefix}Conversion function ${fn.name || "<lambda>"} for type ${type}`;
    if (!(tensor instanceof Tensor)) throw new RuntimeError(`${about} returned non-Tensor: ${String(tensor)}`);
    if (options.dtype && tensor.dtype.baseDtype !== options.dtype.baseDtype) {
      throw new RuntimeError(
        `${about} returned incompatible dtype: requested = ${options.dtype.baseDtype.name}, actual = ${tensor.dtype.name}`,
      );
    }
    return tensor;
  }
  throw new TypeError(
    `${prefix}Cannot convert ${String(value)} with type ${type} to Tensor: no conversion function registered.`,
  );
}
