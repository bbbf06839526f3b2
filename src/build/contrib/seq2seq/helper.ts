/** `tf.contrib.seq2seq`: what a decoder reads next, and what it samples. Source: contrib/seq2seq helper.py. */
import { type DType, int32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { type Dim, formatShapePython } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { TensorArray } from "../../../ops/host/tensor_array/tensor_array.ts";
import {
  argmax,
  cast,
  embeddingLookup,
  equal,
  greaterEqual,
  reduceAll,
  shape as shapeOf,
  size,
  tile,
  zerosLike,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import type { Nested } from "../../control_flow/structure.ts";
import type { BatchSize, State } from "../../rnn/state.ts";
import { transposeBatchTime } from "../../rnn/step.ts";
import type { Variable } from "../../variables/variable.ts";

export type NextInputs = readonly [finished: Tensor, inputs: Nested<Tensor>, state: State];
/** Rows of a table, or a function from ids to rows. */
export type Embedding = Variable | Tensor | ((ids: Tensor) => Tensor);

/** A helper of one's own extends this. */
export abstract class Helper {
  abstract readonly batchSize: BatchSize;
  abstract readonly sampleIdsShape: readonly Dim[];
  abstract readonly sampleIdsDtype: DType;

  abstract initialize(name?: string): readonly [finished: Tensor, inputs: Nested<Tensor>];
  abstract sample(time: Tensor, outputs: Tensor, state: State, name?: string): Tensor;
  abstract nextInputs(time: Tensor, outputs: Tensor, state: State, sampleIds: Tensor, name?: string): NextInputs;
}

/** Where samples are ids, one for each row. */
abstract class IdHelper extends Helper {
  override readonly sampleIdsShape: readonly Dim[] = [];
  override readonly sampleIdsDtype: DType = int32;
}

export const lookupOf = (embedding: Embedding): ((ids: Tensor) => Tensor) =>
  typeof embedding === "function" ? embedding : (ids) => embeddingLookup(embedding, ids);

interface CustomOptions {
  readonly sampleIdsShape?: readonly Dim[] | null | undefined;
  readonly sampleIdsDtype?: DType | null | undefined;
}

/** A helper of functions. */
export class CustomHelper extends Helper {
  override readonly sampleIdsShape: readonly Dim[];
  override readonly sampleIdsDtype: DType;
  readonly #initialize: () => readonly [Tensor, Nested<Tensor>];
  readonly #sample: (time: Tensor, outputs: Tensor, state: State) => Tensor;
  readonly #next: (time: Tensor, outputs: Tensor, state: State, sampleIds: Tensor) => NextInputs;
  #batchSize: Tensor | null = null;

  constructor(
    initializeFn: () => readonly [Tensor, Nested<Tensor>],
    sampleFn: (time: Tensor, outputs: Tensor, state: State) => Tensor,
    nextInputsFn: (time: Tensor, outputs: Tensor, state: State, sampleIds: Tensor) => NextInputs,
    ...rest: Rest<CustomOptions, ["sampleIdsShape", "sampleIdsDtype"]>
  ) {
    super();
    const options: CustomOptions = byName(rest, ["sampleIdsShape", "sampleIdsDtype"]);
    this.sampleIdsShape = options.sampleIdsShape ?? [];
    this.sampleIdsDtype = options.sampleIdsDtype ?? int32;
    this.#initialize = initializeFn;
    this.#sample = sampleFn;
    this.#next = nextInputsFn;
  }

  /** Throws ValueError before `initialize`. */
  override get batchSize(): BatchSize {
    if (!this.#batchSize) throw new ValueError("batch_size accessed before initialize was called");
    return this.#batchSize;
  }

  override initialize(name?: string): readonly [Tensor, Nested<Tensor>] {
    return getDefaultGraph().nameScope(name ?? "CustomHelperInitialize", () => {
      const [finished, inputs] = this.#initialize();
      this.#batchSize ??= size(finished);
      return [finished, inputs];
    });
  }

  override sample(time: Tensor, outputs: Tensor, state: State, name?: string): Tensor {
    return getDefaultGraph().nameScope(name ?? "CustomHelperSample", () => this.#sample(time, outputs, state));
  }

  override nextInputs(time: Tensor, outputs: Tensor, state: State, sampleIds: Tensor, name?: string): NextInputs {
    return getDefaultGraph().nameScope(name ?? "CustomHelperNextInputs", () =>
      this.#next(time, outputs, state, sampleIds),
    );
  }
}

export const unstacked = (inputs: Tensor): TensorArray => {
  const rows = shapeOf(inputs).at(0);
  const elementShape = inputs.shape ? inputs.shape.slice(1) : null;
  return new TensorArray(inputs.dtype, { size: rows, elementShape }).unstack(inputs);
};

export interface TrainingOptions {
  /** True: inputs are [time, batch, ...]. */
  readonly timeMajor?: boolean | undefined;
  readonly name?: string | undefined;
}

/** Reads the given inputs [batch, time, ...], each row as long as sequenceLength says; samples are the greatest outputs. */
export class TrainingHelper extends IdHelper {
  readonly inputs: Tensor;
  readonly sequenceLength: Tensor;
  override readonly batchSize: Tensor;
  readonly #array: TensorArray;
  readonly #zeros: Tensor;

  /** Throws ValueError for lengths that are no vector. */
  constructor(inputs: TensorLike, sequenceLength: TensorLike, ...rest: Rest<TrainingOptions, ["timeMajor", "name"]>) {
    super();
    const { timeMajor = false, name }: TrainingOptions = byName(rest, ["timeMajor", "name"]);
    const made = getDefaultGraph().nameScope(name ?? "TrainingHelper", () => {
      const given = convertToTensor(inputs, { name: "inputs" });
      const steps = timeMajor ? given : transposeBatchTime(given);
      const array = unstacked(steps);
      const lengths = convertToTensor(sequenceLength, { name: "sequence_length" });
      if (lengths.shape?.length !== 1) {
        throw new ValueError(
          `Expected sequence_length to be a vector, but received shape: ${formatShapePython(lengths.shape)}`,
        );
      }
      const zeros = zerosLike(steps.at(0, ":"));
      return { given, array, lengths, zeros, batchSize: size(sequenceLength) };
    });
    this.inputs = made.given;
    this.sequenceLength = made.lengths;
    this.batchSize = made.batchSize;
    this.#array = made.array;
    this.#zeros = made.zeros;
  }

  #read(finished: Tensor, time: TensorLike): Tensor {
    return cond(
      reduceAll(finished),
      () => this.#zeros,
      () => this.#array.read(time),
    ) as Tensor;
  }

  override initialize(name?: string): readonly [Tensor, Tensor] {
    return getDefaultGraph().nameScope(name ?? "TrainingHelperInitialize", () => {
      const finished = equal(0, this.sequenceLength);
      return [finished, this.#read(finished, 0)];
    });
  }

  override sample(_time: Tensor, outputs: Tensor, _state: State, name?: string): Tensor {
    return getDefaultGraph().nameScope(
      name ?? "TrainingHelperSample",
      () => cast(argmax(outputs, { axis: -1 }), int32) as Tensor,
    );
  }

  override nextInputs(time: Tensor, _outputs: Tensor, state: State, _sampleIds: Tensor, name?: string): NextInputs {
    return getDefaultGraph().nameScope(name ?? "TrainingHelperNextInputs", () => {
      const next = time.add(1);
      const finished = greaterEqual(next, this.sequenceLength);
      return [finished, this.#read(finished, next), state];
    });
  }
}

export function checkLogits(outputs: unknown): asserts outputs is Tensor {
  if (!(outputs instanceof Tensor)) {
    throw new TypeError(`Expected outputs to be a single Tensor, got: ${typeof outputs}`);
  }
}

/** Reads the row of the greatest output, from startTokens [batch] on, until it is endToken. */
export class GreedyEmbeddingHelper extends IdHelper {
  override readonly batchSize: Tensor;
  readonly #lookup: (ids: Tensor) => Tensor;
  readonly #end: Tensor;
  readonly #first: Tensor;

  /** Throws ValueError for start tokens that are no vector, and an end token that is no scalar. */
  constructor(embedding: Embedding, startTokens: TensorLike, endToken: TensorLike) {
    super();
    this.#lookup = lookupOf(embedding);
    const start = convertToTensor(startTokens, { dtype: int32, name: "start_tokens" });
    this.#end = convertToTensor(endToken, { dtype: int32, name: "end_token" });
    if (start.shape?.length !== 1) throw new ValueError("start_tokens must be a vector");
    this.batchSize = size(startTokens);
    if (this.#end.shape?.length !== 0) throw new ValueError("end_token must be a scalar");
    this.#first = this.#lookup(start);
  }

  override initialize(): readonly [Tensor, Tensor] {
    return [tile([false], [this.batchSize]), this.#first];
  }

  override sample(_time: Tensor, outputs: Tensor, _state: State): Tensor {
    checkLogits(outputs);
    return argmax(outputs, { axis: -1, outputType: int32 });
  }

  override nextInputs(_time: Tensor, _outputs: Tensor, state: State, sampleIds: Tensor): NextInputs {
    const finished = equal(sampleIds, this.#end);
    const inputs = cond(
      reduceAll(finished),
      () => this.#first,
      () => this.#lookup(sampleIds),
    ) as Tensor;
    return [finished, inputs, state];
  }
}

/** A helper whose samples come from a function, and are read as they are or through another one. */
export class InferenceHelper extends Helper {
  override readonly batchSize: Tensor;
  override readonly sampleIdsShape: readonly Dim[];
  override readonly sampleIdsDtype: DType;
  readonly #functions: InferenceFunctions;
  readonly #first: Tensor;

  constructor(
    sampleFn: (outputs: Tensor) => Tensor,
    sampleShape: readonly Dim[],
    sampleDtype: DType,
    startInputs: TensorLike,
    endFn: (sampleIds: Tensor) => Tensor,
    nextInputsFn: ((sampleIds: Tensor) => Tensor) | null = null,
  ) {
    super();
    this.#functions = { sampleFn, endFn, nextInputsFn };
    this.sampleIdsShape = sampleShape;
    this.sampleIdsDtype = sampleDtype;
    this.batchSize = shapeOf(startInputs).at(0);
    this.#first = convertToTensor(startInputs, { name: "start_inputs" });
  }

  override initialize(): readonly [Tensor, Tensor] {
    return [tile([false], [this.batchSize]), this.#first];
  }

  override sample(_time: Tensor, outputs: Tensor, _state: State): Tensor {
    return this.#functions.sampleFn(outputs);
  }

  override nextInputs(_time: Tensor, _outputs: Tensor, state: State, sampleIds: Tensor): NextInputs {
    const { nextInputsFn, endFn } = this.#functions;
    const inputs = nextInputsFn ? nextInputsFn(sampleIds) : sampleIds;
    return [endFn(sampleIds), inputs, state];
  }
}

interface InferenceFunctions {
  readonly sampleFn: (outputs: Tensor) => Tensor;
  readonly endFn: (sampleIds: Tensor) => Tensor;
  readonly nextInputsFn: ((sampleIds: Tensor) => Tensor) | null;
}
