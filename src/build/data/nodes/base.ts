/**
 * What all datasets are: a variant tensor and the form of the elements. Source: dataset_ops.py (DatasetV1, DatasetV2).
 */
import type { DType } from "../../../core/dtype.ts";
import type { Shape } from "../../../core/shape.ts";
import { inspectKey } from "../../../core/text/inspect.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { TypeSpec } from "../../tensors/specs.ts";
import type { Dataset } from "../dataset.ts";
import { classes, legacy, type Spec } from "../element/component.ts";
import type { Options } from "../experimental/options.ts";
import { attrsOf, mapSpecs, type Nested, typeSpecs } from "../structure.ts";
import { datasetText } from "../words.ts";

/** Attr `metadata` of a dataset with a name: the message's one field. */
export function metadataOf(name: string | undefined | null): { metadata: string } {
  return { metadata: name ? `\n${String.fromCharCode(name.length)}${name}` : "" };
}

export interface Named {
  /** What messages of the runtime call the dataset. */
  readonly name?: string | undefined;
}

/** How a dataset is, beside its node and its elements. */
export interface Traits {
  /** The class that it prints as: the one that Python has for the node by default. */
  readonly shownAs?: string | undefined;
  /** Python's older class, whose `map` does not say that it keeps the number of elements. */
  readonly isFirst?: boolean | undefined;
  readonly options?: Options | undefined;
}

/** A dataset of these elements. */
export const made = (variantTensor: Tensor, specs: Nested<Spec>, traits: Traits = {}): Dataset =>
  classes.dataset.from(variantTensor, specs, traits) as Dataset;

/** A variant tensor and the form of the elements. */
export abstract class Elements {
  readonly variantTensor: Tensor;
  readonly elementSpec: Nested<Spec & TypeSpec>;
  protected readonly traits: Traits;

  constructor(variantTensor: Tensor, elementSpec: Nested<Spec>, traits: Traits = {}) {
    this.variantTensor = variantTensor;
    this.elementSpec = typeSpecs(elementSpec);
    this.traits = traits;
  }

  toString(): string {
    return datasetText(this.variantTensor, this.elementSpec, this.traits.shownAs);
  }
  [inspectKey](): string {
    return this.toString();
  }

  get outputTypes(): Nested<DType> {
    return mapSpecs(this.elementSpec, legacy.types) as Nested<DType>;
  }
  get outputShapes(): Nested<Shape> {
    return mapSpecs(this.elementSpec, legacy.shapes) as Nested<Shape>;
  }
  /** `tf.Tensor`, `tf.SparseTensor`, or the spec of what is neither. */
  get outputClasses(): Nested<unknown> {
    return mapSpecs(this.elementSpec, (spec) => legacy.classes(spec, Tensor));
  }

  protected get input(): { input_dataset: Tensor; output_types: DType[]; output_shapes: Shape[] } {
    return { input_dataset: this.variantTensor, ...attrsOf(this.elementSpec) };
  }

  /** Is this Python's older class? */
  get isFirst(): boolean {
    return this.traits.isFirst ?? true;
  }

  /** A dataset made of this one, of the same class as this one. */
  protected derived(variantTensor: Tensor, specs: Nested<Spec> = this.elementSpec): Dataset {
    const { isFirst, options } = this.traits;
    return made(variantTensor, specs, { isFirst, options });
  }

  /** As `derived`, where Python gives its newer class whatever this one is. */
  protected renewed(variantTensor: Tensor, specs: Nested<Spec> = this.elementSpec): Dataset {
    return made(variantTensor, specs, { isFirst: false, options: this.traits.options });
  }
}
