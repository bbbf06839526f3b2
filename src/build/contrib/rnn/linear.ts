/** A product of several inputs with one kernel, made at the first call in the scope of that call. Source: contrib/rnn core_rnn_cell.py. */
import { ValueError } from "../../../core/error.ts";
import { formatShapePython } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { biasAdd, concat, constant, matmul } from "../../../ops/index.ts";
import { constantInitializer } from "../../initializers.ts";
import { getVariable, getVariableScope, variableScope } from "../../variables/scope.ts";
import type { InitializerLike } from "../../variables/store.ts";
import type { Variable } from "../../variables/variable.ts";

export interface LinearOptions {
  /** False: there is no bias. */
  readonly useBias?: boolean | undefined;
  readonly biasInitializer?: InitializerLike | null | undefined;
  readonly kernelInitializer?: InitializerLike | null | undefined;
}

function widthOf(args: readonly Tensor[]): number {
  return args.reduce((sum, { shape }) => {
    if (shape?.length !== 2) {
      throw new ValueError(
        `linear is expecting 2D arguments: [${args.map((each) => formatShapePython(each.shape)).join(", ")}]`,
      );
    }
    const size = shape[1] ?? null;
    if (size === null) {
      throw new ValueError(
        `linear expects shape[1] to be provided for shape ${formatShapePython(shape)}, but saw None`,
      );
    }
    return sum + size;
  }, 0);
}

/** Variables `kernel` [all inputs, outputs] and, but for useBias false, `bias` in the current scope; called, [inputs] · kernel + bias. */
export class Linear {
  readonly #kernel: Variable;
  readonly #bias: Variable | null;

  /** Throws ValueError for inputs that are no matrices. */
  constructor(args: readonly Tensor[], outputSize: number, options: LinearOptions = {}) {
    const width = widthOf(args);
    const { dtype } = args[0]!;
    const made = variableScope(getVariableScope(), (outer) => {
      const kernel = getVariable("kernel", {
        shape: [width, outputSize],
        dtype,
        initializer: options.kernelInitializer ?? undefined,
      });
      if (options.useBias === false) return { kernel, bias: null };
      const bias = variableScope(outer, (inner) => {
        inner.setPartitioner(null);
        const initializer = options.biasInitializer ?? constantInitializer(0);
        return getVariable("bias", { shape: [outputSize], dtype, initializer });
      });
      return { kernel, bias };
    });
    this.#kernel = made.kernel;
    this.#bias = made.bias;
  }

  apply(args: readonly Tensor[]): Tensor {
    const joined = args.length === 1 ? args[0]! : concat([...args], constant(1));
    const product = matmul(joined, this.#kernel);
    return this.#bias ? biasAdd(product, this.#bias) : product;
  }
}
