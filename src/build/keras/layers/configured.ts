/** A layer as data, and a layer from data. Source: tf_keras/src/engine/base_layer.py, get_config; layers/serialization.py. */
import { getActivation, serializeActivation } from "../activations.ts";
import { argumentsFrom, entriesOf, kindOf, layerClasses } from "../config/layers.ts";
import { type Config, camel, deserializeObject, plainValue, type Serialized } from "../config/registry.ts";
import { type ConstraintName, getConstraint, serializeConstraint } from "../constraints.ts";
import { getInitializer, type InitializerName, serializeInitializer } from "../initializers.ts";
import { getRegularizer, type RegularizerName, serializeRegularizer } from "../regularizers.ts";

/** What is asked of a layer. */
interface Described {
  readonly name: string;
  readonly trainable: boolean;
  readonly dtype: { readonly name: string };
  readonly batchInputShape: readonly (number | null)[] | null;
  readonly constructor: unknown;
}

const serializers: Readonly<Record<string, (value: unknown) => unknown>> = {
  activation: (value) => serializeActivation(getActivation(value as string)),
  initializer: (value) => serializeInitializer(getInitializer(value as InitializerName)),
  regularizer: (value) => serializeRegularizer(getRegularizer(value as RegularizerName)),
  constraint: (value) => serializeConstraint(getConstraint(value as ConstraintName)),
};

/** Name, dtype and shape, then what its class adds; `given` are the options that it was made with. */
export function configOf(layer: Described, given: Config): Config {
  const own = layer as unknown as Record<string, unknown>;
  const core = (own.core ?? own.cell ?? {}) as Record<string, unknown>;
  const base: Config = {
    name: layer.name,
    trainable: layer.trainable,
    ...(layer.batchInputShape ? { batch_input_shape: [...layer.batchInputShape] } : {}),
    dtype: layer.dtype.name,
  };
  for (const { name, isPositional, sizes, otherwise } of entriesOf((layer.constructor as { name: string }).name) ??
    []) {
    const key = camel(name);
    const value = given[key] ?? (isPositional ? (own[key] ?? core[key]) : undefined) ?? otherwise;
    const serialize = serializers[kindOf(name)];
    if (serialize) base[name] = serialize(value);
    else if (sizes && typeof value === "number") base[name] = new Array<number>(sizes).fill(value);
    else base[name] = plainValue(value);
  }
  return base;
}

/** The arguments of a class's constructor from a configuration. */
export const argumentsOf = (className: string, config: Config): unknown[] => argumentsFrom(className, config);

/** The layer that data describe. Throws ValueError for classes that neither Keras nor a scope has. */
export const deserializeLayer = <T>(given: Serialized): T =>
  deserializeObject<T>("layer", (name) => layerClasses.get(name), given);

/** A layer as data: its class and its configuration. */
export const serializeLayer = (layer: { getConfig(): Config }): Serialized => {
  const { name } = layer.constructor as { readonly name: string };
  return { class_name: name === "Model" ? "Functional" : name, config: layer.getConfig() };
};

/** Options together with what was given before them, so that a configuration has both. */
export const withArguments = <O extends object, A extends object>(options: O, given: A): O & A => ({
  ...options,
  ...given,
});
