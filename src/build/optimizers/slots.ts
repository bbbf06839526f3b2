/** Variables beside variables: an optimizer's slots, moving averages. Source: tensorflow/python/training/slot_creator.py. */
import type { DType } from "../../core/dtype.ts";
import { isFull, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { shape as shapeOf, zeros } from "../../ops/index.ts";
import { cond } from "../control_flow/branch/cond.ts";
import { zerosInitializer } from "../initializers.ts";
import { getVariable, getVariableScope, variableScope } from "../variables/scope.ts";
import { SaveSliceInfo } from "../variables/slices.ts";
import { isVariableInitialized } from "../variables/state.ts";
import type { InitializerLike } from "../variables/store.ts";
import { Variable } from "../variables/variable.ts";

/** What a slot belongs to. */
export type Primary = Variable | Tensor;

export interface SlotOptions {
  readonly initializer: InitializerLike;
  /** With an initializer function; a value has its own. */
  readonly shape?: Shape | undefined;
  readonly dtype?: DType | undefined;
  readonly validateShape: boolean;
  readonly colocate?: boolean;
}

const opOf = (primary: Primary): Operation => primary.op;

/** A variable named `<primary>/<name>`, not trained, placed with primary (unless colocate is false). */
export function createSlot(primary: Primary, name: string, options: SlotOptions): Variable {
  return variableScope(null, { defaultName: `${opOf(primary).name}/${name}` }, () => {
    const make = (): Variable => makeSlot(primary, options);
    return (options.colocate ?? true) ? getDefaultGraph().colocateWith(opOf(primary), make) : make();
  });
}

function makeSlot(primary: Primary, { initializer, shape, dtype, validateShape }: SlotOptions): Variable {
  const scope = getVariableScope();
  const { partitioner } = scope;
  scope.setPartitioner(null);
  const slot = getVariable("", {
    initializer,
    trainable: false,
    useResource: primary instanceof Variable ? primary.isResource : undefined,
    shape: typeof initializer === "function" ? shape : undefined,
    dtype: dtype?.baseDtype,
    validateShape,
  });
  scope.setPartitioner(partitioner);
  if (primary instanceof Variable && primary.saveSliceInfo && slot.shape?.length !== 0) {
    const info = primary.saveSliceInfo;
    const own = slot.op.name.slice(opOf(primary).name.length + 1);
    const n = slot.shape?.length;
    slot.saveSliceInfo = new SaveSliceInfo(
      `${info.fullName}/${own}`,
      info.fullShape.slice(0, n),
      info.varOffset.slice(0, n),
      info.varShape.slice(0, n),
    );
  }
  return slot;
}

/** A slot whose value an initializer function makes in the shape given. */
export const createSlotWithInitializer = (
  primary: Primary,
  name: string,
  options: { initializer: InitializerLike; shape: Shape; dtype: DType; colocate?: boolean },
): Variable => createSlot(primary, name, { ...options, validateShape: isFull(options.shape) });

/** A slot of zeros in primary's shape; a shape that is not known is that of primary's value when it is initialized. */
export function createZerosSlot(
  primary: Primary,
  name: string,
  options: { dtype?: DType; colocate?: boolean } = {},
): Variable {
  const dtype = (options.dtype ?? primary.dtype).baseDtype;
  const colocate = options.colocate ?? true;
  if (isFull(primary.shape)) {
    return createSlotWithInitializer(primary, name, {
      initializer: zerosInitializer(),
      shape: primary.shape,
      dtype,
      colocate,
    });
  }
  const value =
    primary instanceof Tensor
      ? primary
      : (cond(
          isVariableInitialized(primary),
          () => primary.readValue(),
          () => primary.initialValue!,
        ) as Tensor);
  const initial = zeros(shapeOf(value), dtype);
  return createSlot(primary, name, { initializer: initial, validateShape: isFull(initial.shape), colocate });
}
