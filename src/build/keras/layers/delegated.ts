/** Keras layers that are those of `tf.layers` under Keras' names: same variables, same nodes, one place for the arithmetic. */
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { WeightedOptions as CoreWeightedOptions } from "../../layers/core.ts";
import type { Layer as CoreLayer } from "../../layers/layer.ts";
import { getVariableScope, variableScope } from "../../variables/scope.ts";
import type { Variable } from "../../variables/variable.ts";
import { type ActivationLike, getActivation } from "../activations.ts";
import { getInitializer, type InitializerName } from "../initializers.ts";
import { type ConstraintName, getConstraint, getRegularizer, type RegularizerName } from "../regularizers.ts";
import { nameOf } from "../state.ts";
import { type CallOptions, Layer, type LayerOptions, listOf, type Tensors, type Trackable } from "./layer.ts";

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

/** The same options with functions instead of names. */
export function resolved(options: WeightedOptions): CoreWeightedOptions {
  const activityRegularizer = getRegularizer(options.activityRegularizer);
  return {
    activation: options.activation ? getActivation(options.activation) : null,
    useBias: options.useBias,
    kernelInitializer: getInitializer(options.kernelInitializer ?? "glorot_uniform"),
    biasInitializer: getInitializer(options.biasInitializer ?? "zeros"),
    kernelConstraint: getConstraint(options.kernelConstraint),
    biasConstraint: getConstraint(options.biasConstraint),
    ...(activityRegularizer ? { activityRegularizer: (x: Tensor) => activityRegularizer(x as never)! } : {}),
  };
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
    this.core = make({ name: this.name, dtype: options.dtype });
    this.#options = options;
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
