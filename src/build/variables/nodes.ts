/**
 * The nodes behind a variable: the variable itself, its initial value, the assignment that initializes it, and the read.
 *     reference   w (VariableV2), w/Assign, w/read (Identity)
 *     resource    w (VarHandleOp), w/IsInitialized/VarIsInitializedOp, w/Assign (AssignVariableOp), w/Read/ReadVariableOp
 * A function as initial value is called under w/Initializer. Source: ref_variable.py, resource_variable_ops.py.
 */
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/error.ts";
import { isFull, type Shape } from "../../core/shape.ts";
import { stringsAttr } from "../../graph/attr.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
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
