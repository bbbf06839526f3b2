/** `tf.contrib.seq2seq`: attention that only moves forward. Source: contrib/seq2seq attention_wrapper.py. */
import { type DType, int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import {
  cast,
  clipByValue,
  concat,
  cumprod,
  cumsum,
  exp,
  greater,
  log,
  oneHot,
  ones,
  randomNormal,
  reshape,
  shape as shapeOf,
  sigmoid,
  transpose,
  zeros,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { scan } from "../../../control_flow/functional.ts";
import { add, mul, sub, truediv } from "../../../operators.ts";
import type { BatchSize } from "../../../rnn/state.ts";
import { getVariable, variableScope } from "../../../variables/scope.ts";
import { AttentionMechanism, bahdanauScore, luongScore, type MechanismOptions, projection } from "./mechanism.ts";

/** The smallest positive normal float32. */
const tiny = 1.1754943508222875e-38;

interface CumulativeOptions {
  readonly axis?: number | undefined;
  readonly exclusive?: boolean | undefined;
  readonly reverse?: boolean | undefined;
}

/** The running product of numbers in 0 .. 1 by way of logarithms, whose gradient stays finite at 0. */
export const safeCumprod = (given: TensorLike, options: CumulativeOptions = {}): Tensor =>
  getDefaultGraph().nameScope("SafeCumprod", () => {
    const x = convertToTensor(given, { name: "x" });
    return exp(cumsum(log(clipByValue(x, tiny, 1)), options));
  });

export type MonotonicMode = "recursive" | "parallel" | "hard";

/** Where attention lies [batch, time], from the chances to stop at each row and where it was. Throws ValueError for other modes. */
export function monotonicAttention(pChooseI: TensorLike, previousAttention: TensorLike, mode: MonotonicMode): Tensor {
  const p = convertToTensor(pChooseI, { name: "p_choose_i" });
  const previous = convertToTensor(previousAttention, { name: "previous_attention" });
  if (mode === "recursive") {
    const batch = p.shape?.[0] || shapeOf(p).at(0);
    const first = ones([batch, 1] as never);
    const shifted = concat([first, sub(1, p.at(":", ":-1"))], 1);
    const steps = [transpose(shifted), transpose(previous)];
    const start = zeros([batch] as never);
    const passed = scan(
      ((x: Tensor, [y, z]: [Tensor, Tensor]) => reshape(add(mul(y, x), z), [batch] as never)) as never,
      steps as never,
      { initializer: start } as never,
    ) as unknown as Tensor;
    return mul(p, transpose(passed));
  }
  if (mode === "parallel") {
    const left = safeCumprod(sub(1, p), { axis: 1, exclusive: true });
    const chosen = mul(p, left);
    return mul(chosen, cumsum(truediv(previous, clipByValue(left, 1e-10, 1)), { axis: 1 }));
  }
  if (mode === "hard") {
    const chosen = mul(p, cumsum(previous, { axis: 1 }));
    return mul(chosen, cumprod(sub(1, chosen), { axis: 1, exclusive: true }));
  }
  throw new ValueError("mode must be 'recursive', 'parallel', or 'hard'.");
}

interface MonotonicOptions extends Omit<MechanismOptions, "probabilityFn" | "customKeyValueFn"> {
  /** Noise added to scores: learning then makes them clear-cut. */
  readonly sigmoidNoise?: number | undefined;
  readonly sigmoidNoiseSeed?: number | null | undefined;
  readonly scoreBiasInit?: number | undefined;
  readonly mode?: MonotonicMode | undefined;
}

const places = [
  "scoreMaskValue",
  "sigmoidNoise",
  "sigmoidNoiseSeed",
  "scoreBiasInit",
  "mode",
  "dtype",
  "name",
] as const;

const probabilityOf =
  ({ sigmoidNoise = 0, sigmoidNoiseSeed, mode = "parallel" }: MonotonicOptions) =>
  (given: Tensor, previous: Tensor): Tensor => {
    let score = given;
    if (sigmoidNoise > 0) {
      const { dtype } = score;
      const noise = randomNormal(shapeOf(score), { dtype, seed: sigmoidNoiseSeed ?? null });
      score = add(score, mul(sigmoidNoise, noise));
    }
    const p = mode === "hard" ? (cast(greater(score, 0), score.dtype) as Tensor) : sigmoid(score);
    return monotonicAttention(p, previous, mode);
  };

abstract class Monotonic extends AttentionMechanism {
  readonly #bias: number;

  protected constructor(
    units: number,
    memory: TensorLike,
    options: MonotonicOptions,
    defaultName: string,
    hasQuery: boolean,
  ) {
    const queryLayer = hasQuery ? projection("query_layer", units, options.dtype) : null;
    const memoryLayer = projection("memory_layer", units, options.dtype);
    super(
      memory,
      { queryLayer, memoryLayer, probability: probabilityOf(options), name: options.name ?? defaultName },
      options,
    );
    this.#bias = options.scoreBiasInit ?? 0;
  }

  override initialAlignments(batchSize: BatchSize, dtype: DType): Tensor {
    return oneHot(zeros([batchSize] as never, int32), this.alignmentsSize, { dtype });
  }

  protected biased(score: Tensor, dtype: DType): Tensor {
    const initializer = { dtype, value: this.#bias };
    const bias = getVariable("attention_score_bias", { dtype, initializer: initializer.value });
    return add(score, bias as unknown as Tensor);
  }
}

/** Bahdanau's scores, plus a bias, as chances to stop. */
export class BahdanauMonotonicAttention extends Monotonic {
  readonly #units: number;
  readonly #normalize: boolean;

  constructor(
    numUnits: number,
    memory: TensorLike,
    ...rest: Rest<
      MonotonicOptions & { readonly normalize?: boolean | undefined },
      ["memorySequenceLength", "normalize", ...typeof places]
    >
  ) {
    const options: MonotonicOptions & { readonly normalize?: boolean } = byName(rest, [
      "memorySequenceLength",
      "normalize",
      ...places,
    ]);
    super(numUnits, memory, options, "BahdanauMonotonicAttention", true);
    this.#units = numUnits;
    this.#normalize = options.normalize ?? false;
  }

  protected override score(query: Tensor): Tensor {
    return variableScope(null, { defaultName: "bahdanau_monotonic_attention" }, () => {
      const processed = this.queryLayer!.apply(query);
      return this.biased(bahdanauScore(processed, this.keys, this.#units, this.#normalize), processed.dtype);
    });
  }
}

/** Luong's scores, plus a bias, as chances to stop. */
export class LuongMonotonicAttention extends Monotonic {
  readonly #scale: boolean;

  constructor(
    numUnits: number,
    memory: TensorLike,
    ...rest: Rest<
      MonotonicOptions & { readonly scale?: boolean | undefined },
      ["memorySequenceLength", "scale", ...typeof places]
    >
  ) {
    const options: MonotonicOptions & { readonly scale?: boolean } = byName(rest, [
      "memorySequenceLength",
      "scale",
      ...places,
    ]);
    super(numUnits, memory, options, "LuongMonotonicAttention", false);
    this.#scale = options.scale ?? false;
  }

  protected override score(query: Tensor): Tensor {
    return variableScope(null, { defaultName: "luong_monotonic_attention" }, () =>
      this.biased(luongScore(query, this.keys, this.#scale), query.dtype),
    );
  }
}
