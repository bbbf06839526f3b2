/** Steps of the primitives that stand alone: windows, gather and scatter, sorting, padding, drawing, checking. */
import { dtypeOf } from "../../core/dtype.ts";
import { allocateElements, type NumberArray } from "../../core/nd_array.ts";
import { elementCount, type FullShape, rowMajorStrides } from "../../core/shape.ts";
import type { Primitive, PrimitiveKind, ReduceFunction, Value } from "../primitive.ts";
import { formatOf } from "../reference/format.ts";
import { accumulatorOf } from "../reference/scalar.ts";
import type { Step } from "../step.ts";
import { type Access, broadcastAccess, isIdentity } from "./access.ts";
import { type Surroundings, shifted } from "./body.ts";
import { countOf } from "./layout.ts";
import { copyInto, placeOf } from "./steps.ts";

type Single<K extends PrimitiveKind> = (
  value: Value,
  primitive: Extract<Primitive, { readonly kind: K }>,
  context: Surroundings,
) => Step[];

type Movable = 1 | 2 | 4 | 8 | 16;
const elementBytes = (x: Value): Movable => dtypeOf(x.dtype).sizeBytes as Movable;

const lineOf = (shape: FullShape, axis: number) => ({
  outer: elementCount(shape.slice(0, axis)),
  n: shape[axis]!,
  inner: elementCount(shape.slice(axis + 1)),
});

const indexDtype = (x: Value) => x.dtype as "int32" | "int64";

/** A scalar constant as it is read by every element of a shape. */
function repeated(data: NumberArray, dtype: Value["dtype"], shape: FullShape): Access {
  const root: Value = { id: -1, dtype, shape: [], primitive: { kind: "constant", data } };
  return { root, offset: 0, strides: shape.map(() => 0) };
}

/** The neutral element of a reduction, for every element of its result. */
export function neutralOf(fn: ReduceFunction, value: Value): Access {
  const data = allocateElements(dtypeOf(value.dtype), 1) as NumberArray;
  formatOf(value.dtype).write(data, 0, accumulatorOf(fn, value.dtype).start);
  return repeated(data, value.dtype, value.shape);
}

const singles: { readonly [K in PrimitiveKind]?: Single<K> } = {
  pad(value, { inputs: [x, fill], low, interior }, context) {
    const { dtype, shape } = value;
    const place = context.place(value);
    const strides = rowMajorStrides(shape);
    const everywhere = broadcastAccess(context.access[fill.id]!, fill.shape, shape);
    const offset = low.reduce((sum, n, d) => sum + n * strides[d]!, 0) * elementBytes(value);
    const inside = { place: shifted(place, offset), strides: strides.map((s, d) => s * (interior[d]! + 1)) };
    return [
      ...copyInto(shape, dtype, everywhere, { place, strides }, context),
      ...copyInto(x.shape, dtype, context.access[x.id]!, inside, context),
    ];
  },
  concat(value, { inputs, axis }, context) {
    const strides = rowMajorStrides(value.shape);
    const steps: Step[] = [];
    let begin = 0;
    for (const x of inputs) {
      const from = begin;
      begin += x.shape[axis]!;
      if (context.placements.get(context.access[x.id]!.root)?.into === value) continue;
      const place = shifted(context.place(value), from * strides[axis]! * elementBytes(value));
      steps.push(...copyInto(x.shape, x.dtype, context.access[x.id]!, { place, strides }, context));
    }
    return steps;
  },
  window: (value, { fn, inputs: [x], geometry }, context) => [
    { kind: "window", fn, dtype: value.dtype, geometry, x: placeOf(x, context), out: context.place(value) },
  ],
  windowGradient(value, { fn, inputs, geometry }, context) {
    const places = inputs.map((x) => placeOf(x, context));
    const [x, y, dy] = fn === "max" ? places : [null, null, places[0]];
    const out = context.place(value);
    return [{ kind: "windowGradient", fn, dtype: value.dtype, geometry, x: x ?? null, y: y ?? null, dy: dy!, out }];
  },
  gather(value, { inputs: [params, indices], axis, batchDims, site }, context) {
    const inner = elementCount(params.shape.slice(axis + 1));
    return [
      {
        kind: "gather",
        sizeBytes: elementBytes(value),
        batch: elementCount(params.shape.slice(0, batchDims)),
        outer: elementCount(params.shape.slice(batchDims, axis)),
        limit: params.shape[axis]!,
        inner,
        count: elementCount(indices.shape.slice(batchDims)),
        outStride: context.placements.get(value)?.stride ?? inner,
        indexDtype: indexDtype(indices),
        params: placeOf(params, context),
        indices: placeOf(indices, context),
        out: context.place(value),
        site,
      },
    ];
  },
  scatter(value, { fn, inputs: [base, indices, updates], site }, context) {
    const target = context.place(value);
    const from = context.access[base.id]!;
    const source = placeOf(base, context);
    const isInPlace = isIdentity(base, from) && JSON.stringify(source) === JSON.stringify(target);
    const strides = rowMajorStrides(value.shape);
    const start = isInPlace ? [] : copyInto(value.shape, value.dtype, from, { place: target, strides }, context);
    const count = elementCount(indices.shape);
    if (count === 0) return start;
    const isScalar = context.access[updates.id]!.strides.every((s) => s === 0);
    return [
      ...start,
      {
        kind: "scatter",
        fn,
        dtype: value.dtype,
        rows: value.shape[0]!,
        inner: elementCount(value.shape.slice(1)),
        count,
        scalar: isScalar,
        indexDtype: indexDtype(indices),
        target,
        indices: placeOf(indices, context),
        updates: placeOf(updates, context),
        site,
      },
    ];
  },
  dynamicSlice: (value, { inputs: [x, begin], site }, context) => [
    {
      kind: "dynamicSlice",
      sizeBytes: elementBytes(value),
      shape: x.shape,
      size: value.shape,
      indexDtype: indexDtype(begin),
      x: placeOf(x, context),
      begin: placeOf(begin, context),
      out: context.place(value),
      site,
    },
  ],
  argReduce: (value, { fn, inputs: [x], axis }, context) => [
    {
      kind: "argReduce",
      fn,
      dtype: x.dtype,
      outDtype: indexDtype(value),
      ...lineOf(x.shape, axis),
      x: placeOf(x, context),
      out: context.place(value),
    },
  ],
  order(value, { inputs: [x], descending }, context) {
    const n = x.shape.at(-1)!;
    const place = placeOf(x, context);
    return [
      { kind: "order", dtype: x.dtype, descending, rows: countOf(x) / n, n, x: place, out: context.place(value) },
    ];
  },
  firstEqual: (value, { inputs: [x] }, context) => [
    { kind: "firstEqual", dtype: indexDtype(x), n: countOf(x), x: placeOf(x, context), out: context.place(value) },
  ],
  scan: (value, { fn, inputs: [x], axis, exclusive, reverse }, context) => [
    {
      kind: "scan",
      fn,
      dtype: value.dtype,
      ...lineOf(x.shape, axis),
      exclusive,
      reverse,
      x: placeOf(x, context),
      out: context.place(value),
    },
  ],
  random(value, { distribution, slot, seeded, inputs }, context) {
    const place = (k: number) => placeOf(inputs[k]!, context);
    const seed = seeded ? inputs.at(-1)! : null;
    return [
      {
        kind: "random",
        distribution,
        dtype: value.dtype,
        count: countOf(value),
        state: seed ? null : context.slot(slot),
        seed: seed && placeOf(seed, context),
        seedDtype: (seed?.dtype ?? "int64") as "int32" | "int64" | "uint64",
        min: distribution === "integers" ? place(0) : null,
        max: distribution === "integers" ? place(1) : null,
        out: context.place(value),
      },
    ];
  },
  check(value, { inputs: [condition], site }, context) {
    const count = countOf(value);
    return count === 0 ? [] : [{ kind: "check", count, condition: placeOf(condition, context), site }];
  },
};

/** The steps of a value that stands alone. */
export function singleSteps(value: Value, context: Surroundings): Step[] {
  const make = singles[value.primitive.kind] as Single<PrimitiveKind> | undefined;
  if (!make) throw new Error(`bug: no step for ${value.primitive.kind}`);
  return countOf(value) === 0 ? [] : make(value, value.primitive as never, context);
}
