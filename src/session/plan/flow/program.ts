/**
 * A graph with control flow as regions: straight lines of compiled segments, host nodes, branches that are left out when they are not
 * taken, and loops with regions of their own. Null where the graph is not of that form; the executor of nodes (executor.ts) runs it then.
 */

import { int32 } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { SessionState } from "../../state.ts";
import { isLowered } from "../classify.ts";
import { isLiveRead } from "../live_reads.ts";
import type { Accumulator } from "../run/sums.ts";
import { type RunFrame, Segment, type TensorIndex } from "../segment.ts";
import { type Frames, findFrames, type RegularLoop } from "./frames.ts";
import { Guards } from "./guards.ts";
import { HostCall } from "./host_call.ts";
import { itemsOf } from "./items.ts";
import { Loop, type LoopPlaces } from "./loop.ts";
import { constantBehind, isEntered, isIdentity, passedFrom } from "./passing.ts";
import { isTrue, Region, type RegionStage } from "./region.ts";
import { cutFlowStages, type FlowStage } from "./stages.ts";
import { createTightLoop } from "./tight.ts";

export interface FlowProgram {
  readonly index: TensorIndex;
  readonly root: Region;
  readonly mayWait: boolean;
}

interface Context {
  readonly frames: Frames;
  readonly fed: ReadonlySet<Tensor>;
  readonly fetched: ReadonlySet<Tensor>;
  readonly index: ReadonlyMap<Tensor, number>;
  /** The nodes that take a value, by its number; those that only pass it on aside. */
  readonly users: ReadonlyMap<number, readonly Operation[]>;
  /** Numbers of values that guards and loops look at. */
  readonly predicates: Set<number>;
  readonly state: SessionState;
  /** Variables of the loop whose body the region is. */
  readonly accumulators?: readonly Accumulator[];
}

export function planFlow(options: {
  readonly nodes: readonly Operation[];
  readonly feeds: readonly Tensor[];
  readonly fetches: readonly Tensor[];
  readonly state: SessionState;
}): FlowProgram | null {
  const { nodes, fetches, state } = options;
  const fed = new Set(options.feeds);
  const frames = findFrames(nodes, fed);
  if (!frames) return null;
  const isPlain = (tensor: Tensor): boolean => {
    const { flow } = tensor.op.definition;
    if (fed.has(tensor)) return true;
    if (flow === "exit") return frames.frameOf.get(tensor.op)!.parent === frames.root;
    return frames.frameOf.get(tensor.op) === frames.root && (flow === undefined || flow === "merge");
  };
  if (!fetches.every(isPlain)) return null;
  const index = numberTensors(nodes, options.feeds, fetches);
  const users = new Map<number, Operation[]>();
  for (const op of nodes) {
    for (const [k, tensor] of op.inputs.entries()) {
      const number = index.get(tensor)!;
      if (k === 0 && op.outputs.length > 0 && index.get(op.outputs[0]!) === number) continue;
      const known = users.get(number);
      if (known) known.push(op);
      else users.set(number, [op]);
    }
  }
  const context: Context = { frames, fed, fetched: new Set(fetches), index, users, predicates: new Set(), state };
  const root = createRegion(frames.root.nodes, context, { isRoot: true });
  if (!root) return null;
  return { index, root, mayWait: root.stages.some((stage) => stage.mayWait) };
}

/** Values that only pass through a node share its input's number. */
function numberTensors(
  nodes: readonly Operation[],
  feeds: readonly Tensor[],
  fetches: readonly Tensor[],
): Map<Tensor, number> {
  const fed = new Set(feeds);
  const fetched = new Set(fetches);
  const from = (tensor: Tensor) => (fed.has(tensor) ? null : passedFrom(tensor, (each) => fetched.has(each)));
  const index = new Map<Tensor, number>();
  const numberOf = (tensor: Tensor): number => {
    const passed: Tensor[] = [];
    let current = tensor;
    for (;;) {
      const known = index.get(current);
      const source = known === undefined ? from(current) : null;
      if (!source) {
        const number = known ?? index.size;
        for (const each of [current, ...passed]) index.set(each, number);
        return number;
      }
      passed.push(current);
      current = source;
    }
  };
  for (const tensor of feeds) numberOf(tensor);
  // Numbers are given in order, so that a value that passes on never takes one.
  let own = index.size;
  const give = (tensor: Tensor): void => {
    if (index.has(tensor) || from(tensor)) return;
    index.set(tensor, own++);
  };
  for (const op of nodes) for (const tensor of op.outputs) give(tensor);
  for (const op of nodes) for (const tensor of [...op.inputs, ...op.outputs]) numberOf(tensor);
  for (const tensor of fetches) numberOf(tensor);
  return index;
}

interface RegionOptions {
  readonly isRoot?: boolean;
  readonly apart?: ReadonlySet<Operation>;
}

function createRegion(nodes: readonly Operation[], context: Context, options: RegionOptions = {}): Region | null {
  const { frames, fed, index } = context;
  const { isRoot = false, apart = new Set() } = options;
  const own = nodes.filter((op) => !isPartOfLoop(op));
  const isFetched = (tensor: Tensor) => context.fetched.has(tensor);
  const items = itemsOf(own, frames, { guards: new Guards(), fed, apart, isFetched });
  if (!items) return null;
  // Nodes of one iteration that wait for each other need the executor of nodes.
  if (!isRoot && items.filter((item) => item.mayWait && !item.loop).length > 1) return null;
  for (const { guard, side } of items)
    for (const { predicate } of side ? [...guard.literals, side.literal] : guard.literals)
      context.predicates.add(index.get(predicate)!);
  const stages: RegionStage[] = [];
  for (const stage of cutFlowStages(items, { isRoot })) {
    const runner = runnerOf(stage, context);
    if (!runner) return null;
    const guard = stage.guard.literals.map(({ predicate, value }) => ({ predicate: index.get(predicate)!, value }));
    const outputs = stage.loop
      ? stage.loop.frame.exits.flatMap((exit) => exit.outputs)
      : stage.nodes.flatMap((op) => op.outputs);
    const fetched = outputs.filter((tensor) => context.fetched.has(tensor)).map((tensor) => index.get(tensor)!);
    const { mayWait, after } = stage;
    stages.push({ guard, fetched, mayWait, after, ...runner });
  }
  return new Region(stages);
}

/** Loop variables' own nodes are the loop's, not its body's. */
const isPartOfLoop = (op: Operation): boolean =>
  op.definition.flow === "exit" ||
  (op.definition.flow === "merge" && op.inputs.some((input) => input.op.definition.flow === "nextIteration"));

type Runner = Pick<RegionStage, "nodes" | "segments" | "hasLoop" | "run" | "dispose">;

function runnerOf(stage: FlowStage, context: Context): Runner | null {
  if (stage.loop) return loopRunner(stage.loop, context);
  if (stage.kind === "merge") return mergeRunner(stage, context);
  const op = stage.nodes[0]!;
  const { accumulators = [] } = stage.guard.literals.length === 0 ? context : {};
  if (stage.kind === "segment" || isLowered(op)) return segmentRunner(stage.nodes, { ...context, accumulators });
  const call = new HostCall(op, context.index);
  return { nodes: [op], segments: [], run: (frame, environment) => call.run(frame, environment), dispose: () => {} };
}

function segmentRunner(ops: readonly Operation[], context: Context): Runner {
  const { fed, fetched, index, users, predicates, state } = context;
  const own = new Set(ops);
  const nodes = withIdentities(ops, own, fed);
  const inside = new Set(nodes);
  const inputs = new Set<Tensor>();
  const constants = new Map<Tensor, NdArray>();
  for (const op of nodes) {
    for (const input of op.inputs) {
      if (inputs.has(input) || constants.has(input) || (!fed.has(input) && inside.has(input.op))) continue;
      const value = constantBehind(input, fed);
      if (value) constants.set(input, value);
      else inputs.add(input);
    }
  }
  const isNeeded = (tensor: Tensor): boolean => {
    if (fed.has(tensor)) return false;
    const number = index.get(tensor)!;
    return fetched.has(tensor) || predicates.has(number) || (users.get(number) ?? []).some((user) => !own.has(user));
  };
  const segment = new Segment({
    nodes,
    inputs: [...inputs],
    constants,
    outputs: ops.flatMap((op) => op.outputs.filter(isNeeded)),
    fetchedRefs: new Set([...fetched].filter((tensor) => tensor.dtype.isRef || isLiveRead(tensor))),
    index,
    state,
    accumulators: context.accumulators?.filter((variable) => isOwnSum(variable, own, users)) ?? [],
    isLasting: (input) => isEntered(input, fed),
  });
  return { nodes, segments: [segment], run: (frame) => segment.run(frame), dispose: () => segment.dispose() };
}

/** Whether these nodes alone read a loop variable, and give its next value to nobody else. */
function isOwnSum({ merge, next }: Accumulator, own: ReadonlySet<Operation>, users: Context["users"]): boolean {
  const takers = users.get(next) ?? [];
  return (
    (users.get(merge) ?? []).every((op) => own.has(op) || op.definition.flow === "exit") &&
    takers.length === 1 &&
    takers[0]!.definition.flow === "nextIteration"
  );
}

/** With the nodes between two of them that pass a value on. */
function withIdentities(
  ops: readonly Operation[],
  own: ReadonlySet<Operation>,
  fed: ReadonlySet<Tensor>,
): readonly Operation[] {
  const nodes = new Set<Operation>();
  for (const op of ops) {
    for (const input of op.inputs) {
      const between: Operation[] = [];
      let at = input;
      while (!fed.has(at) && !own.has(at.op) && !nodes.has(at.op) && isIdentity(at.op)) {
        between.push(at.op);
        at = at.op.inputs[0]!;
      }
      if (!fed.has(at) && (own.has(at.op) || nodes.has(at.op))) for (const each of between.reverse()) nodes.add(each);
    }
    nodes.add(op);
  }
  return [...nodes];
}

function mergeRunner(stage: FlowStage, { index }: Context): Runner {
  const merges = stage.items.map(({ op, side }) => ({
    predicate: index.get(side!.literal.predicate)!,
    inputs: op.inputs.map((input) => index.get(input)!),
    whenTrue: side!.whenTrue,
    output: index.get(op.outputs[0]!)!,
    place: index.get(op.outputs[1]!)!,
  }));
  const run: Runner["run"] = ({ values }, environment) => {
    for (const { predicate, inputs, whenTrue, output, place } of merges) {
      const taken = isTrue(values[predicate], environment) ? whenTrue : 1 - whenTrue;
      values[output] = values[inputs[taken]!];
      values[place] = places[taken]!;
    }
  };
  return { nodes: stage.nodes, segments: [], run, dispose: () => {} };
}

const places = [0, 1].map((i) => new NdArray(int32, [], Int32Array.of(i)));

function loopRunner(loop: RegularLoop, context: Context): Runner | null {
  const { frame, conditionNodes } = loop;
  const { index } = context;
  const predicate = index.get(loop.condition.inputs[0]!)!;
  context.predicates.add(predicate);
  const variables = loop.variables.map(
    ({ enter, merge, next, exits }): LoopPlaces => ({
      from: index.get(enter.inputs[0]!)!,
      merge: index.get(merge.outputs[0]!)!,
      next: index.get(next.inputs[0]!)!,
      exits: exits.map((exit) => index.get(exit.outputs[0]!)!),
    }),
  );
  const conditionRegion = createRegion([...conditionNodes], { ...context, accumulators: [] });
  const bodyNodes = frame.nodes.filter((op) => !conditionNodes.has(op));
  const inside: Context = { ...context, accumulators: variables.filter(({ merge, next }) => merge !== next) };
  const body = createRegion(bodyNodes, inside);
  if (!conditionRegion || !body) return null;
  const runner = new Loop({
    variables,
    predicate,
    condition: conditionRegion,
    body,
    rebuild(old) {
      const apart = new Set(old.segments.flatMap(({ growth }) => [...growth.shapedBy]));
      return createRegion(bodyNodes, inside, { apart });
    },
    tight: createTightLoop({ condition: conditionRegion, body, variables, predicate, index, state: context.state }),
  });
  return {
    nodes: frame.nodes,
    hasLoop: true,
    get segments() {
      return runner.regions.flatMap((region) => region.segments);
    },
    run: (outer: RunFrame, environment) => runner.run(outer, environment),
    dispose: () => runner.dispose(),
  };
}
