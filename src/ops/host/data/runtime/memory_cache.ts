/** Elements that a `cache` has seen to the end. Several datasets may share one. Source: cache_ops.h */
import type { Element } from "./dataset.ts";

export class MemoryCache {
  /** Null until one iterator has come to the end. */
  elements: readonly Element[] | null = null;
}
