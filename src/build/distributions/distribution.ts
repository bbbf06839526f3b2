/**
 * `tf.distributions.Distribution`: a batch of distributions of events. The public methods open the scope `name/method` and turn what they
 * get into tensors; what a distribution computes is in `compute…`, which classes of one's own define. Source: distribution.py.
 */
import { type DType, int32 } from "../../core/dtype.ts";
import { NotImplementedError, ValueError } from "../../core/error.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { TensorShape } from "../../graph/tensor_shape.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { Computed, type Seed } from "./computed.ts";
import { crossEntropy, klDivergence } from "./kullback_leibler.ts";
import { asVector, refineSamples } from "./sample_shape.ts";

/** Do gradients pass through samples to the parameters? */
export class ReparameterizationType {
  readonly #kind: string;

  constructor(repType: string) {
    this.#kind = repType;
  }

  toString(): string {
    return `<Reparameterization Type: ${this.#kind}>`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

export const FULLY_REPARAMETERIZED: ReparameterizationType = new ReparameterizationType("FULLY_REPARAMETERIZED");
export const NOT_REPARAMETERIZED: ReparameterizationType = new ReparameterizationType("NOT_REPARAMETERIZED");

/** What every distribution takes behind its parameters. */
export interface CommonOptions {
  /** True: operations check parameters and values in the run. */
  readonly validateArgs?: boolean | undefined;
  /** True by default: NaN where a statistic is not defined; false: an error. */
  readonly allowNanStats?: boolean | undefined;
  readonly name?: string | undefined;
}

export const commonPlaces = ["validateArgs", "allowNanStats", "name"] as const;

export interface DistributionOptions extends CommonOptions {
  readonly dtype: DType;
  readonly reparameterizationType: ReparameterizationType;
  /** What the constructor was given, for `copy`. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** The tensors that this distribution is made of. */
  readonly graphParents?: readonly Tensor[] | undefined;
}

interface Named {
  readonly name?: string | undefined;
}
type Name = Rest<Named, ["name"]>;

interface SampleOptions extends Named {
  /** How many samples; one, without a dimension, by default. */
  readonly sampleShape?: TensorLike | undefined;
  readonly seed?: Seed;
}

const places = [
  "dtype",
  "reparameterizationType",
  "validateArgs",
  "allowNanStats",
  "parameters",
  "graphParents",
  "name",
] as const;
const samplePlaces = ["sampleShape", "seed", "name"] as const;

const nameOf = (rest: Name, name: string): string => byName<Named>(rest, ["name"]).name ?? name;

/** What the first one gives, or where it is not defined, the second one. */
function either(first: () => Tensor, second: () => Tensor): Tensor {
  try {
    return first();
  } catch (error) {
    if (!(error instanceof NotImplementedError)) throw error;
    try {
      return second();
    } catch (other) {
      throw other instanceof NotImplementedError ? error : other;
    }
  }
}

export class Distribution extends Computed {
  /** The scope of its nodes: `Normal/`. */
  readonly name: string;
  readonly dtype: DType;
  readonly reparameterizationType: ReparameterizationType;
  readonly allowNanStats: boolean;
  readonly validateArgs: boolean;
  protected given: Readonly<Record<string, unknown>>;

  /** Throws ValueError for graph parents that are no tensors. */
  constructor(...rest: Rest<DistributionOptions, typeof places>) {
    super();
    const options = byName<DistributionOptions>(rest, places);
    for (const [i, parent] of (options.graphParents ?? []).entries()) {
      if (!isSymbolic(parent)) throw new ValueError(`Graph parent item ${i} is not a Tensor; ${String(parent)}.`);
    }
    const name = options.name || new.target.name;
    this.name = name.endsWith("/") ? name : getDefaultGraph().nameScope(name, (scope) => scope);
    this.dtype = options.dtype;
    this.reparameterizationType = options.reparameterizationType;
    this.allowNanStats = options.allowNanStats ?? true;
    this.validateArgs = options.validateArgs ?? false;
    this.given = options.parameters ?? {};
  }

  /** Parameters whose shape is the one of samples; none where it is not so. */
  protected static readonly shapedParameters: readonly string[] = [];

  /** By parameter, the shape (int32 vector) that makes one sample have this shape. Throws NotImplementedError where it is not told. */
  static paramShapes(sampleShape: TensorLike, ...rest: Name): Record<string, Tensor> {
    return getDefaultGraph().nameScope(nameOf(rest, "DistributionParamShapes"), () => {
      // biome-ignore lint/complexity/noThisInStatic: the class that it is called of
      const names = this.shapedParameters;
      if (names.length === 0) throw new NotImplementedError("_param_shapes not implemented");
      const shape = convertToTensor(sampleShape, { dtype: int32 });
      return Object.fromEntries(names.map((parameter) => [parameter, shape]));
    });
  }

  /** As paramShapes, for a shape that is known. Throws ValueError where it is not. */
  static paramStaticShapes(sampleShape: TensorLike | TensorShape): Record<string, TensorShape> {
    if (sampleShape instanceof TensorShape && !sampleShape.isFullyDefined())
      throw new ValueError("TensorShape sample_shape must be fully defined");
    const given = sampleShape instanceof TensorShape ? (sampleShape.asList() as number[]) : sampleShape;
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called of
    const known = Object.entries(this.paramShapes(given)).map(([parameter, shape]): [string, TensorShape] => {
      const value = shape.knownValue;
      if (!value) throw new ValueError("sample_shape must be a fully-defined TensorShape or list/tuple");
      return [parameter, new TensorShape(Array.from(value.data as ArrayLike<number>, Number))];
    });
    return Object.fromEntries(known);
  }

  /** What the constructor was given, with what it takes by default. */
  get parameters(): Record<string, unknown> {
    return { ...this.given };
  }

  /** Another one with these parameters in the place of its own. */
  copy(overrides: Readonly<Record<string, unknown>> = {}): this {
    const Class = this.constructor as new (options: Record<string, unknown>) => this;
    return new Class({ ...this.parameters, ...overrides });
  }

  protected inScope<R>(name: string, fn: () => R): R {
    return getDefaultGraph().nameScope(this.name, () => getDefaultGraph().nameScope(name, fn));
  }

  #scoped(rest: Name, name: string, fn: () => Tensor): Tensor {
    return this.inScope(nameOf(rest, name), fn);
  }

  #of(value: TensorLike, rest: Name, name: string, fn: (value: Tensor) => Tensor): Tensor {
    return this.#scoped(rest, name, () => fn(convertToTensor(value, { name: "value", preferredDtype: this.dtype })));
  }

  get batchShape(): TensorShape {
    return new TensorShape(this.staticBatchShape());
  }

  get eventShape(): TensorShape {
    return new TensorShape(this.staticEventShape());
  }

  #shapeTensor(shape: TensorShape, name: string, dynamic: () => Tensor): Tensor {
    return shape.isFullyDefined() ? tf.constant(shape.asList() as number[], { dtype: int32, name }) : dynamic();
  }

  batchShapeTensor(...rest: Name): Tensor {
    return this.#scoped(rest, "batch_shape_tensor", () =>
      this.#shapeTensor(this.batchShape, "batch_shape", () => this.dynamicBatchShape()),
    );
  }

  eventShapeTensor(...rest: Name): Tensor {
    return this.#scoped(rest, "event_shape_tensor", () =>
      this.#shapeTensor(this.eventShape, "event_shape", () => this.dynamicEventShape()),
    );
  }

  #isScalar(name: string, shape: TensorShape, dynamic: () => Tensor): Tensor {
    const answer = (): boolean | Tensor => {
      if (shape.ndims !== null) return shape.ndims === 0;
      const dims = dynamic();
      const rank = dims.shape?.[0] ?? null;
      return rank === null ? tf.equal(tf.shape(dims).at(0), 0) : rank === 0;
    };
    return convertToTensor(answer(), { name });
  }

  /** A bool: are events numbers? */
  isScalarEvent(...rest: Name): Tensor {
    const name = "is_scalar_event";
    return this.#scoped(rest, name, () => this.#isScalar(name, this.eventShape, () => this.eventShapeTensor()));
  }

  /** A bool: is it one distribution? */
  isScalarBatch(...rest: Name): Tensor {
    const name = "is_scalar_batch";
    return this.#scoped(rest, name, () => this.#isScalar(name, this.batchShape, () => this.batchShapeTensor()));
  }

  /** Samples [...sampleShape, ...batch, ...event]. */
  sample(...rest: Rest<SampleOptions, typeof samplePlaces>): Tensor {
    const { sampleShape = [], seed, name = "sample" } = byName<SampleOptions>(rest, samplePlaces);
    return this.inScope(name, () => {
      const { shape, count } = asVector(sampleShape);
      const samples = this.computeSample(count, seed);
      const inner = tf.shape(samples).at("1:");
      const shaped = tf.reshape(samples, tf.concat([shape, inner], 0));
      return refineSamples(shaped, shape, this.batchShape, this.eventShape);
    });
  }

  logProb(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "log_prob", (x) =>
      either(
        () => this.computeLogProb(x),
        () => tf.log(this.computeProb(x)),
      ),
    );
  }

  /** The density, or the mass, of values [...sample, ...batch, ...event]: [...sample, ...batch]. */
  prob(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "prob", (x) =>
      either(
        () => this.computeProb(x),
        () => tf.exp(this.computeLogProb(x)),
      ),
    );
  }

  logCdf(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "log_cdf", (x) =>
      either(
        () => this.computeLogCdf(x),
        () => tf.log(this.computeCdf(x)),
      ),
    );
  }

  /** P[X <= value]. */
  cdf(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "cdf", (x) =>
      either(
        () => this.computeCdf(x),
        () => tf.exp(this.computeLogCdf(x)),
      ),
    );
  }

  logSurvivalFunction(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "log_survival_function", (x) =>
      either(
        () => this.computeLogSurvivalFunction(x),
        () => tf.log1p(this.cdf(x).neg()),
      ),
    );
  }

  /** P[X > value]. */
  survivalFunction(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "survival_function", (x) =>
      either(
        () => this.computeSurvivalFunction(x),
        () => this.cdf(x).rsub(1),
      ),
    );
  }

  /** The value below which X falls with this probability. */
  quantile(value: TensorLike, ...rest: Name): Tensor {
    return this.#of(value, rest, "quantile", (x) => this.computeQuantile(x));
  }

  entropy(...rest: Name): Tensor {
    return this.#scoped(rest, "entropy", () => this.computeEntropy());
  }

  mean(...rest: Name): Tensor {
    return this.#scoped(rest, "mean", () => this.computeMean());
  }

  variance(...rest: Name): Tensor {
    return this.#scoped(rest, "variance", () =>
      either(
        () => this.computeVariance(),
        () => tf.square(this.computeStddev()),
      ),
    );
  }

  stddev(...rest: Name): Tensor {
    return this.#scoped(rest, "stddev", () =>
      either(
        () => this.computeStddev(),
        () => tf.sqrt(this.computeVariance()),
      ),
    );
  }

  /** [...batch, k, k] of events that are vectors of k. */
  covariance(...rest: Name): Tensor {
    return this.#scoped(rest, "covariance", () => this.computeCovariance());
  }

  mode(...rest: Name): Tensor {
    return this.#scoped(rest, "mode", () => this.computeMode());
  }

  crossEntropy(other: Distribution, ...rest: Name): Tensor {
    return this.#scoped(rest, "cross_entropy", () => crossEntropy(this, other, this.allowNanStats));
  }

  klDivergence(other: Distribution, ...rest: Name): Tensor {
    const { allowNanStats } = this;
    return this.#scoped(rest, "kl_divergence", () => klDivergence(this, other, { allowNanStats }));
  }

  override toString(): string {
    const shapes = [this.batchShape, this.eventShape].map(({ ndims }) => ndims !== null);
    const batch = shapes[0] ? `, batch_shape=${this.batchShape}` : "";
    const event = shapes[1] ? `, event_shape=${this.eventShape}` : "";
    return `tfp.distributions.${this.constructor.name}("${this.name}"${batch}${event}, dtype=${this.dtype.name})`;
  }

  /** Python's repr(). */
  [inspectKey](): string {
    const shapes = `batch_shape=${this.batchShape} event_shape=${this.eventShape}`;
    return `<tfp.distributions.${this.constructor.name} '${this.name}' ${shapes} dtype=${this.dtype.name}>`;
  }
}
