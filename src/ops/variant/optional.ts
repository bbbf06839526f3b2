/** Optionals: tensors that are there or not, in a variant. Source: optional_ops.cc, optional_grad.py. */
import { invalidArgument } from "../../core/error.ts";
import { type NdArray, ndarray } from "../../core/nd_array.ts";
import { compatible, formatShape, withRank } from "../../core/shape.ts";
import { cppName } from "../../graph/def/node_text.ts";
import { defineOp } from "../define.ts";
import { copyArray } from "../host/arrays.ts";
import { addArrays, heldBy, type VariantValue, variantOf, zerosLikeArray } from "./value.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

/** null components: none. */
export class Optional implements VariantValue {
  readonly typeName = "tensorflow::data::Optional";
  readonly components: readonly NdArray[] | null;

  constructor(components: readonly NdArray[] | null) {
    this.components = components;
  }

  get text(): string {
    return this.components
      ? `OptionalVariant<${this.components.map((each) => `Tensor<type: ${cppName(each.dtype)} shape: ${formatShape(each.shape)}>`).join(", ")}>`
      : "OptionalVariant<None>";
  }

  zerosLike(): Optional {
    return new Optional(this.components?.map(zerosLikeArray) ?? null);
  }

  plus(other: Optional): Optional {
    const [a, b] = [this.components, other.components];
    if (!a !== !b) {
      throw invalidArgument("Cannot add optionals because one has a value and the other doesn't.");
    }
    if (!a || !b) return new Optional(null);
    if (a.length !== b.length) {
      throw invalidArgument(
        `Cannot add optionals because they have different numbers of components (${a.length} vs. ${b.length}).`,
      );
    }
    return new Optional(a.map((each, i) => addArrays(each, b[i]!)));
  }
}

function optionalOf(handle: NdArray, op: string): Optional {
  const held = handle.shape.length === 0 ? heldBy(handle) : undefined;
  if (!(held instanceof Optional)) throw invalidArgument(`Input to ${op} must be an OptionalVariant object.`);
  return held;
}

export const optionalFromValueOp = defineOp("OptionalFromValue", {
  inputs: ["components: Toutput_types"],
  outputs: ["optional: variant"],
  attrs: ["Toutput_types: list(type) >= 1"],
  shape: ({ components, Toutput_types }) => ({
    shapes: [[]],
    handles: [components.map((shape, i) => ({ dtype: Toutput_types[i]!, shape }))],
  }),
  compute: ({ components }) => variantOf(new Optional(components.map(copyArray))),
  gradient: (tf: Tools, { components, Toutput_types }, dy) => ({
    components: tf.optionalGetValueOp({
      optional: dy!,
      output_types: Toutput_types,
      output_shapes: components.map((component) => component.shape),
    }),
  }),
});

export const optionalNoneOp = defineOp("OptionalNone", {
  outputs: ["optional: variant"],
  shape: () => [[]],
  compute: () => variantOf(new Optional(null)),
  gradient: "unregistered",
});

export const optionalHasValueOp = defineOp("OptionalHasValue", {
  inputs: ["optional: variant"],
  outputs: ["has_value: bool"],
  shape({ optional }) {
    withRank(optional, 0);
    return [[]];
  },
  compute: ({ optional }, { node }) => ndarray(optionalOf(optional, node.type).components !== null, "bool"),
  gradient: "unregistered",
});

/** components = the tensors in it. Throws INVALID_ARGUMENT when there are none, or of other dtypes or shapes. */
export const optionalGetValueOp = defineOp("OptionalGetValue", {
  inputs: ["optional: variant"],
  outputs: ["components: output_types"],
  attrs: ["output_types: list(type) >= 1", "output_shapes: list(shape) >= 1"],
  shape({ optional, output_types, output_shapes }) {
    withRank(optional, 0);
    if (output_types.length !== output_shapes.length) {
      throw invalidArgument(
        `\`output_types\` and \`output_shapes\` must be the same length. (${output_types.length} vs. ${output_shapes.length}).`,
      );
    }
    return output_shapes;
  },
  compute({ optional, output_types, output_shapes }, { node }) {
    const { components } = optionalOf(optional, node.type);
    if (!components) throw invalidArgument("The given optional does not have a value.");
    if (components.length !== output_types.length) {
      throw invalidArgument(`The given optional has ${components.length} components, expected ${output_types.length}`);
    }
    for (const [i, component] of components.entries()) {
      if (component.dtype !== output_types[i]) {
        throw invalidArgument(
          `The given optional does not match the expected type for component ${i}. Expected: ${cppName(output_types[i]!)}. Actual: ${cppName(component.dtype)}.`,
        );
      }
      if (!compatible(output_shapes[i]!, component.shape)) {
        throw invalidArgument(
          `The given optional does not match the expected shape for component ${i}. Expected: ${formatShape(output_shapes[i]!)}. Actual: ${formatShape(component.shape)}.`,
        );
      }
    }
    return components;
  },
  gradient: (tf: Tools, { components }, ...dys) => ({
    optional: tf.optionalFromValueOp({ components: components.map((each, i) => dys[i] ?? tf.zerosLike(each)) }),
  }),
});
