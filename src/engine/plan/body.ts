/** The body of a loop or an epilogue from the values of a group: loads, nodes, stores. */
import { type DTypeName, dtypeOf } from "../../core/dtype.ts";
import type { FullShape } from "../../core/shape.ts";
import { inputsOf, type Value } from "../primitive.ts";
import { formatOf } from "../reference/format.ts";
import type { Body, Node, Place, Store, View } from "../step.ts";
import { type Access, type Cuts, collapse, extentsOf, stridesAlong } from "./access.ts";
import type { Group } from "./group.ts";
import type { Placement } from "./placement.ts";

/** What a step must know of the rest of the plan. */
export interface Surroundings {
  readonly access: readonly Access[];
  /** First byte of a root's memory. */
  place(root: Value): Place;
  /** Where rows lie that are gathered into a concat. */
  readonly placements: ReadonlyMap<Value, Placement>;
  /** Whether a root has memory. */
  isStored(root: Value): boolean;
  /** Whether a member is stored in this group, and not only computed there again. */
  isOwn(member: Value, group: number): boolean;
  /** The memory of a variable or a random state. */
  slot(slot: number): Place;
  /** The slot that a copy into a variable fills. */
  writtenSlot(member: Value): number | undefined;
}

export const shifted = (place: Place, bytes: number): Place =>
  place.at === "memory" ? { ...place, address: place.address + bytes } : { ...place, offset: place.offset + bytes };

export interface BodyBuilder extends Body {
  readonly loads: View[];
  readonly nodes: Node[];
  readonly stores: Store[];
  /** The node of an operand that lies so. */
  operand(shape: FullShape, dtype: DTypeName, access: Access): number;
  nodeOf(x: Value): number;
  /** Adds the node (and stores) of an elementwise value. */
  member(value: Value): void;
}

/** Complex constants are loaded: a node has room for one number. */
const isImmediate = (dtype: DTypeName): boolean => formatOf(dtype).class !== "complex";

/** `product`: the root that nodes of kind product stand for. */
export function startBody(
  { cuts, count, index = -1 }: { readonly cuts: Cuts; readonly count: number; readonly index?: number },
  around: Surroundings,
  product: Value | null = null,
): BodyBuilder {
  const nodes: Node[] = [];
  const loads: View[] = [];
  const stores: Store[] = [];
  const made = new Map<Value, number>();
  const known = new Map<string, number>();
  const dense = denseStrides(cuts, count);

  const add = (node: Node): number => nodes.push(node) - 1;

  /** A node by what it reads; equal ones are shared. */
  function shared(key: string, make: () => Node): number {
    let at = known.get(key);
    if (at === undefined) {
      at = add(make());
      known.set(key, at);
    }
    return at;
  }

  function operand(shape: FullShape, dtype: DTypeName, { root, offset, strides }: Access): number {
    const own = made.get(root);
    if (own !== undefined) return own;
    if (root === product) return shared("product", () => ({ kind: "product", dtype }));
    const along = stridesAlong(collapse(shape, strides), cuts, count);
    if (root.primitive.kind === "iota") {
      return shared(`index ${dtype} ${offset} ${along}`, () => ({
        kind: "index",
        start: offset,
        strides: along,
        dtype,
      }));
    }
    if (
      root.primitive.kind === "constant" &&
      root.dtype === dtype &&
      along.every((s) => s === 0) &&
      isImmediate(dtype)
    ) {
      const value = formatOf(dtype).read(root.primitive.data, offset) as number | bigint;
      const text = Object.is(value, -0) ? "-0" : String(value);
      return shared(`constant ${dtype} ${text}`, () => ({ kind: "constant", value, dtype }));
    }
    return shared(`load ${root.id} ${dtype} ${offset} ${along}`, () => {
      const place = shifted(around.place(root), offset * dtypeOf(dtype).sizeBytes);
      return { kind: "load", load: loads.push({ place, dtype, strides: along }) - 1, dtype };
    });
  }

  const nodeOf = (x: Value): number => operand(x.shape, x.dtype, around.access[x.id]!);

  function nodeFor({ primitive, dtype }: Value): number {
    const [x, y, z] = inputsOf(primitive).map(nodeOf) as [number, number, number];
    switch (primitive.kind) {
      case "unary":
        return add({ kind: "unary", fn: primitive.fn, x, dtype });
      case "binary":
        return add({ kind: "binary", fn: primitive.fn, x, y, site: primitive.site, dtype });
      case "select":
        return add({ kind: "select", condition: x, x: y, y: z, dtype });
      case "cast":
        return add({ kind: "cast", x, dtype });
      case "reshape":
      case "write":
        return x;
      default:
        throw new Error(`bug: ${primitive.kind} in a loop`);
    }
  }

  return {
    extents: extentsOf(cuts, count),
    loads,
    nodes,
    stores,
    operand,
    nodeOf,
    member(value) {
      const node = nodeFor(value);
      made.set(value, node);
      const slot = around.writtenSlot(value);
      const place = slot !== undefined ? around.slot(slot) : around.isStored(value) ? around.place(value) : null;
      if (place && around.isOwn(value, index))
        stores.push({ node, view: { place, dtype: value.dtype, strides: dense } });
    },
  };
}

/** Row-major strides along the extents of these cuts. */
export const denseStrides = (cuts: Cuts, count: number): number[] =>
  stridesAlong([{ extent: count, stride: 1, inner: 1 }], cuts, count);

export function buildBody(group: Group, around: Surroundings, product: Value | null = null): BodyBuilder {
  const body = startBody(group, around, product);
  for (const member of group.members) body.member(member);
  return body;
}
