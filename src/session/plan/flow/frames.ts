/**
 * The frames of a graph with control flow, and which of them are loops as while_loop writes them:
 *
 *     enter ─► merge ─► switch ─► (body) ─► nextIteration ─┐
 *                │  ▲     │ └► exit                        │
 *                │  └─────│────────────────────────────────┘
 *                └► (cond) ─► loopCond ─► all switches
 *
 * A frame with one loopCond whose merges, switches and exits all have this form is a regular loop: its condition and its body are
 * straight regions, and nothing in them is dead but what a cond inside makes so. Source: tensorflow/core/graph/control_flow.cc.
 */
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { plainAttrs } from "../classify.ts";
import { isFed } from "../order.ts";

/** The nodes that run in one frame. The enters of a frame run in its parent. */
export interface Frame {
  readonly parent: Frame | null;
  readonly nodes: Operation[];
  readonly enters: Operation[];
  readonly exits: Operation[];
  readonly children: Map<string, Frame>;
}

export interface LoopVariable {
  readonly enter: Operation;
  readonly merge: Operation;
  readonly next: Operation;
  readonly exits: readonly Operation[];
}

export interface RegularLoop {
  readonly frame: Frame;
  readonly variables: readonly LoopVariable[];
  readonly condition: Operation;
  /** Nodes that the condition needs; all other nodes of the frame are the body's. */
  readonly conditionNodes: ReadonlySet<Operation>;
  /** Switches of loop variables. */
  readonly switches: ReadonlySet<Operation>;
}

export interface Frames {
  readonly root: Frame;
  readonly frameOf: ReadonlyMap<Operation, Frame>;
  readonly loops: ReadonlyMap<Frame, RegularLoop>;
  /** The frame that each enter leads to. */
  readonly entered: ReadonlyMap<Operation, Frame>;
}

/** Who a node waits for, beside what is fed. */
export function sourcesOf(op: Operation, fed: ReadonlySet<Tensor>): Operation[] {
  const sources: Operation[] = [];
  for (const input of op.inputs) if (!fed.has(input)) sources.push(input.op);
  for (const input of op.controlInputs) if (!isFed(input, fed)) sources.push(input);
  return sources;
}

const roleOf = (op: Operation) => op.definition.flow;

/** Null where some frame is no regular loop. */
export function findFrames(nodes: readonly Operation[], fed: ReadonlySet<Tensor>): Frames | null {
  const users = new Map<Operation, Operation[]>(nodes.map((op) => [op, []]));
  const waiting = new Map<Operation, number>();
  for (const op of nodes) {
    let count = 0;
    for (const source of sourcesOf(op, fed)) {
      if (isBackEdge(source, op)) continue;
      users.get(source)!.push(op);
      count++;
    }
    waiting.set(op, count);
  }
  const root: Frame = { parent: null, nodes: [], enters: [], exits: [], children: new Map() };
  const frameOf = new Map<Operation, Frame>();
  const ready = nodes.filter((op) => waiting.get(op) === 0);
  for (let i = 0; i < ready.length; i++) {
    const op = ready[i]!;
    const frame = placeOf(op, fed, frameOf, root);
    if (!frame) return null;
    frameOf.set(op, frame);
    frame.nodes.push(op);
    for (const user of users.get(op)!) {
      const left = waiting.get(user)! - 1;
      waiting.set(user, left);
      if (left === 0) ready.push(user);
    }
  }
  if (ready.length < nodes.length) return null;
  const entered = new Map<Operation, Frame>();
  for (const op of nodes) {
    for (const input of op.inputs)
      if (!fed.has(input) && isBackEdge(input.op, op) && frameOf.get(input.op) !== frameOf.get(op)) return null;
    const role = roleOf(op);
    if (role === "enter") {
      const child = childOf(frameOf.get(op)!, op);
      child.enters.push(op);
      entered.set(op, child);
    } else if (role === "exit") frameOf.get(op)!.exits.push(op);
    if (role && op.outputs.some((output) => fed.has(output))) return null;
  }
  const loops = new Map<Frame, RegularLoop>();
  for (const frame of new Set(frameOf.values())) {
    if (!frame.parent) {
      if (frame.nodes.some((op) => roleOf(op) === "nextIteration" || roleOf(op) === "loopCond")) return null;
      continue;
    }
    const loop = regularLoop(frame, fed, users, frameOf);
    if (!loop) return null;
    loops.set(frame, loop);
  }
  return { root, frameOf, loops, entered };
}

const isBackEdge = (from: Operation, to: Operation): boolean =>
  roleOf(from) === "nextIteration" && roleOf(to) === "merge";

function childOf(frame: Frame, enter: Operation): Frame {
  const name = plainAttrs(enter).frame_name as string;
  let child = frame.children.get(name);
  if (!child) {
    child = { parent: frame, nodes: [], enters: [], exits: [], children: new Map() };
    frame.children.set(name, child);
  }
  return child;
}

/** The frame in which a node runs: that of everything it waits for. Null where those differ. */
function placeOf(
  op: Operation,
  fed: ReadonlySet<Tensor>,
  frameOf: ReadonlyMap<Operation, Frame>,
  root: Frame,
): Frame | null {
  let frame: Frame | undefined;
  for (const source of sourcesOf(op, fed)) {
    if (isBackEdge(source, op)) continue;
    const own = frameOf.get(source)!;
    const role = roleOf(source);
    const from = role === "enter" ? childOf(own, source) : role === "exit" ? own.parent : own;
    if (!from || (frame && frame !== from)) return null;
    frame = from;
  }
  if (frame && frame !== root && op.inputs.some((input) => fed.has(input))) return null;
  return frame ?? root;
}

function regularLoop(
  frame: Frame,
  fed: ReadonlySet<Tensor>,
  users: ReadonlyMap<Operation, readonly Operation[]>,
  frameOf: ReadonlyMap<Operation, Frame>,
): RegularLoop | null {
  const conditions = frame.nodes.filter((op) => roleOf(op) === "loopCond");
  if (conditions.length !== 1) return null;
  const condition = conditions[0]!;
  const isLoopSwitch = (op: Operation) => roleOf(op) === "switch" && op.inputs[1]!.op === condition;
  const switches = new Set(frame.nodes.filter(isLoopSwitch));
  const exitsOf = new Map<Operation, Operation[]>();
  for (const op of switches) {
    const merge = op.inputs[0]!.op;
    if (roleOf(merge) !== "merge" || !isLoopMerge(merge) || op.controlInputs.length) return null;
    for (const user of users.get(op)!) {
      const leaves = user.inputs.some((input) => input.op === op && input.valueIndex === 0);
      if (leaves !== (roleOf(user) === "exit")) return null;
      if (leaves) exitsOf.set(merge, [...(exitsOf.get(merge) ?? []), user]);
    }
  }
  for (const exit of frame.exits)
    if (!switches.has(exit.inputs[0]!.op) || exit.inputs[0]!.valueIndex !== 0 || exit.controlInputs.length) return null;
  const variables: LoopVariable[] = [];
  const merges = new Set<Operation>();
  for (const merge of frame.nodes) {
    if (roleOf(merge) !== "merge" || !isLoopMerge(merge)) continue;
    const [enter, next] = merge.inputs.map((input) => input.op) as [Operation, Operation];
    const isIndexUsed = users.get(merge)!.some((user) => user.inputs.includes(merge.outputs[1]!));
    if (merge.inputs.length !== 2 || roleOf(enter) !== "enter" || isConstant(enter) || isIndexUsed) return null;
    if (roleOf(next) !== "nextIteration" || merge.controlInputs.length || users.get(enter)!.length !== 1) return null;
    merges.add(merge);
    variables.push({ enter, merge, next, exits: exitsOf.get(merge) ?? [] });
  }
  if (frame.enters.filter((enter) => !isConstant(enter)).length !== variables.length) return null;
  const nexts = frame.nodes.filter((op) => roleOf(op) === "nextIteration");
  if (nexts.length !== variables.length || nexts.some((next) => users.get(next)!.length > 0)) return null;
  const conditionNodes = new Set<Operation>();
  const stack = [condition];
  while (stack.length) {
    const op = stack.pop()!;
    if (conditionNodes.has(op) || merges.has(op) || roleOf(op) === "enter") continue;
    if (switches.has(op) || roleOf(op) === "nextIteration" || frameOf.get(op) !== frame) return null;
    conditionNodes.add(op);
    stack.push(...sourcesOf(op, fed));
  }
  return areBodyNodes(frame, switches, merges, conditionNodes, users)
    ? { frame, variables, condition, conditionNodes, switches }
    : null;
}

const isLoopMerge = (op: Operation): boolean => op.inputs.some((input) => roleOf(input.op) === "nextIteration");
const isConstant = (enter: Operation): boolean => plainAttrs(enter).is_constant === true;

/** What does not wait for a switch would run once more at the loop's end: it must have no effect. */
function areBodyNodes(
  frame: Frame,
  switches: ReadonlySet<Operation>,
  merges: ReadonlySet<Operation>,
  conditionNodes: ReadonlySet<Operation>,
  users: ReadonlyMap<Operation, readonly Operation[]>,
): boolean {
  const guarded = new Set<Operation>(switches);
  const stack = [...switches];
  while (stack.length) {
    for (const user of users.get(stack.pop()!)!) {
      if (guarded.has(user)) continue;
      guarded.add(user);
      stack.push(user);
    }
  }
  return frame.nodes.every((op) => {
    if (guarded.has(op) || merges.has(op) || conditionNodes.has(op)) return true;
    const { stateful, updates, run, flow } = op.definition;
    const isPassive = flow === undefined || flow === "exit" || (flow === "enter" && isConstant(op));
    return isPassive && !stateful && updates.length === 0 && !run;
  });
}
