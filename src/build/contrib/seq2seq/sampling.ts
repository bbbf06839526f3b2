/** `tf.contrib.seq2seq`: helpers that draw their samples. Source: contrib/seq2seq helper.py. */
import { bool, type DType, float64, int32, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import type { TensorArray } from "../../../ops/host/tensor_array/tensor_array.ts";
import {
  cast,
  concat,
  equal,
  fillOp,
  gatherNd,
  greater,
  less,
  lessEqual,
  logicalNot,
  logicalOr,
  multinomial,
  pad,
  randomUniform,
  rank,
  reduceAll,
  reduceAny,
  reduceProd,
  reshape,
  scatterNd,
  shape as shapeOf,
  transpose,
  where,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { add, truediv } from "../../operators.ts";
import type { State } from "../../rnn/state.ts";
import { transposeBatchTime } from "../../rnn/step.ts";
import {
  checkLogits,
  type Embedding,
  GreedyEmbeddingHelper,
  lookupOf,
  type NextInputs,
  TrainingHelper,
  type TrainingOptions,
  unstacked,
} from "./helper.ts";

type Seed = number | null | undefined;
const seeded = (seed: Seed) => (seed === undefined || seed === null ? {} : { seed });

/** Draws of sampleShape, each of the size of a batch. */
function drawn(sampleShape: TensorLike, draw: (n: Tensor) => Tensor): Tensor {
  return getDefaultGraph().nameScope("call_sampler", () => {
    const given = convertToTensor(sampleShape, { dtype: int32, name: "sample_shape" });
    const isScalar = cast(equal(rank(given), 0), int32) as Tensor;
    const padded = pad(shapeOf(given), [[isScalar, 0]] as unknown as TensorLike, { constantValues: 1 });
    const shape = reshape(given, padded);
    const samples = draw(reduceProd(shape));
    return reshape(samples, concat([shape, shapeOf(samples).at("1:")], 0));
  });
}

function bernoulli(given: Tensor, dtype: DType, sampleShape: TensorLike, seed: Seed): Tensor {
  const probs = convertToTensor(given, { name: "probs" });
  const batch = shapeOf(probs);
  return drawn(sampleShape, (n) => {
    const shape = concat([[n] as unknown as TensorLike, batch], 0);
    const uniform = randomUniform(shape, { dtype: probs.dtype, ...seeded(seed) });
    return cast(less(uniform, probs), dtype) as Tensor;
  });
}

function categorical(given: Tensor, seed: Seed): Tensor {
  const logits = convertToTensor(given, { name: "logits" });
  const classes = shapeOf(logits).at(-1);
  const batch = shapeOf(logits).at(":-1");
  return drawn([], (n) => {
    const rows = logits.shape?.length === 2 ? logits : reshape(logits, [-1, classes]);
    const outputDtype = logits.dtype.baseDtype === float64 ? int64 : int32;
    const draws = multinomial(rows, n, { outputDtype, ...seeded(seed) });
    const moved = reshape(transpose(draws), concat([[n] as unknown as TensorLike, batch], 0));
    return cast(moved, int32) as Tensor;
  });
}

interface SampleOptions {
  /** Logits are divided by it: below 1 the greatest are likelier. */
  readonly softmaxTemperature?: TensorLike | null | undefined;
  readonly seed?: Seed;
}

/** As GreedyEmbeddingHelper, with ids drawn by the softmax of the outputs. */
export class SampleEmbeddingHelper extends GreedyEmbeddingHelper {
  readonly #options: SampleOptions;

  constructor(
    embedding: Embedding,
    startTokens: TensorLike,
    endToken: TensorLike,
    ...rest: Rest<SampleOptions, ["softmaxTemperature", "seed"]>
  ) {
    super(embedding, startTokens, endToken);
    this.#options = byName(rest, ["softmaxTemperature", "seed"]);
  }

  override sample(_time: Tensor, outputs: Tensor, _state: State): Tensor {
    checkLogits(outputs);
    const { softmaxTemperature, seed } = this.#options;
    const isPlain = softmaxTemperature === undefined || softmaxTemperature === null;
    return categorical(isPlain ? outputs : truediv(outputs, softmaxTemperature), seed);
  }
}

/** The scope that TrainingHelper's own nodes take, below the current one. */
const innerScope = (): string => getDefaultGraph().nameScope("TrainingHelper", (scope) => scope);

function probabilityOf(given: TensorLike): Tensor {
  const probability = convertToTensor(given, { name: "sampling_probability" });
  const count = probability.shape?.length;
  if (count === 0 || count === 1) return probability;
  throw new ValueError(
    `sampling_probability must be either a scalar or a vector. saw shape: ${formatShapePython(probability.shape)}`,
  );
}

/** The rows of `of` where the mask holds, as [count, 1] places. */
const placesOf = (mask: Tensor): Tensor => cast(where(mask), int32) as Tensor;

/** Two sets of rows, each at its places, in one tensor like `base`. */
function scattered(base: Tensor, sets: readonly (readonly [places: Tensor, rows: Tensor])[]): Tensor {
  const shape = shapeOf(base);
  const [a, b] = sets.map(([places, rows]) => scatterNd(places, rows, shape));
  return add(a!, b!);
}

interface ScheduledOptions extends TrainingOptions {
  readonly seed?: Seed;
  readonly schedulingSeed?: Seed;
}

const scheduledPlaces = ["timeMajor", "seed", "schedulingSeed", "name"] as const;

/** As TrainingHelper; with samplingProbability a row reads what was drawn from the outputs. */
export class ScheduledEmbeddingTrainingHelper extends TrainingHelper {
  readonly #lookup: (ids: Tensor) => Tensor;
  readonly #probability: Tensor;
  readonly #options: ScheduledOptions;

  constructor(
    inputs: TensorLike,
    sequenceLength: TensorLike,
    embedding: Embedding,
    samplingProbability: TensorLike,
    ...rest: Rest<ScheduledOptions, typeof scheduledPlaces>
  ) {
    const options: ScheduledOptions = byName(rest, scheduledPlaces);
    const made = getDefaultGraph().nameScope(options.name ?? "ScheduledEmbeddingSamplingWrapper", () => ({
      probability: probabilityOf(samplingProbability),
      name: innerScope(),
    }));
    super(inputs, sequenceLength, { timeMajor: options.timeMajor, name: made.name });
    this.#lookup = lookupOf(embedding);
    this.#probability = made.probability;
    this.#options = options;
  }

  override sample(_time: Tensor, outputs: Tensor, _state: State, name?: string): Tensor {
    return getDefaultGraph().nameScope(name ?? "ScheduledEmbeddingTrainingHelperSample", () => {
      const { seed, schedulingSeed } = this.#options;
      const isSampled = bernoulli(this.#probability, bool, this.batchSize, schedulingSeed);
      const ids = categorical(outputs, seed);
      return where(isSampled, ids, fillOp({ dims: [this.batchSize] as unknown as TensorLike, value: -1 }));
    });
  }

  override nextInputs(time: Tensor, outputs: Tensor, given: State, sampleIds: Tensor, name?: string): NextInputs {
    return getDefaultGraph().nameScope(name ?? "ScheduledEmbeddingTrainingHelperNextInputs", () => {
      const [finished, read, state] = super.nextInputs(time, outputs, given, sampleIds, name);
      const base = read as Tensor;
      const next = cond(
        reduceAll(finished),
        () => base,
        () => {
          const sampled = placesOf(greater(sampleIds, -1));
          const others = placesOf(lessEqual(sampleIds, -1));
          const ids = gatherNd(sampleIds, sampled);
          const kept = gatherNd(base, others);
          return scattered(base, [
            [sampled, this.#lookup(ids)],
            [others, kept],
          ]);
        },
      ) as Tensor;
      return [finished, next, state];
    });
  }
}

interface ScheduledOutputOptions extends TrainingOptions {
  readonly seed?: Seed;
  readonly nextInputsFn?: ((outputs: Tensor) => Tensor) | null | undefined;
  readonly auxiliaryInputs?: TensorLike | null | undefined;
}

const outputPlaces = ["timeMajor", "seed", "nextInputsFn", "auxiliaryInputs", "name"] as const;

/** As TrainingHelper; with samplingProbability a row reads its last output. */
export class ScheduledOutputTrainingHelper extends TrainingHelper {
  readonly #probability: Tensor;
  readonly #options: ScheduledOutputOptions;
  readonly #auxiliary: TensorArray | null;

  constructor(
    inputs: TensorLike,
    sequenceLength: TensorLike,
    samplingProbability: TensorLike,
    ...rest: Rest<ScheduledOutputOptions, typeof outputPlaces>
  ) {
    const options: ScheduledOutputOptions = byName(rest, outputPlaces);
    const { auxiliaryInputs, timeMajor = false } = options;
    const made = getDefaultGraph().nameScope(options.name ?? "ScheduledOutputTrainingHelper", () => {
      const probability = probabilityOf(samplingProbability);
      if (auxiliaryInputs === undefined || auxiliaryInputs === null) {
        return { probability, joined: inputs, auxiliary: null, name: innerScope() };
      }
      const given = convertToTensor(inputs, { name: "inputs" });
      const more = convertToTensor(auxiliaryInputs, { name: "auxiliary_inputs" });
      const joined = concat([given, more], -1);
      const auxiliary = unstacked(timeMajor ? more : transposeBatchTime(more));
      return { probability, joined, auxiliary, name: innerScope() };
    });
    super(made.joined, sequenceLength, { timeMajor, name: made.name });
    this.#probability = made.probability;
    this.#options = options;
    this.#auxiliary = made.auxiliary;
  }

  override sample(_time: Tensor, _outputs: Tensor, _state: State, name?: string): Tensor {
    return getDefaultGraph().nameScope(name ?? "ScheduledOutputTrainingHelperSample", () =>
      bernoulli(this.#probability, int32, this.batchSize, this.#options.seed),
    );
  }

  #withAuxiliary(outputs: Tensor, time: Tensor, places: Tensor | null): Tensor {
    if (!this.#auxiliary) return outputs;
    const read = this.#auxiliary.read(time.add(1));
    return concat([outputs, places ? gatherNd(read, places) : read], -1);
  }

  override nextInputs(time: Tensor, outputs: Tensor, given: State, sampleIds: Tensor, name?: string): NextInputs {
    return getDefaultGraph().nameScope(name ?? "ScheduledOutputTrainingHelperNextInputs", () => {
      const [finished, read, state] = super.nextInputs(time, outputs, given, sampleIds, name);
      const base = read as Tensor;
      const isSampled = cast(sampleIds, bool) as Tensor;
      const { nextInputsFn } = this.#options;
      const allFinished = reduceAll(finished);
      const noSamples = logicalNot(reduceAny(isSampled));
      const next = cond(
        logicalOr(allFinished, noSamples),
        () => base,
        () => {
          if (!nextInputsFn) return where(isSampled, this.#withAuxiliary(outputs, time, null), base);
          const sampled = placesOf(isSampled);
          const others = placesOf(logicalNot(isSampled));
          const rows = gatherNd(outputs, sampled);
          const kept = gatherNd(base, others);
          const inputs = this.#withAuxiliary(nextInputsFn(rows), time, sampled);
          return scattered(base, [
            [sampled, inputs],
            [others, kept],
          ]);
        },
      ) as Tensor;
      return [finished, next, state];
    });
  }
}
