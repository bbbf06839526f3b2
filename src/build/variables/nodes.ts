/**
 * The nodes behind a variable: the variable itself, its initial value, the assignment that initializes it, and the read.
 *     reference   w (VariableV2), w/Assign, w/read (Identity)
 *     resource    w (VarHandleOp), w/IsInitialized/VarIsInitializedOp, w/Assign (AssignVariableOp), w/Read/ReadVariableOp
 * A function as initial value is called under w/Initializer. Source: ref_variable.py, resource_variable_ops.py.
 */
import { type DType, float32, int32 } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { isFull, type Shape } from "../../core/shape.ts";
import { stringsAttr } from "../../graph/attr.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type Literal, literalDtype, type TensorLike } from "../../ops/convert.ts";
import {
  assignOp,
  assignVariableOp,
  identity,
  readVariableOp,
  varHandleOp,
  varIsInitializedOp,
  variableV2Op,
} from "../../ops/index.ts";
import { guardInitialValue } from "./dependencies.ts";
import type { SaveSliceInfo } from "./slices.ts";

export interface VariableNodes {
  /** The reference, or the resource handle. */
  readonly handle: Tensor;
  readonly dtype: DType;
  readonly initialValue: Tensor | null;
  readonly initializer: Operation;
  /** The value read: what stands for the variable in expressions (references), or in fetches (resources). */
  readonly read: Tensor;
}

export interface NodesOptions {
  readonly initialValue: TensorLike | (() => TensorLike);
  readonly name: string | undefined;
  readonly dtype: DType | undefined;
  readonly shape: Shape | undefined;
  readonly validateShape: boolean;
  readonly cachingDevice: string | undefined;
}

let areResources = false;

/** From now on variables are resources where nothing else is said. */
export const enableResourceVariables = (): void => {
  areResources = true;
};

/** Variables are references again where nothing else is said, as they are at start. */
export const disableResourceVariables = (): void => {
  areResources = false;
};

export const resourceVariablesEnabled = (): boolean => areResources;

/** Throws ValueError in Python's words when the initial value has no full shape. */
export function makeReferenceNodes(options: NodesOptions): VariableNodes {
  const { initialValue: given, dtype, validateShape } = options;
  const graph = getDefaultGraph();
  return graph.initScope(() =>
    graph.nameScope(options.name ?? "Variable", (scope) => {
      const convert = (value: TensorLike): Tensor => convertToTensor(value, { dtype, name: "initial_value" });
      const variable = (initialValue: Tensor): { initialValue: Tensor; handle: Tensor } => {
        const shape = options.shape ?? (validateShape ? initialValue.shape : null);
        return { initialValue, handle: variableV2Op({ shape, dtype: initialValue.dtype.baseDtype }, scope) };
      };
      const { initialValue, handle } =
        typeof given === "function"
          ? besideItself(scope, () => variable(underInitializer(() => convert(given()))))
          : variable(refuseControlFlow(convert(given), scope));
      if (validateShape && !isFull(initialValue.shape)) {
        throw new ValueError(`initial_value must have a shape specified: ${initialValue}`);
      }
      const assigned = assignOp({
        ref: handle,
        value: guardInitialValue(scope, initialValue),
        validate_shape: validateShape,
      });
      const snapshot = (): Tensor => identity(handle, { name: "read" });
      const { cachingDevice } = options;
      const read =
        cachingDevice === undefined ? graph.colocateWith(handle.op, snapshot) : graph.device(cachingDevice, snapshot);
      return { handle, dtype: handle.dtype, initialValue, initializer: assigned.op, read };
    }),
  );
}

export function makeResourceNodes(options: NodesOptions): VariableNodes {
  const { initialValue: given, dtype } = options;
  const graph = getDefaultGraph();
  return graph.initScope(() =>
    graph.nameScope(options.name ?? "Variable", (scope) => {
      const name = scope.slice(0, -1);
      const { initialValue, handle } = besideItself(scope, () => {
        const initialValue = underInitializer(() =>
          convertToTensor(typeof given === "function" ? given() : given, { dtype, name: "initial_value" }),
        );
        const shape = options.shape ?? initialValue.shape;
        const attrs = { shape, dtype: initialValue.dtype.baseDtype, shared_name: name, debug_name: scope };
        return { initialValue, handle: varHandleOp(attrs, scope) };
      });
      refuseControlFlow(initialValue, scope);
      const onDevice = <R>(fn: () => R): R =>
        handle.device ? graph.device(handle.device, fn) : graph.device(null, fn);
      graph.nameScope("IsInitialized", () => varIsInitializedOp({ resource: handle }));
      const initializer = graph.nameScope("Assign", (assign) =>
        graph.colocateWith(
          null,
          () =>
            onDevice(() =>
              assignVariableOp({ resource: handle, value: guardInitialValue(scope, initialValue) }, assign),
            ),
          { ignoreExisting: true },
        ),
      );
      const baseDtype = initialValue.dtype.baseDtype;
      const read = graph.nameScope("Read", () =>
        onDevice(() => readVariableOp({ resource: handle, dtype: baseDtype })),
      );
      return { handle, dtype: baseDtype, initialValue, initializer, read };
    }),
  );
}

/** A variable of eager execution: it has its value at once, and is read when somebody asks. */
export function makeEagerVariable(options: NodesOptions): VariableNodes {
  const { initialValue: given, dtype } = options;
  if (!getDefaultGraph().isEager) return getDefaultGraph().initScope(() => makeEagerVariable(options));
  const graph = getDefaultGraph();
  return graph.nameScope(options.name ?? "Variable", (scope) => {
    const initialValue = graph.nameScope("Initializer", () =>
      convertToTensor(typeof given === "function" ? given() : given, { dtype, name: "initial_value" }),
    );
    const shape = options.shape ?? (options.validateShape ? initialValue.shape : null);
    const baseDtype = initialValue.dtype.baseDtype;
    const handle = varHandleOp({ shape, dtype: baseDtype, shared_name: scope, debug_name: scope });
    const initializer = assignVariableOp({ resource: handle, value: initialValue });
    return {
      handle,
      dtype: baseDtype,
      initialValue: null,
      initializer,
      get read() {
        return readVariableOp({ resource: handle, dtype: baseDtype });
      },
    };
  });
}

/** The shape of the initial value. */
export const valueShape = ({ initialValue, handle }: VariableNodes): Shape =>
  initialValue ? initialValue.shape : (handle.handleData?.[0]?.shape ?? null);

/** Nodes of a variable that does not exist yet are placed with it by name. */
const besideItself = <R>(scope: string, fn: () => R): R =>
  getDefaultGraph().attrScope(new Map([["_class", stringsAttr([`loc:@${scope.slice(0, -1)}`])]]), fn);

const underInitializer = <R>(fn: () => R): R => {
  const graph = getDefaultGraph();
  return graph.nameScope("Initializer", () => graph.device(null, fn));
};

function refuseControlFlow(initialValue: Tensor, scope: string): Tensor {
  if (initialValue.op.controlFlowContext !== null) {
    throw new ValueError(
      `Initializer for variable ${scope} is from inside a control-flow construct, such as a loop or conditional. When creating a variable inside a loop or conditional, use a lambda as the initializer.`,
    );
  }
  return initialValue;
}

/** Numbers without a dtype make a float32 variable where it is to be trained. */
export function dtypeFor(
  value: unknown,
  options: { readonly dtype?: DType | undefined; readonly trainable?: boolean | undefined },
): DType | undefined {
  if (options.dtype) return options.dtype.baseDtype;
  if (options.trainable === false || !isNumbers(value)) return undefined;
  return literalDtype(value as Literal) === int32 ? float32 : undefined;
}

const isNumbers = (value: unknown): boolean =>
  typeof value === "number" || (Array.isArray(value) && value.length > 0 && value.every(isNumbers));

/** What a variable is made of again: `Variable.fromProto` hands it to the constructor in place of an initial value. */
export class Recreated {
  readonly nodes: VariableNodes;
  readonly isResource: boolean;
  readonly slice: SaveSliceInfo | null;

  constructor(nodes: VariableNodes, isResource: boolean, slice: SaveSliceInfo | null) {
    this.nodes = nodes;
    this.isResource = isResource;
    this.slice = slice;
  }
}
