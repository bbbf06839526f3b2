/** `tf.keras.layers.InputSpec`: what a layer's inputs must be like. Source: tf_keras/src/engine/input_spec.py. */
import type { DType } from "../../../core/dtype.ts";
import { ValueError } from "../../../core/error.ts";
import type { Shape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { tuple } from "./called.ts";

export interface InputSpecOptions {
  readonly dtype?: DType | null | undefined;
  readonly shape?: Shape | undefined;
  readonly ndim?: number | null | undefined;
  readonly maxNdim?: number | null | undefined;
  readonly minNdim?: number | null | undefined;
  /** Sizes of axes. */
  readonly axes?: Readonly<Record<number, number | null>> | null | undefined;
}
const places = ["dtype", "shape", "ndim", "maxNdim", "minNdim", "axes"] as const;

/** Dtype, shape, rank and sizes of axes that inputs must have; what is left out may be anything. */
export class InputSpec {
  readonly dtype: DType | null;
  readonly shape: Shape;
  readonly ndim: number | null;
  readonly maxNdim: number | null;
  readonly minNdim: number | null;
  readonly axes: Readonly<Record<number, number | null>>;

  /** Throws ValueError for an axis beyond the rank. */
  constructor(...rest: Rest<InputSpecOptions, typeof places>) {
    const options = byName<InputSpecOptions>(rest, places);
    this.dtype = options.dtype ?? null;
    this.shape = options.shape ?? null;
    this.ndim = this.shape ? this.shape.length : (options.ndim ?? null);
    this.maxNdim = options.maxNdim ?? null;
    this.minNdim = options.minNdim ?? null;
    this.axes = options.axes ?? {};
    const most = this.ndim ?? this.maxNdim;
    const last = Math.max(...Object.keys(this.axes).map(Number));
    if (most !== null && last > most - 1) {
      throw new ValueError(`Axis ${last} is greater than the maximum allowed value: ${most - 1}`);
    }
  }

  toString(): string {
    const axes = Object.entries(this.axes).map(([axis, size]) => `${axis}: ${size ?? "None"}`);
    const parts = [
      this.dtype ? `dtype=${this.dtype.name}` : "",
      this.shape ? `shape=${tuple(this.shape)}` : "",
      this.ndim === null ? "" : `ndim=${this.ndim}`,
      this.maxNdim === null ? "" : `max_ndim=${this.maxNdim}`,
      this.minNdim === null ? "" : `min_ndim=${this.minNdim}`,
      axes.length ? `axes={${axes.join(", ")}}` : "",
    ];
    return `InputSpec(${parts.filter((part) => part).join(", ")})`;
  }
}

const dims = (x: Tensor): string => tuple(x.shape!.map((d) => `Dimension(${d ?? "None"})` as never));

/** Throws ValueError in Keras' words for inputs that are not like their specifications. */
export function checkSpecs(layer: string, specs: readonly InputSpec[], inputs: readonly Tensor[]): void {
  if (specs.length !== inputs.length) {
    throw new ValueError(
      `Layer "${layer}" expects ${specs.length} input(s), but it received ${inputs.length} input tensors. Inputs received: [${inputs.join(", ")}]`,
    );
  }
  for (const [i, spec] of specs.entries()) {
    const x = inputs[i]!;
    const start = `Input ${i} of layer "${layer}" is incompatible with the layer: `;
    const rank = x.shape?.length;
    if (rank === undefined) continue;
    if (spec.ndim !== null && spec.shape === null && rank !== spec.ndim) {
      throw new ValueError(`${start}expected ndim=${spec.ndim}, found ndim=${rank}. Full shape received: ${dims(x)}`);
    }
    if (spec.maxNdim !== null && rank > spec.maxNdim) {
      throw new ValueError(`${start}expected max_ndim=${spec.maxNdim}, found ndim=${rank}`);
    }
    if (spec.minNdim !== null && rank < spec.minNdim) {
      throw new ValueError(
        `${start}expected min_ndim=${spec.minNdim}, found ndim=${rank}. Full shape received: ${dims(x)}`,
      );
    }
    if (spec.dtype && x.dtype.baseDtype !== spec.dtype) {
      throw new ValueError(`${start}expected dtype=${spec.dtype.name}, found dtype=${x.dtype.baseDtype.name}`);
    }
    for (const [axis, size] of Object.entries(spec.axes)) {
      const found = x.shape!.at(Number(axis));
      if (size === null || found === null || found === size) continue;
      throw new ValueError(
        `${start}expected axis ${axis} of input shape to have value ${size}, but received input with shape ${tuple(x.shape!)}`,
      );
    }
    const isOther = spec.shape?.some((d, k) => d !== null && x.shape![k] !== null && x.shape![k] !== d);
    if (spec.shape && (isOther || spec.shape.length !== rank)) {
      throw new ValueError(`${start}expected shape=${tuple(spec.shape)}, found shape=${dims(x)}`);
    }
  }
}

/** A layer's complaint about ranks, in Keras' words. Throws ValueError. */
export const requireRank = (
  name: string,
  x: Tensor,
  expected: { readonly ndim?: number; readonly minNdim?: number },
): void => checkSpecs(name, [new InputSpec(expected)], [x]);
