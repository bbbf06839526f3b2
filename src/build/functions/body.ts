/** The graph of a function while it is written: tensors from outside become arguments behind the function's own. Source: func_graph.py. */
import { argument } from "../../graph/def/function.ts";
import { Graph, type NodeOptions } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { outermostKey } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";

export class FunctionBody extends Graph {
  /** Tensors from outside, and what stands for them. */
  readonly captures = new Map<Tensor, Tensor>();
  readonly #origins = new Map<Tensor, Tensor>();
  readonly #outer: Graph;

  constructor(outer: Graph) {
    super();
    this.shareLibrary(outer);
    this.seed = outer.seed;
    this.#outer = outer;
    this.extras.set(outermostKey, outer.extras.get(outermostKey) ?? outer);
  }

  get outer(): Graph {
    return this.#outer;
  }

  /** Where ops run at once outside, they do so in fn: variables are made once, not in each call. */
  override initScope<R>(fn: () => R): R {
    const outer = this.#outer;
    return outer.isEager || outer instanceof FunctionBody
      ? outer.asDefault(() => outer.initScope(fn))
      : super.initScope(fn);
  }

  override createOp(options: NodeOptions): Operation {
    if (options.inputs.every((input) => input.graph === this)) return super.createOp(options);
    return super.createOp({ ...options, inputs: options.inputs.map((input) => this.capture(input)) });
  }

  /** What stands for a tensor inside. */
  capture(tensor: Tensor): Tensor {
    if (tensor.graph === this) return tensor;
    let inner = this.captures.get(tensor);
    if (!inner) {
      inner = this.controlDependencies(null, () =>
        argument(this, tensor.op.name, tensor.dtype.baseDtype, tensor.shape),
      );
      inner.handleData = tensor.handleData;
      this.captures.set(tensor, inner);
      this.#origins.set(inner, tensor);
    }
    return inner;
  }

  /** The tensor outside of all bodies that this one stands for; itself where it is of this body. */
  origin(tensor: Tensor): Tensor {
    const outside = this.#origins.get(tensor);
    if (!outside) return tensor;
    return outside.graph instanceof FunctionBody ? outside.graph.origin(outside) : outside;
  }
}
