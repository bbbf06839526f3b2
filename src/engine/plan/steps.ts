/** Groups as steps: loops with their reductions, matmul and convolution with their epilogues. */
import { dtypeOf } from "../../core/dtype.ts";
import { elementCount, type FullShape } from "../../core/shape.ts";
import type { Primitive, Value } from "../primitive.ts";
import type { Body, LoopStep, MatmulStep, Place, Reduction, Step, Store } from "../step.ts";
import { type Access, collapse, cutsOf, refine, stridesAlong } from "./access.ts";
import { type BodyBuilder, buildBody, denseStrides, type Surroundings, shifted, startBody } from "./body.ts";
import type { Group } from "./group.ts";
import { type MatrixView, matrixView } from "./layout.ts";
import { neutralOf, singleSteps } from "./single.ts";

export interface StepContext extends Surroundings {
  /** Whether the value is computed in a variable's memory. */
  isHome(root: Value): boolean;
  /** Whether another group reads a product, or it is a result of the run. */
  isRead(head: Value): boolean;
}

export function stepsOf(group: Group, context: StepContext): Step[] {
  if (group.kind === "loop") return loopSteps(group, context);
  return group.kind === "product" ? productSteps(group, group.head!, context) : singleSteps(group.head!, context);
}

/** Which extents of a group are reduced. */
function reducedExtents(group: Group): boolean[] {
  if (group.count === 1) return [];
  const inners = [1, ...group.cuts].reverse();
  if (group.pattern === null) return inners.map(() => false);
  const runs: { reduced: boolean; inner: number; end: number }[] = [];
  let inner = 1;
  for (const run of group.pattern.split(",")) {
    const [flag, extent] = run.split(":") as [string, string];
    runs.push({ reduced: flag === "1", inner, end: inner * Number(extent) });
    inner *= Number(extent);
  }
  return inners.map((at) => runs.find((run) => run.inner <= at && at < run.end)!.reduced);
}

function loopSteps(group: Group, context: StepContext): Step[] {
  if (group.count === 0) return [...group.reductions].flatMap((value) => neutralFill(value, context));
  const body = buildBody(group, context);
  const reduced = reducedExtents(group);
  const strides = keptStrides(body.extents, reduced);
  const reductions = [...group.reductions].map((value): Reduction => {
    const { fn, inputs } = value.primitive as Extract<Primitive, { kind: "reduce" }>;
    return { fn, node: body.nodeOf(inputs[0]), view: { place: context.place(value), dtype: value.dtype, strides } };
  });
  return [loop(body, { reduced, reductions })];
}

const loop = (
  { extents, loads, nodes, stores }: Body,
  reducing: Partial<Pick<LoopStep, "reduced" | "reductions">> = {},
): LoopStep => ({
  kind: "loop",
  extents,
  loads,
  nodes,
  stores,
  reduced: reducing.reduced ?? extents.map(() => false),
  reductions: reducing.reductions ?? [],
});

/** Row-major over the kept extents; 0 along the reduced ones. */
function keptStrides(extents: readonly number[], reduced: readonly boolean[]): number[] {
  const strides: number[] = [];
  let inner = 1;
  for (let d = extents.length - 1; d >= 0; d--) {
    strides[d] = reduced[d] ? 0 : inner;
    if (!reduced[d]) inner *= extents[d]!;
  }
  return strides;
}

/** A reduction of nothing. */
function neutralFill(value: Value, context: StepContext): Step[] {
  const { fn } = value.primitive as Extract<Primitive, { kind: "reduce" }>;
  const neutral = neutralOf(fn, value);
  return copyInto(
    value.shape,
    value.dtype,
    neutral,
    { place: context.place(value), strides: denseOf(value.shape) },
    context,
  );
}

function denseOf(shape: FullShape): number[] {
  const strides: number[] = [];
  for (let d = shape.length - 1, inner = 1; d >= 0; d--) {
    strides[d] = inner;
    inner *= shape[d]!;
  }
  return strides;
}

/** Elements that lie so into strided memory of the same shape. */
export function copyInto(
  shape: FullShape,
  dtype: Value["dtype"],
  from: Access,
  to: { readonly place: Place; readonly strides: readonly number[] },
  context: Surroundings,
): Step[] {
  const count = elementCount(shape);
  if (count === 0) return [];
  const target = collapse(shape, to.strides);
  const cuts = refine(cutsOf(collapse(shape, from.strides)), cutsOf(target), count)!;
  const body = startBody({ cuts, count }, context);
  const node = body.operand(shape, dtype, from);
  body.stores.push({ node, view: { place: to.place, dtype, strides: stridesAlong(target, cuts, count) } });
  return [loop(body)];
}

/** A matmul or convolution with its epilogue, whose first store takes the place of the product. */
function productSteps(group: Group, head: Value, context: StepContext): Step[] {
  if (group.count === 0) return [];
  let out: Place;
  let epilogue: Body | null = null;
  if (group.members.size === 0) out = context.place(head);
  else {
    const body = buildBody(group, context, head);
    const first = firstStore(group, head, body, context);
    out = first.view.place;
    const { extents, loads, nodes, stores } = body;
    epilogue = { extents, loads, nodes, stores: [first, ...stores.filter((store) => store !== first)] };
  }
  const scratch = epilogue !== null && context.isStored(head) && !context.isRead(head);
  const make = head.primitive.kind === "matmul" ? matmulStep : convolutionStep;
  return [make(head, { c: out, epilogue, scratch }, context)];
}

/** The product itself if it is stored, else a result of its dtype, in memory that the epilogue does not read. */
function firstStore(group: Group, head: Value, body: BodyBuilder, context: StepContext): Store {
  if (context.isStored(head)) {
    const view = { place: context.place(head), dtype: head.dtype, strides: denseStrides(group.cuts, group.count) };
    return { node: body.nodeOf(head), view };
  }
  const member = [...group.members].find(
    (m) => m.dtype === head.dtype && context.isStored(m) && !context.isHome(m) && context.isOwn(m, group.index),
  )!;
  const { offset } = context.place(member) as Extract<Place, { at: "workspace" }>;
  return body.stores.find(({ view: { place } }) => place.at === "workspace" && place.offset === offset)!;
}

/** Where a value's element 0 lies. */
export function placeOf(x: Value, context: Surroundings): Place {
  const { root, offset } = context.access[x.id]!;
  return shifted(context.place(root), offset * dtypeOf(x.dtype).sizeBytes);
}

interface Result {
  readonly c: Place;
  readonly epilogue: Body | null;
  readonly scratch: boolean;
}

function matmulStep(head: Value, result: Result, context: StepContext): MatmulStep {
  const { inputs, transposeA, transposeB } = head.primitive as Extract<Primitive, { kind: "matmul" }>;
  const [x, y] = inputs;
  const viewOf = (v: Value) => matrixView(v.shape, context.access[v.id]!.strides) as MatrixView;
  const [a, b] = [viewOf(x), viewOf(y)];
  const k = transposeA ? x.shape.at(-2)! : x.shape.at(-1)!;
  const [m, n] = head.shape.slice(-2) as [number, number];
  const batch = elementCount(head.shape.slice(0, -2));
  const common = {
    kind: "matmul",
    dtype: head.dtype,
    n,
    k,
    transposeA: transposeA !== a.transposed,
    transposeB: transposeB !== b.transposed,
    a: placeOf(x, context),
    b: placeOf(y, context),
    lda: a.ld,
    ldb: b.ld,
    ...result,
  } as const;
  // One right matrix for batches of rows that follow each other: a single, taller product.
  if (batch > 1 && !common.transposeA && b.batchStride === 0 && a.batchStride === m * a.ld) {
    return { ...common, batch: 1, m: batch * m, strideA: 0, strideB: 0, strideC: 0 };
  }
  return { ...common, batch, m, strideA: a.batchStride, strideB: b.batchStride, strideC: m * n };
}

function convolutionStep(head: Value, { c, epilogue, scratch }: Result, context: StepContext): Step {
  const { fn, inputs, geometry } = head.primitive as Extract<Primitive, { kind: "convolution" }>;
  const [x, y] = inputs;
  return {
    kind: "convolution",
    fn,
    dtype: head.dtype,
    geometry,
    x: placeOf(x, context),
    y: placeOf(y, context),
    out: c,
    epilogue,
    scratch,
  };
}
