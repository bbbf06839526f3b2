/** `tf.contrib.seq2seq.BeamSearchDecoder`: the best sequences that a cell can give. Source: contrib/seq2seq beam_search_decoder.py. */
import { bool, type DType, int32, int64 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { compatible, formatShapePython, type Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import type { TensorArray } from "../../../../ops/host/tensor_array/tensor_array.ts";
import {
  concat,
  embeddingLookup,
  expandDims,
  gatherTree,
  getStaticValue,
  oneHot,
  reduceAll,
  reshape,
  shape as shapeOf,
  size,
  tile,
  zeros,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { cond } from "../../../control_flow/branch/cond.ts";
import { flatten, isFlowArray, type Nested, pack } from "../../../control_flow/structure.ts";
import type { Layer } from "../../../layers/layer.ts";
import { mul } from "../../../operators.ts";
import { type Cell, checkCell, type State } from "../../../rnn/state.ts";
import { namedTupleClass } from "../../named_tuple.ts";
import { Decoder, type DecoderStep, type OutputSize, RowShape } from "../decoder.ts";
import { longest, sortedArray } from "./reorder.ts";
import { attentionProbs } from "./scores.ts";
import { BeamSearchDecoderOutput, BeamSearchDecoderState, beamSearchStep, checkRank, staticSize } from "./step.ts";

/** The ids of the final beams [time, batch, beam], best first, and what the steps gave. */
export class FinalBeamSearchDecoderOutput extends namedTupleClass("FinalBeamDecoderOutput", [
  "predictedIds",
  "beamSearchDecoderOutput",
]) {}

export interface BeamSearchOptions {
  /** Above the cell's output: logits. */
  readonly outputLayer?: Layer | null | undefined;
  /** 0: length costs nothing. */
  readonly lengthPenaltyWeight?: TensorLike | undefined;
  /** 0: inputs that get no attention cost nothing. */
  readonly coveragePenaltyWeight?: TensorLike | undefined;
  /** True: arrays in the cell's state are put in the order of the final beams. */
  readonly reorderTensorArrays?: boolean | undefined;
}

const places = ["outputLayer", "lengthPenaltyWeight", "coveragePenaltyWeight", "reorderTensorArrays"] as const;

type Embedding = (ids: Tensor) => Tensor;

/** The shape of one row that a size stands for: a number, or a tensor. */
const rowOf = (part: unknown): Shape => {
  if (typeof part === "number") return [part];
  if (!(part instanceof Tensor)) return part as Shape;
  const known = getStaticValue(part);
  return known ? Array.from(known.data as Int32Array, Number) : null;
};

const joined = (outer: Shape, inner: Shape): Shape => (outer && inner ? [...outer, ...inner] : null);

/**
 * Words from startTokens [batch] until endToken [], keeping the beamWidth best beginnings. initialState has batch · beamWidth rows
 * (`tileBatch`). The graph has the op GatherTree, which TensorFlow 1 has once tf.contrib.seq2seq is loaded. Throws TypeError for what is
 * no cell or layer, ValueError for tokens of another rank.
 */
export class BeamSearchDecoder extends Decoder {
  readonly #cell: Cell;
  readonly #embed: Embedding;
  readonly #layer: Layer | null;
  readonly #beamWidth: number;
  readonly #options: BeamSearchOptions;
  readonly #endToken: Tensor;
  readonly #batchSize: Tensor;
  readonly #initialState: State;
  readonly #startInputs: Tensor;
  readonly #finished: Tensor;

  constructor(
    cell: Cell,
    embedding: TensorLike | Embedding,
    startTokens: TensorLike,
    endToken: TensorLike,
    initialState: State,
    beamWidth: number,
    ...rest: Rest<BeamSearchOptions, typeof places>
  ) {
    super();
    this.#options = byName<BeamSearchOptions>(rest, places);
    this.#layer = this.#options.outputLayer ?? null;
    checkCell("cell", cell);
    if (this.#layer !== null && typeof (this.#layer as Partial<Layer>).apply !== "function") {
      throw new TypeError(`output_layer must be a Layer, received: ${typeof this.#layer}`);
    }
    this.#cell = cell;
    this.#beamWidth = beamWidth;
    this.#embed =
      typeof embedding === "function" ? (embedding as Embedding) : (ids) => embeddingLookup(embedding as Tensor, ids);
    const start = convertToTensor(startTokens, { dtype: int32, name: "start_tokens" });
    if (start.shape?.length !== 1) throw new ValueError("start_tokens must be a vector");
    this.#endToken = convertToTensor(endToken, { dtype: int32, name: "end_token" });
    if (this.#endToken.shape?.length !== 0) throw new ValueError("end_token must be a scalar");
    this.#batchSize = size(startTokens);
    this.#initialState = this.#each(initialState, (t, row) => this.#maybeSplit(t, row));
    this.#startInputs = this.#embed(tile(expandDims(start, 1), [1, beamWidth]));
    this.#finished = this.#first(bool, { onValue: false, offValue: true });
  }

  override get batchSize(): Tensor {
    return this.#batchSize;
  }

  override get tracksOwnFinished(): boolean {
    return true;
  }

  override get outputSize(): OutputSize {
    const scores = new RowShape([this.#beamWidth]);
    return new BeamSearchDecoderOutput({
      scores,
      predictedIds: scores,
      parentIds: scores,
    }) as unknown as OutputSize;
  }

  override get outputDtype(): Nested<DType> {
    const [{ dtype }] = flatten<Tensor>(this.#initialState) as [Tensor];
    return new BeamSearchDecoderOutput({
      scores: dtype,
      predictedIds: int32,
      parentIds: int32,
    }) as unknown as Nested<DType>;
  }

  /** [batch, beam] with one value at the first beam, another one at the others. */
  #first(dtype: DType, values: { readonly onValue: TensorLike; readonly offValue: TensorLike }): Tensor {
    return oneHot(zeros([this.#batchSize] as never, int32), this.#beamWidth, { ...values, dtype });
  }

  /** fn of each part of a state and the shape of its rows. */
  #each(state: State, fn: (t: Tensor, row: Shape) => Tensor): State {
    const sizes = flatten<unknown>(this.#cell.stateSize as Nested<unknown>);
    return pack(
      state,
      flatten<Tensor>(state).map((t, i) => fn(t, rowOf(sizes[i]))),
    );
  }

  /** [batch, beam, ...] to [batch · beam, ...]. */
  #merge(t: Tensor, row: Shape): Tensor {
    const dims = shapeOf(t);
    const batch = staticSize(this.#batchSize);
    const rows = mul(this.#batchSize, this.#beamWidth);
    const merged = reshape(t, concat([[rows] as never, dims.at("2:")], 0));
    merged.setShape(joined([batch === null ? null : batch * this.#beamWidth], row));
    return merged;
  }

  /** [batch · beam, ...] to [batch, beam, ...]. Throws ValueError where that cannot be. */
  #split(t: Tensor, row: Shape): Tensor {
    const dims = shapeOf(t);
    const split = reshape(t, concat([[this.#batchSize, this.#beamWidth] as never, dims.at("1:")], 0));
    const wanted = joined([staticSize(this.#batchSize), this.#beamWidth], row);
    if (!compatible(split.shape, wanted)) {
      throw new ValueError(
        `Unexpected behavior when reshaping between beam width and batch size.  The reshaped tensor has shape: ${formatShapePython(split.shape)}.  We expected it to have shape (batch_size, beam_width, depth) == ${formatShapePython(wanted)}.  Perhaps you forgot to create a zero_state with batch_size=encoder_batch_size * beam_width?`,
      );
    }
    split.setShape(wanted);
    return split;
  }

  #maybeSplit(t: Tensor, row: Shape): Tensor {
    if (isFlowArray(t)) return t;
    checkRank(t);
    return t.shape!.length >= 1 ? this.#split(t, row) : t;
  }

  #maybeMerge(t: Tensor, row: Shape): Tensor {
    if (isFlowArray(t)) return t;
    checkRank(t);
    return t.shape!.length >= 2 ? this.#merge(t, row) : t;
  }

  override initialize(): readonly [Tensor, Nested<Tensor>, State] {
    const [{ dtype }] = flatten<Tensor>(this.#initialState) as [Tensor];
    const batch = zeros([this.#batchSize] as never, int32);
    const onValue = convertToTensor(0, { dtype });
    const offValue = convertToTensor(Number.NEGATIVE_INFINITY, { dtype });
    const logProbs = oneHot(batch, this.#beamWidth, { onValue, offValue, dtype });
    const attended = attentionProbs(this.#initialState, this.#options.coveragePenaltyWeight ?? 0);
    const state = new BeamSearchDecoderState({
      cellState: this.#initialState,
      logProbs,
      finished: this.#finished,
      lengths: zeros([this.#batchSize, this.#beamWidth] as never, int64),
      accumulatedAttentionProbs: attended ?? [],
    });
    return [this.#finished, this.#startInputs, state as unknown as State];
  }

  override step(time: Tensor, given: Nested<Tensor>, state: State, name?: string): DecoderStep {
    const before = state as unknown as BeamSearchDecoderState;
    return getDefaultGraph().nameScope(name ?? "BeamSearchDecoderStep", () => {
      const inputs = pack(
        given,
        flatten<Tensor>(given).map((input) => this.#merge(input, input.shape?.slice(2) ?? null)),
      );
      const cellState = this.#each(before.cellState, (t, row) => this.#maybeMerge(t, row));
      const [outputs, next] = this.#cell.apply(inputs, cellState);
      const split = this.#split(outputs as Tensor, (outputs as Tensor).shape?.slice(1) ?? null);
      const nextCellState = this.#each(next, (t, row) => this.#maybeSplit(t, row));
      const logits = this.#layer ? this.#layer.apply(split) : split;
      const [output, nextState] = beamSearchStep(time, logits, nextCellState, before, {
        batchSize: this.#batchSize,
        beamWidth: this.#beamWidth,
        endToken: this.#endToken,
        lengthPenaltyWeight: this.#options.lengthPenaltyWeight ?? 0,
        coveragePenaltyWeight: this.#options.coveragePenaltyWeight ?? 0,
      });
      const { finished } = nextState;
      const nextInputs = cond(
        reduceAll(finished),
        () => this.#startInputs,
        () => this.#embed(output.predictedIds),
      );
      return [output as unknown as Nested<Tensor>, nextState as unknown as State, nextInputs, finished] as const;
    });
  }

  override finalize(given: Nested<Tensor>, last: State): readonly [Nested<Tensor>, State] {
    const outputs = given as unknown as BeamSearchDecoderOutput;
    const state = last as unknown as BeamSearchDecoderState;
    const predictedIds = gatherTree(outputs.predictedIds, outputs.parentIds, longest(state.lengths), this.#endToken);
    const sort = (part: Tensor): Tensor =>
      isFlowArray(part)
        ? (sortedArray(part as unknown as TensorArray, outputs.parentIds, state.lengths, {
            batchSize: this.#batchSize,
            beamWidth: this.#beamWidth,
          }) as Tensor)
        : part;
    const sorts = this.#options.reorderTensorArrays ?? true;
    const cellState = sorts ? pack(state.cellState, flatten<Tensor>(state.cellState).map(sort)) : state.cellState;
    const final = new BeamSearchDecoderState({
      cellState,
      logProbs: state.logProbs,
      finished: state.finished,
      lengths: state.lengths,
      accumulatedAttentionProbs: state.accumulatedAttentionProbs,
    });
    const made = new FinalBeamSearchDecoderOutput({ beamSearchDecoderOutput: outputs, predictedIds });
    return [made as unknown as Nested<Tensor>, final as unknown as State];
  }
}
