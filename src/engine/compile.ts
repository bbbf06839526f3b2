/** Program -> steps: lay out, fuse, plan memory, and write each group down as steps with places. */
import { dtypeOf } from "../core/dtype.ts";
import type { NumberArray } from "../core/nd_array.ts";
import type { InputFacts, SlotAddress } from "./engine.ts";
import { alignment, roundUp } from "./heap.ts";
import { shifted } from "./plan/body.ts";
import { fuse } from "./plan/fuse.ts";
import type { Group, Grouping } from "./plan/group.ts";
import { countOf, type Layout, layOut } from "./plan/layout.ts";
import { lifetimesOf } from "./plan/lifetime.ts";
import { type Lifetime, planMemory } from "./plan/memory.ts";
import { placementsOf } from "./plan/placement.ts";
import { placeOf, type StepContext, stepsOf } from "./plan/steps.ts";
import { detailsFrom, inputsOf, type Program, type Site, type Value } from "./primitive.ts";
import type { Kernels, Place, Room, Share, Step, StepPlan, StoredArray } from "./step.ts";
import { sharesOf } from "./trace/shares.ts";

type Facts = Omit<StepContext, "slot" | "place" | "isRead"> & { readonly keepsB: (group: Group) => boolean };

const sizeOf = (value: Value): number => countOf(value) * dtypeOf(value.dtype).sizeBytes;

/** Below all ids of values. */
const roomId = ({ index }: Group): number => -1 - index;

const withRoom = (step: Step, room: Room): Step =>
  step.kind === "matmul" || step.kind === "convolution" ? { ...step, room } : step;

const keeping = (step: Step, kept: number): Step => (step.kind === "matmul" ? { ...step, kept } : step);

/** What kernels work in, each for the time of its group. */
function workingRooms({ groups }: Grouping, facts: Facts, kernels: Pick<Kernels, "roomBytes">): Lifetime[] {
  const nowhere: Place = { at: "workspace", offset: 0 };
  const context: StepContext = { ...facts, slot: () => nowhere, place: () => nowhere, isRead: () => true };
  return groups.flatMap((group) => {
    if (group.kind !== "product") return [];
    const steps = stepsOf(group, context).map((step) => (facts.keepsB(group) ? keeping(step, 0) : step));
    const sizeBytes = Math.max(0, ...steps.map((step) => kernels.roomBytes(step)));
    if (sizeBytes === 0) return [];
    return [{ id: roomId(group), sizeBytes, from: group.index, to: group.index, over: null }];
  });
}

/** More bytes of a right matrix are packed anew in each run: what is kept for it would count. */
const mostKept = 1024 * 1024;
/** Rows from which on a product takes so long that packing does not count. */
const fewRows = 256;

/** Whether the group is a product of few rows and one matrix that lies in a lasting input. */
function keepsRight({ kind, head }: Group, { access, inputs }: Layout, facts: readonly InputFacts[]): boolean {
  if (kind !== "product" || head?.primitive.kind !== "matmul" || head.shape.length !== 2) return false;
  const right = head.primitive.inputs[1];
  const { root } = access[right.id]!;
  const isLasting = inputs.some((x, k) => x === root && facts[k]?.isLasting === true);
  return isLasting && sizeOf(right) <= mostKept && head.shape[0]! <= fewRows;
}

export interface CompileOptions {
  /** Memory for constants, and for what is kept of lasting inputs. */
  allocate(sizeBytes: number): number;
  /** Without them no step gets room to work in. */
  readonly kernels?: Pick<Kernels, "roomBytes" | "keptBytes"> | null;
  readonly inputs?: readonly InputFacts[];
}

/** The workspace is arguments, report, rooms of the inputs, buffers and what kernels work in. */
export function compileProgram(
  program: Program,
  slots: SlotAddress,
  { allocate, kernels = null, inputs = [] }: CompileOptions,
): StepPlan {
  const layout = layOut(program);
  const grouping = fuse(layout);
  const placements = placementsOf(layout, grouping);
  const passing = new Set(layout.inputs.filter((_, k) => inputs[k]?.room === "once"));
  const lifetimes = lifetimesOf(layout, grouping, { placements, passing });
  const ids = new Set(lifetimes.map(({ id }) => id));
  const facts = {
    access: layout.access,
    placements,
    isStored: (root: Value) => grouping.homes.has(root.id) || ids.has(root.id),
    isOwn: (member: Value, group: number) => grouping.groupOf.get(member.id) === group,
    isHome: (root: Value) => grouping.homes.has(root.id),
    writtenSlot: (member: Value) => grouping.writes.get(member.id),
    keepsB: (group: Group) => keepsRight(group, layout, inputs),
  };
  const working = kernels ? workingRooms(grouping, facts, kernels) : [];
  const buffers = planMemory([...lifetimes, ...working]);
  const shortLived = new Set(lifetimes.filter(({ from, to }) => from === to).map(({ id }) => id));

  let top = 4 * program.inputs.length;
  const claim = (bytes: number, multiple = alignment): number => {
    const offset = roundUp(top, multiple);
    top = offset + bytes;
    return offset;
  };
  const reportOffset = claim(24, 8);
  const keptOffsets = layout.inputs.map((x, k) => ((inputs[k]?.room ?? "kept") === "kept" ? claim(sizeOf(x)) : -1));
  const start = claim(buffers.sizeBytes);
  const inputOffsets = layout.inputs.map((x, k) => {
    if (!passing.has(x)) return keptOffsets[k]!;
    const offset = buffers.offsets.get(x.id);
    return offset === undefined ? -2 : start + offset;
  });
  const constants = new Map<NumberArray, number>();

  function constantAddress(data: NumberArray): number {
    let address = constants.get(data);
    if (address === undefined) {
      address = allocate(data.byteLength);
      constants.set(data, address);
    }
    return address;
  }

  function place(root: Value): Place {
    const { primitive } = root;
    if (primitive.kind === "read") return { at: "memory", address: slots(primitive.slot) };
    if (primitive.kind === "input") return { at: "argument", index: primitive.index, offset: 0 };
    if (primitive.kind === "constant") return { at: "memory", address: constantAddress(primitive.data) };
    const placement = placements.get(root);
    if (placement) return shifted(place(placement.into), placement.offset * dtypeOf(root.dtype).sizeBytes);
    const home = grouping.homes.get(root.id);
    if (home !== undefined) return { at: "memory", address: slots(home) };
    const offset = buffers.offsets.get(root.id);
    if (offset === undefined) throw new Error(`bug: no memory for value ${root.id}, ${primitive.kind}`);
    return { at: "workspace", offset: start + offset };
  }

  const context = {
    ...facts,
    slot: (slot: number): Place => ({ at: "memory", address: slots(slot) }),
    place,
    isRead: (head: Value) => !shortLived.has(head.id),
  };
  const steps: Step[] = [];
  const shares: (readonly Share[])[] = [];
  const kept: number[] = [];
  function keptIn(step: Step, group: Group): Step {
    if (!kernels || step.kind !== "matmul" || !facts.keepsB(group)) return step;
    const sizeBytes = kernels.keptBytes(step);
    if (sizeBytes === 0) return step;
    kept.push(allocate(sizeBytes));
    return keeping(step, kept.at(-1)!);
  }
  for (const group of grouping.groups) {
    const room = buffers.offsets.get(roomId(group));
    const made = stepsOf(group, context).map((step) =>
      keptIn(room === undefined ? step : withRoom(step, start + room), group),
    );
    steps.push(...made);
    if (made.length > 0) shares.push(...Array<readonly Share[]>(made.length).fill(sharesOf(group)));
  }
  const details = new Map<Site, readonly StoredArray[]>();
  for (const { primitive } of layout.values) {
    if (!("site" in primitive) || primitive.site < 0) continue;
    const named = inputsOf(primitive).slice(detailsFrom(primitive.kind));
    details.set(
      primitive.site,
      named.map((x) => ({ place: placeOf(x, context), dtype: x.dtype, shape: x.shape })),
    );
  }
  const outputs = layout.outputs.map((x, k) => {
    const at = place(x);
    if (at.at !== "workspace") throw new Error("bug: an output outside of the workspace");
    const { dtype, shape } = program.outputs[k]!;
    return { dtype, shape, offset: at.offset };
  });
  return {
    steps,
    shares,
    constants,
    workspaceBytes: Math.max(roundUp(top, alignment), alignment),
    bufferBytes: buffers.sizeBytes,
    reportOffset,
    kept,
    inputOffsets,
    outputs,
    details,
  };
}
