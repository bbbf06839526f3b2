/** What datasets find behind handles that they share: memory caches and generators of seeds. */
import type { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { MemoryCache } from "../runtime/memory_cache.ts";
import { SeedGenerator } from "../runtime/random.ts";

/** A dummy: the dataset that gets it makes its own. */
export interface Dummy {
  readonly isDummy: true;
}

/** The generator behind a handle; undefined for a dummy or what is gone. */
export function seedGeneratorOf(context: ComputeContext, handle: NdArray): SeedGenerator | undefined {
  const object = context.resource<SeedGenerator | Dummy>(handle);
  return object instanceof SeedGenerator ? object : undefined;
}

/** The cache behind a handle; undefined for a dummy or what is gone. */
export function memoryCacheOf(context: ComputeContext, handle: NdArray): MemoryCache | undefined {
  const object = context.resource<MemoryCache | Dummy>(handle);
  return object instanceof MemoryCache ? object : undefined;
}
