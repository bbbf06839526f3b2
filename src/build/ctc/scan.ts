/**
 * A loop over the first axis that keeps all its states, as one node: While with functions for its test and its step.
 * Source: ctc_ops.py, functional_ops.py.
 */
import { int32 } from "../../core/dtype.ts";
import { argument } from "../../graph/def/function.ts";
import { addFunction } from "../../graph/def/to_function.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  concat,
  constant,
  emptyOp,
  gather,
  shape as shapeOf,
  tensorScatterAddOp,
  tensorScatterUpdateOp,
  whileOp,
} from "../../ops/index.ts";
import { isTrue } from "../control_flow/at_once.ts";
import { FunctionBody } from "../functions/body.ts";

type Step = (states: readonly Tensor[], elements: readonly Tensor[]) => readonly Tensor[];
type Body = (values: readonly Tensor[]) => readonly Tensor[];

export interface ScanArguments {
  /** [time, …] each. */
  readonly elements: readonly Tensor[];
  readonly initial: readonly Tensor[];
  readonly reverse?: boolean;
}

/** The states before, between and after the steps over `elements`: [time + 1, …] for each of `initial`. */
export function scanInclusive(step: Step, { elements, initial, reverse = false }: ScanArguments): readonly Tensor[] {
  const n = initial.length;
  const count = shapeOf(elements[0]!).at(0);
  const goesOn: Body = ([i, limit]) => [reverse ? i!.greaterEqual(0) : i!.less(limit!)];
  const advance: Body = ([i, limit, ...rest]) => {
    i!.setShape([]);
    const at = i!;
    const states = step(
      rest.slice(n),
      elements.map((each) => gather(each, at)),
    );
    const place = reverse ? at : at.add(1);
    const kept = states.map((state, k) =>
      tensorScatterUpdateOp({ tensor: rest[k]!, indices: [[place]] as never, updates: [state] as never }),
    );
    return [reverse ? at.sub(1) : at.add(1), limit!, ...kept, ...states];
  };
  const start = reverse ? shapeOf(elements[0]!).at(0).sub(1) : constant(0, int32);
  const rows = shapeOf(elements[0]!).at(0).add(1);
  const outputs = initial.map((state) => {
    const empty = emptyOp({
      shape: concat([[rows] as never, shapeOf(state)], 0),
      dtype: state.dtype.baseDtype,
      init: true,
    });
    const place = start.add(reverse ? 1 : 0);
    return tensorScatterAddOp({ tensor: empty, indices: [[place]] as never, updates: [state] as never });
  });
  const values = [start, count, ...outputs, ...initial];
  return (getDefaultGraph().isEager ? atOnce : asNode)(values, goesOn, advance).slice(2, 2 + n);
}

function atOnce(values: readonly Tensor[], goesOn: Body, advance: Body): readonly Tensor[] {
  let now = values;
  while (isTrue(goesOn(now)[0]!)) now = advance(now);
  return now;
}

/** Functions get the tensors from outside that either one needs behind their own arguments, the step gives them back. */
function asNode(values: readonly Tensor[], goesOn: Body, advance: Body): readonly Tensor[] {
  const graph = getDefaultGraph();
  const write = (fn: Body) => {
    const body = new FunctionBody(graph);
    return body.asDefault(() => {
      const args = values.map(({ dtype }, i) => argument(body, `arg${i}`, dtype.baseDtype, null));
      return { body, args, outputs: fn(args).map((output) => body.capture(output)) };
    });
  };
  const [test, step] = [write(goesOn), write(advance)];
  const captured = [...new Set([...test.body.captures.keys(), ...step.body.captures.keys()])];
  const add = (name: string, { body, args, outputs }: ReturnType<typeof write>, passesOn: boolean) => {
    const inside = body.asDefault(() => captured.map((tensor) => body.capture(tensor)));
    const inputs = [...args, ...inside];
    return addFunction(graph, `${name}_Wrapper`, { inputs, outputs: [...outputs, ...(passesOn ? inside : [])] });
  };
  const found = whileOp({
    input: [...values, ...captured],
    cond: add("cond", test, false),
    body: add("body", step, true),
  });
  const whole = values.flatMap(({ dtype }, i) => (dtype.base === "int32" || dtype.base === "int64" ? [i] : []));
  const onHost = { kind: "list", of: "int", value: whole } as const;
  found[0]!.op.setAttr("_input_hostmem", onHost);
  found[0]!.op.setAttr("_output_hostmem", onHost);
  return found;
}
