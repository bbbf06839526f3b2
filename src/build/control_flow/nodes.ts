/** The nodes of control flow, for tensors, references and IndexedSlices alike. Source: control_flow_ops.py. */
import { int32, int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { formatShapePython, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import {
  cast,
  enterOp,
  exitOp,
  mergeOp,
  nextIterationOp,
  range,
  refEnterOp,
  refExitOp,
  refMergeOp,
  refNextIterationOp,
  refSwitchOp,
  shape,
  switchOp,
} from "../../ops/index.ts";

export type Flowing = Tensor | IndexedSlices;

/** The data where pred is false, and where it is true. */
export function switchOf<T extends Flowing>(data: T, pred: Tensor, name?: string): [T, T] {
  if (data instanceof Tensor) {
    const { output_false, output_true } = switchOp({ data, pred }, name);
    return [output_false as T, output_true as T];
  }
  return getDefaultGraph().nameScope(name || "Switch", () => {
    const parts = componentsOf(data).map((part) => switchOp({ data: part, pred }));
    return [
      fromComponents(parts.map((part) => part.output_false)),
      fromComponents(parts.map((part) => part.output_true)),
    ] as [T, T];
  });
}

/** The same beside the data, keeping references references. */
export const switchBeside = <T extends Flowing>(data: T, pred: Tensor, name = "Switch"): [T, T] =>
  getDefaultGraph().colocateWith(
    data.op,
    () => {
      if (!(data instanceof Tensor) || !data.dtype.isRef) return switchOf(data, pred, name);
      const { output_false, output_true } = refSwitchOp({ data, pred }, name);
      return [output_false as T, output_true as T];
    },
    { ignoreExisting: true },
  );

/** The first live input. Tensors among IndexedSlices become slices of all rows. */
export function merge(inputs: readonly Flowing[], name?: string): Flowing {
  if (inputs.every((input) => input instanceof Tensor)) {
    return inputs.every((input) => input.dtype.isRef)
      ? refMergeOp({ inputs, N: inputs.length, T: inputs[0]!.dtype }, name).output
      : mergeOp({ inputs }, name).output;
  }
  return getDefaultGraph().nameScope(name || "Merge", () => {
    const parts = sameIndexType(inputs.map(asSlices)).map(componentsOf);
    return fromComponents(parts[0]!.map((_, i) => mergeOp({ inputs: parts.map((each) => each[i]!) }).output));
  });
}

const componentsOf = (slices: IndexedSlices): Tensor[] =>
  slices.denseShape ? [slices.values, slices.indices, slices.denseShape] : [slices.values, slices.indices];

const fromComponents = ([values, indices, denseShape]: readonly Tensor[]): IndexedSlices =>
  new IndexedSlices(values!, indices!, denseShape ?? null);

function asSlices(input: Flowing): IndexedSlices {
  if (input instanceof IndexedSlices) return input;
  const denseShape = shape(input, { optimize: false });
  return new IndexedSlices(input, range(0, denseShape.at(0)), denseShape);
}

function sameIndexType(slices: readonly IndexedSlices[]): readonly IndexedSlices[] {
  const small = slices.filter((each) => each.indices.dtype === int32);
  if (small.length === 0 || small.length === slices.length) return slices;
  return slices.map((each) =>
    each.indices.dtype === int32 ? new IndexedSlices(each.values, cast(each.indices, int64), each.denseShape) : each,
  );
}

export interface EnterOptions {
  readonly frameName: string;
  readonly isConstant?: boolean;
  readonly parallelIterations: number;
  /** The value's static shape holds in all iterations; true by default. */
  readonly usesInputShape?: boolean;
  readonly name?: string;
}

/** Into a loop's frame. */
export function enter<T extends Flowing>(data: T, options: EnterOptions): T {
  if (!(data instanceof Tensor)) {
    const { frameName, isConstant = false, parallelIterations } = options;
    return fromComponents(
      componentsOf(data).map((part) => enter(part, { frameName, isConstant, parallelIterations })),
    ) as T;
  }
  const build = data.dtype.isRef ? refEnterOp : enterOp;
  const record = {
    data,
    frame_name: options.frameName,
    is_constant: options.isConstant ?? false,
    parallel_iterations: options.parallelIterations,
  };
  const entered = build(record, options.name);
  if (options.usesInputShape ?? true) entered.setShape(data.shape);
  return entered as T;
}

export function exit<T extends Flowing>(data: T, name?: string): T {
  if (!(data instanceof Tensor)) return fromComponents(componentsOf(data).map((part) => exit(part))) as T;
  return (data.dtype.isRef ? refExitOp({ data }, name) : exitOp({ data }, name)) as T;
}

export function nextIteration<T extends Flowing>(data: T): T {
  if (!(data instanceof Tensor)) return fromComponents(componentsOf(data).map((part) => nextIteration(part))) as T;
  return (data.dtype.isRef ? refNextIterationOp({ data }) : nextIterationOp({ data })) as T;
}

/** Closes a loop: the merge's second input becomes the value of the next iteration. */
export function closeLoop(start: Flowing, value: Flowing, isShapeChecked = true): void {
  if (start instanceof Tensor) {
    const next = nextIteration(value instanceof Tensor ? value : convertToTensor(value as never));
    if (isShapeChecked) checkInvariant(start, next);
    start.op.updateInput(1, next);
    return;
  }
  const next = nextIteration(asSlices(value));
  for (const [i, part] of componentsOf(start).entries()) part.op.updateInput(1, componentsOf(next)[i]!);
}

function checkInvariant(start: Tensor, next: Tensor): void {
  if (isWithin(next.shape, start.shape)) return;
  const input = start.op.inputs[0]!.op.inputs[0]!;
  throw new ValueError(
    `Input tensor '${input.name}' enters the loop with shape ${formatShapePython(input.shape)}, but has shape ${formatShapePython(next.shape)} after one iteration. To allow the shape to vary across iterations, use the \`shape_invariants\` argument of tf.while_loop to specify a less-specific shape.`,
  );
}

/** Is every shape that the first allows allowed by the second? */
export function isWithin(shape: Shape, bound: Shape): boolean {
  if (bound === null) return true;
  return shape !== null && shape.length === bound.length && shape.every((d, i) => bound[i] === null || bound[i] === d);
}
