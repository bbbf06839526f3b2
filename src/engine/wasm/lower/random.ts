/** Draws of 32-bit numbers from a state in memory; the others are the caller's. */
import type { Place, RandomStep } from "../../step.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { bits, integers, normalFloat, truncatedFloat, uniformFloat } from "../kernels/random.ts";
import { addressOf, type Part } from "./part.ts";

function kernelOf({ distribution, dtype }: RandomStep): Kernel | null {
  if (dtype === "float32") {
    if (distribution === "uniform") return uniformFloat;
    if (distribution === "normal") return normalFloat;
    return distribution === "truncated" ? truncatedFloat : null;
  }
  if (distribution === "integers" && dtype === "int32") return integers;
  return distribution === "bits" && (dtype === "int32" || dtype === "uint32") ? bits : null;
}

export function lowerRandom(step: RandomStep): readonly Part[] | null {
  const kernel = kernelOf(step);
  if (!kernel || !step.state) return null;
  const bounds: Place[] = kernel === integers ? [step.min!, step.max!] : [];
  return [
    {
      kernel,
      args: (base) => [
        addressOf(step.out, base),
        step.count,
        ...[step.state!, ...bounds].map((place) => addressOf(place, base)),
      ],
    },
  ];
}
