/**
 * The values of a loop's body. Each node is computed at the outermost level where all it reads is known: what does not change in the inner loop
 * is computed before it, and repeated in the lanes of a vector where the inner loop wants one.
 */
import type { Body, Node } from "../../step.ts";
import { add, eq, lt, select, splat } from "../instructions.ts";
import { constant, constantLanes, type Expr, type Lanes } from "../lanes.ts";
import { cast, castsAsVector } from "./cast.ts";
import type { Cursors, Spot } from "./cursors.ts";
import {
  constantOf,
  isHeld,
  isUnsigned,
  loadElement,
  loadSpread,
  movesAsVector,
  spread,
  storeElement,
  typeOf,
  type Width,
} from "./elements.ts";
import { binary, binaryIsVector, type Emitter, isFaulty, unary, unaryIsVector } from "./functions.ts";

/** The nodes that a node reads. */
export function operandsOf(node: Node): readonly number[] {
  switch (node.kind) {
    case "unary":
    case "cast":
      return [node.x];
    case "binary":
      return [node.x, node.y];
    case "select":
      return [node.condition, node.x, node.y];
    default:
      return [];
  }
}

/** Ends the run: site, position, value. */
export type Fail = (site: number, position: Expr, value: Expr) => void;

export const hasSites = (body: Body): boolean =>
  body.nodes.some(
    (node) => node.kind === "binary" && node.site >= 0 && isFaulty(node.fn, dtypeOfOperand(body, node.x)),
  );

const dtypeOfOperand = (body: Body, k: number) => body.nodes[k]!.dtype;

/** Whether every node has scalar code. */
export const isSupported = (body: Body): boolean =>
  [...body.nodes, ...body.loads, ...body.stores.map((store) => store.view)].every(({ dtype }) => isHeld(dtype));

/** Whether the body runs on vectors of `width` along dimension d, which every view crosses by steps of 0 or 1. */
export function isVectorAlong(body: Body, d: number, width: 2 | 4): boolean {
  const moves = ({ dtype, strides }: { dtype: Node["dtype"]; strides: readonly number[] }) =>
    strides[d] === 0 ? typeOf(dtype, width) !== null : strides[d] === 1 && movesAsVector(dtype, width);
  return (
    body.loads.every(moves) &&
    body.stores.every(({ view }) => view.strides[d] === 1 && moves(view)) &&
    body.nodes.every((node) => isVectorNode(body, node, width))
  );
}

function isVectorNode(body: Body, node: Node, width: 2 | 4): boolean {
  if (!typeOf(node.dtype, width)) return false;
  const dtype = (k: number) => dtypeOfOperand(body, k);
  switch (node.kind) {
    case "load":
    case "constant":
    case "product":
      return true;
    case "index":
      return width === 4;
    case "unary":
      return unaryIsVector(node.fn, dtype(node.x), width);
    case "binary":
      return binaryIsVector(node.fn, dtype(node.x), width);
    case "select":
      return true;
    case "cast":
      return castsAsVector(dtype(node.x), node.dtype, width);
  }
}

export class Values {
  private readonly emitter: Emitter;
  private readonly body: Body;
  private readonly spots: readonly Spot[];
  private readonly storeSpots: readonly Spot[];
  private readonly indices: readonly (Expr | null)[];
  private readonly position: Expr | null;
  private readonly fail: Fail;
  /** The innermost level (0 is the outermost loop) that changes a node; -1: none does. */
  private readonly levels: readonly number[];
  private readonly uses: readonly number[];
  /** Nodes of this level and inner ones are computed by `run`, the others are hoisted. */
  private readonly limit: number;
  /** Values known outside of the innermost level, as scalars. */
  private readonly known = new Map<number, Expr>();
  private spreads = new Map<number, Expr>();

  constructor(
    emitter: Emitter,
    body: Body,
    { cursors, order, limit, fail }: { cursors: Cursors; order: readonly number[]; limit: number; fail: Fail },
  ) {
    this.limit = limit;
    this.emitter = emitter;
    this.body = body;
    this.fail = fail;
    this.spots = body.loads.map((view) => cursors.spot(view));
    this.storeSpots = body.stores.map(({ view }) => cursors.spot(view));
    this.indices = body.nodes.map((node) => (node.kind === "index" ? cursors.index(node.start, node.strides) : null));
    const rowMajor = body.extents.map((_, d) => body.extents.slice(d + 1).reduce((a, b) => a * b, 1));
    this.position = hasSites(body) ? cursors.index(0, rowMajor) : null;

    const deepest = (strides: readonly number[]) => order.findLastIndex((d) => strides[d] !== 0);
    const levels: number[] = [];
    const uses = body.nodes.map(() => 0);
    for (const node of body.nodes) {
      if (node.kind === "load") levels.push(deepest(body.loads[node.load]!.strides));
      else if (node.kind === "index") levels.push(deepest(node.strides));
      else if (node.kind === "product") throw new Error("bug: a product is a load of its place here");
      else levels.push(operandsOf(node).reduce((most, k) => Math.max(most, levels[k]!), -1));
      for (const k of operandsOf(node)) uses[k]!++;
    }
    for (const { node } of body.stores) uses[node]!++;
    this.levels = levels;
    this.uses = uses;
  }

  /** Computes what changes with the loop of this level and no deeper one. */
  hoist(level: number): void {
    if (level >= this.limit) return;
    this.body.nodes.forEach((node, k) => {
      if (this.levels[k] !== level || node.kind === "constant") return;
      this.known.set(k, this.emitter.f.let(this.compute(node, k, 1, 0, (x) => this.hoisted(x))));
    });
  }

  private hoisted(k: number): Expr {
    const node = this.body.nodes[k]!;
    if (node.kind === "constant") return constantOf(node.dtype, 1, node.value);
    return this.known.get(k)!;
  }

  /** Call before a loop of `run`: repeats what it takes from outside in each lane. */
  enter(width: Width, wanted: readonly number[]): void {
    this.spreads = new Map();
    if (width === 1) return;
    const taken = new Set([...wanted, ...this.body.stores.map(({ node }) => node)]);
    this.body.nodes.forEach((node, k) => {
      if (this.levels[k]! >= this.limit) for (const x of operandsOf(node)) taken.add(x);
    });
    for (const k of taken) {
      const node = this.body.nodes[k]!;
      if (this.levels[k]! >= this.limit || node.kind === "constant") continue;
      this.spreads.set(k, this.emitter.f.let(spread(node.dtype, width, this.known.get(k)!)));
    }
  }

  /**
   * The body at the current element and `width` of them along dimension d, `ahead` elements further: computes, stores, and returns the
   * values of `wanted`.
   */
  run(width: Width, d: number, ahead: number, wanted: readonly number[]): Map<number, Expr> {
    const { f } = this.emitter;
    const { nodes, stores } = this.body;
    const values = new Map<number, Expr>();
    const keepLoads = stores.length > 0;
    const get = (k: number): Expr => {
      const node = nodes[k]!;
      if (node.kind === "constant") return constantOf(node.dtype, width, node.value);
      if (this.levels[k]! < this.limit) return width === 1 ? this.known.get(k)! : this.spreads.get(k)!;
      return values.get(k)!;
    };
    nodes.forEach((node, k) => {
      if (node.kind === "constant" || this.levels[k]! < this.limit) return;
      const value = this.compute(node, k, width, ahead, get, d);
      const isOnce = this.uses[k] === 1 && !(keepLoads && node.kind === "load") && !wanted.includes(k);
      values.set(k, isOnce ? value : f.let(value));
    });
    const out = new Map(wanted.map((k) => [k, get(k)]));
    stores.forEach(({ node, view }, k) => {
      const spot = this.storeSpots[k]!;
      const offset = spot.offset + ahead * (spot.strides[d] ?? 0);
      storeElement(f, view.dtype, { address: spot.address, offset }, get(node));
    });
    return out;
  }

  private compute(node: Node, k: number, width: Width, ahead: number, get: (k: number) => Expr, d = 0): Expr {
    const { f } = this.emitter;
    const dtype = (x: number) => dtypeOfOperand(this.body, x);
    switch (node.kind) {
      case "load": {
        const { address, offset, strides } = this.spots[node.load]!;
        const stride = strides[d] ?? 0;
        const place = { address, offset: offset + ahead * stride };
        return (stride === 0 ? loadSpread : loadElement)(f, node.dtype, width, place);
      }
      case "index":
        return this.indexAt(node, k, width, ahead, d);
      case "unary":
        return unary(this.emitter, node.fn, dtype(node.x), get(node.x));
      case "binary": {
        const [x, y] = [get(node.x), get(node.y)];
        if (!isFaulty(node.fn, dtype(node.x))) return binary(this.emitter, node.fn, dtype(node.x), x, y);
        const divisor = f.let(y);
        if (node.site >= 0) this.checkDivisor(node.fn, node.site, dtype(node.x), divisor);
        return binary(this.emitter, node.fn, dtype(node.x), x, divisor);
      }
      case "select":
        return select(get(node.condition), get(node.x), get(node.y));
      case "cast":
        return cast(f, dtype(node.x), node.dtype, width, get(node.x));
      default:
        throw new Error(`bug: ${node.kind} is not computed`);
    }
  }

  private indexAt(node: Node & { kind: "index" }, k: number, width: Width, ahead: number, d: number): Expr {
    const { f } = this.emitter;
    const stride = node.strides[d] ?? 0;
    const first = add(this.indices[k]!, ahead * stride);
    if (width === 1) return cast(f, "int32", node.dtype, 1, first);
    const lanes = constantLanes("i32x4", [0, stride, 2 * stride, 3 * stride]);
    return cast(f, "int32", node.dtype, width, add(splat("i32x4", first), lanes));
  }

  private checkDivisor(fn: string, site: number, dtype: Node["dtype"], y: Expr): void {
    const zero = constant(y.type as Lanes, 0);
    const isBad = fn !== "pow" ? eq(y, zero) : isUnsigned(dtype) ? null : lt(y, zero);
    if (isBad) this.emitter.f.if(isBad, () => this.fail(site, this.position!, y));
  }
}
