/** What an input function gives: features, labels, and the hooks that start its dataset. Source: tensorflow_estimator/python/estimator/util.py. */
import { GraphKeys } from "../../../build/collections.ts";
import { Dataset } from "../../../build/data/dataset.ts";
import type { Iterator } from "../../../build/data/iterator.ts";
import type { Features } from "../../../build/feature_column/column.ts";
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { SparseTensor } from "../../../graph/sparse_tensor.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { Session } from "../../../session/session.ts";
import { SessionRunHook } from "../../monitored/hooks/session_run_hook.ts";

/** Features by name, or one tensor. */
export type InputFeatures = Features | Tensor;
export type Labels = Tensor | Readonly<Record<string, Tensor>> | null;
/** A dataset of features or of [features, labels], the pair itself, or features alone. */
export type InputResult = Dataset | InputFeatures | readonly [InputFeatures, Labels];

class DatasetInitializerHook extends SessionRunHook {
  readonly #iterator: Iterator;
  #initializer!: Operation;

  constructor(iterator: Iterator) {
    super();
    this.#iterator = iterator;
  }

  override begin(): void {
    this.#initializer = this.#iterator.initializer;
  }

  override afterCreateSession(session: Session): Promise<unknown> {
    return session.run(this.#initializer);
  }
}

export interface ParsedInput {
  readonly features: InputFeatures;
  readonly labels: Labels;
  readonly hooks: readonly SessionRunHook[];
}

/** Throws ValueError for a list that is no pair. */
export function parseInput(given: InputResult): ParsedInput {
  let result: unknown = given;
  const hooks: SessionRunHook[] = [];
  if (given instanceof Dataset) {
    const iterator = given.makeInitializableIterator();
    hooks.push(new DatasetInitializerHook(iterator));
    result = iterator.getNext();
  }
  if (!Array.isArray(result)) return { features: result as InputFeatures, labels: null, hooks };
  if (result.length !== 2) throw new ValueError("input_fn should return (features, labels) as a len 2 tuple.");
  return { features: result[0] as InputFeatures, labels: (result[1] ?? null) as Labels, hooks };
}

/** Does the input come to an end by itself? */
export function hasEnd(features: InputFeatures): boolean {
  const values: unknown[] = features instanceof Tensor ? [features] : Object.values(features);
  const tensors = values.map((value) => (value instanceof SparseTensor ? value.values : value));
  const graph = getDefaultGraph();
  const iterators = new Set(graph.getCollection<Tensor>("iterators"));
  const isIterated = tensors.some(
    (value) => value instanceof Tensor && value.op.inputs.some((input) => iterators.has(input)),
  );
  return isIterated || graph.getCollection(GraphKeys.QUEUE_RUNNERS).length > 0;
}
