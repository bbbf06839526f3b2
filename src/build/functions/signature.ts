/** What a traced function's arguments must be. Source: function_type_utils.py, tensor.py. */
import type { DType } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { printValue } from "../../core/print.ts";
import { compatible, type Shape } from "../../core/shape.ts";
import { isTensorConvertible, Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { TensorSpec } from "../tensors/specs.ts";

/** Shape and dtype of one argument. */
export interface ArgumentSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The arguments as tensors of the signature's dtypes. Throws TypeError in Python's words for other shapes, dtypes or numbers of arguments. */
export function checkedArguments(
  fn: (...args: never[]) => unknown,
  signature: readonly ArgumentSpec[],
  args: readonly unknown[],
): Tensor[] {
  const fail = (reason: string): TypeError => {
    const received = `(${args.map(shown).join(", ")}${args.length === 1 ? "," : ""})`;
    const wanted = signature.map((spec, i) => `${parameterName(fn, i)}: ${specText(spec)}`).join(", ");
    return new TypeError(
      `Binding inputs to tf.function failed due to \`${reason}\`. Received args: ${received} and kwargs: {} for signature: (${wanted}).`,
    );
  };
  if (args.length > signature.length) throw fail("too many positional arguments");
  if (args.length < signature.length) throw fail(`missing a required argument: '${parameterName(fn, args.length)}'`);
  return args.map((arg, i) => {
    const { dtype, shape } = signature[i]!;
    const isOne = arg instanceof Tensor || isTensorConvertible(arg);
    const tensor = isOne ? convertToTensor(arg as TensorLike) : convertToTensor(arg as TensorLike, { dtype });
    if (tensor.dtype.baseDtype === dtype.baseDtype && compatible(tensor.shape, shape)) return tensor;
    throw fail(`Can not cast ${specText(tensor)} to ${specText(signature[i]!)}`);
  });
}

const specText = ({ shape, dtype }: ArgumentSpec): string => new TensorSpec(shape, dtype.baseDtype).repr();

const shown = (value: unknown): string => (value instanceof Tensor ? value.repr() : printValue(value));

/** The name that the function gives its i-th parameter. */
function parameterName(fn: (...args: never[]) => unknown, i: number): string {
  const text = /^(?:async\s+)?(?:function[^(]*)?\(?([^)=]*)/.exec(fn.toString())?.[1] ?? "";
  const name = text.split(",")[i]?.trim();
  return name && /^\w+$/.test(name) ? name : `arg_${i}`;
}
