/**
 * Objects that live in a session under a container and a name: queues, readers, tables, accumulators. A node without a shared name has an
 * object of its own, called `_<number>_<node>`. Handles are resources, or (TensorFlow's first version) a reference to two strings.
 * Source: resource_mgr.cc, ContainerInfo::Init; resource_op_kernel.h.
 */
import { string } from "../../core/dtype.ts";
import { NotFoundError } from "../../core/error.ts";
import { NdArray } from "../../core/nd_array.ts";
import type { ComputeContext } from "../../graph/definition.ts";
import { bytesOfText, textsOf } from "./arrays.ts";

export type HandleArg<N extends string = "handle"> = `${N}: resource` | `${N}: Ref(string)`;

export const isText = (handle: string): boolean => handle.includes("Ref(string)");

/** Shape of a handle: a scalar resource, or container and name. */
export const handleShape = (handle: string): readonly number[] => (isText(handle) ? [2] : []);

interface NamedObject<T> {
  /** Says apart what may have one name: "queue", "table". */
  readonly kind: string;
  readonly container: string;
  readonly sharedName: string;
  readonly asText: boolean;
  /** The name of an object of its own that has no shared name; by default made from a number and the node's name. */
  readonly create: (name: string) => T;
  /** Looks whether an object that another node made is what this node says. Throws INVALID_ARGUMENT. */
  readonly check?: ((existing: T) => void) | undefined;
}

/** The handle of a node's object, which is made in the first run. */
export function namedObject<T>(context: ComputeContext, options: NamedObject<T>): NdArray {
  return context.nodeState(() => {
    const { kind, container, sharedName, asText } = options;
    const name = sharedName || `_${context.nextId()}_${context.node.name}`;
    const { handle, resource } = context.makeResource({ container, kind, name, create: () => options.create(name) });
    options.check?.(resource);
    return asText ? new NdArray(string, [2], [bytesOfText(container || "localhost"), bytesOfText(name)]) : handle;
  });
}

/** The object of a handle. Throws NOT_FOUND when it was deleted or never made. */
export function objectOf<T>(context: ComputeContext, handle: NdArray, kind: string): T {
  const object = context.resource<T>(handle, kind);
  if (object === undefined) {
    const [container, name] = ArrayBuffer.isView(handle.data) ? ["localhost", kind] : textsOf(handle);
    throw new NotFoundError(`Resource ${container}/${name}/${kind} does not exist.`);
  }
  return object;
}
