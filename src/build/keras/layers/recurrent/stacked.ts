/** `tf.keras.layers.StackedRNNCells`: cells on each other as one cell. Source: tf_keras/src/layers/rnn/stacked_rnn_cells.py. */
import { ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import type { Config, Serialized } from "../../config/registry.ts";
import { deserializeLayer, serializeLayer } from "../configured.ts";
import type { LayerOptions } from "../layer.ts";
import { AbstractRNNCell, type Stepped } from "./cell.ts";

/** Each cell takes the outputs of the one before; the states are those of all cells, one after another. */
export class StackedRNNCells extends AbstractRNNCell {
  readonly cells: readonly AbstractRNNCell[];

  /** Throws ValueError for what is no cell. */
  constructor(cells: readonly AbstractRNNCell[], options: LayerOptions = {}) {
    super(options, "stacked_rnn_cells");
    for (const cell of cells) {
      if (cell instanceof AbstractRNNCell) continue;
      throw new ValueError(`All cells must have a \`call\` method. Received cell without a \`call\` method: ${cell}`);
    }
    this.cells = [...cells];
  }

  override get stateSize(): readonly (readonly number[])[] {
    return this.cells.flatMap(({ stateShapes }) => stateShapes);
  }

  override get outputSize(): number {
    return this.cells.at(-1)!.outputSize;
  }

  override another(): StackedRNNCells {
    return new StackedRNNCells(this.cells.map((cell) => cell.another()));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cells: this.cells.map(serializeLayer) };
  }

  static override fromConfig({ cells, name }: Config): StackedRNNCells {
    const made = (cells as readonly Serialized[]).map((cell) => deserializeLayer<AbstractRNNCell>(cell));
    return new StackedRNNCells(made, name === undefined ? {} : { name: name as string });
  }

  protected override build(inputShape: Shape): void {
    let shape: Shape = inputShape;
    for (const cell of this.cells) {
      const given = shape;
      getDefaultGraph().nameScope(cell.name, () => cell.buildFor(given, this.dtype));
      shape = [shape![0]!, cell.outputSize];
    }
  }

  #statesOf(states: readonly Tensor[]): Tensor[][] {
    let end = 0;
    return this.cells.map(({ stateShapes: { length } }) => {
      end += length;
      return states.slice(end - length, end);
    });
  }

  override prepare(x: Tensor, states: readonly Tensor[], training: () => boolean | Tensor): void {
    let input = x;
    const own = this.#statesOf(states);
    for (const [i, cell] of this.cells.entries()) {
      cell.prepare(input, own[i]!, training);
      input = own[i]![0]!;
    }
  }

  override step(x: Tensor, states: readonly Tensor[]): Stepped {
    let output = x;
    const own = this.#statesOf(states);
    const next = this.cells.flatMap((cell, i) => {
      const [made, after] = cell.step(output, own[i]!);
      output = made;
      return after;
    });
    return [output, next];
  }
}
