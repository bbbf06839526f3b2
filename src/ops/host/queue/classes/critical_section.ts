/** `tf.CriticalSection`: nodes that never run in two runs at once. Source: critical_section_ops.py */
import { ValueError } from "../../../../core/error.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { group, identity, tuple } from "../../../index.ts";
import { consumeMutexLockOp, mutexLockOp, mutexV2Op } from "../mutex.ts";

const executions = "critical_section_executions";

/** What one execution holds. */
interface Execution {
  readonly op: Operation;
  readonly handle: Tensor;
  readonly resources: ReadonlySet<Tensor>;
  readonly exclusiveResourceAccess: boolean;
}

type Result = TensorLike | Operation;

const identityOf = (item: Result): Tensor | Operation =>
  item instanceof Operation ? group(item) : identity(item as TensorLike);

/** Sections of one shared name exclude each other; the name of the node by default. */
export class CriticalSection {
  readonly #handle: Tensor;

  constructor(options: { readonly name?: string | undefined; readonly sharedName?: string | undefined } = {}) {
    const graph = getDefaultGraph();
    this.#handle = graph.nameScope(options.name || "CriticalSection", (scope) =>
      graph.initScope(() => mutexV2Op({ shared_name: options.sharedName ?? scope, container: "" }, scope)),
    );
    graph.addToCollection("critical_sections", this);
  }

  get name(): string {
    return this.#handle.op.name;
  }

  /**
   * What fn makes, under the lock: a tensor, an operation, or a list of them. Throws ValueError inside the section itself, and where
   * another section uses the same resources, unless both say `exclusiveResourceAccess: false`.
   */
  execute<R extends Result | readonly Result[]>(
    fn: () => R,
    options: { readonly exclusiveResourceAccess?: boolean | undefined; readonly name?: string | undefined } = {},
  ): R extends readonly unknown[] ? (Tensor | Operation)[] : Tensor | Operation {
    const { exclusiveResourceAccess = true, name } = options;
    const graph = getDefaultGraph();
    return graph.nameScope(name || "critical_section_execute", () => {
      const lock = mutexLockOp({ mutex: this.#handle });
      const before = graph.operations.length;
      const result = graph.controlDependencies([lock], fn);
      const made = graph.operations.slice(before);
      this.#lockAfterInputs(made, lock.op);
      const resources = new Set(
        made.flatMap((op) => op.inputs.filter((input) => input.dtype.base === "resource" && !input.dtype.isRef)),
      );
      this.#check(resources, exclusiveResourceAccess);
      const isList = Array.isArray(result);
      const items = (isList ? result : [result]) as Result[];
      const computed = items.map(identityOf);
      const [release, gated] = graph.controlDependencies(computed, () => [
        graph.colocateWith(this.#handle, () => consumeMutexLockOp({ mutex_lock: lock })),
        tuple(items.map((item) => (item instanceof Operation ? item : convertToTensor(item)))),
      ]);
      const outputs = graph.controlDependencies([release], () => gated.map((item) => identityOf(item as Result)));
      const execution: Execution = { op: lock.op, handle: this.#handle, resources, exclusiveResourceAccess };
      graph.addToCollection(executions, execution);
      return (isList ? outputs : outputs[0]) as never;
    });
  }

  /** The lock is taken when everything that the section needs is there. */
  #lockAfterInputs(made: readonly Operation[], lock: Operation): void {
    const own = new Set([...made, ...lock.controlInputs, ...lock.inputs.map((input) => input.op), lock]);
    const needed = new Set<Operation>();
    for (const op of made) {
      for (const input of op.inputs) needed.add(input.op);
      for (const input of op.controlInputs) needed.add(input);
    }
    const outer = [...needed].filter((op) => !own.has(op));
    if (outer.length > 0) lock.addControlInputs([group(...outer)]);
  }

  #check(resources: ReadonlySet<Tensor>, exclusive: boolean): void {
    if ([...resources].some((handle) => this.#isOwn(handle))) {
      throw new ValueError(
        `Attempting to lock a CriticalSection in which we are already running (signature=${this.name}). This is illegal and may cause deadlocks.`,
      );
    }
    for (const other of getDefaultGraph().getCollection<Execution>(executions)) {
      if (this.#isOwn(other.handle) || !(exclusive || other.exclusiveResourceAccess)) continue;
      const shared = [...resources].filter((handle) => other.resources.has(handle));
      if (shared.length > 0) {
        throw new ValueError(
          `This execution would access resources: [${shared.map(String).join(", ")}]. Either this lock (CriticalSection: ${this.#handle}) or lock '${other.op.name}' (CriticalSection: ${other.handle}) requested exclusive resource access of this resource. Did you mean to call execute with keyword argument exclusive_resource_access=False?`,
        );
      }
    }
  }

  #isOwn(handle: Tensor): boolean {
    const { op } = handle;
    return (
      op.definition === this.#handle.op.definition &&
      op.getAttr("shared_name") === this.#handle.op.getAttr("shared_name")
    );
  }
}
