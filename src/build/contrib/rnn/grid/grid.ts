/** `tf.contrib.rnn.GridLSTMCell` and its form in both directions: LSTMs over time and frequency. Source: contrib/rnn rnn_cell.py. */
import { int32 } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { warn } from "../../../../core/text/logging.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { concat, constant, pad, shape as shapeOf, slice } from "../../../../ops/index.ts";
import { byName, type Rest } from "../../../../ops/options.ts";
import type { Nested } from "../../../control_flow/structure.ts";
import { RNNCell, type StepResult } from "../../../rnn/cell.ts";
import type { State, StateSize } from "../../../rnn/state.ts";
import { variableScope } from "../../../variables/scope.ts";
import { namedTupleClass } from "../../named_tuple.ts";
import { type BlockOptions, runBlock } from "./block.ts";
import { type FrequencyOptions, inputWidth } from "./time_frequency.ts";

export interface GridOptions extends FrequencyOptions {
  /** True: time and frequency go by the same weights. */
  readonly shareTimeFrequencyWeights?: boolean | undefined;
  /** How many bands each block has. */
  readonly numFrequencyBlocks?: readonly number[] | null | undefined;
  /** Where each block starts and ends, for several blocks. */
  readonly startFreqindexList?: readonly number[] | null | undefined;
  readonly endFreqindexList?: readonly number[] | null | undefined;
  /** True: the forget gate is 1 - input gate. */
  readonly coupleInputForgetGates?: boolean | undefined;
  /** False: the state is one tensor. */
  readonly stateIsTuple?: boolean | undefined;
}

const commonPlaces = [
  "usePeepholes",
  "shareTimeFrequencyWeights",
  "cellClip",
  "initializer",
  "numUnitShards",
  "forgetBias",
  "featureSize",
  "frequencySkip",
  "numFrequencyBlocks",
  "startFreqindexList",
  "endFreqindexList",
  "coupleInputForgetGates",
] as const;
const gridPlaces = [...commonPlaces, "stateIsTuple", "reuse"] as const;
const bothPlaces = [...commonPlaces, "backwardSliceOffset", "reuse"] as const;

type TupleClass = new (fields: Readonly<Record<string, unknown>>) => readonly unknown[];

/** `state_f00_b00_c`, `state_f00_b00_m` … */
const stateNames = (blocks: readonly number[], prefix: string): string[] =>
  blocks.flatMap((count, block) =>
    Array.from({ length: count }, (_, f) => {
      const two = (i: number): string => String(i).padStart(2, "0");
      const name = `${prefix}_f${two(f)}_b${two(block)}`;
      return [`${name}_c`, `${name}_m`];
    }).flat(),
  );

const tupleOf = (Tuple: TupleClass, names: readonly string[], values: readonly unknown[]): readonly unknown[] =>
  new Tuple(Object.fromEntries(names.map((name, i) => [name, values[i]])));

/** What the cells with and without a way back share. */
abstract class Grid extends RNNCell {
  protected readonly units: number;
  protected readonly options: GridOptions;
  protected readonly blocks: readonly number[];
  readonly #names: readonly string[];
  readonly #Tuple: TupleClass;

  protected constructor(units: number, options: GridOptions, kind: string, prefixes: readonly string[]) {
    super({ reuse: options.reuse ?? undefined }, `${kind}Cell`);
    if (!options.numFrequencyBlocks) throw new ValueError("Must specify num_frequency_blocks");
    this.units = units;
    this.options = options;
    this.blocks = options.numFrequencyBlocks;
    this.#names = prefixes.flatMap((prefix) => stateNames(this.blocks, prefix));
    this.#Tuple = namedTupleClass(`${kind}StateTuple`, this.#names) as unknown as TupleClass;
  }

  protected get totalBlocks(): number {
    return this.blocks.reduce((sum, count) => sum + count, 0);
  }

  /** A state in the form of this cell's: named c and m of each band. */
  protected tuple(values: readonly unknown[]): readonly unknown[] {
    return tupleOf(this.#Tuple, this.#names, values);
  }

  protected tupleSize(): StateSize {
    return this.tuple(this.#names.map(() => this.units)) as unknown as StateSize;
  }

  /** The bands of each block, all shifted by so many numbers. Throws ValueError where the bands do not fit the blocks. */
  protected bands(given: Tensor, offset = 0): Tensor[][] {
    const width = inputWidth(given);
    const { startFreqindexList: starts, endFreqindexList: ends } = this.options;
    const padding = offset > 0 ? [0, 0, 0, offset] : [0, 0, -offset, 0];
    const inputs =
      offset === 0 ? given : pad(given, constant(padding, { shape: [2, 2], dtype: int32 }), { mode: "CONSTANT" });
    const shift = Math.max(offset, 0);
    if (!starts?.length) {
      if (this.blocks.length !== 1) {
        throw new ValueError(`Length of num_frequency_blocks is not 1, but instead is ${this.blocks.length}`);
      }
      return [this.#block(inputs, { from: shift, width, count: this.blocks[0]! })];
    }
    if (starts.length !== ends?.length) {
      throw new ValueError(
        `Length of start and end freqindex_list does not match ${starts.length} ${ends?.length ?? 0}`,
      );
    }
    if (this.blocks.length !== starts.length) {
      throw new ValueError(
        `Length of num_frequency_blocks is not equal to start_freqindex_list ${this.blocks.length} ${starts.length}`,
      );
    }
    return starts.map((start, b) =>
      this.#block(inputs, { from: start + shift, width: ends[b]! - start, count: this.blocks[b]! }),
    );
  }

  #block(
    inputs: Tensor,
    { from, width, count }: { readonly from: number; readonly width: number; readonly count: number },
  ) {
    const size = this.options.featureSize ?? 0;
    const skip = this.options.frequencySkip ?? 1;
    const found = Math.trunc((width - size) / skip) + 1;
    if (found !== count) {
      throw new ValueError(
        `Invalid num_frequency_blocks, requires ${count} but gets ${found}, please check the input size and filter config are correct.`,
      );
    }
    return Array.from({ length: count }, (_, f) => slice(inputs, [0, from + f * skip], [-1, size]));
  }

  /** The outputs and states of all blocks in one direction; its states start at `first`. */
  protected run(
    blocks: readonly (readonly Tensor[])[],
    state: readonly Tensor[] | Tensor,
    batchSize: number | Tensor,
    first = 0,
  ): { readonly outputs: Tensor[]; readonly states: Tensor[] } {
    const outputs: Tensor[] = [];
    const states: Tensor[] = [];
    const options: BlockOptions = { ...this.options, units: this.units, batchSize };
    let before = first;
    for (const [block, bands] of blocks.entries()) {
      const start = before;
      const past = (i: number): readonly [Tensor, Tensor] => {
        const n = this.units;
        return Array.isArray(state)
          ? [state[start + 2 * i] as Tensor, state[start + 2 * i + 1] as Tensor]
          : [slice(state as Tensor, [0, 2 * i * n], [-1, n]), slice(state as Tensor, [0, (2 * i + 1) * n], [-1, n])];
      };
      const found = runBlock(bands, block, past, options);
      outputs.push(...found.outputs);
      states.push(...found.states);
      before += 2 * this.blocks[block]!;
    }
    return { outputs, states };
  }
}

const batchOf = (inputs: Tensor): number | Tensor => inputs.shape?.[0] || shapeOf(inputs).at(0);

/**
 * LSTMs over time and over bands of frequencies, which see each other: inputs [batch, numbers]; outputs [batch, 2 · units · bands].
 * Throws ValueError without numFrequencyBlocks.
 */
export class GridLSTMCell extends Grid {
  readonly #isTuple: boolean;

  constructor(numUnits: number, ...rest: Rest<GridOptions, typeof gridPlaces>) {
    const options = byName<GridOptions>(rest, gridPlaces);
    super(numUnits, options, "GridLSTM", ["state"]);
    this.#isTuple = options.stateIsTuple ?? true;
    if (!this.#isTuple) {
      warn(`${this.name}: Using a concatenated state is slower and will soon be deprecated.  Use state_is_tuple=True.`);
    }
  }

  get stateSize(): StateSize {
    return this.#isTuple ? this.tupleSize() : this.outputSize;
  }

  get outputSize(): number {
    return this.units * this.totalBlocks * 2;
  }

  protected override call(given: Nested<Tensor>, state: State): StepResult {
    const inputs = given as Tensor;
    const batchSize = batchOf(inputs);
    const { outputs, states } = this.run(this.bands(inputs), state as readonly Tensor[] | Tensor, batchSize);
    const next = this.#isTuple ? this.tuple(states) : concat(states, 1);
    return [concat(outputs, 1), next as State];
  }
}

interface BothOptions extends Omit<GridOptions, "stateIsTuple"> {
  /** By how many numbers the bands of the way back are shifted. */
  readonly backwardSliceOffset?: number | undefined;
}

/** A GridLSTMCell that reads the bands from both ends. */
export class BidirectionalGridLSTMCell extends Grid {
  readonly #offset: number;

  constructor(numUnits: number, ...rest: Rest<BothOptions, typeof bothPlaces>) {
    const { backwardSliceOffset = 0, ...options } = byName<BothOptions>(rest, bothPlaces);
    super(numUnits, options, "BidirectionalGridLSTM", ["fwd_state", "bwd_state"]);
    this.#offset = Math.trunc(backwardSliceOffset);
  }

  get stateSize(): StateSize {
    return this.tupleSize();
  }

  get outputSize(): number {
    return 2 * this.units * this.totalBlocks * 2;
  }

  protected override call(given: Nested<Tensor>, before: State): StepResult {
    const inputs = given as Tensor;
    const state = before as readonly Tensor[];
    const batchSize = batchOf(inputs);
    const there = this.bands(inputs);
    const back = this.#offset === 0 ? there : this.bands(inputs, this.#offset);
    const forward = variableScope("fwd", () => this.run(there, state, batchSize));
    const reversed = back.map((bands) => [...bands].reverse());
    const backward = variableScope("bwd", () => this.run(reversed, state, batchSize, 2 * this.totalBlocks));
    const next = this.tuple([...forward.states, ...backward.states]);
    return [concat([...forward.outputs, ...backward.outputs], 1), next as unknown as State];
  }
}
