/** Resampling with kernels. Source: sampling_kernels.h, scale_and_translate_op.cc. */
import { type AxisWeights, termsOf } from "./axis_weights.ts";

const f = Math.fround;

/** A resampling kernel: how far it reaches, and its weight at a distance. */
export interface Kernel {
  readonly radius: number;
  readonly weight: (x: number) => number;
}

const lanczos = (radius: number): Kernel => ({
  radius,
  weight(x) {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
  },
});

/** By the attr's name. Source: sampling_kernels.h */
export const samplingKernels: Readonly<Record<string, Kernel>> = {
  lanczos1: lanczos(1),
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, weight: (x) => (x >= 1.5 ? 0 : Math.exp((-x * x) / (2 * 0.5 * 0.5))) },
  box: { radius: 1, weight: (x) => (x < 0.5 ? 1 : x === 0.5 ? 0.5 : 0) },
  triangle: { radius: 1, weight: (x) => (x < 1 ? 1 - x : 0) },
  keyscubic: {
    radius: 2,
    weight(x) {
      if (x >= 2) return 0;
      return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
    },
  },
  mitchellcubic: {
    radius: 2,
    weight(x) {
      if (x >= 2) return 0;
      return x >= 1 ? ((-7 / 18) * x + 2) * x * x - (10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9;
    },
  },
};

export interface Placement {
  /** Output pixels for an input pixel. */
  readonly scale: number;
  readonly translate: number;
  readonly kernel: Kernel;
  /** Widens the kernel when the image gets smaller. */
  readonly antialias: boolean;
}

/** What each output of a scaled and moved axis takes; outputs that lie outside of the input take nothing. */
export function kernelWeights(
  input: number,
  output: number,
  { scale, translate, kernel, antialias }: Placement,
): AxisWeights {
  const step = f(1 / scale);
  const offset = f(-step * translate);
  const widening = antialias ? Math.max(step, 1) : 1;
  const reach = f(kernel.radius * widening);
  const narrow = f(1 / widening);
  const within = (x: number): number => Math.min(Math.max(x, 0), input - 1);
  const rows = Array.from({ length: output }, (_, i): [number, number][] => {
    const at = f(f(f(i + 0.5) * step) + offset);
    if (at < 0 || at > input) return [];
    const from = within(Math.ceil(f(f(at - reach) - 0.5)));
    const to = within(Math.floor(f(f(at + reach) - 0.5)));
    const own: [number, number][] = [];
    let sum = 0;
    for (let x = from; x <= to; x++) {
      const weight = f(kernel.weight(Math.abs(f(f(f(x + 0.5) - at) * narrow))));
      sum = f(sum + weight);
      own.push([x, weight]);
    }
    if (Math.abs(sum) < 1000 * 1.1754943508222875e-38) return [];
    return own.map(([x, weight]) => [x, f(weight * f(1 / sum))]);
  });
  return termsOf(rows);
}
