/** `tf.contrib.seq2seq.AttentionWrapper`: a cell that reads what it attends to. Source: contrib/seq2seq attention_wrapper.py. */
import { type DType, int32 } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import { compatible, formatShapePython } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../../ops/convert.ts";
import { TensorArray } from "../../../../ops/host/tensor_array/tensor_array.ts";
import {
  argmax,
  concat,
  expandDims,
  identity,
  matmul,
  oneHot,
  shape as shapeOf,
  squeeze,
  zeros,
} from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import { assertEqual } from "../../../checks/compare.ts";
import { flatten, type Nested, pack } from "../../../control_flow/structure.ts";
import { Dense } from "../../../layers/core.ts";
import type { Layer } from "../../../layers/layer.ts";
import { RNNCell, type StepResult } from "../../../rnn/cell.ts";
import { type BatchSize, type Cell, checkCell, type State, type StateSize, zeroTensor } from "../../../rnn/state.ts";
import { namedTupleClass } from "../../named_tuple.ts";
import { AttentionMechanism } from "./mechanism.ts";

const fields = ["cellState", "attention", "time", "alignments", "alignmentHistory", "attentionState"] as const;

/** The state of an AttentionWrapper. */
export class AttentionWrapperState extends namedTupleClass("AttentionWrapperState", fields) {
  /** A copy with other values. Throws ValueError where a tensor's shape cannot be that of the one it replaces. */
  clone(changes: Partial<Record<(typeof fields)[number], unknown>>): AttentionWrapperState {
    const values = fields.map((name, i) => [name, name in changes ? changes[name] : this[i]] as const);
    const next = new AttentionWrapperState(Object.fromEntries(values) as never);
    const old = flatten(this as never);
    for (const [i, value] of flatten(next as never).entries()) {
      const before = old[i] as unknown;
      if (!((value as unknown) instanceof Tensor) || !(before instanceof Tensor)) continue;
      const { shape } = value as Tensor;
      if (compatible(shape, before.shape)) continue;
      throw new ValueError(
        `The shape of the AttentionWrapperState is expected to be same as the one to clone. self.shape: ${formatShapePython(before.shape)}, input.shape: ${formatShapePython(shape)}`,
      );
    }
    return next;
  }
}

/** A 1 at the greatest of each row. */
export const hardmax = (given: TensorLike, name?: string): Tensor =>
  getDefaultGraph().nameScope(name ?? "Hardmax", () => {
    const logits = convertToTensor(given, { name: "logits" });
    const depth = logits.shape?.at(-1) ?? shapeOf(logits).at(-1);
    return oneHot(argmax(logits, { axis: -1 }), depth, { dtype: logits.dtype });
  });

/** [attention, alignments, next state of the mechanism]. */
export type AttentionFn = (
  mechanism: AttentionMechanism,
  cellOutput: Tensor,
  attentionState: Tensor,
  layer: Layer | null,
) => readonly [attention: Tensor, alignments: Tensor, attentionState: Tensor];

const computeAttention: AttentionFn = (mechanism, cellOutput, attentionState, layer) => {
  const [alignments, next] = mechanism.apply(cellOutput, attentionState);
  const context = squeeze(matmul(expandDims(alignments, 1), mechanism.values), { axis: [1] });
  return [layer ? layer.apply(concat([cellOutput, context], 1)) : context, alignments, next];
};

export interface AttentionWrapperOptions {
  /** The size of what is attended to, after a layer; without one the memory's row itself. A list for several mechanisms. */
  readonly attentionLayerSize?: number | readonly number[] | null | undefined;
  /** True: alignments of all steps are kept, in a TensorArray. */
  readonly alignmentHistory?: boolean | undefined;
  /** What the cell reads: inputs and attention side by side. */
  readonly cellInputFn?: ((inputs: Tensor, attention: Tensor) => Tensor) | null | undefined;
  /** False: the cell's output is the output. */
  readonly outputAttention?: boolean | undefined;
  readonly initialCellState?: State | null | undefined;
  readonly name?: string | undefined;
  readonly attentionLayer?: Layer | readonly Layer[] | null | undefined;
  readonly attentionFn?: AttentionFn | null | undefined;
  readonly dtype?: DType | undefined;
}

const places = [
  "attentionLayerSize",
  "alignmentHistory",
  "cellInputFn",
  "outputAttention",
  "initialCellState",
  "name",
  "attentionLayer",
  "attentionFn",
  "dtype",
] as const;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const depthOf = ({ values }: AttentionMechanism): number => values.shape!.at(-1) as number;

/** A cell around another one, with one or several attention mechanisms. */
export class AttentionWrapper extends RNNCell {
  readonly #cell: Cell;
  readonly #mechanisms: readonly AttentionMechanism[];
  readonly #isMulti: boolean;
  readonly #layers: readonly Layer[] | null;
  readonly #size: number;
  readonly #options: AttentionWrapperOptions;
  readonly #initialCellState: State | null;

  /** Throws TypeError for what is no cell or mechanism, ValueError for sizes that do not fit the mechanisms. */
  constructor(
    cell: Cell,
    mechanism: AttentionMechanism | readonly AttentionMechanism[],
    ...rest: Rest<AttentionWrapperOptions, typeof places>
  ) {
    const options: AttentionWrapperOptions = byName(rest, places);
    super({ name: options.name, dtype: options.dtype }, "AttentionWrapper");
    checkCell("cell", cell);
    this.#isMulti = Array.isArray(mechanism);
    this.#mechanisms = Array.isArray(mechanism) ? mechanism : [mechanism as AttentionMechanism];
    for (const each of this.#mechanisms) {
      if (each instanceof AttentionMechanism) continue;
      throw new TypeError(
        this.#isMulti
          ? `attention_mechanism must contain only instances of AttentionMechanism, saw type: ${typeof each}`
          : `attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism instances, saw type: ${typeof each}`,
      );
    }
    if (options.cellInputFn && typeof options.cellInputFn !== "function") {
      throw new TypeError(`cell_input_fn must be callable, saw type: ${typeof options.cellInputFn}`);
    }
    this.#cell = cell;
    this.#options = options;
    this.#layers = this.#makeLayers();
    const units = this.#layers?.map((layer) => (layer as Layer & { readonly units: number }).units);
    this.#size = sum(units ?? this.#mechanisms.map(depthOf));
    this.#initialCellState = getDefaultGraph().nameScope(options.name ?? "AttentionWrapperInit", () =>
      options.initialCellState ? this.#checkedInitial(options.initialCellState) : null,
    );
  }

  #makeLayers(): readonly Layer[] | null {
    const { attentionLayerSize, attentionLayer } = this.#options;
    const hasSize = attentionLayerSize !== undefined && attentionLayerSize !== null;
    if (hasSize && attentionLayer) {
      throw new ValueError("Only one of attention_layer_size and attention_layer should be set");
    }
    const count = this.#mechanisms.length;
    if (hasSize) {
      const sizes = typeof attentionLayerSize === "number" ? [attentionLayerSize] : attentionLayerSize;
      if (sizes.length !== count) {
        throw new ValueError(
          `If provided, attention_layer_size must contain exactly one integer per attention_mechanism, saw: ${sizes.length} vs ${count}`,
        );
      }
      return sizes.map(
        (size, i) => new Dense(size, { name: "attention_layer", useBias: false, dtype: this.#mechanisms[i]!.dtype }),
      );
    }
    if (!attentionLayer) return null;
    const layers = (Array.isArray(attentionLayer) ? attentionLayer : [attentionLayer]) as readonly Layer[];
    if (layers.length !== count) {
      throw new ValueError(
        `If provided, attention_layer must contain exactly one layer per attention_mechanism, saw: ${layers.length} vs ${count}`,
      );
    }
    return layers;
  }

  /** fn after the checks that the batch has the memory's size. */
  #checked<R>(batchSize: BatchSize, start: string, end: string, fn: () => R): R {
    const message = `${start}Non-matching batch sizes between the memory (encoder output) and ${end}`;
    const checks = this.#mechanisms.map((each) => assertEqual(batchSize, each.batchSize, { message }));
    return getDefaultGraph().controlDependencies(checks, fn);
  }

  #checkedInitial(state: State): State {
    const parts = flatten<Tensor>(state);
    const last = parts.at(-1)!;
    const batch = last.shape?.[0] || shapeOf(last).at(0);
    return this.#checked(
      batch,
      `When constructing AttentionWrapper ${this.name}: `,
      "initial_cell_state.  Are you using the BeamSearchDecoder?  You may need to tile your initial state via the tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width.",
      () =>
        pack(
          state,
          parts.map((part) => identity(part, { name: "check_initial_cell_state" })),
        ),
    );
  }

  #itemOrList<T>(list: readonly T[]): T | readonly T[] {
    return this.#isMulti ? list : list[0]!;
  }

  get outputSize(): StateSize {
    return (this.#options.outputAttention ?? true) ? this.#size : this.#cell.outputSize;
  }

  get stateSize(): StateSize {
    const keeps = this.#options.alignmentHistory ?? false;
    return new AttentionWrapperState({
      cellState: this.#cell.stateSize,
      time: 0,
      attention: this.#size,
      alignments: this.#itemOrList(this.#mechanisms.map((each) => each.alignmentsSize)),
      attentionState: this.#itemOrList(this.#mechanisms.map((each) => each.stateSize)),
      alignmentHistory: this.#itemOrList(this.#mechanisms.map((each) => (keeps ? each.alignmentsSize : []))),
    }) as unknown as StateSize;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    return getDefaultGraph().nameScope("AttentionWrapperZeroState", () => {
      const own = this.#initialCellState ?? this.#cell.zeroState(batchSize, dtype);
      const cellState = this.#checked(
        batchSize,
        `When calling zero_state of AttentionWrapper ${this.name}: `,
        "the requested batch size.  Are you using the BeamSearchDecoder?  If so, make sure your encoder output has been tiled to beam_width via tf.contrib.seq2seq.tile_batch, and the batch_size= argument passed to zero_state is batch_size * beam_width.",
        () =>
          pack(
            own,
            flatten<Tensor>(own).map((part) => identity(part, { name: "checked_cell_state" })),
          ),
      );
      const alignments = this.#mechanisms.map((each) => each.initialAlignments(batchSize, dtype));
      const time = zeros([], int32);
      const attention = zeroTensor(this.#size, batchSize, dtype);
      const attentionState = this.#itemOrList(this.#mechanisms.map((each) => each.initialState(batchSize, dtype)));
      const history = alignments.map(({ shape }) =>
        this.#options.alignmentHistory
          ? new TensorArray(dtype, { size: 0, dynamicSize: true, elementShape: shape })
          : [],
      );
      return new AttentionWrapperState({
        cellState,
        time,
        attention,
        alignments: this.#itemOrList(alignments),
        attentionState,
        alignmentHistory: this.#itemOrList(history as unknown[]),
      }) as unknown as State;
    });
  }

  /** Throws TypeError for a state of another kind. */
  protected override call(inputs: Nested<Tensor>, given: State): StepResult {
    const state = given as unknown;
    if (!(state instanceof AttentionWrapperState)) {
      throw new TypeError(
        `Expected state to be instance of AttentionWrapperState. Received type ${typeof state} instead.`,
      );
    }
    const { cellInputFn, attentionFn, alignmentHistory: keeps = false } = this.#options;
    const cellInputs = cellInputFn
      ? cellInputFn(inputs as Tensor, state.attention)
      : concat([inputs as Tensor, state.attention], -1);
    const [output, nextCellState] = this.#cell.apply(cellInputs, state.cellState);
    const plain = output as Tensor;
    const cellOutput = this.#checked(
      plain.shape?.[0] || shapeOf(plain).at(0),
      `When applying AttentionWrapper ${this.name}: `,
      "the query (decoder output).  Are you using the BeamSearchDecoder?  You may need to tile your memory input via the tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width.",
      () => identity(plain, { name: "checked_cell_output" }),
    );
    const listed = (value: unknown): readonly unknown[] => (this.#isMulti ? (value as unknown[]) : [value]);
    const before = listed(state.attentionState) as readonly Tensor[];
    const histories = listed(state.alignmentHistory);
    const results = this.#mechanisms.map((mechanism, i) => {
      const layer = this.#layers?.[i] ?? null;
      const found = (attentionFn ?? computeAttention)(mechanism, cellOutput, before[i]!, layer);
      return { found, history: keeps ? (histories[i] as TensorArray).write(state.time, found[1]) : [] };
    });
    const attention = concat(
      results.map(({ found }) => found[0]),
      1,
    );
    const next = new AttentionWrapperState({
      time: state.time.add(1),
      cellState: nextCellState,
      attention,
      attentionState: this.#itemOrList(results.map(({ found }) => found[2])),
      alignments: this.#itemOrList(results.map(({ found }) => found[1])),
      alignmentHistory: this.#itemOrList(results.map(({ history }) => history as unknown)),
    }) as unknown as State;
    return [(this.#options.outputAttention ?? true) ? attention : cellOutput, next];
  }
}
