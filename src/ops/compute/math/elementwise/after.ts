/** Control dependencies of gradients. */
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";

/** Builds what a gradient needs only once the gradient that comes in is there: it would be computed early and kept otherwise. */
export const after = <R>(dy: Tensor, build: () => R): R => getDefaultGraph().controlDependencies([dy], build);
