/** The global step as hooks read it: one node beside the variable, made once. Source: training_util.py, _get_or_create_global_step_read. */
import { getGlobalStep } from "../../../build/global_step.ts";
import { Variable } from "../../../build/variables/variable.ts";
import { RuntimeError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Session } from "../../../session/session.ts";

const key = "global_step_read_op_cache";

/** Throws RuntimeError, in the name of the hook that wants it, without a global step. */
export function globalStepRead(hook: string): Tensor {
  const graph = getDefaultGraph();
  const known = graph.getCollection<Tensor>(key);
  if (known.length > 1) {
    throw new RuntimeError(`There are multiple items in collection ${key}. There should be only one.`);
  }
  if (known[0]) return known[0];
  const step: Variable | Tensor | null = getGlobalStep(graph);
  if (step === null) throw new RuntimeError(`Global step should be created to use ${hook}.`);
  return graph.nameScope(null, () =>
    graph.nameScope(`${step.op.name}/`, () => {
      const value = step instanceof Variable ? step.initializedValue() : (step as Tensor);
      const read = value.add(0);
      graph.addToCollection(key, read);
      return read;
    }),
  );
}

/** The value of a step tensor as a number. */
export const stepValue = async (session: Session, step: Tensor): Promise<number> =>
  Number((await session.run(step)).item());

/** A fetched step as a number. */
export const asStep = (value: { item(): unknown }): number => Number(value.item());
