/** The public API: the `tf` object and nothing else. */
import { literals } from "./session/session.ts";
import { literalToArray } from "./ops/convert.ts";
import { installFolder } from "./session/fold.ts";

literals.toArray = literalToArray as typeof literals.toArray;
installFolder();

export * from "./core/dtype.ts";
export { NdArray } from "./core/nd_array.ts";
export { getDefaultGraph, Graph, resetDefaultGraph } from "./graph/graph.ts";
export { IndexedSlices } from "./graph/indexed_slices.ts";
export { Operation } from "./graph/operation.ts";
export { Tensor } from "./graph/tensor.ts";
export { convertToTensor } from "./ops/convert.ts";
export * from "./ops/index.ts";
export { InteractiveSession, Session, withSession } from "./session/session.ts";
