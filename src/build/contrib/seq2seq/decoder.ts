/** `tf.contrib.seq2seq`: steps of a decoder until all sequences end. Source: contrib/seq2seq decoder.py, basic_decoder.py. */
import { type DType, int32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { TensorArray } from "../../../ops/host/tensor_array/tensor_array.ts";
import {
  constant,
  fill,
  getStaticValue,
  lessEqual,
  logicalNot,
  logicalOr,
  reduceAll,
  shape as shapeOf,
  where,
  zerosLike,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { checkSameStructure, flatten, isFlowArray, type Nested, pack } from "../../control_flow/structure.ts";
import { whileLoop } from "../../control_flow/while_loop.ts";
import type { Layer } from "../../layers/layer.ts";
import { type BatchSize, type Cell, checkCell, type PartSize, type State, zeroTensor } from "../../rnn/state.ts";
import { cacheVariables, transposeBatchTime } from "../../rnn/step.ts";
import { type VariableScope, variableScope } from "../../variables/scope.ts";
import { namedTupleClass } from "../named_tuple.ts";
import { Helper } from "./helper.ts";

/** The size of one part of an output: how many numbers a row has, or the shape of a row. */
export class RowShape {
  readonly dims: readonly (number | null)[];

  constructor(dims: readonly (number | null)[]) {
    this.dims = dims;
  }
}

export type OutputSize = Nested<number | RowShape>;
export type DecoderStep = readonly [outputs: Nested<Tensor>, state: State, inputs: Nested<Tensor>, finished: Tensor];

/** A decoder of one's own extends this. */
export abstract class Decoder {
  abstract readonly batchSize: BatchSize;
  /** In the structure of the outputs. */
  abstract readonly outputSize: OutputSize;
  abstract readonly outputDtype: Nested<DType>;

  /** [finished, first inputs, first state]. */
  abstract initialize(name?: string): readonly [finished: Tensor, inputs: Nested<Tensor>, state: State];
  abstract step(time: Tensor, inputs: Nested<Tensor>, state: State, name?: string): DecoderStep;

  /** What becomes of all outputs [time, batch, ...] and the last state; null leaves them. */
  finalize(
    _outputs: Nested<Tensor>,
    _state: State,
    _lengths: Tensor,
  ): readonly [outputs: Nested<Tensor>, state: State] | null {
    return null;
  }

  /** True: `step` says of all sequences whether they have ended, and none is held back. */
  get tracksOwnFinished(): boolean {
    return false;
  }
}

const sizeOf = (size: number | RowShape): PartSize => (size instanceof RowShape ? size.dims : size);

/** The shape of a part's rows in an array; null where a size is a plain number, as in Python. */
function elementShape(batchSize: BatchSize, size: number | RowShape): Shape {
  if (!(size instanceof RowShape) || size.dims.length === 0) return null;
  const known = getStaticValue(convertToTensor(batchSize, { name: "batch_size" }));
  return [known ? Number(known.item()) : null, ...size.dims];
}

export interface DynamicDecodeOptions {
  /** True: outputs are [time, batch, ...]. */
  readonly outputTimeMajor?: boolean | undefined;
  /** True: rows that have ended keep their state and give zeros. */
  readonly imputeFinished?: boolean | undefined;
  readonly maximumIterations?: TensorLike | null | undefined;
  readonly parallelIterations?: number | undefined;
  readonly swapMemory?: boolean | undefined;
  readonly scope?: string | VariableScope | null | undefined;
}

const places = [
  "outputTimeMajor",
  "imputeFinished",
  "maximumIterations",
  "parallelIterations",
  "swapMemory",
  "scope",
] as const;

// biome-ignore lint/suspicious/noExplicitAny: outputs and states are of the decoder's own structure
type Decoded = [outputs: any, state: any, lengths: Tensor];

/** Leaves side by side, put together in the structure of the first. */
const zipped = <A, B, R>(a: Nested<A>, b: Nested<B>, fn: (a: A, b: B) => R): Nested<R> => {
  const others = flatten<B>(b);
  return pack<A, R>(
    a,
    flatten<A>(a).map((leaf, i) => fn(leaf, others[i]!)),
  );
};

/** A state's next value where the row has not ended. */
function kept(next: Tensor, current: Tensor, finished: Tensor): Tensor {
  if (isFlowArray(current)) return next;
  next.setShape(current.shape);
  return next.shape?.length === 0 ? next : where(finished, current, next);
}

/**
 * Steps of the decoder until all rows have ended (or maximumIterations): [outputs, last state, lengths [batch]]. Throws TypeError for what
 * is no decoder, ValueError for a limit that is no scalar.
 */
export function dynamicDecode(decoder: Decoder, ...rest: Rest<DynamicDecodeOptions, typeof places>): Decoded {
  const options: DynamicDecodeOptions = byName(rest, places);
  const { imputeFinished = false, outputTimeMajor = false, parallelIterations = 32, swapMemory = false } = options;
  if (!(decoder instanceof Decoder)) {
    throw new TypeError(`Expected decoder to be type Decoder, but saw: ${typeof decoder}`);
  }
  return variableScope(options.scope ?? null, { defaultName: "decoder" }, (scope) => {
    cacheVariables(scope);
    const { maximumIterations: given } = options;
    const limit =
      given === undefined || given === null
        ? null
        : convertToTensor(given, { dtype: int32, name: "maximum_iterations" });
    if (limit && limit.shape?.length !== 0) throw new ValueError("maximum_iterations must be a scalar");
    const [ended, inputs, state] = decoder.initialize();
    const dtypes = decoder.outputDtype;
    const zeros = zipped(decoder.outputSize, dtypes, (size, dtype) =>
      zeroTensor(sizeOf(size), decoder.batchSize, dtype),
    );
    const finished = limit ? logicalOr(ended, lessEqual(limit, 0)) : ended;
    const lengths = zerosLike(finished, { dtype: int32 });
    const time = constant(0, { dtype: int32 });
    const arrays = zipped(
      decoder.outputSize,
      dtypes,
      (size, dtype) =>
        new TensorArray(dtype, { size: 0, dynamicSize: true, elementShape: elementShape(decoder.batchSize, size) }),
    );
    type Variables = [Tensor, Nested<TensorArray>, State, Nested<Tensor>, Tensor, Tensor];
    const goesOn = (...[, , , , finished]: Variables): Tensor => logicalNot(reduceAll(finished));
    const body = (...[time, arrays, state, inputs, finished, lengths]: Variables) => {
      const [outputs, nextState, nextInputs, ended] = decoder.step(time, inputs, state);
      const nextFinished = decoder.tracksOwnFinished ? ended : logicalOr(ended, finished);
      const isRunning = logicalNot(finished);
      const nextLengths = where(isRunning, fill(shapeOf(lengths), time.add(1)), lengths);
      checkSameStructure(state, nextState);
      checkSameStructure(arrays, outputs);
      checkSameStructure(inputs, nextInputs);
      const emitted = imputeFinished ? zipped(outputs, zeros, (out, zero) => where(finished, zero, out)) : outputs;
      const held = imputeFinished ? zipped(nextState, state, (next, now) => kept(next, now, finished)) : nextState;
      const written = zipped(arrays, emitted, (array, out) => array.write(time, out));
      return [time.add(1), written, held, nextInputs, nextFinished, nextLengths];
    };
    const loop = whileLoop(goesOn, body as never, [time, arrays as never, state, inputs, finished, lengths], {
      parallelIterations,
      swapMemory,
      ...(limit ? { maximumIterations: limit } : {}),
    }) as unknown as Variables;
    const lastLengths = loop[5];
    let outputs = zipped(loop[1], loop[1], (array) => array.stack()) as Nested<Tensor>;
    let lastState = loop[2];
    const final = decoder.finalize(outputs, lastState, lastLengths);
    if (final) [outputs, lastState] = final;
    if (!outputTimeMajor) outputs = zipped(outputs, outputs, (each) => transposeBatchTime(each));
    return [outputs, lastState, lastLengths];
  });
}

/** What a BasicDecoder gives: the cell's output, and the sample that was taken of it. */
export class BasicDecoderOutput extends namedTupleClass("BasicDecoderOutput", ["rnnOutput", "sampleId"]) {}

/** A cell, with a helper that says what it reads, and perhaps a layer above its output. */
export class BasicDecoder extends Decoder {
  readonly #cell: Cell;
  readonly #helper: Helper;
  readonly #initialState: State;
  readonly #layer: Layer | null;

  /** Throws TypeError for what is no cell or no helper. */
  constructor(cell: Cell, helper: Helper, initialState: State, outputLayer: Layer | null = null) {
    super();
    checkCell("cell", cell);
    if (!(helper instanceof Helper)) throw new TypeError(`helper must be a Helper, received: ${typeof helper}`);
    if (outputLayer !== null && typeof (outputLayer as Partial<Layer>).apply !== "function") {
      throw new TypeError(`output_layer must be a Layer, received: ${typeof outputLayer}`);
    }
    this.#cell = cell;
    this.#helper = helper;
    this.#initialState = initialState;
    this.#layer = outputLayer;
  }

  override get batchSize(): BatchSize {
    return this.#helper.batchSize;
  }

  #rnnOutputSize(): OutputSize {
    const size = this.#cell.outputSize;
    const units = (this.#layer as { readonly units?: number } | null)?.units;
    return this.#layer === null || units === undefined ? (size as OutputSize) : new RowShape([units]);
  }

  override get outputSize(): OutputSize {
    const sampleId = new RowShape(this.#helper.sampleIdsShape);
    return new BasicDecoderOutput({ rnnOutput: this.#rnnOutputSize(), sampleId }) as unknown as OutputSize;
  }

  override get outputDtype(): Nested<DType> {
    const [{ dtype }] = flatten<Tensor>(this.#initialState) as [Tensor];
    const size = this.#rnnOutputSize();
    const rnnOutput = pack(
      size,
      flatten(size).map(() => dtype),
    );
    return new BasicDecoderOutput({ rnnOutput, sampleId: this.#helper.sampleIdsDtype }) as unknown as Nested<DType>;
  }

  override initialize(): readonly [Tensor, Nested<Tensor>, State] {
    const [finished, inputs] = this.#helper.initialize();
    return [finished, inputs, this.#initialState];
  }

  override step(time: Tensor, inputs: Nested<Tensor>, state: State, name?: string): DecoderStep {
    return getDefaultGraph().nameScope(name ?? "BasicDecoderStep", () => {
      const [output, cellState] = this.#cell.apply(inputs, state);
      const outputs = (this.#layer ? this.#layer.apply(output as Tensor) : output) as Tensor;
      const sampleId = this.#helper.sample(time, outputs, cellState);
      const [finished, nextInputs, nextState] = this.#helper.nextInputs(time, outputs, cellState, sampleId);
      const made = new BasicDecoderOutput({ rnnOutput: outputs, sampleId }) as unknown as Nested<Tensor>;
      return [made, nextState, nextInputs, finished];
    });
  }
}
