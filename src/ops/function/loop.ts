/** Functions called again and again. Source: functional_ops.cc, While and For. */
import { invalidArgument } from "../../core/error.ts";
import { ndarray } from "../../core/nd_array.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { FunctionRef } from "../../graph/attr.ts";
import type { CallContext, InferredShapes, Passed, ShapeContext } from "../../graph/definition.ts";
import { defineOp } from "../define.ts";
import { givenShapes, unknownShapes } from "./call.ts";

const whileSignature = {
  inputs: ["input: T"],
  outputs: ["output: T"],
  attrs: [
    "T: list(type) >= 0",
    "cond: func",
    "body: func",
    "output_shapes: list(shape) = []",
    "parallel_iterations: int = 10",
  ],
} as const;

/** Those of the attr, or of the inputs. */
function loopShapes(
  { input, output_shapes }: { input: readonly Shape[]; output_shapes: readonly Shape[] },
  context: ShapeContext,
): InferredShapes {
  const shapes = output_shapes.length ? givenShapes({ output_shapes }, context) : [...input];
  return { shapes, handles: input.map((_, i) => context.handle("input", i)) };
}

interface WhileRecord {
  readonly input: readonly Passed[];
  readonly cond: FunctionRef;
  readonly body: FunctionRef;
}

function repeat({ input, cond, body }: WhileRecord, context: CallContext) {
  const next = (values: readonly Passed[], iteration: number) => {
    if (iteration > 0 && values.length !== input.length) {
      throw invalidArgument(`While loop body returned ${values.length} arguments. Expected: ${input.length}.`);
    }
    const goesOn = context.test(cond, values);
    const call = { fn: body, args: values };
    return goesOn instanceof Promise ? goesOn.then((yes) => (yes ? call : null)) : goesOn ? call : null;
  };
  return context.loop(input, next, true);
}

// biome-ignore lint/suspicious/noExplicitAny: the gradient tools
type Tools = any;

/** output = body(… body(input)) for as long as cond of it is true. */
export const whileOp = defineOp("While", {
  ...whileSignature,
  stateful: true,
  loops: true,
  shape: loopShapes,
  call: repeat,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfWhile(op, dys) }),
});

/** As While, with functions that change nothing. */
export const statelessWhileOp = defineOp("StatelessWhile", {
  ...whileSignature,
  loops: true,
  shape: loopShapes,
  call: repeat,
  gradient: (tf: Tools, { op }, ...dys) => ({ input: tf.gradientOfWhile(op, dys) }),
});

/** output = body(i, … body(start, input)) for i from start to before limit, in steps of delta. */
export const forOp = defineOp("For", {
  inputs: ["start: int32", "limit: int32", "delta: int32", "input: T"],
  outputs: ["output: T"],
  attrs: ["T: list(type) >= 0", "body: func"],
  loops: true,
  shape: unknownShapes,
  call({ input, body, ...bounds }, context) {
    const numbers = (["start", "limit", "delta"] as const).map((name) => {
      const array = context.array(bounds[name]);
      if (array.shape.length > 0) throw invalidArgument(`${name} must be a scalar, but ${formatShape(array.shape)}`);
      return Number(array.data[0]);
    });
    const [start, limit, delta] = numbers as [number, number, number];
    const isEndless = start < limit ? delta <= 0 : start > limit && delta >= 0;
    if (isEndless) throw invalidArgument(`Invalid start/limit/delta: ${start} ${limit} ${delta}`);
    return context.loop(input, (values, iteration) => {
      if (iteration > 0 && values.length !== input.length) {
        throw invalidArgument(`For loop body returned ${values.length} arguments. Expected: ${input.length}.`);
      }
      const i = start + iteration * delta;
      const isOver = delta > 0 ? i >= limit : delta < 0 ? i <= limit : true;
      return isOver ? null : { fn: body, args: [ndarray(i, "int32"), ...values] };
    });
  },
  gradient: "unregistered",
});
