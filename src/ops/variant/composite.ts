/** Tensors made of several tensors (ragged, sparse) as one variant. Source: composite_tensor_ops.cc, composite_tensor_ops.py. */
import { invalidArgument } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { cppName } from "../../graph/def/node_text.ts";
import { defineOp } from "../define.ts";
import { copyArray } from "../host/arrays.ts";
import { heldBy, variantOf } from "./value.ts";

// biome-ignore lint/suspicious/noExplicitAny: gradients name ops of this file
type Tools = any;

class CompositeTensor {
  readonly typeName = "CompositeTensorVariant";
  readonly metadata: string;
  readonly components: readonly NdArray[];

  constructor(metadata: string, components: readonly NdArray[]) {
    this.metadata = metadata;
    this.components = components;
  }
}

const attrs = ["metadata: string", "Tcomponents: list(type) >= 0"] as const;

/** encoded = the components, with metadata (an encoded TypeSpec) that says what they make up. */
export const compositeTensorVariantFromComponentsOp = defineOp("CompositeTensorVariantFromComponents", {
  inputs: ["components: Tcomponents"],
  outputs: ["encoded: variant"],
  attrs,
  shape: () => [[]],
  compute: ({ components, metadata }) => variantOf(new CompositeTensor(metadata, components.map(copyArray))),
  gradient: (tf: Tools, { components, metadata, Tcomponents }, dy) => ({
    components: tf
      .compositeTensorVariantToComponentsOp({ encoded: dy!, metadata, Tcomponents })
      .slice(0, components.length),
  }),
});

/** components = what was encoded. Throws INVALID_ARGUMENT for another number or other dtypes. */
export const compositeTensorVariantToComponentsOp = defineOp("CompositeTensorVariantToComponents", {
  inputs: ["encoded: variant"],
  outputs: ["components: Tcomponents"],
  attrs,
  shape: (_, { outputDtypes }) => outputDtypes.map(() => null),
  compute({ encoded, Tcomponents }) {
    const held = heldBy(encoded);
    if (!(held instanceof CompositeTensor)) {
      throw invalidArgument("The input `encoded` argument is not a CompositeTensorVariant");
    }
    const { components } = held;
    if (components.length !== Tcomponents.length) {
      throw invalidArgument(
        `Encoded value has ${components.length} tensor components; expected ${Tcomponents.length} components based on type_spec`,
      );
    }
    for (const [i, component] of components.entries()) {
      if (component.dtype !== Tcomponents[i]) {
        throw invalidArgument(
          `Tensor component ${i} had dtype ${cppName(component.dtype)}, expected dtype ${cppName(Tcomponents[i]!)}`,
        );
      }
    }
    return components;
  },
  gradient: (tf: Tools, { metadata, components }, ...dys) => ({
    encoded: tf.compositeTensorVariantFromComponentsOp({
      components: components.map((component, i) => dys[i] ?? tf.zerosLike(component)),
      metadata,
    }),
  }),
});
