/** `tf.data.experimental.Optional`: an element that is there or not. Source: optional_ops.py, iterator_ops.py */

import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  iteratorGetNextAsOptionalOp,
  optionalFromValueOp,
  optionalGetValueOp,
  optionalHasValueOp,
  optionalNoneOp,
} from "../../../ops/index.ts";
import type { TypeSpec } from "../../tensors/specs.ts";
import { asTypeSpec, type Spec } from "../element/component.ts";
import { resultOf } from "../function.ts";
import { type Any, attrsOf, elementOf, mapSpecs, type Nested, specsOf, tensorsOf, typeSpecs } from "../structure.ts";

export class Optional {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec & TypeSpec>;

  /** Use `Optional.fromValue` or `Optional.empty`. */
  constructor(variantTensor: Tensor, elementSpec: Nested<Spec>) {
    this.variantTensor = variantTensor;
    this.elementSpec = typeSpecs(elementSpec);
  }

  /** With this value: a tensor or a structure of them. */
  static fromValue(value: Any): Optional {
    const graph = getDefaultGraph();
    return graph.nameScope("optional", (scope) => {
      const { specs, components } = graph.nameScope("value", () => {
        const { values, specs } = resultOf(value);
        return { specs, components: tensorsOf(values) };
      });
      return new Optional(optionalFromValueOp({ components }, scope), specs);
    });
  }

  /** Without a value, which would have this form. */
  static empty(elementSpec: Nested<Spec>): Optional {
    return new Optional(optionalNoneOp({}), mapSpecs(elementSpec, asTypeSpec) as Nested<Spec>);
  }

  /** A scalar bool. */
  hasValue(options: { readonly name?: string } = {}): Tensor {
    return getDefaultGraph().colocateWith(this.variantTensor, () =>
      optionalHasValueOp({ optional: this.variantTensor }, options.name),
    );
  }

  /** The value. A run fails with INVALID_ARGUMENT where there is none. */
  getValue(options: { readonly name?: string } = {}): Any {
    const graph = getDefaultGraph();
    return graph.nameScope(options.name ?? "OptionalGetValue", (scope) => {
      const tensors = graph.colocateWith(this.variantTensor, () =>
        optionalGetValueOp({ optional: this.variantTensor, ...attrsOf(this.elementSpec) }, scope),
      );
      return elementOf(this.elementSpec, specsOf(this.elementSpec).length === 0 ? [] : (tensors as readonly Tensor[]));
    });
  }
}

/** An iterator's next element, which is none at the end. */
export function getNextAsOptional(iterator: {
  readonly iteratorResource: Tensor;
  readonly elementSpec: Nested<Spec>;
}): Optional {
  const { iteratorResource, elementSpec } = iterator;
  const variant = getDefaultGraph().colocateWith(iteratorResource, () =>
    iteratorGetNextAsOptionalOp({ iterator: iteratorResource, ...attrsOf(elementSpec) }),
  );
  return new Optional(variant, elementSpec);
}
