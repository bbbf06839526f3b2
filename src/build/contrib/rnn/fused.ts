/** `tf.contrib.rnn`: whole sequences [time, batch, depth] at once. Source: contrib/rnn fused_rnn_cell.py, lstm_ops.py. */
import { type DType, int64 } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import { formatShapePython, type Shape, withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  blockLSTMOp,
  cast,
  concat,
  expandDims,
  gatherNd,
  range,
  reduceMax,
  reverseSequence,
  reverse as reverseV2,
  sequenceMask,
  shape as shapeOf,
  stack,
  tile,
  transpose,
  unstack,
  zeros,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { type LayerOptions, ScopedLayer } from "../../layers/layer.ts";
import { mul } from "../../operators.ts";
import { dynamicRnn } from "../../rnn/dynamic.ts";
import { type Cell, LSTMStateTuple, type State } from "../../rnn/state.ts";
import { staticRnn } from "../../rnn/static.ts";
import type { VariableScope } from "../../variables/scope.ts";
import { type LSTMBlockOptions, type LSTMBlockWeights, lstmBlockWeights, peepholesOf } from "./block.ts";

/** [time, batch, depth], or a list of [batch, depth]. */
type Sequence = Tensor | readonly Tensor[];

interface FusedOptions {
  readonly initialState?: State | null | undefined;
  readonly dtype?: DType | null | undefined;
  readonly sequenceLength?: TensorLike | null | undefined;
  readonly scope?: string | VariableScope | null | undefined;
}

const fusedPlaces = ["initialState", "dtype", "sequenceLength", "scope"] as const;
type FusedRest = Rest<FusedOptions, typeof fusedPlaces>;
type FusedResult = readonly [outputs: Sequence, state: State];

/** What takes all steps of a sequence. One of one's own extends this. */
export abstract class FusedRNNCell {
  /** [outputs in the inputs' form, last state]. */
  abstract apply(inputs: Sequence, ...rest: FusedRest): FusedResult;
}

const isSteps = (inputs: Sequence): inputs is readonly Tensor[] => Array.isArray(inputs);
const asOne = (inputs: Sequence): Tensor => (isSteps(inputs) ? stack(inputs) : inputs);

/** A cell step by step: unrolled, or in a loop with useDynamicRnn. */
export class FusedRNNCellAdaptor extends FusedRNNCell {
  readonly #cell: Cell;
  readonly #isDynamic: boolean;

  constructor(cell: Cell, ...rest: Rest<{ readonly useDynamicRnn?: boolean }, ["useDynamicRnn"]>) {
    super();
    this.#cell = cell;
    this.#isDynamic = byName<{ readonly useDynamicRnn?: boolean }>(rest, ["useDynamicRnn"]).useDynamicRnn ?? false;
  }

  override apply(inputs: Sequence, ...rest: FusedRest): FusedResult {
    const given = byName<FusedOptions>(rest, fusedPlaces);
    const options = {
      initialState: given.initialState ?? undefined,
      dtype: given.dtype ?? undefined,
      sequenceLength: given.sequenceLength ?? undefined,
      scope: given.scope ?? undefined,
    };
    if (this.#isDynamic) {
      const [outputs, state] = dynamicRnn(this.#cell, asOne(inputs), { ...options, timeMajor: true });
      return [isSteps(inputs) ? unstack(outputs as Tensor) : (outputs as Tensor), state];
    }
    const steps = isSteps(inputs) ? inputs : unstack(inputs);
    const [outputs, state] = staticRnn(this.#cell, steps, options);
    return [isSteps(inputs) ? (outputs as Tensor[]) : stack(outputs as Tensor[]), state];
  }
}

/** Another one from the end to the start. */
export class TimeReversedFusedRNN extends FusedRNNCell {
  readonly #cell: Pick<FusedRNNCell, "apply">;

  constructor(cell: Pick<FusedRNNCell, "apply">) {
    super();
    this.#cell = cell;
  }

  override apply(inputs: Sequence, ...rest: FusedRest): FusedResult {
    const options = byName<FusedOptions>(rest, fusedPlaces);
    const reversed = (t: Sequence): Sequence => {
      if (isSteps(t)) return [...t].reverse();
      const lengths = options.sequenceLength ?? null;
      return lengths === null ? reverseV2(t, [0]) : reverseSequence(t, lengths, 0, 1);
    };
    const [outputs, state] = this.#cell.apply(reversed(inputs), options);
    return [reversed(outputs), state];
  }
}

/** The state at each row's end: data [time + 1, batch, units] at lengths [batch]. */
const stateAt = (data: Tensor, lengths: Tensor, batchSize: number | Tensor): Tensor =>
  gatherNd(data, stack([lengths, range(batchSize)], { axis: 1 }));

/** A layer of an LSTM whose whole sequence is one operation. */
export abstract class LSTMBlockWrapper extends ScopedLayer {
  abstract readonly numUnits: number;

  /** [cells, outputs] of all steps. */
  protected abstract callCell(
    inputs: Tensor,
    state: readonly [cell: Tensor, output: Tensor],
    dtype: DType,
    sequenceLength: Tensor | null,
  ): readonly [cells: Tensor, outputs: Tensor];

  /**
   * [outputs, last state] of inputs [time, batch, depth] or a list of steps. Throws ValueError without initialState and dtype, and for
   * inputs of unknown depth.
   */
  apply(inputs: Sequence, ...rest: FusedRest): FusedResult {
    const { scope, ...options } = byName<FusedOptions>(rest, fusedPlaces);
    const [outputs, state] = this.applied(asOne(inputs), (x) => this.#run(x, options), scope ?? null);
    return [isSteps(inputs) ? unstack(outputs) : outputs, state];
  }

  #run(inputs: Tensor, { initialState, dtype: given, sequenceLength }: FusedOptions): readonly [Tensor, State] {
    const [time, batch, depth] = withRank(inputs.shape, 3);
    if (!depth) throw new ValueError(`Expecting inputs_shape[2] to be set: ${formatShapePython(inputs.shape)}`);
    const batchSize = batch ?? shapeOf(inputs).at(1);
    const steps = time ?? shapeOf(inputs).at(0);
    let state = initialState as readonly [Tensor, Tensor] | null | undefined;
    if (state && state.length !== 2) {
      throw new ValueError("Expecting initial_state to be a tuple with length 2 or None");
    }
    const dtype = given ?? state?.[0].dtype;
    if (!dtype) throw new ValueError("Either initial_state or dtype needs to be specified");
    if (!state) {
      const zero = zeros(stack([batchSize, this.numUnits]), dtype);
      state = [zero, zero];
    }
    const lengths = sequenceLength === null || sequenceLength === undefined ? null : convertToTensor(sequenceLength);
    const [cells, outputs] = this.callCell(inputs, state, dtype, lengths);
    if (!lengths) return [outputs, new LSTMStateTuple(cells.at(-1), outputs.at(-1))];
    const mask = transpose(sequenceMask(lengths, steps, { dtype }), { perm: [1, 0] });
    const masked = mul(outputs, tile(expandDims(mask, [-1]), [1, 1, this.numUnits]));
    const allCells = concat([expandDims(state[0], [0]), cells], 0);
    const allOutputs = concat([expandDims(state[1], [0]), masked], 0);
    const cell = stateAt(allCells, lengths, batchSize);
    return [masked, new LSTMStateTuple(cell, stateAt(allOutputs, lengths, batchSize))];
  }
}

const lstmPlaces = ["forgetBias", "cellClip", "usePeephole", "reuse", "dtype", "name"] as const;

/** An LSTM over a whole sequence in one operation. */
export class LSTMBlockFusedCell extends LSTMBlockWrapper {
  readonly numUnits: number;
  readonly #options: LSTMBlockOptions;
  #weights!: LSTMBlockWeights;

  constructor(numUnits: number, ...rest: Rest<LSTMBlockOptions, typeof lstmPlaces>) {
    const options = byName<LSTMBlockOptions>(rest, lstmPlaces);
    const { dtype, name = "lstm_fused_cell" } = options;
    const layer: LayerOptions = { reuse: options.reuse ?? undefined, dtype, name };
    super(layer, "lstm_block_fused_cell");
    this.inputSpec = { ndim: 3 };
    this.numUnits = numUnits;
    this.#options = options;
  }

  protected override build(inputShape: Shape): void {
    const depth = inputShape![2] as number;
    const { usePeephole = false } = this.#options;
    this.#weights = lstmBlockWeights(depth, this.numUnits, usePeephole, (name, shape, initializer) =>
      this.addWeight(name, shape, { initializer }),
    );
  }

  protected override callCell(
    inputs: Tensor,
    [c, h]: readonly [Tensor, Tensor],
    dtype: DType,
    lengths: Tensor | null,
  ): readonly [Tensor, Tensor] {
    const steps = inputs.shape![0] ?? shapeOf(inputs).at(0);
    const { forgetBias = 1, cellClip, usePeephole = false } = this.#options;
    const peepholes = peepholesOf(this.#weights, this.numUnits, dtype);
    const longest = cast(lengths ? reduceMax(lengths) : (steps as Tensor), int64);
    const { cs, h: outputs } = blockLSTMOp({
      seq_len_max: longest,
      x: inputs,
      cs_prev: c,
      h_prev: h,
      w: this.#weights.kernel,
      ...peepholes,
      b: this.#weights.bias,
      forget_bias: forgetBias,
      cell_clip: cellClip ?? -1,
      use_peephole: usePeephole,
    });
    return [cs, outputs];
  }
}
