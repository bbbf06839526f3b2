/** The methods of `Lowering` for what is no elementwise function and no movement: products, windows, indexed access, draws. */
import type { DTypeName } from "../../core/dtype.ts";
import { broadcastShapes, elementCount, type FullShape, sameShape } from "../../core/shape.ts";
import type { Maker } from "../builder.ts";
import type { ErrorOf } from "../lowering.ts";
import type { ConvolutionGeometry, Distribution, Value, WindowGeometry } from "../primitive.ts";
import { hasDraw } from "../reference/random.ts";
import { axisOf, type Bound, bug, convolutionShapes, isIndex, show, windowShapes } from "./rules.ts";

export function kernelMethods(b: Maker, broadcast: (x: Value, shape: FullShape) => Value) {
  return {
    matmul(a: Value, c: Value, options: { transposeA?: boolean; transposeB?: boolean } = {}) {
      const { transposeA = false, transposeB = false } = options;
      if (a.dtype !== c.dtype || a.shape.length < 2 || c.shape.length < 2) bug(`matmul of ${show(a)} and ${show(c)}`);
      const lead = broadcastShapes(a.shape.slice(0, -2), c.shape.slice(0, -2)) as FullShape;
      const x = broadcast(a, [...lead, ...a.shape.slice(-2)]);
      const y = broadcast(c, [...lead, ...c.shape.slice(-2)]);
      const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
      const [k2, n] = transposeB ? [c.shape.at(-1)!, c.shape.at(-2)!] : [c.shape.at(-2)!, c.shape.at(-1)!];
      if (k !== k2) bug(`matmul of ${show(a)} and ${show(c)}, ${transposeA}, ${transposeB}`);
      return b.make({ kind: "matmul", inputs: [x, y], transposeA, transposeB }, a.dtype, [...lead, m, n]);
    },
    convolution(fn: "forward" | "inputGradient" | "filterGradient", x: Value, y: Value, geometry: ConvolutionGeometry) {
      const { input, filter, output } = convolutionShapes(geometry);
      const order = {
        forward: [input, filter, output],
        inputGradient: [filter, output, input],
        filterGradient: [input, output, filter],
      };
      const [first, second, result] = order[fn] as unknown as [FullShape, FullShape, FullShape];
      if (x.dtype !== y.dtype || !sameShape(x.shape, first) || !sameShape(y.shape, second)) {
        bug(`convolution ${fn} of ${show(x)} and ${show(y)} with ${JSON.stringify(geometry)}`);
      }
      return b.make({ kind: "convolution", fn, inputs: [x, y], geometry }, x.dtype, result);
    },
    window(fn: "max" | "average", x: Value, geometry: WindowGeometry) {
      const shapes = windowShapes(geometry);
      if (!sameShape(x.shape, shapes.input)) bug(`window of ${show(x)} with ${JSON.stringify(geometry)}`);
      return b.make({ kind: "window", fn, inputs: [x], geometry }, x.dtype, shapes.output);
    },
    windowGradient(fn: "max" | "average", inputs: readonly Value[], geometry: WindowGeometry) {
      const { input, output } = windowShapes(geometry);
      const wanted = fn === "max" ? [input, output, output] : [output];
      if (inputs.length !== wanted.length || inputs.some((x, i) => !sameShape(x.shape, wanted[i]!))) {
        bug(`windowGradient ${fn} of ${inputs.map(show)} with ${JSON.stringify(geometry)}`);
      }
      return b.make({ kind: "windowGradient", fn, inputs, geometry }, inputs[0]!.dtype, input);
    },

    gather(
      this: Bound,
      params: Value,
      indices: Value,
      options: { axis?: number; batchDims?: number; onError?: ErrorOf; details?: readonly Value[] } = {},
    ) {
      const batchDims = options.batchDims ?? 0;
      const axis = axisOf(options.axis ?? batchDims, params.shape.length, "gather");
      const lead = params.shape.slice(0, batchDims);
      if (
        !isIndex(indices) ||
        batchDims < 0 ||
        batchDims > axis ||
        !sameShape(lead, indices.shape.slice(0, batchDims))
      ) {
        bug(`gather of ${show(params)} by ${show(indices)} along ${axis}, batchDims ${batchDims}`);
      }
      const shape = [
        ...params.shape.slice(0, axis),
        ...indices.shape.slice(batchDims),
        ...params.shape.slice(axis + 1),
      ];
      const site = options.onError ? b.site(options.onError, this.op) : -1;
      return b.make(
        { kind: "gather", inputs: [params, indices, ...(options.details ?? [])], axis, batchDims, site },
        params.dtype,
        shape,
      );
    },
    scatter(
      this: Bound,
      fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min",
      base: Value,
      indices: Value,
      updates: Value,
      onError?: ErrorOf,
      details: readonly Value[] = [],
    ) {
      const shape = [...indices.shape, ...base.shape.slice(1)];
      if (base.shape.length === 0 || !isIndex(indices) || updates.dtype !== base.dtype) {
        bug(`scatter of ${show(updates)} into ${show(base)} by ${show(indices)}`);
      }
      const inputs = [base, indices, broadcast(updates, shape), ...details] as const;
      return b.make(
        { kind: "scatter", fn, inputs, site: onError ? b.site(onError, this.op) : -1 },
        base.dtype,
        base.shape,
      );
    },
    order: (x: Value, descending: boolean) => {
      if (x.shape.length === 0) bug(`order of ${show(x)}`);
      return b.make({ kind: "order", inputs: [x], descending }, "int32", x.shape);
    },
    firstEqual(x: Value) {
      if (x.shape.length !== 1 || !isIndex(x)) bug(`firstEqual of ${show(x)}`);
      return b.make({ kind: "firstEqual", inputs: [x] }, "int32", x.shape);
    },
    scan(fn: "sum" | "prod", x: Value, axis: number, options: { exclusive?: boolean; reverse?: boolean } = {}) {
      const { exclusive = false, reverse = false } = options;
      const d = axisOf(axis, x.shape.length, "scan");
      return b.make({ kind: "scan", fn, inputs: [x], axis: d, exclusive, reverse }, x.dtype, x.shape);
    },

    random(
      this: Bound,
      distribution: Distribution,
      dtype: DTypeName,
      shape: FullShape,
      inputs: readonly Value[] = [],
      seed?: Value,
    ) {
      const wanted = distribution === "integers" ? 2 : 0;
      if (!hasDraw(distribution, dtype) || inputs.length !== wanted || inputs.some((x) => x.dtype !== dtype)) {
        bug(`random ${distribution} of ${dtype} with ${inputs.map(show)}`);
      }
      if (seed && elementCount(seed.shape) !== (seed.dtype === "uint64" ? 3 : isIndex(seed) ? 2 : -1)) {
        bug(`random with the seed ${show(seed)}`);
      }
      const slot = seed ? -1 : b.randomSlot(this.op);
      const all = seed ? [...inputs, seed] : inputs;
      return b.make({ kind: "random", distribution, slot, seeded: seed !== undefined, inputs: all }, dtype, shape);
    },
  };
}
