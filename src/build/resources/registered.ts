/** Resources of a session beside variables and tables: who makes them, and whether they are there. Source: tensorflow/python/ops/resources.py. */
import { string } from "../../core/dtype.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { booleanMask, constant, group, logicalNot, noOp, stack } from "../../ops/index.ts";
import { addToCollection, GraphKeys, getCollection } from "../collections.ts";

interface Resource {
  readonly handle: Tensor;
  readonly create: Operation;
  /** A boolean scalar. */
  readonly isInitialized: Tensor;
}

/** Adds a resource to those that a session makes at its start. */
export const registerResource = (resource: Resource): void => addToCollection(GraphKeys.RESOURCES, resource);

export const sharedResources = (): Resource[] => getCollection(GraphKeys.RESOURCES);

/** Those of one session alone. */
export const localResources = (): Resource[] => getCollection(GraphKeys.LOCAL_RESOURCES);

/** A string vector: the names of resources that are not there yet. */
export const reportUninitializedResources = (
  resources: readonly Resource[] = [...sharedResources(), ...localResources()],
): Tensor =>
  getDefaultGraph().nameScope("report_uninitialized_resources", () =>
    getDefaultGraph().device("/cpu:0", () => {
      if (resources.length === 0) return constant([], { dtype: string, shape: [0] });
      const mask = logicalNot(stack(resources.map(({ isInitialized }) => isInitialized)));
      return booleanMask(constant(resources.map(({ handle }) => handle.name)), mask);
    }),
  );

/** One operation that makes these resources. */
export const initializeResources = (resources: readonly Resource[]): Operation =>
  resources.length > 0 ? group(...resources.map(({ create }) => create), { name: "init" }) : noOp({ name: "init" });
