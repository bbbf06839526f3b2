/** `tf.contrib.seq2seq`: weights of a memory's rows for a query. Source: contrib/seq2seq attention_wrapper.py. */
import { type DType, float32 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { formatShapePython, isFull } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  concat,
  constant,
  expandDims,
  fillOp,
  matmul,
  onesLike,
  reduceSum,
  reshape,
  rsqrt,
  sequenceMask,
  shape as shapeOf,
  softmax,
  square,
  squeeze,
  tanh,
  where,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { assertPositive } from "../../../checks/compare.ts";
import { constantInitializer, onesInitializer, zerosInitializer } from "../../../initializers.ts";
import { Dense } from "../../../layers/core.ts";
import type { Layer } from "../../../layers/layer.ts";
import { add, mul } from "../../../operators.ts";
import { type BatchSize, zeroTensor } from "../../../rnn/state.ts";
import { getVariable, variableScope } from "../../../variables/scope.ts";

export type ProbabilityFn = (score: Tensor) => Tensor;
type Probability = (score: Tensor, previous: Tensor) => Tensor;

/** What an attention mechanism is told beside its size and memory. */
export interface MechanismOptions {
  /** Rows of the memory that count, [batch]. */
  readonly memorySequenceLength?: TensorLike | null | undefined;
  /** Softmax by default. */
  readonly probabilityFn?: ProbabilityFn | null | undefined;
  /** The score of rows that do not count: -infinity. */
  readonly scoreMaskValue?: TensorLike | null | undefined;
  readonly dtype?: DType | null | undefined;
  readonly customKeyValueFn?: ((keys: Tensor, values: Tensor) => readonly [Tensor, Tensor]) | null | undefined;
  readonly name?: string | undefined;
}

/** The memory [batch, time, ...] with zeros where the rows do not count. */
function prepared(given: TensorLike, lengths: TensorLike | null | undefined): Tensor {
  const memory = convertToTensor(given, { name: "memory" });
  const counts =
    lengths === undefined || lengths === null ? null : convertToTensor(lengths, { name: "memory_sequence_length" });
  const inner = memory.shape?.slice(2);
  if (!inner || !isFull(inner)) {
    throw new ValueError(
      `Expected memory ${memory.name} to have fully defined inner dims, but saw shape: ${formatShapePython(memory.shape)}`,
    );
  }
  if (!counts) return memory;
  const mask = sequenceMask(counts, shapeOf(memory).at(1), { dtype: memory.dtype });
  const extra = getDefaultGraph().nameScope("ones", (scope) => {
    const dims = constant([memory.shape!.length - 2], { name: "shape_as_tensor" });
    return fillOp({ dims, value: constant(1) }, scope);
  });
  return mul(memory, reshape(mask, concat([shapeOf(mask), extra], 0)));
}

/** The score with scoreMaskValue in the place of rows that do not count. */
function masked(score: Tensor, lengths: TensorLike | null | undefined, value: TensorLike): Tensor {
  if (lengths === undefined || lengths === null) return score;
  const message = "All values in memory_sequence_length must be greater than zero.";
  const isCounted = getDefaultGraph().controlDependencies([assertPositive(lengths, { message })], () =>
    sequenceMask(lengths, shapeOf(score).at(1)),
  );
  return where(isCounted, score, mul(value, onesLike(score)));
}

export interface MechanismParts {
  readonly queryLayer: Layer | null;
  readonly memoryLayer: Layer;
  readonly probability: Probability;
  readonly name: string;
}

/** An attention mechanism of one's own extends this. */
export abstract class AttentionMechanism {
  readonly dtype: DType;
  readonly values: Tensor;
  readonly keys: Tensor;
  readonly batchSize: BatchSize;
  readonly alignmentsSize: BatchSize;
  readonly queryLayer: Layer | null;
  readonly memoryLayer: Layer;
  readonly #probability: Probability;

  /** Throws TypeError for a probability function that is none, ValueError for a memory whose rows have no known size. */
  protected constructor(memory: TensorLike, parts: MechanismParts, options: MechanismOptions) {
    const { memorySequenceLength: lengths, customKeyValueFn } = options;
    const { queryLayer, memoryLayer, probability, name } = parts;
    if (typeof probability !== "function") {
      throw new TypeError(`probability_fn must be callable, saw type: ${typeof probability}`);
    }
    this.queryLayer = queryLayer;
    this.memoryLayer = memoryLayer;
    this.dtype = memoryLayer.dtype;
    const maskValue = options.scoreMaskValue ?? Number.NEGATIVE_INFINITY;
    this.#probability = (score, previous) => probability(masked(score, lengths, maskValue), previous);
    const made = getDefaultGraph().nameScope(name, () => {
      let values = prepared(memory, lengths);
      let keys = memoryLayer.apply(values);
      if (customKeyValueFn) [keys, values] = customKeyValueFn(keys, values);
      const sizeOf = (axis: number): BatchSize => keys.shape?.[axis] || shapeOf(keys).at(axis);
      return { values, keys, batchSize: sizeOf(0), alignmentsSize: sizeOf(1) };
    });
    this.values = made.values;
    this.keys = made.keys;
    this.batchSize = made.batchSize;
    this.alignmentsSize = made.alignmentsSize;
  }

  get stateSize(): BatchSize {
    return this.alignmentsSize;
  }

  initialAlignments(batchSize: BatchSize, dtype: DType): Tensor {
    return zeroTensor(this.alignmentsSize, batchSize, dtype);
  }

  initialState(batchSize: BatchSize, dtype: DType): Tensor {
    return this.initialAlignments(batchSize, dtype);
  }

  /** [weights, next state], both [batch, time]. */
  apply(query: Tensor, state: Tensor): readonly [alignments: Tensor, state: Tensor] {
    const alignments = this.#probability(this.score(query), state);
    return [alignments, alignments];
  }

  protected abstract score(query: Tensor): Tensor;
}

export const projection = (name: string, units: number, dtype: DType | null | undefined): Layer =>
  new Dense(units, { name, useBias: false, dtype: dtype ?? float32 });

/** What a plain mechanism's constructor takes by place. */
const commonPlaces = ["probabilityFn", "scoreMaskValue", "dtype", "customKeyValueFn", "name"] as const;

const plainProbability =
  (given: ProbabilityFn | null | undefined): Probability =>
  (score) =>
    (given ?? softmax)(score);

/** query · keys, times a factor that is learned where there is one. Throws ValueError for depths that differ. */
export function luongScore(query: Tensor, keys: Tensor, scale: boolean): Tensor {
  const g = scale
    ? getVariable("attention_g", { dtype: query.dtype, initializer: onesInitializer(), shape: [] })
    : null;
  const [depth, units] = [query.shape?.at(-1) ?? null, keys.shape?.at(-1) ?? null];
  if (depth !== units) {
    throw new ValueError(
      `Incompatible or unknown inner dimensions between query and keys.  Query (${query}) has units: ${depth ?? "None"}.  Keys (${keys}) have units: ${units ?? "None"}.  Perhaps you need to set num_units to the keys' dimension (${units ?? "None"})?`,
    );
  }
  const score = squeeze(matmul(expandDims(query, 1), keys, { transposeB: true }), { axis: [1] });
  return g ? mul(g as unknown as Tensor, score) : score;
}

/** sum(v · tanh(keys + query)), v normalized or not. */
export function bahdanauScore(query: Tensor, keys: Tensor, units: number, normalize: boolean): Tensor {
  const own = (name: string, shape: number[], initializer?: ReturnType<typeof zerosInitializer>): Tensor =>
    getVariable(name, { shape, dtype: query.dtype, initializer }) as unknown as Tensor;
  const v = own("attention_v", [units]);
  const g = normalize ? own("attention_g", [], constantInitializer(Math.sqrt(1 / units))) : null;
  const b = normalize ? own("attention_b", [units], zerosInitializer()) : null;
  const rows = expandDims(query, 1);
  if (!g || !b) return reduceSum(mul(v, tanh(add(keys, rows))), { axis: [2] });
  const scaled = mul(g, v);
  const normed = mul(scaled, rsqrt(reduceSum(square(v))));
  return reduceSum(mul(normed, tanh(add(add(keys, rows), b))), { axis: [2] });
}

interface LuongOptions extends MechanismOptions {
  /** True: scores are multiplied by a number that is learned. */
  readonly scale?: boolean | undefined;
}

/** Luong's attention: scores are products of the query with projected rows. */
export class LuongAttention extends AttentionMechanism {
  readonly #scale: boolean;

  constructor(
    numUnits: number,
    memory: TensorLike,
    ...rest: Rest<LuongOptions, ["memorySequenceLength", "scale", ...typeof commonPlaces]>
  ) {
    const options: LuongOptions = byName(rest, ["memorySequenceLength", "scale", ...commonPlaces]);
    const parts = {
      queryLayer: null,
      memoryLayer: projection("memory_layer", numUnits, options.dtype),
      probability: plainProbability(options.probabilityFn),
      name: options.name ?? "LuongAttention",
    };
    super(memory, parts, options);
    this.#scale = options.scale ?? false;
  }

  protected override score(query: Tensor): Tensor {
    return variableScope(null, { defaultName: "luong_attention" }, () => luongScore(query, this.keys, this.#scale));
  }
}

interface BahdanauOptions extends MechanismOptions {
  /** True: the vector of scores is normalized. */
  readonly normalize?: boolean | undefined;
}

/** Bahdanau's attention: scores are sums over tanh of projected query plus projected rows. */
export class BahdanauAttention extends AttentionMechanism {
  readonly #units: number;
  readonly #normalize: boolean;

  constructor(
    numUnits: number,
    memory: TensorLike,
    ...rest: Rest<BahdanauOptions, ["memorySequenceLength", "normalize", ...typeof commonPlaces]>
  ) {
    const options: BahdanauOptions = byName(rest, ["memorySequenceLength", "normalize", ...commonPlaces]);
    const parts = {
      queryLayer: projection("query_layer", numUnits, options.dtype),
      memoryLayer: projection("memory_layer", numUnits, options.dtype),
      probability: plainProbability(options.probabilityFn),
      name: options.name ?? "BahdanauAttention",
    };
    super(memory, parts, options);
    this.#units = numUnits;
    this.#normalize = options.normalize ?? false;
  }

  protected override score(query: Tensor): Tensor {
    return variableScope(null, { defaultName: "bahdanau_attention" }, () =>
      bahdanauScore(this.queryLayer!.apply(query), this.keys, this.#units, this.#normalize),
    );
  }
}
