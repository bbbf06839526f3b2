/**
 * Calls of traced functions where ops run at once: one op each. While a tape listens, the call is of a function that also gives what its
 * gradient needs; its gradient is one call of another. Source: polymorphic_function/concrete_function.py.
 *
 *     arguments ─► forward ─► outputs, captures
 *     captures, gradients of outputs ─► backward ─► gradients of arguments
 */
import { bodyOf, differentiate } from "../build/functions/derivative.ts";
import { calls } from "../build/functions/function.ts";
import { isTrainable } from "../build/gradients/pending.ts";
import type { FunctionRef } from "../graph/attr.ts";
import { functionCount } from "../graph/def/library.ts";
import { addFunction, dtypesOf } from "../graph/def/to_function.ts";
import { type Graph, getDefaultGraph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { convertToTensor } from "../ops/convert.ts";
import { partitionedCallOp, statefulPartitionedCallOp, zerosLike } from "../ops/index.ts";
import { isRecording, record, withoutRecording } from "./tape/recording.ts";
import type { EagerTensor } from "./tensor.ts";

interface Pair {
  readonly forward: FunctionRef;
  readonly more: readonly Tensor[];
  readonly backward: FunctionRef | null;
  /** Where each capture comes from: an argument, or an output of the forward function. */
  readonly captures: readonly { readonly argument: number; readonly output: number }[];
  /** Outputs whose gradients come in. */
  readonly incoming: readonly number[];
  readonly gradients: readonly (Tensor | null)[];
}

const pairs = new WeakMap<Graph, Map<string, Pair>>();

/** The forward and backward functions for arguments of these shapes. */
function pairOf(graph: Graph, fn: FunctionRef, args: readonly Tensor[]): Pair {
  const known = pairs.get(graph) ?? new Map<string, Pair>();
  pairs.set(graph, known);
  const key = `${fn.name}|${args.map(({ shape, handleData }) => `${shape}/${handleData?.[0]?.shape}`).join(";")}`;
  let pair = known.get(key);
  if (!pair) {
    pair = makePair(graph, fn, args);
    known.set(key, pair);
  }
  return pair;
}

function makePair(graph: Graph, fn: FunctionRef, args: readonly Tensor[]): Pair {
  const body = bodyOf(graph, fn, args);
  const derivative = differentiate(body, (output) => output);
  const wanted = derivative.gradients.filter((each) => each !== null);
  const isKnown = (tensor: Tensor): boolean => body.inputs.includes(tensor) || body.outputs.includes(tensor);
  const more = derivative.captures.filter((capture) => !isKnown(capture));
  const outputs = [...body.outputs, ...more];
  const number = functionCount(graph);
  const forward = addFunction(graph, `__forward_${fn.name}_${number}`, {
    inputs: body.inputs,
    outputs,
    targets: body.targets,
  });
  const incoming = derivative.dys.flatMap((dy, i) => (dy ? [i] : []));
  const backward =
    wanted.length === 0
      ? null
      : addFunction(graph, `__backward_${fn.name}_${number}`, {
          inputs: [...derivative.captures, ...incoming.map((i) => derivative.dys[i]!)],
          outputs: wanted,
        });
  const captures = derivative.captures.map((capture) => ({
    argument: body.inputs.indexOf(capture),
    output: outputs.indexOf(capture),
  }));
  return { forward, more, backward, captures, incoming, gradients: derivative.gradients };
}

function call(fn: FunctionRef, args: readonly Tensor[], outputs: readonly Tensor[], isStateful: boolean): Tensor[] {
  const make = isStateful ? statefulPartitionedCallOp : partitionedCallOp;
  const differs = outputs.some(({ dtype }) => isTrainable(dtype)) && args.some(({ dtype }) => isTrainable(dtype));
  if (!isRecording() || !differs) return withoutRecording(() => make({ args, Tout: dtypesOf(outputs), f: fn }));
  const graph = getDefaultGraph();
  const pair = pairOf(graph, fn, args);
  const all = withoutRecording(() =>
    make({ args, Tout: dtypesOf([...outputs, ...pair.more]), f: { ...pair.forward, attrs: new Map() } }),
  );
  const results = all.slice(0, outputs.length);
  const { backward } = pair;
  record({
    op: (all[0] as EagerTensor).op,
    inputs: args as readonly EagerTensor[],
    outputs: results as EagerTensor[],
    backward: (dys) => {
      if (!backward) return args.map(() => null);
      const incoming = pair.incoming.map((i) => (dys[i] ? convertToTensor(dys[i] as Tensor) : zerosLike(results[i]!)));
      const captured = pair.captures.map(({ argument, output }) => (argument >= 0 ? args[argument]! : all[output]!));
      const wanted = pair.gradients.filter((each) => each !== null);
      const found = call(backward, [...captured, ...incoming], wanted, isStateful);
      let at = 0;
      return pair.gradients.map((each) => (each ? found[at++]! : null));
    },
  });
  return results;
}

calls.atOnce = call;
