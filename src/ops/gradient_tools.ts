/** What gradient functions are handed: every public op function under its name, and the parts of the graph they need. */
import type { IndexedSlices } from "../graph/indexed_slices.ts";
import type * as ops from "./index.ts";

export type GradientTools = typeof ops & {
  /** Makes an IndexedSlices gradient. */
  readonly IndexedSlices: typeof IndexedSlices;
};
