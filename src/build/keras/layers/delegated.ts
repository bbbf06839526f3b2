/** Keras layers that are those of `tf.layers` under Keras' names: same variables, same nodes, one place for the arithmetic. */
import { float32 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { type Literal, literalToArray } from "../../../ops/convert.ts";
import { constant } from "../../../ops/index.ts";
import { type WeightedOptions as CoreWeightedOptions, weightPlaces } from "../../layers/core.ts";
import type { Layer as CoreLayer } from "../../layers/layer.ts";
import { getVariableScope, variableScope } from "../../variables/scope.ts";
import type { Initializer } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";
import { type ActivationLike, getActivation } from "../activations.ts";
import { type ConstraintName, getConstraint } from "../constraints.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import { getRegularizer, type RegularizerName } from "../regularizers.ts";
import { getUid, nameOf } from "../state.ts";
import {
  type CallOptions,
  Layer,
  type LayerOptions,
  listOf,
  requireRank,
  type Tensors,
  type Trackable,
} from "./layer.ts";

/** What layers with a kernel and a bias have in common; functions also by Keras' names. */
export interface WeightedOptions extends LayerOptions {
  readonly activation?: ActivationLike | undefined;
  readonly useBias?: boolean | undefined;
  readonly kernelInitializer?: InitializerName | undefined;
  readonly biasInitializer?: InitializerName | undefined;
  readonly kernelRegularizer?: RegularizerName | undefined;
  readonly biasRegularizer?: RegularizerName | undefined;
  readonly activityRegularizer?: RegularizerName | undefined;
  readonly kernelConstraint?: ConstraintName | undefined;
  readonly biasConstraint?: ConstraintName | undefined;
}

/** Their order in Python, after what a layer has before them. */
export const weightedPlaces = ["activation", "useBias", ...weightPlaces] as const;

/** The same options with functions instead of names. */
export function resolved(options: WeightedOptions): CoreWeightedOptions {
  const [kernel, bias] = options.weights ?? [];
  const fixed =
    (value: Literal): Initializer =>
    (_, { dtype } = {}) =>
      constant(literalToArray(value, dtype ?? float32));
  return {
    activation: options.activation ? getActivation(options.activation) : null,
    useBias: options.useBias,
    kernelInitializer:
      kernel === undefined ? getInitializer(options.kernelInitializer ?? "glorot_uniform") : fixed(kernel),
    biasInitializer: bias === undefined ? getInitializer(options.biasInitializer ?? "zeros") : fixed(bias),
    kernelConstraint: getConstraint(options.kernelConstraint),
    biasConstraint: getConstraint(options.biasConstraint),
  };
}

/** Throws ValueError for words that Keras has not. */
function checkWords({ padding, dataFormat }: { readonly padding?: unknown; readonly dataFormat?: unknown }): void {
  if (padding !== undefined && !["valid", "same", "causal"].includes(String(padding).toLowerCase())) {
    throw new ValueError(
      `The \`padding\` argument must be a list/tuple or one of "valid", "same" (or "causal", only for \`Conv1D). Received: ${padding}`,
    );
  }
  if (dataFormat !== undefined && dataFormat !== "channels_last" && dataFormat !== "channels_first") {
    throw new ValueError(
      `The \`data_format\` argument must be one of "channels_first", "channels_last". Received: ${dataFormat}`,
    );
  }
}

interface Named {
  readonly name: string;
  readonly dtype?: LayerOptions["dtype"];
}

/** `depthwise_kernel` as `depthwiseRegularizer`. */
const regularizerOption = (name: string): string =>
  `${name.replace(/_kernel$/, "").replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}Regularizer`;

export abstract class Delegated<C extends CoreLayer> extends Layer {
  /** The layer of tf.layers. */
  protected readonly core: C;
  readonly #options: LayerOptions;
  #isRegularized = false;

  constructor(options: LayerOptions, kind: string, make: (common: Named) => C) {
    super(options, kind);
    let name = this.name;
    for (let k = 1; getUid(`variables of ${name}`) > 1; k++) name = `${this.name}_${k}`;
    this.core = make({ name, dtype: options.dtype });
    this.#options = options;
    for (const [name, value] of Object.entries(options)) {
      if (name.endsWith("Regularizer")) getRegularizer(value as RegularizerName);
    }
    checkWords(options as { readonly padding?: unknown; readonly dataFormat?: unknown });
  }

  protected override checkInputs(inputs: Tensors): void {
    const { inputSpec } = this.core as unknown as { readonly inputSpec?: { ndim?: number; minNdim?: number } };
    if (inputSpec) requireRank(this.name, listOf<Tensor>(inputs)[0]!, inputSpec);
  }

  /** Opens its own scope when it is called. */
  protected override inScope<R>(fn: () => R): R {
    return fn();
  }

  protected override ownWeights(): readonly Variable[] {
    return this.core.weights;
  }

  override get losses(): Tensor[] {
    return this.trainable ? [...super.losses, ...this.core.losses] : super.losses;
  }

  override get updates(): Operation[] {
    return this.trainable ? [...super.updates, ...this.core.updates] : [];
  }

  override trackables(): [string, Trackable | readonly Trackable[]][] {
    return this.core.weights.map((variable) => [nameOf(variable).split("/").pop()!, variable]);
  }

  protected override call(inputs: Tensors, options: CallOptions): Tensors {
    const [x] = listOf<Tensor>(inputs);
    const scope = getDefaultGraph().getNameScope() || getVariableScope();
    if (getDefaultGraph().isEager) this.core.losses.length = 0; // those of this call alone
    const outputs = variableScope(scope, { useResource: true, auxiliaryNameScope: false }, () =>
      this.core.apply(x!, this.coreOptions(options)),
    );
    if (!this.#isRegularized) this.#regularize();
    return outputs;
  }

  #regularize(): void {
    this.#isRegularized = true;
    const given = this.#options as Readonly<Record<string, RegularizerName | undefined>>;
    for (const variable of this.core.weights) {
      const regularizer = getRegularizer(given[regularizerOption(nameOf(variable).split("/").pop()!)]);
      if (regularizer) this.regularize(variable, regularizer);
    }
  }

  /** What the layer of tf.layers is told for one call. */
  protected coreOptions(_options: CallOptions): Readonly<Record<string, unknown>> {
    return {};
  }
}
