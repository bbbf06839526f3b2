/**
 * `tf.random.Generator`: random numbers from a state in a variable, int64 [3]: the counter's low and high half, and the key. A draw reads the
 * state, moves it on, and makes its numbers of what it was. Source: stateful_random_ops.py.
 */
import { type DType, float32, int32, int64, uint64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import { formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { inScope, type Named } from "../../ops/compute/array/basic/names.ts";
import {
  Algorithm,
  type AlgorithmLike,
  algorithmNumber,
  unsupportedAlgorithm,
} from "../../ops/compute/random/stateless/algorithm.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import * as tf from "../../ops/index.ts";
import { byKeyword, byName, type Rest } from "../../ops/options.ts";
import { flatten, type Nested, pack } from "../control_flow/structure.ts";
import { trackableChildren } from "../trackable/children.ts";
import { Variable } from "../variables/variable.ts";

/** A whole number of any length, or numbers: the last ones count. */
export type Seed = number | bigint | TensorLike;

/** Numbers above the largest int64 stand for the negative ones of the same bits. */
function wrapped(value: unknown): TensorLike {
  if (value instanceof Tensor || value instanceof NdArray || value instanceof Variable) return value as TensorLike;
  const leaves = flatten(value as Nested<unknown>);
  const whole = leaves.map((leaf) =>
    (typeof leaf === "number" && Number.isInteger(leaf)) || typeof leaf === "bigint"
      ? BigInt.asIntN(64, BigInt(leaf))
      : leaf,
  );
  const small = whole.map((leaf) =>
    typeof leaf === "bigint" && leaf === BigInt.asIntN(32, leaf) ? Number(leaf) : leaf,
  );
  return pack(value as Nested<unknown>, small.some((leaf) => typeof leaf === "bigint") ? whole : small) as TensorLike;
}

const stateOf = (value: unknown): Tensor => tf.cast(wrapped(value), int64) as Tensor;

function stateSize(alg: number | Tensor): number {
  if (alg === Algorithm.THREEFRY) return 2;
  if (alg === Algorithm.PHILOX || alg === Algorithm.AUTO_SELECT) return 3;
  throw unsupportedAlgorithm(alg as number);
}

/** The words of a long number, the lowest first. */
function wordsOf(seed: number | bigint, count: number): bigint[] {
  const whole = BigInt(seed);
  return Array.from({ length: count }, (_, i) => BigInt.asUintN(64, whole >> BigInt(64 * i)));
}

/** The state int64 [3] (counter, key) of a seed: a number, or numbers of which the first three count. Throws ValueError for a wrong `alg`. */
export const createRngState = byKeyword(
  ["seed", "alg"],
  function createRngState(seed: Seed, alg: AlgorithmLike): Tensor {
    const size = stateSize(algorithmNumber(alg));
    const words = typeof seed === "number" || typeof seed === "bigint" ? wordsOf(seed, size) : seed;
    const given = tf.reshape(stateOf(words), [-1]).at({ stop: size, start: 0 });
    const count = given.shape?.[0] ?? tf.shape(given).at(0);
    const missing = typeof count === "number" ? tf.maximum(size - count, 0) : tf.maximum(count.rsub(size), 0);
    const state = tf.concat([tf.zeros([missing], given.dtype), given], 0);
    state.setShape([size]);
    return state;
  },
);

const shapeOf = (shape: TensorLike): Tensor =>
  convertToTensor(
    shape,
    Array.isArray(shape) && shape.length === 0 ? { dtype: int64, name: "shape" } : { name: "shape" },
  );

interface GeneratorOptions {
  readonly copyFrom?: Generator;
  readonly state?: Seed | Variable;
  readonly alg?: AlgorithmLike;
}

interface NormalOptions extends Named {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
  readonly dtype?: DType;
}
type NormalPlaces = ["mean", "stddev", "dtype", "name"];

interface UniformOptions extends Named {
  readonly minval?: TensorLike | null;
  readonly maxval?: TensorLike | null;
  readonly dtype?: DType;
}

interface BinomialOptions extends Named {
  readonly counts: TensorLike;
  readonly probs: TensorLike;
  readonly dtype?: DType;
}

type Draw = typeof tf.statelessRandomNormalV2Op;

/** A source of random numbers whose state goes on with each draw. It needs a resource variable: eager execution or `enableResourceVariables()`. */
export class Generator {
  readonly #state: Variable;
  readonly #algorithm: number;

  /** Of another generator's state, or of `state` (int64 [3]) and `alg`. */
  constructor(...rest: Rest<GeneratorOptions, ["copyFrom", "state", "alg"]>) {
    const { copyFrom, state, alg } = byName<GeneratorOptions>(rest, ["copyFrom", "state", "alg"]);
    if (copyFrom) {
      if (alg !== undefined || state !== undefined)
        throw new ValueError("copy_from cannot be given together with state or alg");
      this.#state = stateVariable(copyFrom.state);
      this.#algorithm = copyFrom.algorithm;
      return;
    }
    if (alg === undefined || state === undefined) throw new ValueError("state and alg must be given");
    this.#algorithm = algorithmNumber(alg) as number;
    if (state instanceof Variable) {
      checkState(state.shape, this.#algorithm);
      this.#state = state;
      return;
    }
    const value = stateOf(state);
    checkState(value.shape, this.#algorithm);
    this.#state = stateVariable(value);
  }

  /** With this state, counter and key. */
  static fromState(state: Seed | Variable, alg: AlgorithmLike): Generator {
    return new Generator({ state, alg });
  }

  /** With a state made from a seed: the same seed, the same numbers. Philox by default. */
  static fromSeed(seed: Seed, ...rest: Rest<Pick<GeneratorOptions, "alg">, ["alg"]>): Generator {
    const { alg = Algorithm.PHILOX } = byName<Pick<GeneratorOptions, "alg">>(rest, ["alg"]);
    return new Generator({ state: createRngState(seed, alg), alg });
  }

  /** With a state that no seed repeats. */
  static fromNonDeterministicState(...rest: Rest<Pick<GeneratorOptions, "alg">, ["alg"]>): Generator {
    const { alg = Algorithm.PHILOX } = byName<Pick<GeneratorOptions, "alg">>(rest, ["alg"]);
    const shape = [stateSize(algorithmNumber(alg))];
    return new Generator({ state: tf.nonDeterministicIntsOp({ shape, dtype: int64 }), alg });
  }

  /** With this key, a number, and counter, [2]. */
  static fromKeyCounter(key: Seed, counter: Seed, alg: AlgorithmLike): Generator {
    return new Generator({ state: joinedState(key, counter, algorithmNumber(alg) as number), alg });
  }

  /** The variable that holds counter and key. */
  get state(): Variable {
    return this.#state;
  }

  /** One of `tf.random.Algorithm`. */
  get algorithm(): number {
    return this.#algorithm;
  }

  /** The key, int64. */
  get key(): Tensor {
    stateSize(this.#algorithm);
    return this.#state.at(-1);
  }

  *[trackableChildren](): Iterable<readonly [string, object]> {
    yield ["_state_var", this.#state];
  }

  /** Starts again from a state. Gives the assignment, which a graph must run. */
  reset(state: Seed): Operation | Tensor {
    const value = stateOf(state);
    checkState(value.shape, this.#algorithm);
    return this.#assign(value);
  }

  /** Starts again from a seed. */
  resetFromSeed(seed: Seed): Operation | Tensor {
    return this.#assign(createRngState(seed, this.#algorithm));
  }

  /** Starts again from a key and a counter. */
  resetFromKeyCounter(key: Seed, counter: Seed): Operation | Tensor {
    return this.#assign(joinedState(key, counter, this.#algorithm));
  }

  #assign(value: Tensor): Operation | Tensor {
    return this.#state.assign(value) as unknown as Operation | Tensor;
  }

  /** Moves the state on as if `delta` numbers had been drawn; gives the state before, int64 [3]. */
  skip(delta: TensorLike): Tensor {
    const alg = tf.cast(this.#algorithm, int32) as Tensor;
    return tf.rngReadAndSkipOp({ resource: this.#state.handle, alg, delta: tf.cast(delta, uint64) as Tensor });
  }

  #keyCounter(shape: Tensor): { key: Tensor; counter: Tensor; alg: number } {
    const before = this.skip(tf.reduceProd(shape));
    const n = stateSize(this.#algorithm) - 1;
    const counter = tf.bitcast(before.at({ stop: n }), uint64);
    const key = tf.bitcast(before.at({ start: n, stop: n + 1 }), uint64);
    return { key, counter, alg: this.#algorithm };
  }

  #drawn(op: Draw, shape: Tensor, dtype: DType): Tensor {
    return op({ shape, ...this.#keyCounter(shape), dtype });
  }

  #scaled(op: Draw, shape: TensorLike, options: NormalOptions, byDefault: string): Tensor {
    const { mean = 0, stddev = 1, dtype = float32 } = options;
    return inScope(options.name, byDefault, (scope) => {
      const dims = shapeOf(shape);
      const center = convertToTensor(mean, { dtype, name: "mean" });
      const deviation = convertToTensor(stddev, { dtype, name: "stddev" });
      return tf.add(this.#drawn(op, dims, dtype).mul(deviation), center, { name: scope });
    });
  }

  /** Normal numbers. */
  normal(shape: TensorLike, ...rest: Rest<NormalOptions, NormalPlaces>): Tensor {
    const options = byName<NormalOptions>(rest, normalPlaces);
    return this.#scaled(tf.statelessRandomNormalV2Op, shape, options, "stateful_normal");
  }

  /** Normal numbers within two deviations of the mean. */
  truncatedNormal(shape: TensorLike, ...rest: Rest<NormalOptions, NormalPlaces>): Tensor {
    const options = byName<NormalOptions>(rest, normalPlaces);
    return this.#scaled(tf.statelessTruncatedNormalV2Op, shape, options, "truncated_normal");
  }

  /** Numbers in [minval, maxval), 0 and 1 by default; whole numbers of all bits where both are null. Throws ValueError where one is. */
  uniform(shape: TensorLike, ...rest: Rest<UniformOptions, ["minval", "maxval", "dtype", "name"]>): Tensor {
    const options = byName<UniformOptions>(rest, ["minval", "maxval", "dtype", "name"]);
    const { dtype = float32 } = options;
    const isFirstNull = options.minval === null || (rest.length > 0 && rest[0] === null);
    const minval = isFirstNull ? null : (options.minval ?? 0);
    const maxval = options.maxval ?? (dtype.isInteger ? null : 1);
    if (dtype.isInteger && (minval === null) !== (maxval === null)) {
      throw new ValueError(
        `For integer dtype ${String(dtype)}, minval and maxval must be both \`None\` or both non-\`None\`; got minval=${minval ?? "None"} and maxval=${maxval ?? "None"}`,
      );
    }
    return inScope(options.name, "stateful_uniform", (scope) => {
      const dims = shapeOf(shape);
      if (dtype.isInteger && minval === null) return this.#bits(dims, dtype, scope);
      const min = convertToTensor(minval!, { dtype, name: "min" });
      const max = convertToTensor(maxval!, { dtype, name: "max" });
      if (dtype.isInteger) {
        const range = { minval: min, maxval: max };
        return tf.statelessRandomUniformIntV2Op({ shape: dims, ...this.#keyCounter(dims), ...range }, scope);
      }
      const drawn = this.#drawn(tf.statelessRandomUniformV2Op, dims, dtype);
      return tf.add(drawn.mul(max.sub(min)), min, { name: scope });
    });
  }

  #bits(shape: Tensor, dtype: DType, name: string): Tensor {
    return tf.statelessRandomUniformFullIntV2Op({ shape, ...this.#keyCounter(shape), dtype }, name);
  }

  /** Whole numbers, all of whose bits are random. uint64 by default. */
  uniformFullInt(shape: TensorLike, ...rest: Rest<FullIntOptions, ["dtype", "name"]>): Tensor {
    const { dtype = uint64, name } = byName<FullIntOptions>(rest, ["dtype", "name"]);
    return inScope(name, "stateful_uniform_full_int", (scope) => this.#bits(shapeOf(shape), dtype, scope));
  }

  /** How many of `counts` tries succeed with the probability `probs`. int32 by default. */
  binomial(shape: TensorLike, ...rest: Rest<BinomialOptions, ["counts", "probs", "dtype", "name"]>): Tensor {
    const options = byName<BinomialOptions>(rest, ["counts", "probs", "dtype", "name"]);
    return inScope(options.name, "binomial", (scope) => {
      const counts = convertToTensor(options.counts, { name: "counts" });
      const probs = convertToTensor(options.probs, { name: "probs" });
      const inputs = { resource: this.#state.handle, algorithm: this.#algorithm, shape: shapeOf(shape) };
      return tf.statefulRandomBinomialOp({ ...inputs, counts, probs, dtype: options.dtype ?? int32 }, scope);
    });
  }

  /** Seeds for stateless functions, int64 [2, count]. */
  makeSeeds(count = 1): Tensor {
    stateSize(this.#algorithm);
    const keys = this.uniformFullInt([count], { dtype: int64 });
    return tf.stack([keys, tf.zerosLike(keys)]);
  }

  /** Generators of their own, whose keys this one draws. */
  split(count = 1): Generator[] {
    const size = stateSize(this.#algorithm);
    const keys = this.uniformFullInt([count], { dtype: int64 });
    return tf.unstack(keys, { num: count }).map((key) => {
      const state = [...new Array<number>(size - 1).fill(0), key];
      return new Generator({ state, alg: this.#algorithm });
    });
  }
}

interface FullIntOptions extends Named {
  readonly dtype?: DType;
}

const normalPlaces = ["mean", "stddev", "dtype", "name"] as const;

const stateVariable = (state: TensorLike | Variable): Variable =>
  getDefaultGraph().nameScope(
    "random_generator",
    () => new Variable(state as TensorLike, { dtype: int64, trainable: false, name: "StateVar" }),
  );

function checkState(shape: Variable["shape"], alg: number): void {
  checkShape(shape, [stateSize(alg)]);
}

function checkShape(shape: Variable["shape"], wanted: readonly number[]): void {
  if (shape === null) return;
  if (shape.length === wanted.length && shape.every((d, i) => d === null || d === wanted[i])) return;
  throw new ValueError(`Shapes ${formatShapePython(shape)} and ${formatShapePython(wanted)} are incompatible`);
}

function joinedState(key: Seed, counter: Seed, alg: number): Tensor {
  const counts = stateOf(counter);
  const one = stateOf(key);
  checkShape(counts.shape, [stateSize(alg) - 1]);
  checkShape(one.shape, []);
  return tf.concat([counts, tf.reshape(one, [1])], 0);
}

let globalGenerator: Generator | null = null;

/** The program's own generator, made at the first call with a state that no seed repeats. */
export function getGlobalGenerator(): Generator {
  globalGenerator ??= getDefaultGraph().initScope(() => Generator.fromNonDeterministicState());
  return globalGenerator;
}

/** Makes this generator the program's own. */
export function setGlobalGenerator(generator: Generator): void {
  globalGenerator = generator;
}
