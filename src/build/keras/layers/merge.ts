/** `tf.keras.layers`: several tensors to one. Source: tf_keras/src/layers/merging. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  add as addTwo,
  concat,
  divide,
  expandDims,
  l2Normalize,
  maximum as larger,
  matmul,
  subtract as minus,
  minimum as smaller,
  squeeze,
  multiply as times,
  transpose,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { type CallOptions, Layer, type LayerOptions, type Tensors, tuple } from "./layer.ts";

const shapeText = (x: Tensor): string => tuple(x.shape ?? []);

abstract class Merge extends Layer {
  override supportsMasking = true;
  protected readonly least: number = 2;

  protected override checkInputs(inputs: Tensors): void {
    if (!Array.isArray(inputs)) {
      throw new ValueError(
        `A merge layer should be called on a list of inputs. Received: input_shape=${shapeText(inputs as Tensor)} (not a list of shapes)`,
      );
    }
    if (inputs.length < this.least) {
      throw new ValueError(
        `A merge layer should be called on a list of at least ${this.least} inputs. Got ${inputs.length} inputs.`,
      );
    }
    this.checkShapes(inputs);
  }

  /** Throws ValueError for shapes that cannot be one: sizes are equal, 1 or unknown, from the last axis on. */
  protected checkShapes(inputs: readonly Tensor[]): void {
    const rests = inputs.map(({ shape }) => shape?.slice(1) ?? []);
    for (const [i, rest] of rests.entries()) {
      const before = rests[i - 1] ?? rest;
      const isWrong = rest.some((size, k) => {
        const other = before[before.length - rest.length + k];
        return other !== undefined && other !== null && size !== null && size !== 1 && other !== 1 && size !== other;
      });
      if (!isWrong) continue;
      throw new ValueError(`Inputs have incompatible shapes. Received shapes ${tuple(before)} and ${tuple(rest)}`);
    }
  }

  protected override computeMask(_: Tensors, mask: CallOptions["mask"]): Tensor | null {
    const known = (Array.isArray(mask) ? mask : [mask]).filter((each) => each);
    return known.length === (Array.isArray(mask) ? mask.length : 1) ? known.reduce((a, b) => a.logicalAnd(b)) : null;
  }

  protected abstract merge(inputs: readonly Tensor[]): Tensor;

  protected override call(inputs: Tensors): Tensors {
    return this.merge(inputs as readonly Tensor[]);
  }
}

const foldWith = (inputs: readonly Tensor[], two: (a: Tensor, b: Tensor) => Tensor): Tensor =>
  inputs.slice(1).reduce(two, inputs[0]!);

/** The sum, elementwise. */
export class Add extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return foldWith(inputs, (a, b) => addTwo(a, b));
  }
}
/** The first without the second. */
export class Subtract extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    if (inputs.length !== 2) {
      throw new ValueError(
        `A \`Subtract\` layer should be called on exactly 2 inputs. Received: input_shape=[${inputs.map(shapeText).join(", ")}]`,
      );
    }
    return minus(inputs[0]!, inputs[1]!);
  }
}
/** The product, elementwise. */
export class Multiply extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return foldWith(inputs, (a, b) => times(a, b));
  }
}
/** The mean, elementwise. */
export class Average extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return divide(
      foldWith(inputs, (a, b) => addTwo(a, b)),
      inputs.length,
    ) as Tensor;
  }
}
/** The largest, elementwise. */
export class Maximum extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return foldWith(inputs, (a, b) => larger(a, b));
  }
}
/** The smallest, elementwise. */
export class Minimum extends Merge {
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return foldWith(inputs, (a, b) => smaller(a, b));
  }
}

export interface ConcatenateOptions extends LayerOptions {
  /** The last axis by default. */
  readonly axis?: number | undefined;
}

/** One after another along an axis. */
export class Concatenate extends Merge {
  protected override readonly least = 1;
  readonly axis: number;

  constructor(...rest: Rest<ConcatenateOptions, ["axis"]>) {
    const options = byName<ConcatenateOptions>(rest, ["axis"]);
    super(options, "concatenate");
    this.axis = options.axis ?? -1;
  }

  protected override checkShapes(inputs: readonly Tensor[]): void {
    const rank = inputs[0]!.shape?.length ?? 0;
    const at = this.axis < 0 ? this.axis + rank : this.axis;
    const rests = inputs.map(({ shape }) => (shape ?? []).filter((_, i) => i !== at));
    const isWrong = rests.some(
      (rest) =>
        rest.length !== rests[0]!.length ||
        rest.some((d, i) => d !== null && rests.some((o) => o[i] != null && o[i] !== d)),
    );
    if (!isWrong) return;
    throw new ValueError(
      `A \`Concatenate\` layer requires inputs with matching shapes except for the concatenation axis. Received: input_shape=[${inputs.map(shapeText).join(", ")}]`,
    );
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    const axis = this.axis < 0 ? this.axis + inputs[0]!.shape!.length : this.axis;
    return concat(inputs, axis);
  }
}

export interface DotOptions extends LayerOptions {
  readonly axes: number | readonly [number, number];
  /** True for the cosine of the angle. */
  readonly normalize?: boolean | undefined;
}

/** Products of two tensors' vectors along an axis of each: [n, c] with [n, c] to [n, 1]; matrices to matrices. */
export class Dot extends Merge {
  readonly #options: DotOptions;

  constructor(...rest: Rest<DotOptions, ["axes", "normalize"]>) {
    const options = byName<DotOptions>(rest, ["axes", "normalize"]);
    super(options, "dot");
    this.#options = options;
  }

  protected override checkShapes([a, b]: readonly Tensor[]): void {
    const { axes } = this.#options;
    const [i, j] = (typeof axes === "number" ? [axes, axes] : axes).map((axis, k) => {
      const rank = (k === 0 ? a : b)!.shape!.length;
      return axis < 0 ? axis + rank : axis;
    }) as [number, number];
    const [m, n] = [a!.shape![i], b!.shape![j]];
    if (m === n || m === null || n === null) return;
    throw new ValueError(
      `Incompatible input shapes: axis values ${m} (at axis ${i}) != ${n} (at axis ${j}). Full input shapes: ${shapeText(a!)}, ${shapeText(b!)}`,
    );
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    const { axes, normalize = false } = this.#options;
    const pair = typeof axes === "number" ? [axes, axes] : axes;
    const parts = inputs.map((x, i) => {
      const rank = x.shape!.length;
      const axis = pair[i]! < 0 ? pair[i]! + rank : pair[i]!;
      const unit = normalize ? l2Normalize(x, { axis }) : x;
      return { x: rank === 2 ? expandDims(unit, 1) : unit, isLast: rank === 2 || axis === rank - 1, rank };
    });
    const [a, b] = parts;
    const left = a!.isLast ? a!.x : transposeLast(a!.x);
    const y = matmul(left, b!.x, { transposeB: b!.isLast });
    if (a!.rank === 2 && b!.rank === 2) return squeeze(y, { axis: 1 });
    return a!.rank === 2 ? squeeze(y, { axis: 1 }) : b!.rank === 2 ? squeeze(y, { axis: -1 }) : y;
  }
}

const transposeLast = (x: Tensor): Tensor => transpose(x, { perm: [0, 2, 1] });

type MergeFunction = (inputs: readonly Tensor[], options?: LayerOptions) => Tensor;

export const add: MergeFunction = (inputs, options) => new Add(options).apply(inputs) as Tensor;
export const subtract: MergeFunction = (inputs, options) => new Subtract(options).apply(inputs) as Tensor;
export const multiply: MergeFunction = (inputs, options) => new Multiply(options).apply(inputs) as Tensor;
export const average: MergeFunction = (inputs, options) => new Average(options).apply(inputs) as Tensor;
export const maximum: MergeFunction = (inputs, options) => new Maximum(options).apply(inputs) as Tensor;
export const minimum: MergeFunction = (inputs, options) => new Minimum(options).apply(inputs) as Tensor;
export const concatenate = (inputs: readonly Tensor[], ...rest: Rest<ConcatenateOptions, ["axis"]>): Tensor =>
  new Concatenate(...rest).apply(inputs) as Tensor;
export const dot = (inputs: readonly Tensor[], ...rest: Rest<DotOptions, ["axes", "normalize"]>): Tensor =>
  new Dot(...rest).apply(inputs) as Tensor;
